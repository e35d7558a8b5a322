package main

import (
	"bytes"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// document is one Markdown document in the languages it was written in: name.md, and name.de.md for German.
type document struct{ words map[string]words }

// words is a rendered document.
type words struct {
	language, title, summary, contents, html string
}

// in gives the document in a language, or in the source language when nobody has translated it.
func (d *document) in(language string) words {
	if w, ok := d.words[language]; ok {
		return w
	}
	return d.words[source]
}

// loadDocuments reads dir/*.md; each becomes /docs/<name>.
func loadDocuments(dir string) ([]page, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return nil, err
	}
	byName := map[string]*document{}
	for _, name := range names {
		stem, language, translated := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".md"), ".")
		if !translated {
			language = source
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		w, err := renderDocument(data, language, names)
		if err != nil {
			return nil, fmt.Errorf("docs/%s: %w", filepath.Base(name), err)
		}
		if byName[stem] == nil {
			byName[stem] = &document{words: map[string]words{}}
		}
		byName[stem].words[language] = w
	}
	var pages []page
	for stem, d := range byName {
		if d.words[source].title == "" {
			return nil, fmt.Errorf("docs/%s.md is missing, only a translation is there", stem)
		}
		pages = append(pages, page{path: "/docs/" + stem, where: "docs/" + stem + ".md", class: "document", body: "{{>document.html}}", document: d})
	}
	slices.SortFunc(pages, func(a, b page) int {
		return strings.Compare(a.document.words[source].title, b.document.words[source].title)
	})
	return pages, nil
}

var (
	tableTag = regexp.MustCompile(`(?s)<table>.*?</table>`)
	preTag   = regexp.MustCompile(`<pre>`)
)

// renderDocument turns Markdown into HTML that fits the strict content security policy: no raw HTML, no style attributes.
func renderDocument(markdown []byte, language string, known []string) (words, error) {
	md := goldmark.New(
		goldmark.WithExtensions(extension.Strikethrough, extension.Linkify,
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	)
	root := md.Parser().Parse(text.NewReader(markdown))
	w := words{language: language}
	var contents strings.Builder
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			title := plain(n, markdown)
			if n.Level == 1 && w.title == "" {
				w.title = title
			}
			if id, ok := n.AttributeString("id"); ok && n.Level == 2 {
				fmt.Fprintf(&contents, `<li><a href="#%s">%s</a></li>`, id, html.EscapeString(title))
			}
		case *ast.Paragraph:
			if w.summary == "" && w.title != "" {
				w.summary = plain(n, markdown)
			}
		case *ast.Link:
			target, err := documentLink(string(n.Destination), language, known)
			if err != nil {
				return ast.WalkStop, err
			}
			n.Destination = []byte(target)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return w, err
	}
	if w.title == "" {
		return w, fmt.Errorf("has no title (a line that starts with one #)")
	}
	w.contents = contents.String()
	var rendered bytes.Buffer
	if err := md.Renderer().Render(&rendered, markdown, root); err != nil {
		return w, err
	}
	// What is too wide scrolls in itself, and can be scrolled by keyboard.
	body := tableTag.ReplaceAllString(rendered.String(), `<div class="scroll" tabindex="0">$0</div>`)
	w.html = preTag.ReplaceAllString(body, `<pre tabindex="0">`)
	return w, nil
}

// documentLink rewrites a link to another document ("protocol.md#tokens") to its page. Links to other files of the
// repository would be dead on the site, so they are errors.
func documentLink(target, language string, known []string) (string, error) {
	if strings.HasPrefix(target, "#") || strings.HasPrefix(target, "/") || strings.Contains(target, ":") {
		return target, nil
	}
	name, fragment, _ := strings.Cut(strings.TrimPrefix(target, "./"), "#")
	if !slices.ContainsFunc(known, func(k string) bool { return filepath.Base(k) == name }) {
		return "", fmt.Errorf("links to %q: link to another document here or to a whole URL, and name other files in `code`", target)
	}
	link := localised("/docs/"+strings.TrimSuffix(name, ".md"), language)
	if fragment != "" {
		link += "#" + fragment
	}
	return link, nil
}

// plain is the text below a node without its markup.
func plain(n ast.Node, markdown []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(markdown))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// listDocuments is the index of all documents.
func listDocuments(pages []page, language string) string {
	var list strings.Builder
	for _, p := range pages {
		if p.document == nil {
			continue
		}
		w := p.document.in(language)
		fmt.Fprintf(&list, `<li><a href="%[1]s" lang="%[2]s" hreflang="%[2]s"><strong>%[3]s</strong><span>%[4]s</span></a></li>`,
			localised(p.path, language), w.language, html.EscapeString(w.title), html.EscapeString(w.summary))
	}
	return list.String()
}
