package vault_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

var errStopped = errors.New("the client stopped")

// stopper ends a client at its n-th step, before the step is done or just after. A step is whatever leaves the program: a
// request, a save, the password's replacement. After it nothing works any more, as after a kill.
type stopper struct {
	n     int
	after bool
	steps int
}

func (s *stopper) step(do func() error) error {
	s.steps++
	if s.steps > s.n || s.steps == s.n && !s.after {
		return errStopped
	}
	err := do()
	if s.steps == s.n {
		return errStopped
	}
	return err
}

type stoppedStore struct {
	*service
	at *stopper
}

func (s stoppedStore) Pull(ctx context.Context, cursor int64, limit int) (p vault.Page, err error) {
	return p, s.at.step(func() error { p, err = s.service.Pull(ctx, cursor, limit); return err })
}
func (s stoppedStore) Keys(ctx context.Context) (set vault.KeySet, err error) {
	return set, s.at.step(func() error { set, err = s.service.Keys(ctx); return err })
}
func (s stoppedStore) Push(ctx context.Context, b vault.Batch) error {
	return s.at.step(func() error { return s.service.Push(ctx, b) })
}
func (s stoppedStore) PutKeys(ctx context.Context, set vault.KeySet) error {
	return s.at.step(func() error { return s.service.PutKeys(ctx, set) })
}

type stoppedMemory struct {
	*vault.RAM
	at *stopper
}

func (m stoppedMemory) Save(ctx context.Context, changes map[string][]byte) error {
	return m.at.step(func() error { return m.RAM.Save(ctx, changes) })
}

// world is an account: the vault's service, which password signs in, what one device keeps.
type world struct {
	*person
	t      *testing.T
	config vault.Config
	memory *vault.RAM
	next   *vault.Identity // the password after a change
	signin *vault.Identity // the one that signs in now
	lost   *vault.Identity // a device that will be removed
	want   map[string]string
}

func newWorld(t *testing.T) *world {
	p, one := newPerson(t)
	w := &world{person: p, t: t, memory: &vault.RAM{}, next: password("second"), signin: p.password, lost: device(), want: map[string]string{}}
	for c := range 3 {
		for i := range 3 {
			name := fmt.Sprint(i)
			w.want[fmt.Sprint(c, "/", name)] = name
			ok(t, one.Set(ctx, fmt.Sprint(c), name, []byte(name)))
		}
	}
	ok(t, one.Add(ctx, w.lost.Recipient("lost")), one.Sync(ctx))
	w.config = p.config(p.store)
	w.config.Memory = w.memory
	ok(t, must(vault.Open(ctx, w.config, p.password)).Sync(ctx))
	return w
}

// whole checks that every way in leads to everything that was stored.
func (w *world) whole(when string) {
	w.t.Helper()
	w.same(when+": the same device", must2(vault.Open(ctx, w.config, w.signin)))
	for name, as := range map[string]*vault.Identity{"password": w.signin, "recovery code": vault.RecoveryIdentity(w.code)} {
		fresh := w.person.config(w.store)
		w.same(when+": new device by "+name, must2(vault.Open(ctx, fresh, as)))
	}
}

func must2(v *vault.Vault, err error) func() (*vault.Vault, error) {
	return func() (*vault.Vault, error) { return v, err }
}

func (w *world) same(when string, opened func() (*vault.Vault, error)) {
	w.t.Helper()
	v, err := opened()
	if err == nil {
		err = errors.Join(v.Sync(ctx), v.Verify(ctx))
	}
	if err != nil {
		w.t.Fatalf("%s: %v", when, err)
	}
	got := map[string]string{}
	for _, s := range v.Export() {
		got[s.Collection+"/"+s.Name] = string(s.Value)
	}
	if !maps.Equal(got, w.want) {
		w.t.Fatalf("%s: has %v, want %v", when, got, w.want)
	}
}

// TestStoppedAfterEveryStep stops the client at each step of each operation, before and after it took effect: everything
// stays readable by every way in, and doing the operation again finishes it.
func TestStoppedAfterEveryStep(t *testing.T) {
	resealed := func(v *vault.Vault) error {
		for {
			if more, err := v.Reseal(ctx); err != nil || !more {
				return err
			}
		}
	}
	for name, do := range map[string]func(*world, *vault.Vault, *stopper) error{
		"sync": func(w *world, v *vault.Vault, _ *stopper) error {
			// Set is the only step whose failure may mean that the edit was not made.
			if err := v.Set(ctx, "0", "0", []byte("edited")); err != nil {
				return err
			}
			w.want["0/0"] = "edited"
			return v.Sync(ctx)
		},
		"change the password": func(w *world, v *vault.Vault, at *stopper) error {
			return v.ChangePassword(ctx, w.next, func(context.Context) error {
				return at.step(func() error { w.signin = w.next; return nil })
			})
		},
		"remove a device": func(w *world, v *vault.Vault, _ *stopper) error {
			return errors.Join(v.Remove(ctx, "lost"), resealed(v))
		},
		"rotate the keys": func(w *world, v *vault.Vault, _ *stopper) error {
			return errors.Join(v.Rotate(ctx), resealed(v))
		},
		"rotate while rotating": func(w *world, v *vault.Vault, _ *stopper) error {
			_, err := v.Reseal(ctx)
			return errors.Join(v.Rotate(ctx), err, v.Rotate(ctx), resealed(v))
		},
		"replace the recovery code": func(w *world, v *vault.Vault, at *stopper) error {
			code := vault.NewRecoveryCode()
			return v.ReplaceRecoveryCode(ctx, code, func(context.Context) error {
				return at.step(func() error { w.code = code; return nil }) // the one that the service accepts
			})
		},
		"add a passkey": func(w *world, v *vault.Vault, _ *stopper) error {
			return v.Add(ctx, must(vault.PRFIdentity(make([]byte, 32))).Recipient("passkey"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			stops := 0
			for n, finished := 1, false; !finished; n++ {
				for _, after := range []bool{false, true} {
					finished = stoppedAt(t, name, do, n, after)
					stops++
				}
			}
			t.Logf("%d stops", stops)
		})
	}
}

// stoppedAt runs do until step n, and again without an end. It reports whether do was through before step n.
func stoppedAt(t *testing.T, name string, do func(*world, *vault.Vault, *stopper) error, n int, after bool) bool {
	w := newWorld(t)
	at := &stopper{n: n, after: after}
	c := w.config
	c.Store, c.Memory = stoppedStore{w.store, at}, stoppedMemory{w.memory, at}
	when := fmt.Sprintf("step %d, after %v", n, after)
	before := maps.Clone(w.want)
	if v, err := vault.Open(ctx, c, w.signin); err == nil {
		err = do(w, v, at)
		if at.steps < n && err != nil {
			t.Fatalf("%s: %v", when, err)
		}
	}
	finished := at.steps < n
	if name == "sync" && !finished {
		v := must(vault.Open(ctx, w.config, w.signin))
		w.want = before
		if s, _ := v.Get("0", "0"); string(s.Value) == "edited" { // it was stopped after the edit was safe
			w.want["0/0"] = "edited"
		}
	}
	w.whole(when)
	v, err := vault.Open(ctx, w.config, w.signin)
	ok(t, err)
	if err := do(w, v, &stopper{n: 1 << 30}); err != nil {
		t.Fatalf("%s: again: %v", when, err)
	}
	w.whole(when + ", again")
	if name == "remove a device" {
		if _, err := vault.Open(ctx, w.person.config(w.store), w.lost); !errors.Is(err, vault.ErrLocked) {
			t.Errorf("%s: a removed device opens the vault: %v", when, err)
		}
	}
	if name == "change the password" {
		if _, err := vault.Open(ctx, w.person.config(w.store), w.password); !errors.Is(err, vault.ErrLocked) {
			t.Errorf("%s: the old password opens the vault: %v", when, err)
		}
	}
	return finished
}

// TestSetUpStoppedAfterEveryStep: whatever a stopped set-up left, setting up again or opening gives one vault.
func TestSetUpStoppedAfterEveryStep(t *testing.T) {
	for n := 1; n <= 4; n++ {
		for _, after := range []bool{false, true} {
			store, memory, own := newService(), &vault.RAM{}, password("first")
			at := &stopper{n: n, after: after}
			c := (&person{}).config(stoppedStore{store, at})
			c.Memory = stoppedMemory{memory, at}
			vault.Create(ctx, c, own, own.Recipient("password"))
			c.Store, c.Memory = store, memory
			v, err := vault.Open(ctx, c, own)
			if errors.Is(err, vault.ErrAbsent) {
				v, err = vault.Create(ctx, c, own, own.Recipient("password"))
			}
			ok(t, err)
			ok(t, v.Set(ctx, "a", "b", []byte("c")), v.Sync(ctx), v.Verify(ctx))
		}
	}
}
