package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// assetDir is where hashed files live; its content never changes under a name.
const assetDir = "/assets/"

// bundle gives every source its final content and its name with a hash, in the order of their references.
type bundle struct {
	sources map[string][]byte
	urls    map[string]string // source name → URL path
	files   tree              // path below the output directory → content
	imports map[string][]string
	lazy    map[string][]string
}

var (
	importing = regexp.MustCompile(`(\b(?:from|import)\s*)"\./([^"]+)"`)
	deferring = regexp.MustCompile(`(\bimport\()"\./([^"]+)"`)
	naming    = regexp.MustCompile(`"(asset|size):([^"]*)"`)
)

func newBundle(sources map[string][]byte) *bundle {
	return &bundle{sources: sources, urls: map[string]string{}, files: tree{}, imports: map[string][]string{}, lazy: map[string][]string{}}
}

// url is the hashed URL of a source, which becomes part of the site by being asked for.
func (b *bundle) url(name string) (string, error) { return b.resolve(name, nil) }

func (b *bundle) resolve(name string, trail []string) (string, error) {
	if url, ok := b.urls[name]; ok {
		return url, nil
	}
	if slices.Contains(trail, name) {
		return "", fmt.Errorf("modules import each other in a circle: %s", strings.Join(append(trail, name), " → "))
	}
	content, ok := b.sources[name]
	if !ok {
		return "", fmt.Errorf("%s refers to %s, which does not exist", strings.Join(append(trail, ""), ": "), name)
	}
	extension := path.Ext(name)
	if extension == ".mjs" || extension == ".js" {
		var err error
		if content, err = b.link(name, content, append(trail, name)); err != nil {
			return "", err
		}
		extension = ".js"
	}
	content, err := minified(extension, content)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.Sum256(content)
	url := assetDir + strings.TrimSuffix(name, path.Ext(name)) + "." + hex.EncodeToString(sum[:5]) + extension
	b.urls[name] = url
	b.files[strings.TrimPrefix(url, "/")] = content
	return url, nil
}

// link replaces what a module refers to by final names. "asset:NAME" stands for a URL, "size:NAME" for a number of bytes.
func (b *bundle) link(name string, content []byte, trail []string) (linked []byte, err error) {
	replace := func(re *regexp.Regexp, with func(groups []string) (string, error)) {
		content = re.ReplaceAllFunc(content, func(match []byte) []byte {
			text, failed := with(re.FindStringSubmatch(string(match)))
			if failed != nil && err == nil {
				err = failed
			}
			return []byte(text)
		})
	}
	follow := func(list map[string][]string) func([]string) (string, error) {
		return func(groups []string) (string, error) {
			url, err := b.resolve(groups[2], trail)
			list[name] = append(list[name], groups[2])
			return groups[1] + strconv.Quote("./"+path.Base(url)), err
		}
	}
	replace(deferring, follow(b.lazy))
	replace(importing, follow(b.imports))
	replace(naming, func(groups []string) (string, error) {
		url, err := b.resolve(groups[2], trail)
		if groups[1] == "size" {
			return strconv.Itoa(len(b.files[strings.TrimPrefix(url, "/")])), err
		}
		return strconv.Quote(url), err
	})
	return content, err
}

// closure lists the modules that entry brings with it, itself first; withLazy adds those it imports only on demand.
func (b *bundle) closure(entry string, withLazy bool) []string {
	found := []string{entry}
	for i := 0; i < len(found); i++ {
		next := b.imports[found[i]]
		if withLazy {
			next = append(slices.Clone(next), b.lazy[found[i]]...)
		}
		for _, name := range next {
			if !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	return found
}

func (b *bundle) emit(out tree) {
	for name, content := range b.files {
		out[name] = content
	}
}
