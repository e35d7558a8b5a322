package state_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/wasm/state"
)

func openMemory(t *testing.T, d *state.Dir) *state.Memory {
	t.Helper()
	m, err := d.OpenMemory(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func load(t *testing.T, m *state.Memory) map[string][]byte {
	t.Helper()
	kept, err := m.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func save(t *testing.T, m *state.Memory, changes map[string][]byte) {
	t.Helper()
	if err := m.Save(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

func same(a, b map[string][]byte) bool { return maps.EqualFunc(a, b, bytes.Equal) }

// Whatever is saved in whatever order, it comes back, also through many rewrites of the log.
func TestAMemoryIsWhatWasSaved(t *testing.T) {
	d := state.Open(t.TempDir(), state.None{})
	m, want := openMemory(t, d), map[string][]byte{}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		changes := map[string][]byte{}
		for range random.IntN(4) {
			key := fmt.Sprint(random.IntN(20))
			if changes[key] = nil; random.IntN(4) > 0 {
				changes[key] = bytes.Repeat([]byte{byte(i)}, random.IntN(60_000))
			}
		}
		save(t, m, changes)
		for key, value := range changes {
			if want[key] = value; value == nil {
				delete(want, key)
			}
		}
		if i%50 == 0 {
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
			m = openMemory(t, d)
		}
	}
	if got := load(t, m); !same(got, want) {
		t.Errorf("%d keys, want %d", len(got), len(want))
	}
	info, err := os.Stat(filepath.Join(d.Path(), "memory-ada"))
	if err != nil || info.Size() > 4<<20 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// A crash at any byte of a write leaves the state before it or the state after it.
func TestAWriteThatWasCutOffDidNotHappen(t *testing.T) {
	d := state.Open(t.TempDir(), state.None{})
	path := filepath.Join(d.Path(), "memory-ada")
	m := openMemory(t, d)
	save(t, m, map[string][]byte{"a": []byte("one"), "b": []byte("two")})
	before, _ := os.ReadFile(path)
	save(t, m, map[string][]byte{"a": nil, "b": []byte("three"), "c": {}})
	after, _ := os.ReadFile(path)
	m.Close()
	first, second := map[string][]byte{"a": []byte("one"), "b": []byte("two")}, map[string][]byte{"b": []byte("three"), "c": {}}
	for cut := len(before); cut <= len(after); cut++ {
		for _, tail := range [][]byte{nil, make([]byte, 50)} { // some file systems leave blanks
			if err := os.WriteFile(path, append(bytes.Clone(after[:cut]), tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := d.OpenMemory(t.Context(), "ada")
			if err != nil {
				if tail != nil {
					continue // a blank where a byte should be: not the end of a write
				}
				t.Fatalf("cut at %d: %v", cut, err)
			}
			want := first
			if cut == len(after) {
				want = second
			}
			if got := load(t, m); !same(got, want) && !same(got, second) {
				t.Errorf("cut at %d: %q", cut, got)
			}
			save(t, m, map[string][]byte{"d": []byte("four")})
			if got := load(t, m); string(got["d"]) != "four" {
				t.Errorf("cut at %d: nothing can be saved after it", cut)
			}
			m.Close()
		}
	}
}

func TestADamagedMemoryIsNotTaken(t *testing.T) {
	d := state.Open(t.TempDir(), state.None{})
	m := openMemory(t, d)
	save(t, m, map[string][]byte{"a": []byte("one")})
	save(t, m, map[string][]byte{"b": []byte("two")})
	m.Close()
	path := filepath.Join(d.Path(), "memory-ada")
	whole, _ := os.ReadFile(path)
	damaged := bytes.Clone(whole)
	damaged[len("latchkey memory 1 ")+47] ^= 1
	for _, body := range [][]byte{damaged, []byte("something else altogether")} {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := d.OpenMemory(t.Context(), "ada"); !errors.Is(err, state.ErrDamaged) {
			t.Errorf("%v", err)
		}
	}
}

func TestOneProcessAtATimeHasAMemory(t *testing.T) {
	d := state.Open(t.TempDir(), state.None{})
	m := openMemory(t, d)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := d.OpenMemory(ctx, "ada"); !errors.Is(err, state.ErrBusy) {
		t.Errorf("%v", err)
	}
	if other, err := d.OpenMemory(t.Context(), "bob"); err != nil {
		t.Error(err)
	} else {
		other.Close()
	}
	if names, err := d.Memories(); err != nil || len(names) != 2 || names[0] != "ada" || names[1] != "bob" {
		t.Errorf("%v, %v", names, err)
	}
	go func() { time.Sleep(50 * time.Millisecond); m.Close() }()
	next, err := d.OpenMemory(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	next.Close()
}

func FuzzMemory(f *testing.F) {
	path := filepath.Join(f.TempDir(), "memory-x")
	d := state.Open(filepath.Dir(path), state.None{})
	m, err := d.OpenMemory(f.Context(), "x")
	if err != nil {
		f.Fatal(err)
	}
	if err := m.Save(f.Context(), map[string][]byte{"a": []byte("one"), "b": nil}); err != nil {
		f.Fatal(err)
	}
	m.Close()
	body, _ := os.ReadFile(path)
	f.Add(body)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		kept, good, err := state.ParseMemory(bytes.Clone(body))
		if err != nil {
			return
		}
		again, same, err := state.ParseMemory(bytes.Clone(body[:good]))
		if err != nil || same != good || len(again) != len(kept) {
			t.Errorf("%d good bytes read differently: %v", good, err)
		}
	})
}
