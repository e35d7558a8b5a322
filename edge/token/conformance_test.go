//go:build !js

package token_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const repository = "../.."

var (
	testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	testName     = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
)

// testsInTree are the names of all test functions of the repository.
func testsInTree(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(repository, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "dist" || strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		for _, m := range testFunction.FindAllSubmatch(source, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// Every row of the conformance table names tests that exist, or says why the requirement is not offered.
func TestConformanceTableNamesTestsThatExist(t *testing.T) {
	table, err := os.ReadFile(filepath.Join(repository, "site/src/docs/conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := testsInTree(t)
	rows := 0
	for number, line := range strings.Split(string(table), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "| requirement") || strings.HasPrefix(line, "| module") {
			continue
		}
		rows++
		if len(cells) != 3 || slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) == "" }) {
			t.Errorf("line %d is no row of three cells: %s", number+1, line)
			continue
		}
		named := testName.FindAllStringSubmatch(cells[2], -1)
		if reason, absent := strings.CutPrefix(strings.TrimSpace(cells[2]), "not offered: "); len(named) == 0 && (!absent || reason == "") {
			t.Errorf("line %d has neither a test nor a reason: %s", number+1, line)
		}
		for _, name := range named {
			if !tests[name[1]] {
				t.Errorf("line %d: there is no test %s", number+1, name[1])
			}
		}
	}
	if rows < 100 {
		t.Errorf("only %d rows were found", rows)
	}
}
