package slim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// github.com/bytemare/ecc reaches all of its groups from one switch, so a program that configures ristretto255 links P-256, P-384,
// P-521, edwards25519 and secp256k1 as well: 230 KB after gzip that nobody can call. Its ristretto255 also takes two detours, together a tenth of
// a password sign-in: it copies an element by encoding and decoding it, and multiplies the base point, twice a sign-in, without
// the table that github.com/gtank/ristretto255 has for that. The go command's -overlay refuses files of the module cache and a
// `replace` in go.mod would hold for everything and stop `go install …@version`; so the build makes its own copy of the
// module, with the edits below, and a go.mod of its own that points there (-modfile). All but these lines is the code that go.sum
// vouches for.
const (
	eccPath    = "github.com/bytemare/ecc"
	eccVersion = "v0.9.0"
)

// edited is a file of the module and what is changed in it.
type edited struct {
	// sum is the SHA-256 of the file as eccVersion has it. When another version is required the build stops until somebody has read
	// that version's file and seen that the edits still say what they say.
	sum   string
	edits []edit
}

// edit puts one text in the place of another, which must be there exactly once.
type edit struct{ old, new string }

// eccEdits leave ristretto255 alone, without the detours. Whether an element is the base point is no secret: the scalar is.
var eccEdits = map[string]edited{
	"groups.go": {"8f36a3a98bec3d9cd18e5e7d0abfaff762605e0bc659081ad5c0d48f4c6280aa", []edit{
		{"\t\"github.com/bytemare/ecc/internal/edwards25519\"\n\t\"github.com/bytemare/ecc/internal/nist\"\n", ""},
		{"\t\"github.com/bytemare/ecc/internal/secp256k1\"\n", ""},
		{"return 0 < g && g < maxID && g != decaf448Shake256", "return g == Ristretto255Sha512"},
		{"\tcase P256Sha256:\n\t\tg.initGroup(nist.P256)\n", ""},
		{"\tcase P384Sha384:\n\t\tg.initGroup(nist.P384)\n", ""},
		{"\tcase P521Sha512:\n\t\tg.initGroup(nist.P521)\n", ""},
		{"\tcase Edwards25519Sha512:\n\t\tg.initGroup(edwards25519.New)\n", ""},
		{"\tcase Secp256k1Sha256:\n\t\tg.initGroup(secp256k1.New)\n", ""},
	}},
	"internal/ristretto/element.go": {"78428fc14e8c96edd24106f470d5ed51e59860cce6cee3f09cab0329213286fc", []edit{
		{"\tn := ristretto255.NewElement()\n\tif err := n.Decode(e.element.Encode(nil)); err != nil {\n\t\tpanic(err)\n\t}\n\n" +
			"\treturn &Element{element: *n}\n", "\treturn &Element{element: e.element}\n"},
		{"\te.element.ScalarMult(&sc.scalar, &e.element)\n", "\tif e.element.Equal(ristretto255.NewGeneratorElement()) == 1 {\n" +
			"\t\te.element.ScalarBaseMult(&sc.scalar)\n\t\treturn e\n\t}\n\te.element.ScalarMult(&sc.scalar, &e.element)\n"},
	}},
}

// Where the go.mod and the copy that it points to lie, below the root: fixed places, because the module's version information
// names the copy's, and the same sources shall make the same bytes.
const (
	modDir = ".latchkey/slim"
	eccDir = modDir + "/ecc-" + eccVersion
)

// withTrimmedECC makes the copy and the go.mod, and returns the name of the latter.
func withTrimmedECC(ctx context.Context, root string) (modfile string, err error) {
	files, err := trimmedECC(ctx, root)
	if err != nil {
		return "", err
	}
	for name, data := range files {
		if err := place(filepath.Join(root, eccDir, name), data); err != nil {
			return "", err
		}
	}
	if err := removeOthers(filepath.Join(root, eccDir), files); err != nil {
		return "", err
	}
	modfile = filepath.Join(root, modDir, "go.mod")
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", fmt.Errorf("slim: %w", err)
		}
		if name == "go.mod" {
			data = fmt.Appendf(data, "\nreplace %s => ./%s\n", eccPath, eccDir)
		}
		if err := place(filepath.Join(root, modDir, name), data); err != nil {
			return "", err
		}
	}
	return modfile, nil
}

// trimmedECC reads the module that go.mod requires and edits it. The result has what a build reads, and the licence.
func trimmedECC(ctx context.Context, root string) (map[string][]byte, error) {
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", eccPath)
	command.Dir = root
	answer, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("slim: go mod download %s: %w\n%s", eccPath, err, answer)
	}
	var module struct{ Version, Dir string }
	if err := json.Unmarshal(answer, &module); err != nil {
		return nil, fmt.Errorf("slim: go mod download %s: %w", eccPath, err)
	}
	if module.Version != eccVersion {
		return nil, fmt.Errorf("slim: %s is at %s and edge/slim/ecc.go was written for %s: look at what it edits again", eccPath,
			module.Version, eccVersion)
	}
	files, err := sources(module.Dir)
	if err != nil {
		return nil, err
	}
	for name := range eccEdits {
		if files[name], err = trim(name, files[name]); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// sources reads a module's files, without its tests.
func sources(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		name := entry.Name()
		if err != nil || entry.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		if filepath.Ext(name) != ".go" && name != "go.mod" && name != "LICENSE" {
			return nil
		}
		relative, err := filepath.Rel(dir, path)
		if err == nil {
			files[relative], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("slim: %w", err)
	}
	return files, nil
}

// trim edits one file.
func trim(name string, data []byte) ([]byte, error) {
	want := eccEdits[name]
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want.sum {
		return nil, fmt.Errorf("slim: %s of %s is not the file that edge/slim/ecc.go was written for", name, eccPath)
	}
	for _, e := range want.edits {
		if n := bytes.Count(data, []byte(e.old)); n != 1 {
			return nil, fmt.Errorf("slim: %s of %s has %q %d times", name, eccPath, e.old, n)
		}
		data = bytes.Replace(data, []byte(e.old), []byte(e.new), 1)
	}
	return data, nil
}

// removeOthers removes from the copy what is not of the module. The directory is one that nobody looks into, and no sum speaks for it: a
// file that was put there would be built into the Worker. What begins with a dot is not built, and may be another build's.
func removeOthers(dir string, files map[string][]byte) error {
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		if _, own := files[relative]; err != nil || own {
			return err
		}
		return os.Remove(path)
	})
	if err != nil {
		return fmt.Errorf("slim: %w", err)
	}
	return nil
}

// place writes a file unless it is there already. It appears all at once, as another build may be reading it.
func place(name string, data []byte) error {
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("slim: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".new-")
	if err != nil {
		return fmt.Errorf("slim: %w", err)
	}
	defer os.Remove(file.Name()) // fails once it has its name
	_, err = file.Write(data)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("slim: %w", err)
	}
	return nil
}
