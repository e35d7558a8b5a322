//go:build unix

package files

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// real is a real disk with the given directory as home.
func real(t *testing.T, dir string) rooted {
	t.Helper()
	root, err := os.OpenRoot(dir)
	ok(t, err)
	t.Cleanup(func() { root.Close() })
	return rooted{root}
}

// TestFullDisk runs itself in a process whose files may not become larger than 4 KiB, which fails like a full disk does: in the middle
// of a write.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv("LATCHKEY_TEST_FULL"); dir != "" {
		fill(t, dir)
		return
	}
	dir := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o640))
	self := exec.Command("sh", "-c", `trap "" XFSZ; ulimit -f 4; exec "$0" -test.run '^TestFullDisk$'`, os.Args[0])
	self.Env = append(os.Environ(), "LATCHKEY_TEST_FULL="+dir)
	out, err := self.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "a"))
	entries, _ := os.ReadDir(dir)
	if err != nil || string(data) != "old" || len(entries) != 1 {
		t.Errorf("%.20q, %v, %v", data, err, entries)
	}
}

func fill(t *testing.T, dir string) {
	err := place(real(t, dir), "a", &item{value: make([]byte, 100<<10), mode: 0o640}, nil)
	if !errors.Is(err, syscall.EFBIG) && !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
}

func TestRealDisk(t *testing.T) {
	dir := t.TempDir()
	outside := t.TempDir()
	d := real(t, dir)
	ok(t, place(d, "x/y/z", &item{value: []byte("1"), mode: 0o640}, nil), place(d, "x/y/z", &item{value: []byte("2"), mode: 0o751}, nil),
		place(d, "x/l", &item{value: []byte("y/z"), mode: fs.ModeSymlink}, nil),
		os.Symlink(outside, filepath.Join(dir, "out")), syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	info, err := os.Lstat(filepath.Join(dir, "x/y/z"))
	if err != nil || info.Mode() != 0o751 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if it, err := look(d, "x/l"); err != nil || string(it.value) != "y/z" || it.mode != fs.ModeSymlink {
		t.Errorf("%v %v", it, err)
	}
	for name, want := range map[string]error{"out": errAbsolute, "pipe": errSpecial, "x": errDirectory} {
		if _, err := look(d, name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if it, err := look(d, "x/y/z/deeper"); it != nil || err != nil {
		t.Error(it, err)
	}
	if err := place(d, "out/x", &item{value: []byte("1"), mode: 0o640}, nil); reason(orNone(err)) != errOutside.Error() {
		t.Errorf("through a link: %v", err)
	}
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Error("something was written outside of the home")
	}
	if _, err := d.Open("pipe"); !errors.Is(err, errChanged) {
		t.Error(err)
	}
	ok(t, takeAway(d, "x/l", func() error { return nil }))
}

// TestTreeThatIsALink: the directory of a tree may be a link, as long as it leads to one in the home.
func TestTreeThatIsALink(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	ok(t, os.MkdirAll(filepath.Join(dir, "dots/nvim"), 0o700), os.Symlink("dots/nvim", filepath.Join(dir, "in")), os.Symlink(outside, filepath.Join(dir, "out")),
		os.WriteFile(filepath.Join(dir, "dots/nvim/init"), []byte("x"), 0o600), os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600))
	for name, want := range map[string]int{"in": 1, "out": 0, "missing": 0, "dots/nvim/init": 0} {
		side := &fileSide{source: Source{Name: "a", Kind: Tree, Paths: []string{name}}, disk: real(t, dir)}
		found, refused, err := side.read(t.Context())
		if len(found) != want || len(refused) > 0 || (err != nil) != (name == "out") {
			t.Errorf("%s: %v %v %v", name, found, refused, err)
		}
		if name != "in" {
			continue
		}
		side.apply(t.Context(), []change{{"sub/new", nil, &item{value: []byte("y"), mode: 0o600}}}, func(_ change, err error) { ok(t, err) })
		if data, err := os.ReadFile(filepath.Join(dir, "dots/nvim/sub/new")); err != nil || string(data) != "y" {
			t.Errorf("%q %v", data, err)
		}
	}
}

func orNone(err error) error {
	if err == nil {
		return errors.New("nothing")
	}
	return err
}
