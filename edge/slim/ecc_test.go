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
		if same := bytes.Equal(was, data); same == (name == eccFile) {
			t.Errorf("%s: the same as upstream's: %v", name, same)
		}
	}
}

func TestAnotherFileIsNotEdited(t *testing.T) {
	if _, err := trim([]byte("package ecc\n")); err == nil {
		t.Error("edited a file that is not the pinned one")
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
