//go:build !js

package main

import (
	"bufio"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// pages serves the built site before the handlers, as Cloudflare's asset host and edge/assets.mjs do: a file when there is one,
// /signin for signin.html, and the headers that the build wrote to _headers. Where nothing is, a person gets the site's page
// about that and a program the handlers' problem, as edge/worker.mjs has it.
type pages struct {
	files fs.FS
	rules []headerRule
	next  http.Handler
}

type headerRule struct {
	pattern string
	headers [][2]string
}

func newPages(files fs.FS, next http.Handler) (*pages, error) {
	p := &pages{files: files, next: next}
	f, err := files.Open("_headers")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the site is not built: run `make build`")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		switch name, value, isHeader := strings.Cut(line, ":"); {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case line[0] != ' ' && line[0] != '\t':
			p.rules = append(p.rules, headerRule{pattern: strings.TrimSpace(line)})
		case isHeader && len(p.rules) > 0:
			rule := &p.rules[len(p.rules)-1]
			rule.headers = append(rule.headers, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return p, nil
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := p.find(r.URL.Path)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		p.next.ServeHTTP(w, r)
	case !ok && strings.Contains(r.Header.Get("Accept"), "text/html"):
		p.next.ServeHTTP(&unlessMissing{ResponseWriter: w, pages: p, request: r}, r)
	case !ok:
		p.next.ServeHTTP(w, r)
	default:
		p.setHeaders(w, r.URL.Path)
		http.ServeFileFS(w, r, p.files, name)
	}
}

func (p *pages) setHeaders(w http.ResponseWriter, address string) {
	for _, rule := range p.rules {
		if !rule.matches(address) {
			continue
		}
		for _, h := range rule.headers {
			w.Header().Set(h[0], h[1])
		}
	}
}

// unlessMissing passes an answer on, or puts the page in its place when there is nothing.
type unlessMissing struct {
	http.ResponseWriter
	pages    *pages
	request  *http.Request
	replaced bool
}

// Unwrap lets a WebSocket take over the connection.
func (u *unlessMissing) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func (u *unlessMissing) WriteHeader(status int) {
	var page []byte
	if status == http.StatusNotFound {
		page = u.pages.missing(u.request.URL.Path)
	}
	if u.replaced = page != nil; u.replaced {
		u.pages.setHeaders(u, "/404")
		u.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	u.ResponseWriter.WriteHeader(status)
	if u.replaced && u.request.Method == http.MethodGet {
		_, _ = u.ResponseWriter.Write(page) // a client that hung up is no failure of ours
	}
}

func (u *unlessMissing) Write(b []byte) (int, error) {
	if u.replaced {
		return len(b), nil
	}
	return u.ResponseWriter.Write(b)
}

// missing is the page for where nothing is, in the language of the address; nil when the site has none.
func (p *pages) missing(address string) []byte {
	language, _, _ := strings.Cut(strings.TrimPrefix(address, "/"), "/")
	for _, name := range []string{path.Join(language, "404.html"), "404.html"} {
		if !fs.ValidPath(name) {
			continue
		}
		if page, err := fs.ReadFile(p.files, name); err == nil {
			return page
		}
	}
	return nil
}

// find turns a path into the name of a file: itself, itself with .html, or an index.
func (p *pages) find(address string) (string, bool) {
	name := strings.TrimPrefix(path.Clean(address), "/")
	if name == "_headers" {
		return "", false
	}
	for _, candidate := range []string{name, name + ".html", path.Join(name, "index.html")} {
		if info, err := fs.Stat(p.files, candidate); err == nil && !info.IsDir() && fs.ValidPath(candidate) {
			return candidate, true
		}
	}
	return "", false
}

// matches compares a path with a pattern in which * stands for anything.
func (h headerRule) matches(address string) bool {
	before, after, glob := strings.Cut(h.pattern, "*")
	if !glob {
		return address == h.pattern
	}
	return len(address) >= len(before)+len(after) && strings.HasPrefix(address, before) && strings.HasSuffix(address, after)
}
