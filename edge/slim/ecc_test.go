package slim

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the module's directory, seen from here.
const root = "../.."

// TestTheEditsFitTheVersionRequired fails when go.mod requires a version of the curves that nobody has looked at.
func TestTheEditsFitTheVersionRequired(t *testing.T) {
	files, err := trimmedECC(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	upstream, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", eccPath).Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		was, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(upstream)), name))
		if err != nil {
			t.Fatal(err)
		}
		if _, wanted := eccEdits[name]; bytes.Equal(was, data) == wanted {
			t.Errorf("%s: edited: %v, want %v", name, !wanted, wanted)
		}
	}
}

func TestAnotherFileIsNotEdited(t *testing.T) {
	for name := range eccEdits {
		if _, err := trim(name, []byte("package ecc\n")); err == nil {
			t.Errorf("edited a %s that is not the pinned one", name)
		}
	}
}

// TestEditedCurveIsTheSameCurve has TestCurve and edge/password tested with the copy.
func TestEditedCurveIsTheSameCurve(t *testing.T) {
	modfile, err := withTrimmedECC(t.Context(), mustAbs(t, root))
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range [][]string{{"-run=^TestCurve$", "./edge/slim"}, {"./edge/password"}} {
		test := exec.CommandContext(t.Context(), "go", append([]string{"test", "-modfile=" + modfile}, what...)...)
		test.Dir = root
		if out, err := test.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", what, err, out)
		}
	}
}

// TestOnlyRistretto255IsLinked asks the go command what the two programs consist of.
func TestOnlyRistretto255IsLinked(t *testing.T) {
	modfile, err := withTrimmedECC(t.Context(), mustAbs(t, root))
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range []string{"./edge", "./wasm"} {
		list := exec.Command("go", "list", "-modfile="+modfile, "-deps", pkg)
		list.Dir, list.Stderr, list.Env = root, os.Stderr, append(os.Environ(), "GOOS=js", "GOARCH=wasm")
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		has := map[string]bool{}
		for _, d := range strings.Fields(string(out)) {
			has[d] = true
		}
		if !has[eccPath+"/internal/ristretto"] {
			t.Errorf("%s: ristretto255 is missing", pkg)
		}
		for _, d := range []string{"filippo.io/nistec", "github.com/bytemare/secp256k1", eccPath + "/internal/nist",
			eccPath + "/internal/edwards25519", "github.com/bytemare/hash2curve/nist/p256"} {
			if has[d] {
				t.Errorf("%s links %s", pkg, d)
			}
		}
	}
}

func mustAbs(t *testing.T, name string) string {
	t.Helper()
	abs, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// Supply chain: the copy lies where nobody looks, so what somebody else puts there must not be built.
func TestPlantedFilesAreNotBuilt(t *testing.T) {
	dir, own := t.TempDir(), map[string][]byte{"groups.go": nil, filepath.Join("internal", "curve.go"): nil}
	planted := []string{"planted.go", filepath.Join("internal", "planted.go"), "planted.s", "go.work", "link"}
	for _, name := range append([]string{"groups.go", filepath.Join("internal", "curve.go"), ".new-1"}, planted[:4]...) {
		if err := place(filepath.Join(dir, name), []byte("package x\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := removeOthers(dir, own); err != nil {
		t.Fatal(err)
	}
	for _, name := range planted {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range []string{"groups.go", filepath.Join("internal", "curve.go"), ".new-1"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}
