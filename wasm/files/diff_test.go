package files

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDiffIsUnified(t *testing.T) {
	from := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n"
	to := "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n12\nx\n13"
	want := `--- a
+++ b
@@ -1,3 +1,4 @@
+0
 1
 2
 3
@@ -8,6 +9,6 @@
 8
 9
 10
-11
 12
-13
+x
+13
\ No newline at end of file
`
	if got := unified("a", "b", []byte(from), []byte(to)); got != want {
		t.Errorf("%s", got)
	}
	if got := unified("a", "b", nil, []byte("x\n")); got != "--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n" {
		t.Errorf("%s", got)
	}
	if got := unified("a", "b", []byte("x\n"), []byte("x\n")); got != "" {
		t.Errorf("%s", got)
	}
}

// TestDiffsArePatches: from the old text, the edits make the new one; patch agrees where it is installed.
func TestDiffsArePatches(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func() string {
		var b strings.Builder
		for range r.IntN(30) {
			fmt.Fprintln(&b, r.IntN(6))
		}
		return strings.TrimSuffix(b.String(), []string{"", "\n"}[r.IntN(2)])
	}
	patch, _ := exec.LookPath("patch")
	for i := range 500 {
		from, to := random(), random()
		var olds, news strings.Builder
		for _, e := range compare(strings.SplitAfter(from, "\n"), strings.SplitAfter(to, "\n")) {
			if e.kind != '+' {
				olds.WriteString(e.line)
			}
			if e.kind != '-' {
				news.WriteString(e.line)
			}
		}
		if olds.String() != from || news.String() != to {
			t.Fatalf("%q %q", from, to)
		}
		if patch == "" || i >= 25 || from == to || to == "" {
			continue
		}
		file := filepath.Join(t.TempDir(), "f")
		ok(t, os.WriteFile(file, []byte(from), 0o600))
		c := exec.Command(patch, "-s", file)
		c.Stdin = strings.NewReader(unified("f", "f", []byte(from), []byte(to)))
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v %s\n%q %q", err, out, from, to)
		}
		if got, _ := os.ReadFile(file); string(got) != to {
			t.Fatalf("%q became %q, want %q", from, got, to)
		}
	}
}

func TestDiffOfLargeFilesIsQuick(t *testing.T) {
	var a, b strings.Builder
	for i := range 100_000 {
		fmt.Fprintln(&a, i)
		fmt.Fprintln(&b, -i-1)
	}
	begun := time.Now()
	unified("a", "b", []byte(a.String()), []byte(b.String()))
	if took := time.Since(begun); took > 5*time.Second {
		t.Error(took)
	}
}

func TestDiffOfASteps(t *testing.T) {
	one, two := pair(t, twoSources)
	one.write(".rc", "a\n", 0o644)
	one.round(t, Options{})
	two.round(t, Options{})
	one.write(".rc", "b\x1b[2J\n", 0o600)
	report := one.round(t, Options{Dry: true})
	want := "# dot/.rc: -rw-r--r-- becomes -rw-------\n--- vault/dot/.rc\n+++ here/dot/.rc\n@@ -1 +1 @@\n-a\n+b?[2J\n"
	if got := report.Steps[0].Diff(); got != want {
		t.Errorf("%s", got)
	}
	one.round(t, Options{})
	want = "# dot/.rc: -rw-r--r-- becomes -rw-------\n--- here/dot/.rc\n+++ vault/dot/.rc\n@@ -1 +1 @@\n-a\n+b?[2J\n"
	if got := two.round(t, Options{Dry: true}).Steps[0].Diff(); got != want {
		t.Errorf("%s", got)
	}
}
