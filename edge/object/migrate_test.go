//go:build !js

package object

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

func migrated(migrations ...string) *Kind {
	k := kind(func(tx *Tx, _ string) (string, error) {
		var n string
		tx.Row(`SELECT count(*) || ' ' || max(number) FROM _object_migration`).Scan(&n)
		return n, nil
	}, new(bool))
	k.Migrations = migrations
	return k
}

func TestMigrationsArePublishedForEver(t *testing.T) {
	const one, two, three = `CREATE TABLE a (x TEXT) STRICT`, `INSERT INTO a VALUES ('x')`, `CREATE TABLE b (x TEXT) STRICT`
	for _, c := range []struct {
		name       string
		migrations []string
		out, log   string
	}{
		{"the same again", []string{one, two}, `"2 2"`, ""},
		{"one appended", []string{one, two, three}, `"3 3"`, ""},
		{"space around one", []string{"\n" + one + "\n", two}, `"2 2"`, ""},
		{"one edited", []string{one, two + ", ('y')", three}, "", "migration 2 of kind k was edited"},
		{"one put between", []string{one, three, two}, "", "migration 2 of kind k was edited"},
		{"one missing", []string{one}, "", "newer version"},
		{"a broken one appended", []string{one, two, three, "CREATE TABL"}, "", "syntax error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, migrated(one, two))
			if out, _, err := r.invoke("run", `""`); err != nil || out != `"2 2"` {
				t.Fatalf("first: %s, %v", out, err)
			}
			var log bytes.Buffer
			r.use(migrated(c.migrations...))
			r.d.log = slog.New(slog.NewTextHandler(&log, nil))
			out, _, err := r.invoke("run", `""`)
			if out != c.out || (c.log != "") != errors.Is(err, ErrInternal) || !strings.Contains(log.String(), c.log) {
				t.Errorf("then: %s, %v, log %s", out, err, &log)
			}
			// What failed left nothing: the old program still works.
			if c.log != "" {
				r.use(migrated(one, two))
				if out, _, err := r.invoke("run", `""`); err != nil || out != `"2 2"` {
					t.Errorf("old program afterwards: %s, %v", out, err)
				}
			}
		})
	}
}

// TestSchemaFollowsTheDatabase proves that nothing is remembered beside the database: not after a rollback, not after it
// was emptied under the program.
func TestSchemaFollowsTheDatabase(t *testing.T) {
	r := newRig(t, migrated(`CREATE TABLE a (x TEXT) STRICT`))
	for range 2 {
		r.exec("BEGIN")
		if _, _, err := r.d.Invoke(r.db, "k", "object", "run", []byte(`""`)); err != nil {
			t.Fatal(err)
		}
		r.exec("ROLLBACK")
	}
	if _, _, err := r.invoke("run", `""`); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"a", "_object_state", "_object_migration", "_object_outbox"} {
		r.exec("DROP TABLE " + table)
	}
	if out, _, err := r.invoke("run", `""`); err != nil || out != `"1 1"` {
		t.Errorf("after the database was emptied: %s, %v", out, err)
	}
}

func TestCollectOnAnUntouchedObject(t *testing.T) {
	r := newRig(t, migrated())
	if list, _, alarm, err := r.collect(); err != nil || len(list) != 0 || !alarm.IsZero() {
		t.Errorf("%v, %v, %v", list, alarm, err)
	}
}

func TestStatementsSplit(t *testing.T) {
	for script, want := range map[string][]string{
		"":                                       nil,
		" ; ;; ":                                 nil,
		"-- only; a comment":                     nil,
		"A; B":                                   {"A", "B"},
		"A;B;":                                   {"A", "B"},
		"-- x;\nA /* ; */ b; /*;*/":              {"A /* ; */ b"},
		`A 'x;''y;' "q;" [b;] ` + "`t;`;B":       {`A 'x;''y;' "q;" [b;] ` + "`t;`", "B"},
		"A 'never closed; B":                     {"A 'never closed; B"},
		"SELECT CASE WHEN 1 THEN 2 END; B":       {"SELECT CASE WHEN 1 THEN 2 END", "B"},
		"CREATE TRIGGER t BEGIN a; b; END; B":    {"CREATE TRIGGER t BEGIN a; b; END", "B"},
		"create temp trigger t begin a; end\n;B": {"create temp trigger t begin a; end", "B"},
		"CREATE TRIGGER t BEGIN CASE x END; END; B": {"CREATE TRIGGER t BEGIN CASE x END; END", "B"},
		"CREATE TABLE trigger (x); B":               {"CREATE TABLE trigger (x)", "B"},
	} {
		if got := statements(script); !slices.Equal(got, want) {
			t.Errorf("%q\n got %q\nwant %q", script, got, want)
		}
	}
}

// FuzzStatements checks that splitting loses nothing but what is between statements, and that a part does not split again.
func FuzzStatements(f *testing.F) {
	for _, s := range []string{"A; B", "CREATE TRIGGER t BEGIN a; END; B", "'", "/*", "--;\n;A", "[;];", `"""";`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script string) {
		rest := script
		for _, part := range statements(script) {
			i := strings.Index(rest, part)
			if i < 0 {
				t.Fatalf("%q is not in %q", part, rest)
			}
			rest = rest[i+len(part):]
			if again := statements(part); len(again) != 1 || again[0] != part {
				t.Fatalf("%q splits again into %q", part, again)
			}
		}
	})
}

func TestTxKeepsTheLimitsOfAllHosts(t *testing.T) {
	many := make([]any, maxArgs+1)
	for name, f := range map[string]func(*Tx){
		"BEGIN":           func(tx *Tx) { tx.Exec("BEGIN") },
		"a pragma":        func(tx *Tx) { tx.Exec(" pragma user_version") },
		"savepoint":       func(tx *Tx) { tx.Exec(";SAVEPOINT x") },
		"two statements":  func(tx *Tx) { tx.Exec("SELECT 1; SELECT 2") },
		"101 arguments":   func(tx *Tx) { tx.Exec("SELECT 1", many...) },
		"an unknown type": func(tx *Tx) { tx.Exec("SELECT ?", uint8(1)) },
		"a broken text":   func(tx *Tx) { tx.Exec("SELECT ?", "\xff") },
		"a huge integer":  func(tx *Tx) { tx.Exec("SELECT ?", int64(1)<<53+1) },
		"not a number":    func(tx *Tx) { tx.Exec("SELECT ?", 0.0/zero) },
		"double quotes":   func(tx *Tx) { tx.Exec(`SELECT "text"`) },
		"columns":         func(tx *Tx) { tx.Row("SELECT 1, 2").Scan(new(int)) },
		"text in an int":  func(tx *Tx) { tx.Row("SELECT '1'").Scan(new(int)) },
		"int in a text":   func(tx *Tx) { tx.Row("SELECT 1").Scan(new(string)) },
		"half in an int":  func(tx *Tx) { tx.Row("SELECT 0.5").Scan(new(int)) },
		"a destination":   func(tx *Tx) { tx.Row("SELECT 1").Scan(new(uint)) },
	} {
		r := newRig(t, kind(func(tx *Tx, _ string) (string, error) { f(tx); return "", nil }, new(bool)))
		if _, _, err := r.invoke("run", `""`); !errors.Is(err, ErrInternal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var zero float64

func TestRows(t *testing.T) {
	r := newRig(t, kind(func(tx *Tx, _ string) (string, error) {
		var n, sum int
		for row := range tx.Rows("SELECT 1 UNION SELECT 2 UNION SELECT 3 ORDER BY 1") {
			row.Scan(&n)
			if sum += n; n == 2 {
				break
			}
		}
		if sum != 3 || tx.Row("SELECT 1 WHERE 0").Scan(&n) {
			return "", errors.New("rows")
		}
		var f float64
		var b, nb []byte
		var at time.Time
		if !tx.Row("SELECT 1, x'', NULL, NULL").Scan(&f, &b, &nb, &at) || f != 1 || b == nil || nb != nil || !at.IsZero() {
			return "", errors.New("values")
		}
		return "", nil
	}, new(bool)))
	if _, _, err := r.invoke("run", `""`); err != nil {
		t.Error(err)
	}
}
