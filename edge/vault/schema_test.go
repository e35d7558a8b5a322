//go:build !js

package vault

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/object"
)

const schemaDocument = "../../site/src/docs/storage-schema.md"

// TestSchemaIsDocumented: no field without a line on its meaning, lifetime and form, and no line without a field.
func TestSchemaIsDocumented(t *testing.T) {
	text, err := os.ReadFile(schemaDocument)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\nKind `"+KindName+"`")
	if !found {
		t.Fatalf("%s has no kind %s", schemaDocument, KindName)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var want []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+\\.[a-z_]+)` \\|").FindAllStringSubmatch(section, -1) {
		want = append(want, m[1])
	}
	got := fieldsOf(t)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("stored are %v\n%s has %v", got, schemaDocument, want)
	}
}

// fieldsOf are the columns of a new object's own tables.
func fieldsOf(t *testing.T) (fields []string) {
	t.Helper()
	k := New(Limits{})
	m := object.Method[struct{}, []string]{Kind: KindName, Name: "fields"}
	object.Handle(k, m, func(tx *object.Tx, _ struct{}) (list []string, err error) {
		for row := range tx.Rows(`SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name NOT LIKE '!_object!_%' ESCAPE '!' AND m.name NOT LIKE 'sqlite%'`) {
			var name string
			row.Scan(&name)
			list = append(list, name)
		}
		return list, nil
	})
	host, err := object.NewNative(object.NativeConfig{}, k)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	if fields, err = m.Call(t.Context(), host, ada, struct{}{}); err != nil {
		t.Fatal(err)
	}
	return fields
}
