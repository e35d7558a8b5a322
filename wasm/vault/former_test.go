package vault_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// away is a device that has made edits in a vault and not sent them: what its Memory gives, and what opens it.
func away(t *testing.T, p *person, at time.Time) (map[string][]byte, *vault.Identity) {
	t.Helper()
	c, self := p.config(p.store), device()
	memory := &vault.RAM{}
	c.Memory, c.Now = memory, func() time.Time { return at }
	v := must(vault.Open(ctx, c, p.password))
	ok(t, v.Set(ctx, "editor", "size", []byte("10")), v.Sync(ctx), v.Join(ctx, self, "away"))
	ok(t, v.Set(ctx, "editor", "font", []byte("offline")), v.Delete(ctx, "editor", "size"), v.Set(ctx, "shell", "prompt", []byte("%")))
	if v.Pending() != 3 {
		t.Fatalf("%d wait", v.Pending())
	}
	return must(memory.Load(ctx)), self
}

func TestEditsAreCarriedToAnotherVaultWithTheirTimes(t *testing.T) {
	noon := time.Now()
	p, _ := newPerson(t)
	kept, self := away(t, p, noon.Add(time.Minute))
	p.store = newService()
	next, now := p.config(p.store), noon
	next.Now = func() time.Time { return now }
	writer := must(vault.Create(ctx, next, p.password, p.password.Recipient("password")))
	ok(t, writer.Set(ctx, "editor", "size", []byte("12")))
	now = noon.Add(2 * time.Minute)
	ok(t, writer.Set(ctx, "editor", "font", []byte("later")), writer.Sync(ctx))

	v := must(vault.Open(ctx, p.config(p.store), p.password))
	ok(t, v.Carry(ctx, kept, self), v.Sync(ctx), v.Carry(ctx, kept, self))
	if v.Pending() != 0 {
		t.Errorf("carried again: %d wait", v.Pending())
	}
	ok(t, writer.Sync(ctx))
	value(t, writer, "editor", "font", "later")
	value(t, writer, "shell", "prompt", "%")
	if s, there := writer.Get("editor", "size"); there {
		t.Errorf("a deletion was not carried: %+v", s)
	}
}

func TestEditsThatNothingOpensLieBesideAnotherVault(t *testing.T) {
	p, _ := newPerson(t)
	kept, self := away(t, p, time.Now())
	stranger := password("stranger")
	config := p.config(newService())
	v := must(vault.Create(ctx, config, stranger, stranger.Recipient("password")))
	if err := v.Carry(ctx, kept, stranger); !errors.Is(err, vault.ErrLocked) || v.Pending() != 0 {
		t.Fatalf("%v, %d wait", err, v.Pending())
	}
	aside := vault.SetAside(kept)
	ok(t, config.Memory.Save(ctx, aside))
	v = must(vault.Open(ctx, config, stranger))
	all := must(config.Memory.Load(ctx))
	if n := vault.Waiting(all); n != 3 || v.Pending() != 0 {
		t.Errorf("%d wait, %d of them here", n, v.Pending())
	}
	if err := v.Carry(ctx, all, stranger); err != nil || v.Pending() != 0 {
		t.Errorf("its own: %v, %d wait", err, v.Pending())
	}
	former := vault.Former(all)
	if len(former) != 1 {
		t.Fatalf("%d former vaults", len(former))
	}
	for _, kept := range former {
		ok(t, v.Carry(ctx, kept, self))
	}
	if v.Pending() != 3 {
		t.Errorf("%d wait", v.Pending())
	}
	if again := vault.SetAside(map[string][]byte{"keys": nil, "seen": nil}); len(again) != 0 {
		t.Errorf("nothing waits, and yet %v", again)
	}

	// The vault itself comes back: then no key of the device is needed.
	home := must(vault.Open(ctx, p.config(p.store), p.password))
	for _, kept := range former {
		ok(t, home.Carry(ctx, kept), home.Sync(ctx))
	}
	value(t, home, "editor", "font", "offline")
}

func TestDamagedEditsAreNotCarried(t *testing.T) {
	p, v := newPerson(t)
	kept, self := away(t, p, time.Now())
	for key := range kept {
		if key[:2] != "p/" {
			continue
		}
		bad := maps.Clone(kept)
		bad[key] = append([]byte{}, kept[key]...)
		bad[key][40] ^= 1
		if err := v.Carry(ctx, bad, self); !errors.Is(err, vault.ErrMemory) || v.Pending() != 0 {
			t.Errorf("%v, %d wait", err, v.Pending())
		}
	}
	delete(kept, "seen")
	delete(kept, "keys")
	if err := v.Carry(ctx, kept, self); !errors.Is(err, vault.ErrMemory) {
		t.Errorf("without keys: %v", err)
	}
}
