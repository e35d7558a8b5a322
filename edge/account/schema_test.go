//go:build !js

package account_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
)

// TestSchemaIsDocumented holds the columns and the storage schema document together, in both directions.
func TestSchemaIsDocumented(t *testing.T) {
	const document = "../../site/src/docs/storage-schema.md"
	text, err := os.ReadFile(document)
	must(t, err)
	_, section, ok := strings.Cut(string(text), "\n## Account object\n")
	if !ok {
		t.Fatalf("%s has no section for the account object", document)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|").FindAllStringSubmatch(section, -1) {
		documented[m[1]] = true
	}

	r, s := newRig(newWorld(t))
	_, err = s.SignupFacts(t.Context(), account.NewID()) // migrates, and rolls back
	wants(t, err, account.ErrSignup)
	activateOn(t, s)
	for _, table := range tables {
		rows, err := r.Exec(`SELECT name FROM pragma_table_info(?)`, []any{table})
		must(t, err)
		for _, row := range rows {
			field := table + "." + row[0].(string)
			if !documented[field] {
				t.Errorf("%s is not in %s", field, document)
			}
			delete(documented, field)
		}
	}
	for field := range documented {
		t.Errorf("%s is in %s and not in the schema", field, document)
	}
	rows, err := r.Exec(`SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\_%' ESCAPE '\' AND name NOT LIKE 'sqlite%'`, nil)
	must(t, err)
	if n := rows[0][0].(int64); n != int64(len(tables)) {
		t.Errorf("%d tables, the tests know %d", n, len(tables))
	}
}
