//go:build !js

package vault

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

func TestTheFirstWrapMakesTheVault(t *testing.T) {
	w := newWorld(t, Limits{})
	_, err := w.Wraps(t.Context(), "bob")
	w.wants("before", err, ErrMissing)
	_, err = w.PutWrap(t.Context(), "bob", PutWrapIn{Generation: 1, Wrap: recovery})
	w.wants("to a vault that is not there", err, ErrMissing)
	for range 2 { // the answer may have been lost
		if n, err := w.PutWrap(t.Context(), "bob", PutWrapIn{Wrap: password}); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	_, err = w.PutWrap(t.Context(), "bob", PutWrapIn{Wrap: other})
	w.wants("another first one", err, ErrExists)
	if n, err := w.PutWrap(t.Context(), "bob", PutWrapIn{Generation: 1, Wrap: recovery}); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	out, err := w.Wraps(t.Context(), "bob")
	want := []Wrap{password, recovery}
	for i := range want {
		want[i].Created = w.clock.Now().Unix()
	}
	if err != nil || out.Generation != 1 || !reflect.DeepEqual(out.Wraps, want) {
		t.Errorf("%+v, %v", out, err)
	}
}

// Two devices that begin at once would make two keys, of which one would open nothing.
func TestOfManyFirstWrapsOneIsTaken(t *testing.T) {
	w := newWorld(t, Limits{})
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			wrap := password
			wrap.ID, wrap.Body = fmt.Sprint(i), fmt.Append(nil, i)
			if _, err := w.PutWrap(t.Context(), "bob", PutWrapIn{Wrap: wrap}); err == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if out, err := w.Wraps(t.Context(), "bob"); won.Load() != 1 || err != nil || len(out.Wraps) != 1 {
		t.Errorf("%d have won, %+v, %v", won.Load(), out, err)
	}
}

func TestWrapsDoNotChange(t *testing.T) {
	w := newWorld(t, Limits{})
	for rule, change := range map[string]func(*Wrap){
		"another body": func(w *Wrap) { w.Body = []byte("x") },
		"another kind": func(w *Wrap) { w.Kind = api.VaultWrapRecovery },
	} {
		wrap := password
		change(&wrap)
		_, err := w.PutWrap(t.Context(), ada, PutWrapIn{Generation: 1, Wrap: wrap})
		w.wants(rule, err, ErrWrapTaken)
	}
	_, err := w.PutWrap(t.Context(), ada, PutWrapIn{Generation: 2, Wrap: recovery})
	w.wants("of another generation", err, ErrReplaced)
}

func TestTheLastWrapStays(t *testing.T) {
	w := newWorld(t, Limits{})
	remove := func(generation int64, id string) error {
		return w.RemoveWrap(t.Context(), ada, RemoveWrapIn{Generation: generation, ID: id})
	}
	w.wants("the last one", remove(1, password.ID), ErrLastWrap)
	w.wants("none", remove(1, "none"), nil)
	w.wants("no id", remove(1, strings.Repeat("x", maxWrapID+1)), ErrBounds)
	w.wants("of another generation", remove(2, password.ID), ErrReplaced)
	_, err := w.PutWrap(t.Context(), ada, PutWrapIn{Generation: 1, Wrap: recovery})
	w.must(err)
	w.must(remove(1, password.ID))
	w.must(remove(1, password.ID))
	w.wants("the last one", remove(1, recovery.ID), ErrLastWrap)
	w.wants("where nothing is", w.RemoveWrap(t.Context(), "bob", RemoveWrapIn{Generation: 1, ID: "a"}), ErrMissing)
}

func TestWrapsAreBounded(t *testing.T) {
	w := newWorld(t, Limits{})
	for rule, change := range map[string]func(*Wrap){
		"no id":            func(w *Wrap) { w.ID = "" },
		"long id":          func(w *Wrap) { w.ID = strings.Repeat("x", maxWrapID+1) },
		"id of other text": func(w *Wrap) { w.ID = "ü" },
		"no kind":          func(w *Wrap) { w.Kind = "" },
		"unknown kind":     func(w *Wrap) { w.Kind = "pin" },
		"no body":          func(w *Wrap) { w.Body = nil },
		"long body":        func(w *Wrap) { w.Body = make([]byte, api.MaxVaultWrap+1) },
	} {
		wrap := recovery
		change(&wrap)
		_, err := w.PutWrap(t.Context(), ada, PutWrapIn{Generation: 1, Wrap: wrap})
		w.wants(rule, err, ErrBounds)
		_, err = putWrap.Call(t.Context(), w.host, ada, PutWrapIn{Generation: 1, Wrap: wrap})
		w.wants(rule+", the object", err, ErrBounds)
		_, err = w.Reset(t.Context(), ada, ResetIn{Generation: 1, Wrap: wrap})
		w.wants(rule+", reset", err, ErrBounds)
		_, err = reset.Call(t.Context(), w.host, ada, ResetIn{Generation: 1, Wrap: wrap})
		w.wants(rule+", reset of the object", err, ErrBounds)
	}
	for i := range api.MaxVaultWraps - 1 {
		_, err := w.PutWrap(t.Context(), ada, PutWrapIn{Generation: 1, Wrap: Wrap{ID: fmt.Sprint(i), Kind: api.VaultWrapDevice, Body: make([]byte, api.MaxVaultWrap)}})
		w.must(err)
	}
	_, err := w.PutWrap(t.Context(), ada, PutWrapIn{Generation: 1, Wrap: recovery})
	w.wants("too many", err, ErrWraps)
}
