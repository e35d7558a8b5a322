package main

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
)

// renderer turns pages into HTML, one file a page and language.
type renderer struct {
	assets   *bundle
	locales  *locales
	partials map[string][]byte
}

var (
	placeholder = regexp.MustCompile(`\{\{([^{}]+)\}\}`)
	textCall    = regexp.MustCompile(`\btext\(\s*"([^"]+)"`)
)

func (r *renderer) render(out tree, pages []page) error {
	for _, p := range pages {
		for _, language := range r.locales.languages {
			rendered, err := r.page(p, language, pages)
			if err != nil {
				return err
			}
			out[file(localised(p.path, language))] = rendered
		}
	}
	return nil
}

// page renders one page in one language.
func (r *renderer) page(p page, language string, all []page) ([]byte, error) {
	values := map[string]string{
		"lang": language, "class": p.class, "documents": listDocuments(all, language),
		"alternates": r.alternates(p), "switch": r.languageSwitch(p, language),
	}
	if p.document != nil {
		words := p.document.in(language)
		values["title"], values["description"] = html.EscapeString(words.title), html.EscapeString(words.summary)
		values["contents"], values["article"], values["article_lang"] = words.contents, words.html, words.language
	} else {
		for name, key := range map[string]string{"title": p.title, "description": p.description} {
			text, err := r.locales.text(language, key, p.where)
			if err != nil {
				return nil, err
			}
			values[name] = html.EscapeString(text)
		}
	}
	var err error
	if values["scripts"], values["texts"], err = r.scripts(p, language); err != nil {
		return nil, err
	}
	if values["body"], err = r.expand(p.body, p.where, language, values); err != nil {
		return nil, err
	}
	whole, err := r.expand(string(r.partials["layout.html"]), "layout/layout.html", language, values)
	if err != nil {
		return nil, err
	}
	return minified(".html", []byte(whole))
}

// expand fills in {{key}} with the text of that key, {{$name}} with a value, {{asset:file}} and {{url:/path}} with a URL,
// {{svg:file}} with the drawing itself and {{>file}} with another template.
func (r *renderer) expand(template, where, language string, values map[string]string) (string, error) {
	var failed error
	whole := placeholder.ReplaceAllStringFunc(template, func(match string) string {
		text, err := r.fill(match[2:len(match)-2], where, language, values)
		if err != nil && failed == nil {
			failed = err
		}
		return text
	})
	return whole, failed
}

func (r *renderer) fill(name, where, language string, values map[string]string) (string, error) {
	kind, rest, _ := strings.Cut(name, ":")
	switch {
	case strings.HasPrefix(name, "$"):
		value, ok := values[name[1:]]
		if !ok {
			return "", fmt.Errorf("%s: no value %s", where, name)
		}
		return value, nil
	case strings.HasPrefix(name, ">"):
		partial, ok := r.partials[name[1:]]
		if !ok {
			return "", fmt.Errorf("%s: no template layout/%s", where, name[1:])
		}
		return r.expand(string(partial), "layout/"+name[1:], language, values)
	case kind == "asset":
		return r.assets.url(rest)
	case kind == "url":
		return localised(rest, language), nil
	case kind == "svg":
		drawing, ok := r.partials[rest]
		if !ok {
			return "", fmt.Errorf("%s: no drawing img/%s", where, rest)
		}
		return string(drawing), nil
	}
	text, err := r.locales.text(language, name, where)
	return html.EscapeString(text), err
}

// scripts gives the elements that load the page's modules, and the texts which these ask for as JSON.
func (r *renderer) scripts(p page, language string) (elements, texts string, err error) {
	entry := p.script
	if entry == "" {
		entry = "page.mjs"
	}
	if _, err := r.assets.url(entry); err != nil {
		return "", "", fmt.Errorf("%s: %w", p.where, err)
	}
	var tags strings.Builder
	for i, name := range r.assets.closure(entry, false) {
		url, _ := r.assets.url(name)
		if i == 0 {
			fmt.Fprintf(&tags, `<script type="module" src="%s"></script>`, url)
		} else {
			fmt.Fprintf(&tags, `<link rel="modulepreload" href="%s">`, url)
		}
	}
	wanted := map[string]string{}
	for _, name := range r.assets.closure(entry, true) {
		for _, call := range textCall.FindAllStringSubmatch(string(r.assets.sources[name]), -1) {
			found := map[string]string{}
			if strings.HasSuffix(call[1], ".") {
				found, err = r.locales.below(language, call[1], "js/"+name)
			} else {
				found[call[1]], err = r.locales.text(language, call[1], "js/"+name)
			}
			if err != nil {
				return "", "", err
			}
			for key, text := range found {
				wanted[key] = text
			}
		}
	}
	if len(wanted) == 0 {
		return tags.String(), "", nil
	}
	// JSON inside an inert template: no request of its own, and no script in the page.
	data, err := json.Marshal(wanted)
	return tags.String(), `<template id="texts">` + html.EscapeString(string(data)) + `</template>`, err
}

func (r *renderer) alternates(p page) string {
	var tags strings.Builder
	for _, language := range r.locales.languages {
		fmt.Fprintf(&tags, `<link rel="alternate" hreflang="%s" href="%s">`, language, localised(p.path, language))
	}
	fmt.Fprintf(&tags, `<link rel="alternate" hreflang="x-default" href="%s">`, p.path)
	return tags.String()
}

// languageSwitch links to the same page in the other languages, each under its own name.
func (r *renderer) languageSwitch(p page, language string) string {
	var tags strings.Builder
	for _, other := range r.locales.languages {
		if other == language {
			continue
		}
		name, err := r.locales.text(other, "language.name", "render.go")
		if err != nil {
			name = other
		}
		fmt.Fprintf(&tags, `<a href="%[1]s" hreflang="%[2]s" lang="%[2]s" data-language="%[2]s" data-query>%[3]s</a>`,
			localised(p.path, other), other, html.EscapeString(name))
	}
	return tags.String()
}
