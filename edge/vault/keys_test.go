//go:build !js

package vault

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

func TestTheFirstKeysMakeTheVault(t *testing.T) {
	w := newWorld(t, Limits{})
	_, err := w.Keys(t.Context(), "bob")
	w.wants("before", err, ErrMissing)
	_, err = w.PutKeys(t.Context(), "bob", PutKeysIn{Generation: 1, Keys: second})
	w.wants("to a vault that is not there", err, ErrMissing)
	for _, k := range []Keys{first, first, second, second} { // each answer may have been lost
		if n, err := w.PutKeys(t.Context(), "bob", PutKeysIn{Generation: k.Version - 1, Keys: k}); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if out, err := w.Keys(t.Context(), "bob"); err != nil || !reflect.DeepEqual(out, KeysOut{1, k}) {
			t.Errorf("%+v, %v", out, err)
		}
	}
	_, err = w.PutKeys(t.Context(), "bob", PutKeysIn{Keys: other})
	w.wants("other first ones", err, ErrExists)
	if got, err := w.Pull(t.Context(), "bob", PullIn{}); err != nil || got.Keys != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Two devices that begin at once would make two sets of keys, of which one would open nothing.
func TestOfManyFirstKeysOneIsTaken(t *testing.T) {
	w := newWorld(t, Limits{})
	race := func(generation, version int64, want error) {
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				k := Keys{version, fmt.Append(nil, i), []Wrap{password}}
				if _, err := w.PutKeys(t.Context(), "bob", PutKeysIn{Generation: generation, Keys: k}); err == nil {
					won.Add(1)
				} else {
					w.wants("lost", err, want)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("version %d: %d have won", version, won.Load())
		}
	}
	race(0, 1, ErrExists)
	race(1, 2, ErrKeys)
	race(1, 3, ErrKeys)
}

func TestKeysGoOnByOneVersion(t *testing.T) {
	w := newWorld(t, Limits{})
	for rule, c := range map[string]struct {
		generation, version int64
		want                error
	}{
		"the same version with other keys": {1, 1, ErrKeys},
		"the one after the next":           {1, 3, ErrKeys},
		"of another generation":            {2, 2, ErrReplaced},
		"of a generation before all":       {-1, 2, ErrReplaced},
		"a vault that begins with two":     {0, 2, ErrBounds},
	} {
		k := second
		k.Version = c.version
		_, err := w.PutKeys(t.Context(), ada, PutKeysIn{Generation: c.generation, Keys: k})
		w.wants(rule, err, c.want)
	}
	if out, err := w.Keys(t.Context(), ada); err != nil || !out.Keys.equal(first) {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestKeysAreBounded(t *testing.T) {
	w := newWorld(t, Limits{})
	for rule, change := range map[string]func(*Keys){
		"no version":          func(k *Keys) { k.Version = 0 },
		"version over 2^52":   func(k *Keys) { k.Version = maxCursor },
		"no ring":             func(k *Keys) { k.Ring = nil },
		"long ring":           func(k *Keys) { k.Ring = make([]byte, api.MaxVaultRing+1) },
		"no wrap":             func(k *Keys) { k.Wraps = nil },
		"too many wraps":      func(k *Keys) { k.Wraps = slices.Repeat(k.Wraps, api.MaxVaultWraps+1) },
		"two wraps of one id": func(k *Keys) { k.Wraps = slices.Repeat(k.Wraps, 2) },
		"no id":               func(k *Keys) { k.Wraps[0].ID = "" },
		"long id":             func(k *Keys) { k.Wraps[0].ID = strings.Repeat("x", maxWrapID+1) },
		"id of other text":    func(k *Keys) { k.Wraps[0].ID = "ü" },
		"no kind":             func(k *Keys) { k.Wraps[0].Kind = "" },
		"unknown kind":        func(k *Keys) { k.Wraps[0].Kind = "pin" },
		"no body":             func(k *Keys) { k.Wraps[0].Body = nil },
		"long body":           func(k *Keys) { k.Wraps[0].Body = make([]byte, api.MaxVaultWrap+1) },
	} {
		k := Keys{1, []byte("ring"), []Wrap{recovery}}
		change(&k)
		_, err := w.PutKeys(t.Context(), "bob", PutKeysIn{Keys: k})
		w.wants(rule, err, ErrBounds)
		_, err = putKeys.Call(t.Context(), w.host, "bob", PutKeysIn{Keys: k})
		w.wants(rule+", the object", err, ErrBounds)
		_, err = w.Reset(t.Context(), ada, ResetIn{Generation: 1, Keys: k})
		w.wants(rule+", reset", err, ErrBounds)
		_, err = reset.Call(t.Context(), w.host, ada, ResetIn{Generation: 1, Keys: k})
		w.wants(rule+", reset of the object", err, ErrBounds)
	}
	most := Keys{Version: 2, Ring: make([]byte, api.MaxVaultRing)}
	for i := range api.MaxVaultWraps {
		most.Wraps = append(most.Wraps, Wrap{ID: fmt.Sprint(i), Kind: api.VaultWrapDevice, Body: make([]byte, api.MaxVaultWrap)})
	}
	_, err := w.PutKeys(t.Context(), ada, PutKeysIn{Generation: 1, Keys: most})
	w.must(err)
	if out, err := w.Keys(t.Context(), ada); err != nil || !out.Keys.equal(most) {
		t.Errorf("%d wraps, %v", len(out.Keys.Wraps), err)
	}
}
