package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// parsed calls f with every Go file of ours.
func parsed(t *testing.T, f func(name string, set *token.FileSet, file *ast.File)) {
	t.Helper()
	for _, name := range sources(t, "*.go") {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(root(t), name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if os.IsNotExist(err) { // deleted and not yet committed
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		f(name, set, file)
	}
}

// TestEveryExportedNameIsDocumented: a reader learns from the comment what the name alone does not say. The comment of a group, or one
// beside a name, will do.
func TestEveryExportedNameIsDocumented(t *testing.T) {
	parsed(t, func(name string, set *token.FileSet, file *ast.File) {
		if strings.HasSuffix(name, "_test.go") || file.Name.Name == "main" {
			return
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && receiverExported(d) {
					t.Errorf("%s: %s has no comment", set.Position(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					undocumented(t, set, d, spec)
				}
			}
		}
	})
}

func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	exported := false
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			exported = id.IsExported()
			return false
		}
		return true
	})
	return exported
}

func undocumented(t *testing.T, set *token.FileSet, d *ast.GenDecl, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
			t.Errorf("%s: %s has no comment", set.Position(s.Pos()), s.Name.Name)
		}
	case *ast.ValueSpec:
		for _, id := range s.Names {
			if id.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
				t.Errorf("%s: %s has no comment", set.Position(s.Pos()), id.Name)
			}
		}
	}
}

// TestFilesAndFunctionsAreShort: one past these lengths is usually two things.
func TestFilesAndFunctionsAreShort(t *testing.T) {
	const mostOfFile, mostOfFunction = 400, 60
	parsed(t, func(name string, set *token.FileSet, file *ast.File) {
		if n := set.Position(file.FileEnd).Line; n > mostOfFile {
			t.Errorf("%s has %d lines", name, n)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			if n := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; n > mostOfFunction && !isTable(f) {
				t.Errorf("%s: %s has %d lines", set.Position(f.Pos()), f.Name.Name, n)
			}
		}
	})
}

// isTable reports whether most of a test function is the table of its cases.
func isTable(f *ast.FuncDecl) bool {
	longest := token.Pos(0)
	ast.Inspect(f, func(n ast.Node) bool {
		if c, ok := n.(*ast.CompositeLit); ok {
			longest = max(longest, c.End()-c.Pos())
		}
		return true
	})
	return longest*2 > f.End()-f.Pos()
}

var (
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	inTree = regexp.MustCompile("`((?:edge|wasm|site|e2e)/[a-zA-Z0-9_./-]+)`")
	built  = regexp.MustCompile(`^(edge|site)/dist(/|$)`)
)

// TestDocumentsLeadSomewhere: links to files and the paths that documents name exist.
func TestDocumentsLeadSomewhere(t *testing.T) {
	for _, name := range sources(t, "*.md") {
		text, err := os.ReadFile(filepath.Join(root(t), name))
		if err != nil {
			t.Fatal(err)
		}
		var targets []string
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if target, _, _ := strings.Cut(m[1], "#"); target != "" && !strings.Contains(target, ":") {
				targets = append(targets, filepath.Join(filepath.Dir(name), target))
			}
		}
		for _, m := range inTree.FindAllStringSubmatch(string(text), -1) {
			targets = append(targets, m[1])
		}
		for _, target := range targets {
			if _, err := os.Stat(filepath.Join(root(t), target)); err != nil && !built.MatchString(target) {
				t.Errorf("%s leads to %s, which is not there", name, target)
			}
		}
	}
}
