package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var builtOnce = sync.OnceValues(func() (tree, error) { return buildInto("") })

// built is the site, built once for all tests.
func built(t testing.TB) tree {
	t.Helper()
	files, err := builtOnce()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// buildInto builds the site with an empty module and reads it back.
func buildInto(dir string) (tree, error) {
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "latchkey-site-"); err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
	}
	module := filepath.Join(dir, "empty.wasm")
	out := filepath.Join(dir, "dist")
	if err := os.WriteFile(module, emptyModule, 0o600); err != nil {
		return nil, err
	}
	o := options{root: "..", out: out, module: module, rangeService: defaultRangeService, log: func(string, ...any) {}}
	if err := build(o); err != nil {
		return nil, err
	}
	return readTree(out)
}

func readTree(out string) (tree, error) {
	files := tree{}
	return files, filepath.WalkDir(out, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(out, name)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = os.ReadFile(name)
		return err
	})
}

func TestTheSameSourceGivesTheSameBytes(t *testing.T) {
	again, err := buildInto(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if !sameTree(built(t), again) {
		t.Error("two builds of the same source differ")
	}
}

func TestBuildLeavesNothingStaleBehind(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "dist", "assets", "old.0123456789.js")
	if err := os.MkdirAll(filepath.Dir(stale), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := buildInto(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("a file of an earlier build is still there")
	}
}

// TestSigninIsSmall holds the budget: all that the sign-in page loads before the Go module, not even compressed.
func TestSigninIsSmall(t *testing.T) {
	const budget = 30 << 10
	files := built(t)
	reference := regexp.MustCompile(`(?:href|src)=(/assets/[^ >]+)`)
	for _, page := range []string{"signin.html", "de/signin.html"} {
		total := len(files[page])
		html := string(files[page])
		for _, found := range reference.FindAllStringSubmatch(html, -1) {
			total += len(files[strings.TrimPrefix(found[1], "/")])
		}
		t.Logf("%s: %d bytes", page, total)
		if total > budget {
			t.Errorf("%s weighs %d bytes, more than %d", page, total, budget)
		}
		for _, script := range regexp.MustCompile(`<script[^>]*>`).FindAllString(html, -1) {
			if !strings.Contains(script, "type=module") || !strings.Contains(script, "src=") {
				t.Errorf("%s: %s blocks rendering or is inline", page, script)
			}
		}
		if n := strings.Count(html, "rel=stylesheet"); n != 1 {
			t.Errorf("%s has %d stylesheets", page, n)
		}
	}
}

func TestNoPageHasInlineCodeOrStyle(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<[^>]+\s(?:on[a-z]+|style)=|<style|href=["']?javascript:`)
	for name, content := range built(t) {
		if strings.HasSuffix(name, ".html") {
			if found := inline.Find(content); found != nil {
				t.Errorf("%s: %s", name, found)
			}
		}
	}
}

func TestEveryHashedNameIsReferredToAndEveryReferenceExists(t *testing.T) {
	files := built(t)
	reference := regexp.MustCompile(`(?:/assets/|\./)([\w-]+\.[0-9a-f]{10}\.[a-z]+)`)
	referred := map[string]bool{}
	for name, content := range files {
		if !strings.HasSuffix(name, ".html") && !strings.HasSuffix(name, ".js") && !strings.HasSuffix(name, ".css") {
			continue
		}
		for _, found := range reference.FindAllStringSubmatch(string(content), -1) {
			asset := "assets/" + found[1]
			referred[asset] = true
			if _, ok := files[asset]; !ok {
				t.Errorf("%s refers to %s, which does not exist", name, asset)
			}
		}
	}
	for name := range files {
		if strings.HasPrefix(name, "assets/") && !strings.HasSuffix(name, ".br") && !strings.HasSuffix(name, ".gz") && !referred[name] {
			t.Errorf("nothing refers to %s", name)
		}
	}
}

func TestInternalLinksLeadSomewhere(t *testing.T) {
	files := built(t)
	link := regexp.MustCompile(`<a [^>]*href=["']?(/[^"' >#?]*)`)
	for name, content := range files {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		for _, found := range link.FindAllStringSubmatch(string(content), -1) {
			if _, ok := files[file(found[1])]; !ok {
				t.Errorf("%s links to %s, which is no page", name, found[1])
			}
		}
	}
}

// codes reads string constants of a type from a Go file.
func codes(t *testing.T, name, prefix string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(name), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			code, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, code)
		}
		return true
	})
	if len(found) == 0 {
		t.Fatalf("no constant %s… in %s", prefix, name)
	}
	return found
}

func TestEveryCodeHasWords(t *testing.T) {
	data, err := os.ReadFile("src/locales/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]string
	if err := json.Unmarshal(data, &words); err != nil {
		t.Fatal(err)
	}
	for _, set := range []struct {
		key   string
		codes []string
	}{
		{"problem.", codes(t, "../edge/api/problem.go", "Code")},
		{"problem.", codes(t, "../wasm/client/problem.go", "Code")},
		{"problem.", codes(t, "../wasm/client/vault_problem.go", "Code")},
		{"form.", codes(t, "../wasm/client/client.go", "Stage")},
		{"reason.", codes(t, "../wasm/password/rules.go", "Reason")},
		{"suggestion.", codes(t, "../wasm/password/suggestion.go", "A")},
		{"suggestion.", codes(t, "../wasm/password/suggestion.go", "M")},
	} {
		for _, code := range set.codes {
			if words[set.key+code] == "" && (set.key != "problem." || words["fault."+code] == "") {
				t.Errorf("the code %q has no words: add %q to the locales", code, set.key+code)
			}
		}
	}
}
