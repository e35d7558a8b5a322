package state_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/state"
)

// ring is a keyring in memory, which may fail.
type ring struct {
	mu   sync.Mutex
	kept map[string]string
	gone error
}

func (r *ring) Get(service, user string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone != nil {
		return "", r.gone
	}
	secret, ok := r.kept[service+" "+user]
	if !ok {
		return "", state.ErrNoSecret
	}
	return secret, nil
}

func (r *ring) Set(service, user, secret string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone == nil {
		r.kept[service+" "+user] = secret
	}
	return r.gone
}

func (r *ring) Delete(service, user string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.kept, service+" "+user)
	return r.gone
}

func newRing() *ring { return &ring{kept: map[string]string{}} }

func update(t *testing.T, d *state.Dir, changes map[string][]byte) {
	t.Helper()
	if err := d.Update(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

func secrets(t *testing.T, d *state.Dir) map[string][]byte {
	t.Helper()
	kept, err := d.Secrets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestSecretsAreKeptSealed(t *testing.T) {
	for name, keyring := range map[string]state.Keyring{"in the keyring": newRing(), "in a file": state.None{}} {
		path := filepath.Join(t.TempDir(), "latchkey", "localhost")
		d := state.Open(path, keyring)
		if kept := secrets(t, d); len(kept) != 0 {
			t.Errorf("%s: %v before anything", name, kept)
		}
		update(t, d, map[string][]byte{"cookie": []byte("s3cret"), "key": []byte("another")})
		update(t, d, map[string][]byte{"key": nil, "more": {}})
		kept := secrets(t, state.Open(path, keyring))
		if len(kept) != 2 || string(kept["cookie"]) != "s3cret" || kept["more"] == nil {
			t.Errorf("%s: %q", name, kept)
		}
		if _, isRing := keyring.(*ring); d.KeyInFile() == isRing {
			t.Errorf("%s: the key is elsewhere", name)
		}
		err := filepath.WalkDir(path, func(file string, e fs.DirEntry, err error) error {
			info, _ := e.Info()
			if want := map[bool]fs.FileMode{false: 0o600, true: 0o700}[e.IsDir()]; info.Mode().Perm() != want {
				t.Errorf("%s: %s has mode %v", name, file, info.Mode())
			}
			if data, _ := os.ReadFile(file); bytes.Contains(data, []byte("s3cret")) {
				t.Errorf("%s: %s is readable", name, file)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A keyring that is out of reach, over ssh for instance, must not make a client forget who it is.
func TestAKeyringOutOfReachIsNoNewBeginning(t *testing.T) {
	keyring := newRing()
	d := state.Open(t.TempDir(), keyring)
	update(t, d, map[string][]byte{"cookie": []byte("x")})
	keyring.gone = errors.New("no bus")
	if _, err := d.Secrets(t.Context()); !errors.Is(err, state.ErrKeyring) {
		t.Errorf("%v", err)
	}
	if err := d.Update(t.Context(), map[string][]byte{"cookie": []byte("y")}); !errors.Is(err, state.ErrKeyring) {
		t.Errorf("%v", err)
	}
	keyring.gone = nil
	if got := secrets(t, d)["cookie"]; string(got) != "x" {
		t.Errorf("%q", got)
	}
}

func TestDamagedSecretsAreNotTaken(t *testing.T) {
	d := state.Open(t.TempDir(), state.None{})
	update(t, d, map[string][]byte{"cookie": []byte("x")})
	path := filepath.Join(d.Path(), "secrets")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(whole)
	other[len(other)-1] ^= 1
	for _, body := range [][]byte{other, whole[:10], {}} {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Secrets(t.Context()); !errors.Is(err, state.ErrDamaged) {
			t.Errorf("%d bytes: %v", len(body), err)
		}
	}
}

// Two processes that write at once lose nothing.
func TestUpdatesAtOnceAreAllMade(t *testing.T) {
	path := t.TempDir()
	var wait sync.WaitGroup
	for _, name := range strings.Split("abcdefghij", "") {
		wait.Go(func() { update(t, state.Open(path, state.None{}), map[string][]byte{name: []byte(name)}) })
	}
	wait.Wait()
	if kept := secrets(t, state.Open(path, state.None{})); len(kept) != 10 {
		t.Errorf("%v", kept)
	}
}

func TestForgetLeavesNothing(t *testing.T) {
	keyring := newRing()
	d := state.Open(filepath.Join(t.TempDir(), "x"), keyring)
	update(t, d, map[string][]byte{"cookie": []byte("x")})
	if err := d.Forget(t.Context()); err != nil || len(keyring.kept) != 0 {
		t.Errorf("%v, %v", err, keyring.kept)
	}
	if _, err := os.Stat(d.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := d.Forget(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
}
