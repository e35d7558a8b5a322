package vault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// accomplice is a service that takes from a removed device what it should refuse.
type accomplice struct{ *service }

func (s accomplice) Push(ctx context.Context, b vault.Batch) error {
	b.Keys = s.keys.Version
	return s.service.Push(ctx, b)
}

// resealed has one seal everything again.
func resealed(t *testing.T, one *vault.Vault) {
	t.Helper()
	for more := true; more; {
		var err error
		more, err = one.Reseal(ctx)
		ok(t, err)
	}
}

// removal is a vault with a device that was removed, and whose service helps it.
func removal(t *testing.T) (p *person, one, lost *vault.Vault) {
	p, one = newPerson(t)
	own := device()
	for c := range 10 {
		ok(t, one.Set(ctx, fmt.Sprint(c), "b", []byte("1")))
	}
	ok(t, one.Sync(ctx), one.Add(ctx, own.Recipient("lost")))
	c := p.config(accomplice{p.store})
	lost = must(vault.Open(ctx, c, own))
	ok(t, lost.Sync(ctx), one.Remove(ctx, "lost"), one.Set(ctx, "a", "secret", []byte("2")), one.Sync(ctx))
	return p, one, lost
}

// TestARemovedDeviceDoesNotContinueTheVault: it knows the name root and every other identity's public key, so it can make a later key set that the
// others open. They must not take it for theirs, or what is written from then on is sealed for the one that was shut out.
func TestARemovedDeviceDoesNotContinueTheVault(t *testing.T) {
	for _, when := range []string{"while both keys are needed", "after everything was sealed again"} {
		t.Run(when, func(t *testing.T) {
			p, one, lost := removal(t)
			if strings.HasPrefix(when, "after") {
				resealed(t, one)
			}
			c := p.config(p.store)
			two := must(vault.Open(ctx, c, p.password))
			ok(t, two.Sync(ctx))
			truth := p.store.keys
			p.store.keys = lost.Forge(truth.Version + 1)
			ok(t, one.Set(ctx, "a", "secret", []byte("3")))
			for name, v := range map[string]*vault.Vault{"the same": one, "another": two, "one that was started again": must(vault.Open(ctx, c, p.password))} {
				if err := v.Sync(ctx); !errors.Is(err, vault.ErrForeign) {
					t.Errorf("%s device: %v", name, err)
				}
			}
			p.store.keys = truth
			ok(t, one.Sync(ctx), two.Sync(ctx))
			value(t, two, "a", "secret", "3")
		})
	}
}

// TestARemovedDeviceWritesNothingMore: both keys are in the ring until everything is sealed again, but what is new is not sealed under the old one.
func TestARemovedDeviceWritesNothingMore(t *testing.T) {
	p, one, lost := removal(t)
	c := p.config(p.store)
	two := must(vault.Open(ctx, c, p.password))
	ok(t, two.Sync(ctx), one.Sync(ctx), lost.Set(ctx, "new", "x", []byte("from outside")))
	if err := lost.Sync(ctx); !errors.Is(err, vault.ErrLocked) {
		t.Fatal(err)
	}
	if one.Generations() != 2 {
		t.Error("everything is sealed again already")
	}
	for name, v := range map[string]*vault.Vault{"the same": one, "another": two, "one that was started again": must(vault.Open(ctx, c, p.password))} {
		if err := v.Sync(ctx); !errors.Is(err, vault.ErrDowngraded) {
			t.Errorf("%s device: %v", name, err)
		}
	}
}

// TestADeviceComesBackAfterManyRotations: one that was away, with an edit, while the keys were changed again and again and the older ones given up.
func TestADeviceComesBackAfterManyRotations(t *testing.T) {
	p, one := newPerson(t)
	ok(t, one.Set(ctx, "a", "b", []byte("1")), one.Sync(ctx))
	c := p.config(p.store)
	away := must(vault.Open(ctx, c, p.password))
	ok(t, away.Sync(ctx), away.Set(ctx, "a", "b", []byte("2")))
	for range 100 {
		ok(t, one.Rotate(ctx))
		resealed(t, one)
	}
	away = must(vault.Open(ctx, c, p.password))
	ok(t, away.Sync(ctx), one.Sync(ctx))
	value(t, one, "a", "b", "2")
}

// TestTwoDevicesShutOutAtOnce: two devices remove one each at the same time, while both write; neither removal undoes the other.
func TestTwoDevicesShutOutAtOnce(t *testing.T) {
	p, one := newPerson(t)
	ok(t, one.Add(ctx, device().Recipient("x")), one.Add(ctx, device().Recipient("y")))
	var all sync.WaitGroup
	for id, v := range map[string]*vault.Vault{"x": one, "y": p.open(t, p.password)} {
		all.Go(func() {
			for i := range 300 {
				if err := v.Set(ctx, id, fmt.Sprint(i), []byte(id)); err != nil {
					t.Error(err)
				}
			}
			if err := errors.Join(v.Remove(ctx, id), v.Sync(ctx)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	resealed(t, one)
	two := p.open(t, p.password)
	if n, r := len(two.Export()), two.Recipients(); n != 600 || len(r) != 2 || two.Generations() != 1 {
		t.Errorf("%d settings, %d recipients, %d generations", n, len(r), two.Generations())
	}
	ok(t, two.Verify(ctx))
}

// TestPagesWithoutAnEnd: a service that always promises more must not keep a device for ever.
func TestPagesWithoutAnEnd(t *testing.T) {
	p, _ := newPerson(t)
	lie := &hostile{service: p.store}
	v := must(vault.Open(ctx, p.config(lie), p.password))
	at := int64(0)
	lie.page = func(p *vault.Page) { at++; p.Cursor, p.More = at, true }
	if err := v.Sync(ctx); !errors.Is(err, vault.ErrMalformed) {
		t.Error(err)
	}
}

// TestALostPartOfTheOwnCopyIsNotTheServicesFault: what is missing here must not be said to have been left out there.
func TestALostPartOfTheOwnCopyIsNotTheServicesFault(t *testing.T) {
	p, one := newPerson(t)
	ok(t, one.Set(ctx, "a", "b", []byte("1")), one.Set(ctx, "a", "c", []byte("1")), one.Sync(ctx))
	for _, part := range []string{"r/", "m/"} {
		memory := &vault.RAM{}
		c := p.config(p.store)
		c.Memory = memory
		ok(t, must(vault.Open(ctx, c, p.password)).Sync(ctx))
		for key := range must(memory.Load(ctx)) {
			if strings.HasPrefix(key, part) {
				ok(t, memory.Save(ctx, map[string][]byte{key: nil}))
				break
			}
		}
		if _, err := vault.Open(ctx, c, p.password); !errors.Is(err, vault.ErrMemory) {
			t.Errorf("without one of %s: %v", part, err)
		}
	}
}
