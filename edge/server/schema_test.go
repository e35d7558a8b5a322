//go:build !js

package server_test

import (
	"database/sql"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/latchkey-id/latchkey/edge/device"
)

const schemaDocument = "../../site/src/docs/storage-schema.md"

var (
	kindName = regexp.MustCompile("(?m)^Kind `([a-z]+)`")
	field    = regexp.MustCompile("(?m)^\\| `([a-z_]+\\.[a-z_]+)` \\|")
)

// documented are the fields of each kind of object, and under "" those of every object, as the document has them.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(schemaDocument)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for section := range strings.SplitSeq(string(text), "\n## ") {
		kind := ""
		if m := kindName.FindStringSubmatch(section); m != nil {
			kind = m[1]
		}
		for _, m := range field.FindAllStringSubmatch(section, -1) {
			all[kind] = append(all[kind], m[1])
		}
	}
	return all
}

// stored are the fields of one database.
func stored(t *testing.T, file string) (fields []string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		fields = append(fields, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return fields
}

// TestSchemaIsDocumented holds the databases that a sign-up and a sign-in to a site leave behind and the storage schema together, in both
// directions: no field without a line on its meaning, lifetime and form, and no line without a field.
func TestSchemaIsDocumented(t *testing.T) {
	w := newWorld(t, t.TempDir())
	site := w.sites("ES256")[0]
	b := w.browser()
	b.signup(ada)
	b.makeVault()
	site.redeem(site.code(b))
	key := make([]byte, 32)
	w.must(device.NewService(w.native).Begin(t.Context(), key, device.Request{ClientID: "tv", SecretHash: key}))
	w.must(w.native.Close())

	lines := documented(t)
	every := lines[""]
	delete(lines, "")
	for _, kind := range w.service.Kinds {
		files, err := filepath.Glob(filepath.Join(w.dir, kind.Name, "*.sqlite"))
		w.must(err)
		if len(files) == 0 {
			t.Fatalf("no object of kind %s was used", kind.Name)
		}
		got, want := stored(t, files[0]), append(slices.Clone(every), lines[kind.Name]...)
		for _, f := range got {
			if !slices.Contains(want, f) {
				t.Errorf("kind %s: %s is not in %s", kind.Name, f, schemaDocument)
			}
		}
		for _, f := range want {
			if !slices.Contains(got, f) {
				t.Errorf("kind %s: %s has %s, which is not stored", kind.Name, schemaDocument, f)
			}
		}
		delete(lines, kind.Name)
	}
	for kind := range maps.Keys(lines) {
		t.Errorf("%s has a kind %q that there is not", schemaDocument, kind)
	}
}

// TestCookiesAreDocumented: every cookie that the source knows has its line in the storage schema and in the protocol. edge/rp sets
// those of other sites.
func TestCookiesAreDocumented(t *testing.T) {
	sources, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	cookies := map[string]bool{}
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "../rp/") {
			continue
		}
		for _, m := range regexp.MustCompile(`"(__Host-[a-z-]+)"`).FindAllSubmatch(source, -1) {
			cookies[string(m[1])] = true
		}
	}
	if len(cookies) < 4 {
		t.Errorf("found only %v", cookies)
	}
	for _, document := range []string{schemaDocument, "../../site/src/docs/protocol.md"} {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for cookie := range cookies {
			if strings.HasSuffix(cookie, "-") {
				cookie += "<id>"
			}
			if !strings.Contains(string(text), "| `"+cookie+"` |") {
				t.Errorf("%s has no line on %s", document, cookie)
			}
		}
	}
}
