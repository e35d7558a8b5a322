package rules

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/latchkey-id/latchkey/"

// goPackage is what the go command says about a package.
type goPackage struct {
	ImportPath, Doc, Dir      string
	Imports, Deps, GoFiles    []string
	TestImports, XTestImports []string
}

// list asks the go command about packages, for js/wasm or for this machine.
func list(t *testing.T, wasm bool, patterns ...string) map[string]goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Doc,Dir,Imports,Deps,GoFiles,TestImports,XTestImports"}, patterns...)...)
	cmd.Dir, cmd.Stderr = root(t), os.Stderr
	cmd.Env = os.Environ()
	if wasm {
		cmd.Env = append(cmd.Env, "GOOS=js", "GOARCH=wasm")
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]goPackage{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages[strings.TrimPrefix(p.ImportPath, module)] = p
	}
	return packages
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestPackagesThatMustNotBeLinked keeps out of a program what costs too much or does not work there.
func TestPackagesThatMustNotBeLinked(t *testing.T) {
	for _, rule := range []struct{ program, banned, reason string }{
		{"./wasm", "net/http", "adds 1.6 MB to what a person downloads; the page has fetch"},
		{"./wasm", "github.com/go-jose/go-jose/v4", "the browser reads no token; its size is for nothing"},
		{"./wasm", "html/template", "pages are static"},
		{"./edge", "html/template", "adds 1.0 MB to the Worker and doubles its start"},
		{"./edge", "text/template", "reaches every method by name, which keeps the linker from dropping any"},
		{"./edge", "modernc.org/sqlite", "the runtime has SQLite; this one is for native objects"},
		{"./edge", "github.com/coder/websocket", "the runtime has WebSockets; this one is for native objects"},
		{"./edge", "net/smtp", "dials with Go's own TLS and timers, which don't work on the runtime"},
		{"./edge", "github.com/syumai/workers", "starts a program for each request"},
	} {
		deps := list(t, true, rule.program)[strings.TrimPrefix(rule.program, "./")].Deps
		if len(deps) == 0 {
			t.Errorf("%s does not build for js/wasm", rule.program)
		}
		for _, d := range deps {
			if d == rule.banned || strings.HasPrefix(d, rule.banned+"/") && rule.banned != "net/http" {
				t.Errorf("%s links %s: %s", rule.program, d, rule.reason)
			}
		}
	}
}

// kinds of packages under edge/, as design.md draws them.
var (
	contract = []string{"edge/api", "edge/oauth"}
	objects  = []string{"edge/object", "edge/keys", "edge/names", "edge/tenant", "edge/account", "edge/throttle", "edge/device", "edge/vault"}
	leaves   = []string{"edge/session", "edge/state", "edge/password", "edge/problem", "edge/webauthn"}
	// above are the places where the others meet, and what only tests and tools import.
	above = []string{"edge", "edge/server", "edge/selfhost", "edge/selfhost/build", "edge/slim", "edge/internal/workerd",
		"edge/object/objecttest", "edge/object/sockettest", "edge/keys/keystest", "edge/password/passwordtest",
		"edge/webauthn/webauthntest"}
)

// TestArrows holds the direction of imports: wasm → edge/api ← services ← server ← main.
func TestArrows(t *testing.T) {
	may := map[string][]string{
		"edge/api": nil, "edge/oauth": nil,
		"edge/rp":       {"edge/oauth"},
		"edge/object":   nil,
		"edge/session":  {"edge/account", "edge/keys"},
		"edge/state":    {"edge/api", "edge/keys", "edge/problem"},
		"edge/password": {"edge/api", "edge/keys", "edge/state"},
		"edge/problem":  {"edge/api"},
		"edge/webauthn": {"edge/api"},
		"edge/keys":     {"edge/object", "edge/api"},
		"edge/names":    {"edge/object", "edge/api"},
		"edge/tenant":   {"edge/object", "edge/api", "edge/oauth", "edge/problem"},
		"edge/account":  {"edge/object", "edge/api"},
		"edge/throttle": {"edge/object"},
		"edge/device":   {"edge/object"},
		"edge/vault":    {"edge/object", "edge/api"},
		"edge/message":  {"edge/object", "edge/api", "edge/problem"},
	}
	for _, s := range []string{"edge/signin", "edge/portal", "edge/token", "edge/sync", "edge/trust", "edge/recover", "edge/security"} {
		may[s] = slices.Concat(contract, objects, leaves)
	}
	for path, p := range list(t, true, "./edge/...", "./wasm/...") {
		switch allowed, known := may[path]; {
		case known:
			for _, in := range own(p.Imports) {
				if !slices.Contains(allowed, in) {
					t.Errorf("%s imports %s: only %v may stand below it; declare an interface and let edge/server connect them", path, in, allowed)
				}
			}
		case strings.HasPrefix(path, "wasm"):
			for _, in := range own(p.Imports) {
				if strings.HasPrefix(in, "edge/") && in != "edge/api" {
					t.Errorf("%s imports %s: the client knows the server only through edge/api", path, in)
				}
			}
		case !slices.Contains(above, path) && !strings.HasPrefix(path, "edge/internal/workerd/"):
			t.Errorf("%s has no place: name it in a rule here", path)
		}
		for _, in := range own(p.Imports) {
			if in == "edge/server" && path != "edge" {
				t.Errorf("%s imports edge/server: only main does", path)
			}
		}
	}
}

// TestEdgeDoesNotKnowTheClient: not even a test of the server may borrow the client's code, or both would make the same mistake.
func TestEdgeDoesNotKnowTheClient(t *testing.T) {
	for path, p := range list(t, false, "./edge/...") {
		for _, in := range own(slices.Concat(p.Imports, p.TestImports, p.XTestImports)) {
			if strings.HasPrefix(in, "wasm") {
				t.Errorf("%s imports %s: edge does not know the client", path, in)
			}
		}
	}
}

// own keeps the imports of this module, without its path.
func own(imports []string) (mine []string) {
	for _, in := range imports {
		if rest, ok := strings.CutPrefix(in, module); ok {
			mine = append(mine, rest)
		}
	}
	return mine
}

// TestSyscallJSOnlyInTheBridges keeps everything else testable natively.
func TestSyscallJSOnlyInTheBridges(t *testing.T) {
	for _, file := range sources(t, "*.go") {
		data, err := os.ReadFile(filepath.Join(root(t), file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, []byte(`"syscall/js"`)) || strings.HasPrefix(file, "e2e/") {
			continue
		}
		bridge := strings.HasSuffix(file, "_js.go") &&
			(strings.HasPrefix(file, "edge/internal/workerd/") || strings.HasPrefix(file, "wasm/internal/jsbridge/") ||
				file == "edge/main_js.go" || file == "wasm/main_js.go")
		if !bridge {
			t.Errorf("%s imports syscall/js; only the bridges may", file)
		}
	}
}

// TestNoGoTimersAtTheEdge: a Go timer is a timeout of whichever request set it and dies with that request.
func TestNoGoTimersAtTheEdge(t *testing.T) {
	banned := []string{"time.Sleep(", "time.After(", "time.NewTimer(", "time.AfterFunc(", "time.NewTicker(", "time.Tick(", "context.WithTimeout(", "context.WithDeadline("}
	for _, file := range sources(t, "edge/*.go") {
		native := strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "_native.go") ||
			strings.HasPrefix(file, "edge/selfhost/") || strings.HasPrefix(file, "edge/rp/")
		data, err := os.ReadFile(filepath.Join(root(t), file))
		if err != nil {
			t.Fatal(err)
		}
		if native || bytes.Contains(data, []byte("//go:build !js")) {
			continue
		}
		for _, call := range banned {
			if bytes.Contains(data, []byte(call)) {
				t.Errorf("%s calls %s…): timers do not live at the edge; use the runtime's AbortSignal or an object's alarm", file, call)
			}
		}
	}
}

// TestEveryPackageIsDocumented: every package says what it is for.
func TestEveryPackageIsDocumented(t *testing.T) {
	for _, wasm := range []bool{false, true} {
		for path, p := range list(t, wasm, "./...") {
			if len(p.GoFiles) > 0 && p.Doc == "" {
				t.Errorf("%s has no package comment", path)
			}
		}
	}
}

// TestTopLevelIsTheMap: the top level holds what design.md names and what tools demand there.
func TestTopLevelIsTheMap(t *testing.T) {
	allowed := []string{"wasm", "edge", "site", "e2e", "wrangler.toml", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "package.json", "package-lock.json"}
	for _, file := range sources(t, "*") {
		top, _, _ := strings.Cut(file, "/")
		if !slices.Contains(allowed, top) && !strings.HasPrefix(top, ".") {
			t.Errorf("%s stands at the top level", top)
		}
	}
}

// sources lists the files of the tree that git knows or would take.
func sources(t *testing.T, pattern string) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-co", "--exclude-standard", pattern)
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}
