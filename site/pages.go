package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// page is one page before it gets its language. Its file opens with "name: value" lines up to a line of three dashes.
type page struct {
	path        string // URL path in the source language: "/signin"
	where       string // file, for error messages
	title       string // key of the title
	description string // key of the description
	script      string // entry module, "" for none
	class       string // of the body: decides how the page is laid out
	frames      string // CSP frame-src, "" for none
	opener      bool   // an application may open the page in a window and watch it close
	body        string
	document    *document // set for a rendered document, whose body is not a template
}

// loadPages reads src/pages/*.html.
func loadPages(src string) ([]page, error) {
	names, err := filepath.Glob(filepath.Join(src, "pages", "*.html"))
	if err != nil {
		return nil, err
	}
	var pages []page
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		p := page{where: "pages/" + filepath.Base(name), path: "/" + strings.TrimSuffix(filepath.Base(name), ".html")}
		if p.path == "/index" {
			p.path = "/"
		}
		if err := p.parse(string(data)); err != nil {
			return nil, err
		}
		pages = append(pages, p)
	}
	return pages, nil
}

func (p *page) parse(text string) error {
	head, body, ok := strings.Cut(text, "\n---\n")
	if !ok {
		return fmt.Errorf("%s: no line of three dashes after the head", p.where)
	}
	p.body = body
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch name {
		case "title":
			p.title = value
		case "description":
			p.description = value
		case "script":
			p.script = value
		case "class":
			p.class = value
		case "frames":
			p.frames = value
		case "opener":
			p.opener = value == "yes"
		default:
			return fmt.Errorf("%s: unknown line %q in the head", p.where, name)
		}
	}
	if p.title == "" || p.description == "" {
		return fmt.Errorf("%s: needs a title and a description", p.where)
	}
	return nil
}

// localised is the path of a page in a language.
func localised(path, language string) string {
	if language == source {
		return path
	}
	return "/" + language + path
}
