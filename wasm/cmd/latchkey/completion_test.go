//go:build !js

package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// flagNames finds the names of all options in the sources of this package.
func flagNames(t *testing.T) []string {
	t.Helper()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, name := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil || strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			on, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !regexp.MustCompile(`^(String|Bool|Int|Int64|Duration)Var$|^Func$|^BoolFunc$|^Var$`).MatchString(on.Sel.Name) {
				return true
			}
			for _, argument := range call.Args[:min(2, len(call.Args))] {
				if word, ok := argument.(*ast.BasicLit); ok && word.Kind == token.STRING {
					all[strings.Trim(word.Value, `"`)] = true
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(all))
}

// takes reports whether a command takes an option: then --help behind it is reached.
func takes(t *testing.T, command, option string) bool {
	for _, value := range []string{"=1", "=1s"} {
		words := append(strings.Fields(command), "--"+option+value, "--help")
		if code, _, _ := latchkey(t, nil, "", words...); code == exitDone {
			return true
		}
	}
	return false
}

func TestCompletionKnowsTheCommands(t *testing.T) {
	for first := range commands {
		if !slices.Contains(under(grammars, ""), first) {
			t.Errorf("latchkey %s is not completed", first)
		}
	}
	for first, next := range map[string][]string{"apps": slices.Collect(maps.Keys(appsCommands)), "vault": slices.Collect(maps.Keys(vaultCommands))} {
		for _, word := range next {
			if !slices.Contains(under(grammars, first), word) {
				t.Errorf("latchkey %s %s is not completed", first, word)
			}
		}
	}
	names := flagNames(t)
	for _, g := range grammars {
		first := strings.Fields(g.words)[0]
		if len(under(grammars, g.words)) > 0 && len(g.options) == 0 || commands[first] == nil || first == "completion" || first == "help" {
			continue
		}
		for _, name := range names {
			listed := slices.ContainsFunc(g.options, func(o string) bool { known, _, _ := strings.Cut(o, "="); return known == name })
			if took := takes(t, g.words, name); took != listed {
				t.Errorf("latchkey %s --%s: taken %v, completed %v", g.words, name, took, listed)
			}
		}
	}
}

func TestManualNamesEverything(t *testing.T) {
	data, err := os.ReadFile("latchkey.1")
	if err != nil {
		t.Fatal(err)
	}
	manual := strings.NewReplacer(`\-`, "-", `\(aq`, "'", `\fB`, "", `\fI`, "", `\fR`, "", ".B ", "", ".BR ", "", ".RB ", "").Replace(string(data))
	for _, g := range grammars {
		first := strings.Fields(g.words)
		if want := "latchkey " + g.words; !strings.Contains(manual, want) && first[0] != "completion" && first[0] != "help" {
			t.Errorf("the manual does not name %s", want)
		}
		for _, o := range g.options {
			name, _, _ := strings.Cut(o, "=")
			if !regexp.MustCompile(`--` + regexp.QuoteMeta(name) + `\b`).MatchString(manual) {
				t.Errorf("the manual does not name --%s", name)
			}
		}
	}
	for code := range 10 {
		if !regexp.MustCompile(`(?m)^` + string(rune('0'+code)) + `$`).MatchString(manual) {
			t.Errorf("the manual does not name exit status %d", code)
		}
	}
	for _, check := range [][]string{{"mandoc", "-T", "lint", "-W", "error"}, {"groff", "-man", "-ww", "-z", "-K", "utf8"}} {
		if program, err := exec.LookPath(check[0]); err == nil {
			if out, err := exec.Command(program, append(check[1:], "latchkey.1")...).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %v\n%s", check[0], err, out)
			}
		}
	}
}

// completed asks a real shell what may stand at the end of a line; false where the shell is not installed.
var completed = map[string]func(t *testing.T, script, dir, line string) ([]string, bool){
	"bash": func(t *testing.T, script, dir, line string) ([]string, bool) {
		return shell(t, dir, script+`
COMP_WORDS=(`+quoted(line)+`)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_latchkey
printf '%s\n' "${COMPREPLY[@]}"`, "bash", "--norc", "--noprofile", "-s")
	},
	"zsh": func(t *testing.T, script, dir, line string) ([]string, bool) {
		return shell(t, dir, `autoload -Uz compinit && compinit -u -D
`+script+`
compadd() { shift; for w in $@; do [[ $w == $PREFIX* ]] && print -r -- $w; done }
_files() { for f in $PREFIX*(N); do print -r -- $f; done }
words=(`+quoted(line)+`)
CURRENT=${#words}
PREFIX=${words[CURRENT]}
_latchkey || true`, "zsh", "-f", "-s")
	},
	"fish": func(t *testing.T, script, dir, line string) ([]string, bool) {
		return shell(t, dir, script+"\ncomplete -C '"+line+"'", "fish", "--no-config")
	},
}

func quoted(line string) string {
	var b strings.Builder
	for _, word := range strings.Split(line, " ") {
		b.WriteString("'" + word + "' ")
	}
	return b.String()
}

func shell(t *testing.T, dir, in, program string, words ...string) ([]string, bool) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		return nil, false
	}
	c := exec.Command(program, words...)
	var problems bytes.Buffer
	c.Dir, c.Stdin, c.Stderr, c.Env = dir, strings.NewReader(in), &problems, append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	out, err := c.Output()
	if err != nil || problems.Len() > 0 && program != "fish" {
		t.Errorf("%s: %v\n%s", program, err, problems.String())
	}
	var all []string
	for line := range strings.Lines(string(out)) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		all = append(all, word)
	}
	slices.Sort(all)
	return all, true
}

func TestCompletionInRealShells(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "apps.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, ask := range completed {
		code, script, problems := latchkey(t, nil, "", "completion", name)
		if code != exitDone || problems != "" {
			t.Fatalf("%d %s", code, problems)
		}
		for line, want := range map[string]string{
			"latchkey syn":                    "sync",
			"latchkey vault r":                "rm",
			"latchkey vault ex":               "export",
			"latchkey sync --wat":             "--watch",
			"latchkey sync --watch --d":       "--delete --diff --dry-run",
			"latchkey apps revoke --ap":       "--applications",
			"latchkey vault get a b --offl":   "--offline",
			"latchkey apps load apps.j":       "apps.json",
			"latchkey sync --config apps.j":   "apps.json",
			"latchkey sync --json --notthere": "",
			"latchkey completion z":           "zsh",
		} {
			got, installed := ask(t, script, dir, line)
			if !installed {
				break
			}
			if strings.TrimSpace(strings.Join(got, " ")) != want {
				t.Errorf("%s: %q gives %q, want %q", name, line, got, want)
			}
		}
	}
	if code, _, problems := latchkey(t, nil, "", "completion", "tcsh"); code != exitMisused || !strings.Contains(problems, "bash, zsh or fish") {
		t.Errorf("%d %s", code, problems)
	}
}
