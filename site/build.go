package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// defaultRangeService answers which passwords with a given hash prefix were found in breaches.
const defaultRangeService = "https://api.pwnedpasswords.com/range/"

// options say what to build.
type options struct {
	root         string // repository root
	out          string // directory to write
	module       string // ready-made WebAssembly file; "" builds ./wasm
	rangeService string // URL prefix; "" for none
	log          func(format string, args ...any)
}

// tree is a built site: slash-separated path below the output directory → content.
type tree map[string][]byte

// build makes the whole site in memory and writes it only when nothing failed.
func build(o options) error {
	src := filepath.Join(o.root, "site", "src")
	if _, err := os.Stat(src); err != nil {
		return errors.New("no site/src here: run from the repository root")
	}
	texts, err := loadLocales(filepath.Join(src, "locales"))
	if err != nil {
		return err
	}
	sources, err := loadSources(src)
	if err != nil {
		return err
	}
	if err := addModule(o, sources); err != nil {
		return err
	}
	assets := newBundle(sources)
	out := tree{}
	pages, err := loadPages(src)
	if err != nil {
		return err
	}
	documents, err := loadDocuments(filepath.Join(src, "docs"))
	if err != nil {
		return err
	}
	site := &renderer{assets: assets, locales: texts, partials: sources}
	if err := site.render(out, append(pages, documents...)); err != nil {
		return err
	}
	if err := texts.unused(); err != nil {
		return err
	}
	assets.emit(out)
	policy, err := headers(pages, texts.languages, o.rangeService)
	if err != nil {
		return err
	}
	out["_headers"] = policy
	out[".assetsignore"] = []byte("*.br\n*.gz\n") // Cloudflare compresses by itself; these are for hosts that don't
	o.log("%d pages in %d languages, %d other files", len(pages)+len(documents), len(texts.languages), len(assets.files))
	if err := compress(out, filepath.Join(o.root, ".latchkey", "cache"), o.log); err != nil {
		return err
	}
	return out.write(o.out)
}

// loadSources reads everything that pages refer to, by file name.
func loadSources(src string) (map[string][]byte, error) {
	found := map[string][]byte{}
	for _, pattern := range []string{"*.css", "js/*.mjs", "img/*.svg", "layout/*.html"} {
		names, err := filepath.Glob(filepath.Join(src, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			base := filepath.Base(name)
			if _, twice := found[base]; twice {
				return nil, fmt.Errorf("two sources are called %s", base)
			}
			if found[base], err = os.ReadFile(name); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// write makes dir hold exactly t. Files that are right already are left alone, so that a server watching them rests.
func (t tree) write(dir string) error {
	for _, name := range t.names() {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if old, err := os.ReadFile(full); err == nil && bytes.Equal(old, t[name]) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, t[name], 0o644); err != nil {
			return err
		}
	}
	return filepath.WalkDir(dir, func(full string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, full)
		if err != nil {
			return err
		}
		if _, wanted := t[filepath.ToSlash(rel)]; !wanted {
			return os.Remove(full)
		}
		return nil
	})
}

func (t tree) names() []string {
	names := make([]string, 0, len(t))
	for name := range t {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// file is the name under which the asset host finds the page with this path.
func file(p string) string {
	if strings.HasSuffix(p, "/") {
		return strings.TrimPrefix(path.Join(p, "index.html"), "/")
	}
	return strings.TrimPrefix(p, "/") + ".html"
}
