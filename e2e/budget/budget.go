// Package budget holds the sizes that Latchkey promises, measured on what `make build` made. A test and the benchmark read
// the same list.
package budget

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Budget is a size that something may have.
type Budget struct {
	What    string
	Most    int64                            // bytes
	Measure func(root string) (int64, error) // bytes, of what is built in the repository at root
}

// All are the promises.
var All = []Budget{
	{"edge module, gzip", 3 << 20, edgeModule},
	{"browser module, brotli", 13 << 20 / 10, browserModule},
	{"sign-in page before the module, uncompressed", 30 << 10, signinPage},
}

func edgeModule(root string) (int64, error) {
	data, err := os.ReadFile(filepath.Join(root, "edge/dist/edge.wasm"))
	if err != nil {
		return 0, err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(data); err != nil {
		return 0, err
	}
	return int64(packed.Len()), w.Close()
}

func browserModule(root string) (int64, error) {
	files, err := filepath.Glob(filepath.Join(root, "site/dist/*/*.wasm.br"))
	if more, _ := filepath.Glob(filepath.Join(root, "site/dist/*.wasm.br")); err == nil {
		files = append(files, more...)
	}
	if len(files) != 1 {
		return 0, fmt.Errorf("site/dist has %d compressed modules, want one: %v", len(files), err)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

var (
	reference = regexp.MustCompile(`(?:href|src)="?(/[^"\s>]+\.(?:css|mjs|js|svg|json|webmanifest))`)
	imported  = regexp.MustCompile(`(?:from\s*|import\s*|fetch\()["'](\.{0,2}/[^"')]+\.(?:mjs|js|json))`)
)

// signinPage adds up the page and everything that it refers to, and what that imports: all that a browser loads before the Go
// module, without the module's own loader. What is imported by import() waits for an answer of the module.
func signinPage(root string) (int64, error) {
	dist := filepath.Join(root, "site/dist")
	seen, total := map[string]bool{}, int64(0)
	var add func(name string) error
	add = func(name string) error {
		if seen[name] || strings.Contains(name, "wasm_exec") {
			return nil
		}
		seen[name] = true
		data, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			return err
		}
		total += int64(len(data))
		for _, m := range reference.FindAllSubmatch(data, -1) {
			if err := add(string(m[1])); err != nil {
				return err
			}
		}
		for _, m := range imported.FindAllSubmatch(data, -1) {
			next := string(m[1])
			if !strings.HasPrefix(next, "/") {
				next = filepath.Join(filepath.Dir(name), next)
			}
			if err := add(next); err != nil {
				return err
			}
		}
		return nil
	}
	return total, add("/signin.html")
}
