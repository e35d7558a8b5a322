//go:build !js

package token_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// RFC 6749 sections 4.1.2.1 and 5.2: which characters an error_description may have. All of ours are constants, but those that name what
// somebody registered, which pass through plain.
func TestErrorDescriptionsAreOfTheGrammar(t *testing.T) {
	constants := 0
	for _, pattern := range []string{"*.go", "../oauth/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) != 1 {
					return true
				}
				method, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || method.Sel.Name != "With" {
					return true
				}
				if list, ok := method.X.(*ast.Ident); ok && list.Name == "devices" { // those of a cookie
					return true
				}
				text, constant := call.Args[0].(*ast.BasicLit)
				if inner, ok := call.Args[0].(*ast.CallExpr); ok {
					if f, ok := inner.Fun.(*ast.Ident); ok && f.Name == "plain" {
						return true
					}
				}
				if !constant {
					t.Errorf("%s: a description is not a constant", name)
					return true
				}
				constants++
				said, err := strconv.Unquote(text.Value)
				outside := func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' }
				if err != nil || said == "" || strings.ContainsFunc(said, outside) {
					t.Errorf("%s: %s", name, text.Value)
				}
				return true
			})
		}
	}
	if constants < 100 {
		t.Errorf("only %d descriptions were found", constants)
	}
}
