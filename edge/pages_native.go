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
// /signin for signin.html, and the headers that the build wrote to _headers.
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
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
		p.next.ServeHTTP(w, r)
		return
	}
	for _, rule := range p.rules {
		if !rule.matches(r.URL.Path) {
			continue
		}
		for _, h := range rule.headers {
			w.Header().Set(h[0], h[1])
		}
	}
	http.ServeFileFS(w, r, p.files, name)
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
