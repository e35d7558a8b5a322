//go:build !js

package tenant

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const documents = "../../site/src/docs"

// Files that documents show are files that are taken.
func TestDocumentedFilesAreAccepted(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(documents, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(block[1], `"applications"`) {
				continue
			}
			found++
			if _, err := Parse([]byte(strings.ReplaceAll(block[1], "paste 32 random bytes here", secret))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if found < 3 {
		t.Errorf("only %d files were found", found)
	}
}

// Every member that the file takes has its line in the document, and no other.
func TestEveryMemberIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(documents, "registration.md"))
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		lines[m[1]] = true
	}
	known := append(slices.Clone(resourceMembers), entryMembers...)
	for _, member := range known {
		if !lines[member] {
			t.Errorf("%s has no line", member)
		}
	}
	for member := range lines {
		if !slices.Contains(known, member) {
			t.Errorf("%s is not taken", member)
		}
	}
}
