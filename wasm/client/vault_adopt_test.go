//go:build !js

package client_test

import (
	"context"
	"crypto/ecdh"
	"fmt"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// stopper ends a program at its n-th step, before the step is done or just after. A step is whatever leaves the program: a request, a change of
// what is kept. After it nothing works any more.
type stopper struct {
	mu    sync.Mutex
	n     int
	after bool
	steps int
}

func (s *stopper) step(do func() error) error {
	s.mu.Lock()
	s.steps++
	now := s.steps
	s.mu.Unlock()
	if now > s.n || now == s.n && !s.after {
		return errCut
	}
	if err := do(); now < s.n {
		return err
	}
	return errCut
}

type stoppedTransport struct {
	*device
	at *stopper
}

func (s stoppedTransport) Do(ctx context.Context, r client.Request) (answer client.Response, err error) {
	return answer, s.at.step(func() error { answer, err = s.device.Do(ctx, r); return err })
}

type stoppedKeys struct {
	client.Keystore
	at *stopper
}

func (s stoppedKeys) Note(ctx context.Context, account string, changes map[string]string) error {
	return s.at.step(func() error { return s.Keystore.Note(ctx, account, changes) })
}

func (s stoppedKeys) NewDeviceKey(ctx context.Context, account string) (key ecdh.KeyExchanger, err error) {
	return key, s.at.step(func() error { key, err = s.Keystore.NewDeviceKey(ctx, account); return err })
}

func (s stoppedKeys) OpenMemory(ctx context.Context, account string) (client.Memory, error) {
	m, err := s.Keystore.OpenMemory(ctx, account)
	return stoppedMemory{m, s.at}, err
}

type stoppedMemory struct {
	client.Memory
	at *stopper
}

func (s stoppedMemory) Save(ctx context.Context, changes map[string][]byte) error {
	return s.at.step(func() error { return s.Memory.Save(ctx, changes) })
}

// stopsAt is the page anew, which a stopper ends; with kill it ends what is kept too, and not just the connection.
func (d *device) stopsAt(at *stopper, kill bool) {
	config := client.Config{Base: base, Transport: stoppedTransport{d, at}, Now: d.w.now, Keystore: d.keys}
	if kill {
		config.Keystore = stoppedKeys{d.keys, at}
	}
	c, err := client.New(config)
	d.w.must(err)
	d.Client = c
}

func (d *device) deletes(name string) {
	d.w.Helper()
	d.w.must(d.DeleteSetting(d.w.Context(), "c", name))
}

// switches brings the other one of an account's two vaults back.
func (d *device) switches() {
	d.w.Helper()
	d.w.must(d.RestoreVault(d.w.Context(), d.kept(1)[0].Generation, client.Secret{}))
}

// twoVaults are two devices of an account whose first vault was put aside. The second one does not know that yet.
func twoVaults(w *world) (first, second *device) {
	first = w.owner()
	first.sets("gone", "soon")
	first.syncs()
	second = first.second()
	second.syncs()
	w.must(first.ResetVault(w.Context(), good))
	first.sets("gone", "soon")
	first.syncs()
	first.switches()
	return first, second
}

// stop is how something is stopped: by the end of the connection or of the program, before a step or after it.
type stop struct{ kill, after bool }

func (d *device) forgetsEvents() {
	for len(d.events) > 0 {
		<-d.events
	}
}

// adopting tries what takes a new vault over, stopped at every step in every way. Each time the second device has an edit and a deletion that were
// never sent, and the vault is replaced behind its back.
func adopting(t *testing.T, ways []stop, try func(second *device, earlier int64) error) {
	w := newWorld(t)
	first, second := twoVaults(w)
	for i, way := range ways {
		for n, stopped := 1, true; stopped; n++ {
			first.forgetsEvents()
			second.forgetsEvents()
			second.syncs()
			first.syncs()
			first.switches()
			first.sets("gone", fmt.Sprint(i, n))
			first.syncs()
			first.switches()
			edit := fmt.Sprint("edit ", i, " ", n)
			second.sets(edit, "made")
			second.deletes("gone")
			first.switches()
			earlier := first.kept(1)[0].Generation

			at := &stopper{n: n, after: way.after}
			second.stopsAt(at, way.kill)
			err := try(second, earlier)
			stopped = at.steps >= n
			second.reload()
			when := fmt.Sprintf("%+v, stopped at step %d (%v)", way, n, err)
			if state := second.state(); state != client.VaultOpen && state != client.VaultReplaced {
				t.Fatalf("%s: the vault is %s", when, state)
			}
			if err := try(second, earlier); err != nil {
				t.Fatalf("%s: again: %v", when, err)
			}
			second.is(client.VaultOpen)
			second.syncs().has(edit, "made")
			if first.state() == client.VaultReplaced {
				w.must(first.Unlock(t.Context(), client.Secret{Password: good}))
			}
			first.syncs().has(edit, "made")
			second.has("gone", "")
			if first.has("gone", ""); t.Failed() {
				t.Fatal(when)
			}
			first.sets("gone", "soon")
			first.syncs()
		}
	}
}

func TestUnsentEditsOutliveAReplacedVaultWhereverItStops(t *testing.T) {
	adopting(t, []stop{{false, false}, {false, true}, {true, false}, {true, true}}, func(second *device, _ int64) error {
		return second.Unlock(second.w.Context(), client.Secret{Password: good})
	})
}

func TestUnsentEditsOutliveARestoredVaultWhereverItStops(t *testing.T) {
	adopting(t, []stop{{false, true}, {true, false}}, func(second *device, earlier int64) error {
		return second.RestoreVault(second.w.Context(), earlier, client.Secret{Password: good})
	})
}

func TestUnsentEditsOutliveAVaultBegunAnew(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	d.syncs()
	d.SetNetwork(client.Network{Metered: true}) // so that nothing is sent to the one that is put aside
	d.sets("waiting", "edit")
	begun := false
	d.fail = func(path string) error {
		if begun {
			return errCut
		}
		begun = path == api.RouteVaultReset
		return nil
	}
	w.wants("without a connection", d.ResetVault(t.Context(), good), api.CodeUnavailable)
	d.fail = nil
	d.reload()
	d.is(client.VaultReplaced)
	d.has("theme", "dark")
	w.must(d.Unlock(t.Context(), client.Secret{Password: good}))
	d.syncs().has("waiting", "edit")
	d.has("theme", "")
	d.SetNetwork(client.Network{Metered: true})
	d.sets("waiting", "again")
	w.must(d.ResetVault(t.Context(), good))
	d.has("waiting", "again")
}

// A device that has lost its key has edits in a vault that the present password does not open either.
func TestEditsThatNothingOpensAreKeptUntilSomethingDoes(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	first.sets("theme", "dark")
	first.syncs()
	second := first.second()
	second.syncs()
	second.sets("waiting", "edit")
	id := accountID(second)
	_, err := second.keys.NewDeviceKey(t.Context(), id)
	w.must(err)
	w.must(first.ChangePassword(t.Context(), good, better))
	w.must(first.ResetVault(t.Context(), better))
	first.sets("theme", "new")
	first.syncs()

	second.reload()
	second.signs(better)
	second.is(client.VaultReplaced)
	w.must(second.Unlock(t.Context(), client.Secret{Password: better}))
	second.syncs().has("theme", "new")
	second.has("waiting", "")
	_, err = second.SignOut(t.Context(), "")
	w.must(err)
	second.signs(better)

	first.switches()
	second.is(client.VaultReplaced)
	w.must(second.Unlock(t.Context(), client.Secret{Password: better}))
	second.syncs().has("theme", "dark")
	first.syncs().has("waiting", "edit")
}
