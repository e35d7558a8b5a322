package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeLocales(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLocalesAgreeOrTheErrorNamesKeyAndFile(t *testing.T) {
	for _, c := range []struct {
		name, en, de, want string
	}{
		{"same keys", `{"a":"A","b":"B {n}"}`, `{"a":"A","b":"{n} B"}`, ""},
		{"missing", `{"a":"A","b":"B"}`, `{"a":"A"}`, `locales/de.json lacks the key "b"`},
		{"one too many", `{"a":"A"}`, `{"a":"A","b":"B"}`, `locales/de.json has the key "b"`},
		{"other slots", `{"a":"{wait}"}`, `{"a":"{time}"}`, `locales/de.json: "a" has other {slots}`},
		{"no JSON", `{"a":"A"}`, `{"a":`, "de.json"},
	} {
		_, err := loadLocales(writeLocales(t, map[string]string{"en.json": c.en, "de.json": c.de}))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestTextsAreAskedForAndUsed(t *testing.T) {
	l, err := loadLocales(writeLocales(t, map[string]string{"en.json": `{"a":"A","b":"B"}`}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.text("en", "c", "pages/x.html"); err == nil || !strings.Contains(err.Error(), `pages/x.html: no text for the key "c"`) {
		t.Errorf("unknown key: %v", err)
	}
	if _, err := l.text("en", "a", "pages/x.html"); err != nil {
		t.Error(err)
	}
	if err := l.unused(); err == nil || !strings.Contains(err.Error(), `"b"`) || strings.Contains(err.Error(), `"a"`) {
		t.Errorf("unused keys: %v", err)
	}
}

func TestModulesAreLinkedByContent(t *testing.T) {
	sources := map[string][]byte{
		"a.mjs": []byte(`import { b } from "./b.mjs"; export const size = "size:m.wasm", url = "asset:m.wasm"; export const later = () => import("./c.mjs"); b();`),
		"b.mjs": []byte(`export const b = () => 1;`), "c.mjs": []byte(`export const c = 1;`), "m.wasm": []byte("12345"),
	}
	bundle := newBundle(sources)
	url, err := bundle.url("a.mjs")
	if err != nil {
		t.Fatal(err)
	}
	content := string(bundle.files[strings.TrimPrefix(url, "/")])
	for _, want := range []string{`"./b.`, `"./c.`, `size=5`, `"/assets/m.`} {
		if !strings.Contains(content, want) {
			t.Errorf("%s lacks %s", content, want)
		}
	}
	sources["b.mjs"] = []byte(`export const b = () => 2;`)
	if again, _ := newBundle(sources).url("a.mjs"); again == url {
		t.Error("a changed import did not change the name of its importer")
	}
}

func TestBadReferencesAreErrors(t *testing.T) {
	for name, sources := range map[string]map[string][]byte{
		"missing.mjs, which does not exist": {"a.mjs": []byte(`import "./missing.mjs";`)},
		"circle: a.mjs → b.mjs → a.mjs":     {"a.mjs": []byte(`import "./b.mjs";`), "b.mjs": []byte(`import "./a.mjs";`)},
	} {
		if _, err := newBundle(sources).url("a.mjs"); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
}

func TestDocumentsFitThePolicy(t *testing.T) {
	known := []string{"docs/a.md", "docs/b.md"}
	w, err := renderDocument([]byte("# Title\n\nFirst *words*\nhere.\n\n## Part `x`\n\n|a|b|\n|:-:|--:|\n|1|2|\n\n<script>alert(1)</script>\n\n[b](b.md#part)\n\n```\ncode\n```\n"), "de", known)
	if err != nil {
		t.Fatal(err)
	}
	if w.title != "Title" || w.summary != "First words here." {
		t.Errorf("title %q, summary %q", w.title, w.summary)
	}
	for _, bad := range []string{"<script", "style="} {
		if strings.Contains(w.html, bad) {
			t.Errorf("%s in %s", bad, w.html)
		}
	}
	for _, want := range []string{`href="/de/docs/b#part"`, `<div class="scroll" tabindex="0"><table>`, `<pre tabindex="0">`} {
		if !strings.Contains(w.html, want) {
			t.Errorf("no %s in %s", want, w.html)
		}
	}
	if !strings.Contains(w.contents, `href="#part-x"`) {
		t.Errorf("contents: %s", w.contents)
	}
	for _, bad := range []string{"no title\n", "# A\n\n[x](../../../edge/api/api.go)\n"} {
		if _, err := renderDocument([]byte(bad), "en", known); err == nil {
			t.Errorf("%q was rendered", bad)
		}
	}
}
