package vault_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

const account = "k3w7v5q2n4m6a8s9d1f3g5h7j2"

var ctx = context.Background()

// must gives what cannot fail here.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func device() *vault.Identity {
	return must(vault.DeviceIdentity(must(ecdh.P256().GenerateKey(rand.Reader))))
}

func password(word string) *vault.Identity {
	export := make([]byte, 64)
	copy(export, word)
	return must(vault.PasswordIdentity(export))
}

// person is a vault at a service with a password and a recovery code.
type person struct {
	store    *service
	password *vault.Identity
	code     vault.RecoveryCode
}

func newPerson(t testing.TB) (*person, *vault.Vault) {
	t.Helper()
	p := &person{newService(), password("first"), vault.NewRecoveryCode()}
	v, err := vault.Create(ctx, p.config(p.store), p.password,
		p.password.Recipient("password"), vault.RecoveryIdentity(p.code).Recipient("code"))
	if err != nil {
		t.Fatal(err)
	}
	return p, v
}

func (p *person) config(s vault.Store) vault.Config {
	return vault.Config{Account: account, Device: vault.NewID(), Store: s, Memory: &vault.RAM{}, Now: time.Now}
}

func (p *person) open(t testing.TB, as *vault.Identity) *vault.Vault {
	t.Helper()
	v, err := vault.Open(ctx, p.config(p.store), as)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	return v
}

// ok fails the test at the first error.
func ok(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func value(t testing.TB, v *vault.Vault, collection, name, want string) {
	t.Helper()
	s, there := v.Get(collection, name)
	if !there || string(s.Value) != want {
		t.Errorf("%s/%s is %q (%v), want %q", collection, name, s.Value, there, want)
	}
}

func TestSettingsFollowToAnotherDevice(t *testing.T) {
	p, one := newPerson(t)
	ok(t, one.Set(ctx, "editor", "font", []byte("Iosevka")), one.Set(ctx, "editor", "size", []byte("11")), one.Set(ctx, "shell", "prompt", []byte("%")))
	if one.Pending() != 3 {
		t.Errorf("%d pending", one.Pending())
	}
	ok(t, one.Sync(ctx))
	two := p.open(t, vault.RecoveryIdentity(p.code))
	value(t, two, "editor", "font", "Iosevka")
	ok(t, two.Set(ctx, "editor", "font", []byte("Hack")), two.Delete(ctx, "shell", "prompt"), two.Sync(ctx), one.Sync(ctx))
	value(t, one, "editor", "font", "Hack")
	if _, there := one.Get("shell", "prompt"); there || len(one.List("shell")) != 0 {
		t.Error("a deleted setting is still there")
	}
	if all := one.Export(); len(all) != 2 || all[0].Name != "font" || !all[0].Sent || one.Pending() != 0 {
		t.Errorf("exported %+v", all)
	}
	ok(t, one.Verify(ctx), two.Verify(ctx))
}

func TestMemoryHoldsNoNameAndNoValue(t *testing.T) {
	p, _ := newPerson(t)
	c := p.config(p.store)
	one := must(vault.Open(ctx, c, p.password))
	ok(t, one.Set(ctx, "collection-name", "record-name", []byte("record-value")), one.Sync(ctx),
		one.Set(ctx, "collection-name", "record-name", []byte("record-value2")))
	kept := must(c.Memory.Load(ctx))
	for key, body := range kept {
		for _, word := range []string{"collection-name", "record-name", "record-value"} {
			if strings.Contains(key+string(body), word) {
				t.Errorf("%s is kept with %q readable", key, word)
			}
		}
	}
	if len(kept) != 6 { // keys, seen, cursor, manifest, record, edit
		t.Errorf("%d things are kept", len(kept))
	}
}

func TestTheServiceSeesNoNameAndNoValue(t *testing.T) {
	p, one := newPerson(t)
	ok(t, one.Set(ctx, "collection-name", "record-name", []byte("record-value")), one.Sync(ctx))
	dump := string(must(p.store.Keys(ctx)).Ring) + fmt.Sprint(p.store.records, p.store.manifests)
	for _, r := range p.store.records {
		dump += string(r.what.Body)
	}
	for _, m := range p.store.manifests {
		dump += string(m.what.Body)
	}
	for _, word := range []string{"collection-name", "record-name", "record-value"} {
		if strings.Contains(dump, word) {
			t.Errorf("the service can read %q", word)
		}
	}
}

func TestPagesAreCheckedTogether(t *testing.T) {
	p, one := newPerson(t)
	p.store.page = 3
	for i := range 600 {
		ok(t, one.Set(ctx, "many", fmt.Sprint(i), []byte("x")))
	}
	ok(t, one.Sync(ctx))
	if two := p.open(t, p.password); len(two.List("many")) != 600 {
		t.Errorf("%d of 600 arrived", len(two.List("many")))
	}
}

func TestLargestSettingFits(t *testing.T) {
	p, one := newPerson(t)
	big := make([]byte, vault.MaxValue)
	for i := range 6 {
		big[0] = byte(i)
		ok(t, one.Set(ctx, "big", fmt.Sprint(i), big))
	}
	ok(t, one.Sync(ctx))
	if all := p.open(t, p.password).List("big"); len(all) != 6 || len(all[5].Value) != vault.MaxValue {
		t.Errorf("%d arrived", len(all))
	}
	if err := one.Set(ctx, "big", "more", make([]byte, vault.MaxValue+1)); !errors.Is(err, vault.ErrLimit) {
		t.Error(err)
	}
}

func TestNamesAreChecked(t *testing.T) {
	_, one := newPerson(t)
	for name, want := range map[string]error{"": vault.ErrName, "\xff": vault.ErrName, string(make([]byte, vault.MaxName+1)): vault.ErrLimit} {
		if err := one.Set(ctx, name, "x", nil); !errors.Is(err, want) {
			t.Errorf("collection %.5q: %v", name, err)
		}
		if err := one.Set(ctx, "x", name, nil); !errors.Is(err, want) {
			t.Errorf("setting %.5q: %v", name, err)
		}
	}
}

func TestEveryIdentityOpens(t *testing.T) {
	p, one := newPerson(t)
	laptop, passkey := device(), must(vault.PRFIdentity(make([]byte, 32)))
	ok(t, one.Set(ctx, "a", "b", []byte("c")), one.Sync(ctx), one.Add(ctx, passkey.Recipient("passkey")))
	ok(t, one.Add(ctx, laptop.Recipient("laptop")))
	for _, as := range []*vault.Identity{p.password, vault.RecoveryIdentity(p.code), passkey, laptop} {
		value(t, p.open(t, as), "a", "b", "c")
	}
	for _, as := range []*vault.Identity{password("other"), vault.RecoveryIdentity(vault.NewRecoveryCode()), device()} {
		if _, err := vault.Open(ctx, p.config(p.store), as); !errors.Is(err, vault.ErrLocked) {
			t.Errorf("a stranger: %v", err)
		}
	}
}

func TestSecondVaultIsRefused(t *testing.T) {
	p, _ := newPerson(t)
	if _, err := vault.Create(ctx, p.config(p.store), p.password, p.password.Recipient("password")); !errors.Is(err, vault.ErrExists) {
		t.Error(err)
	}
	if _, err := vault.Open(ctx, p.config(newService()), p.password); !errors.Is(err, vault.ErrAbsent) {
		t.Error(err)
	}
}

func TestRemovedDeviceIsShutOut(t *testing.T) {
	p, one := newPerson(t)
	lost := device()
	ok(t, one.Set(ctx, "a", "old", []byte("1")), one.Sync(ctx), one.Add(ctx, lost.Recipient("lost")))
	two := p.open(t, lost)
	ok(t, one.Remove(ctx, "lost"), one.Remove(ctx, "lost"), one.Set(ctx, "a", "new", []byte("2")), one.Sync(ctx))
	if err := two.Sync(ctx); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a removed device syncs: %v", err)
	}
	for more := true; more; {
		var err error
		more, err = one.Reseal(ctx)
		ok(t, err)
	}
	fresh := p.open(t, vault.RecoveryIdentity(p.code))
	value(t, fresh, "a", "old", "1")
	value(t, fresh, "a", "new", "2")
	if err := one.Remove(ctx, "password"); !errors.Is(err, vault.ErrLastWrap) {
		t.Errorf("a device shut itself out: %v", err)
	}
}

// TestEditBeforeARotationArrivesAfterIt: a device was away with an edit while the keys were rotated and the old ones given up.
func TestEditBeforeARotationArrivesAfterIt(t *testing.T) {
	p, one := newPerson(t)
	c := p.config(p.store)
	two := must(vault.Open(ctx, c, p.password))
	ok(t, one.Set(ctx, "a", "b", []byte("1")), one.Sync(ctx), two.Sync(ctx), two.Set(ctx, "a", "b", []byte("2")), two.Set(ctx, "new", "c", []byte("3")))
	ok(t, one.Rotate(ctx), one.Sync(ctx), one.Sync(ctx), one.Sync(ctx))
	two = must(vault.Open(ctx, c, p.password))
	ok(t, two.Sync(ctx), one.Sync(ctx))
	value(t, one, "a", "b", "2")
	value(t, one, "new", "c", "3")
	ok(t, two.Verify(ctx))
}

// TestPasswordChangeIsNotUndoneByAnotherDevice: one that the old password opened syncs while the password is being changed, and the
// answer to the change gets lost.
func TestPasswordChangeIsNotUndoneByAnotherDevice(t *testing.T) {
	p, one := newPerson(t)
	next := password("second")
	err := one.ChangePassword(ctx, next, func(context.Context) error {
		p.open(t, p.password)
		return errOffline
	})
	if !errors.Is(err, errOffline) {
		t.Fatal(err)
	}
	p.open(t, p.password)
	p.open(t, next)
	if _, err := vault.Open(ctx, p.config(p.store), p.password); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("after a sync by the newer password the older one opens: %v", err)
	}
}

func TestRecoveryCodeIsReplaced(t *testing.T) {
	p, one := newPerson(t)
	refused := func(context.Context) error { return errOffline }
	code := vault.NewRecoveryCode()
	for range vault.MaxWraps { // a code that the service does not take leaves the printed one as it was
		code = vault.NewRecoveryCode()
		if err := one.ReplaceRecoveryCode(ctx, code, refused); !errors.Is(err, errOffline) {
			t.Fatal(err)
		}
		p.open(t, vault.RecoveryIdentity(p.code))
		p.open(t, vault.RecoveryIdentity(code)) // it may have taken it, and only the answer was lost
	}
	for range 2 {
		ok(t, one.ReplaceRecoveryCode(ctx, code, func(context.Context) error { return nil }))
	}
	p.open(t, vault.RecoveryIdentity(code))
	if _, err := vault.Open(ctx, p.config(p.store), vault.RecoveryIdentity(p.code)); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("the old code: %v", err)
	}
	if n := len(one.Recipients()); n != 2 {
		t.Errorf("%d recipients", n)
	}
}

func TestFullVaultLosesNothing(t *testing.T) {
	p, _ := newPerson(t)
	c := p.config(full{p.store})
	one := must(vault.Open(ctx, c, p.password))
	ok(t, one.Set(ctx, "a", "b", []byte("c")))
	if err := one.Sync(ctx); !errors.Is(err, vault.ErrQuota) {
		t.Fatal(err)
	}
	c.Store = p.store
	one = must(vault.Open(ctx, c, p.password))
	ok(t, one.Sync(ctx))
	value(t, p.open(t, p.password), "a", "b", "c")
}

type full struct{ *service }

func (full) Push(context.Context, vault.Batch) error { return vault.ErrQuota }

func TestDamagedMemoryIsSaid(t *testing.T) {
	p, one := newPerson(t)
	ok(t, one.Set(ctx, "a", "b", []byte("c")), one.Sync(ctx))
	memory := &vault.RAM{}
	c := p.config(p.store)
	c.Memory = memory
	two := must(vault.Open(ctx, c, p.password))
	ok(t, two.Sync(ctx))
	for key, body := range must(memory.Load(ctx)) {
		if key == "keys" {
			continue
		}
		ok(t, memory.Save(ctx, map[string][]byte{key: body[:len(body)-1]}))
		if _, err := vault.Open(ctx, c, p.password); !errors.Is(err, vault.ErrMemory) {
			t.Errorf("%s cut short: %v", key, err)
		}
		ok(t, memory.Save(ctx, map[string][]byte{key: body}))
	}
}

// TestEditsDuringASync: a slow network holds up no edit, and none is lost between two goroutines.
func TestEditsDuringASync(t *testing.T) {
	p, one := newPerson(t)
	two := must(vault.Open(ctx, p.config(p.store), p.password))
	var group sync.WaitGroup
	for i, v := range []*vault.Vault{one, two, one, two} {
		group.Go(func() {
			for n := range 50 {
				err := errors.Join(v.Set(ctx, "a", fmt.Sprint(i, "-", n), []byte("x")), v.Sync(ctx))
				for errors.Is(err, vault.ErrBusy) { // the other device was faster every time
					err = v.Sync(ctx)
				}
				if err != nil {
					t.Error(err)
				}
				v.Get("a", "0-0")
				v.Export()
				if n == 25 && i == 0 {
					ok(t, v.Rotate(ctx))
				}
			}
		})
	}
	group.Wait()
	ok(t, one.Sync(ctx), two.Sync(ctx), one.Sync(ctx))
	if a, b := len(one.List("a")), len(two.List("a")); a != 200 || b != 200 || one.Pending()+two.Pending() > 0 {
		t.Errorf("%d and %d of 200", a, b)
	}
}

// TestWaitingEndsWithItsContext: nobody waits for ever behind a request that hangs.
func TestWaitingEndsWithItsContext(t *testing.T) {
	p, _ := newPerson(t)
	hanging := make(chan struct{})
	v := must(vault.Open(ctx, p.config(slow{p.store, hanging}), p.password))
	done := make(chan error)
	go func() { done <- v.Sync(ctx) }()
	<-hanging
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := v.Sync(ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ok(t, v.Set(ctx, "a", "b", []byte("c")))
	hanging <- struct{}{}
	ok(t, <-done)
}

// slow says when a Pull is there, and holds it until it is told to go on.
type slow struct {
	*service
	hanging chan struct{}
}

func (s slow) Pull(ctx context.Context, cursor int64, limit int) (vault.Page, error) {
	s.hanging <- struct{}{}
	<-s.hanging
	return s.service.Pull(ctx, cursor, limit)
}
