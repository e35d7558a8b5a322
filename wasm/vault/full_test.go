package vault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// fullVault is a vault with no room left, in which some settings of some collections are large.
func fullVault(t *testing.T) (*person, *vault.Vault) {
	p, one := newPerson(t)
	for c := range 4 {
		ok(t, one.Set(ctx, fmt.Sprint(c), "large", make([]byte, 100_000)), one.Set(ctx, fmt.Sprint(c), "small", []byte("1")))
	}
	ok(t, one.Sync(ctx))
	p.store.quota = p.store.used()
	return p, one
}

// TestWhatMakesRoomIsNotHeldUpByWhatHasNone: a setting that is too large waits, in whichever collection; a deletion in another one, a changed
// value and a small new setting do not, and after the deletion there is room.
func TestWhatMakesRoomIsNotHeldUpByWhatHasNone(t *testing.T) {
	for c := range 4 { // one of them is the first in the order of ids, one the last
		p, one := fullVault(t)
		at := fmt.Sprint(c)
		ok(t, one.Set(ctx, at, "larger", make([]byte, 90_000)), one.Set(ctx, at, "huge", make([]byte, 900_000)), one.Set(ctx, at, "small", []byte("2")))
		if err := one.Sync(ctx); !errors.Is(err, vault.ErrQuota) || one.Pending() != 2 {
			t.Errorf("without room: %v, and %d wait", err, one.Pending())
		}
		ok(t, one.Delete(ctx, fmt.Sprint((c+1)%4), "large"))
		if err := one.Sync(ctx); !errors.Is(err, vault.ErrQuota) || one.Pending() != 1 {
			t.Errorf("with some room: %v, and %d wait", err, one.Pending())
		}
		two := p.open(t, p.password)
		value(t, two, at, "small", "2")
		if _, there := two.Get(at, "larger"); !there {
			t.Error("what had room did not arrive")
		}
		ok(t, one.Delete(ctx, at, "huge"), one.Sync(ctx), one.Sync(ctx))
	}
}

// TestAFullVaultIsSealedAgain: a rotation needs no room, and does not wait for edits that have none.
func TestAFullVaultIsSealedAgain(t *testing.T) {
	_, one := fullVault(t)
	ok(t, one.Rotate(ctx), one.Set(ctx, "0", "huge", make([]byte, 900_000)))
	for range 10 {
		if err := one.Sync(ctx); !errors.Is(err, vault.ErrQuota) {
			t.Fatal(err)
		}
	}
	if n := one.Generations(); n != 1 {
		t.Errorf("%d generations are still needed", n)
	}
	ok(t, one.Verify(ctx))
}

// TestASettingThatTheServiceDoesNotTakeHoldsUpNothing: an operator may allow less than the format does.
func TestASettingThatTheServiceDoesNotTakeHoldsUpNothing(t *testing.T) {
	p, one := newPerson(t)
	p.store.most = 10_000
	ok(t, one.Rotate(ctx))
	for i := range 5 {
		ok(t, one.Set(ctx, "a", fmt.Sprint("large", i), make([]byte, 20_000)), one.Set(ctx, "a", fmt.Sprint("small", i), []byte("1")), one.Set(ctx, fmt.Sprint(i), "b", []byte("1")))
	}
	for range 3 {
		if err := one.Sync(ctx); !errors.Is(err, vault.ErrTooLarge) {
			t.Fatal(err)
		}
	}
	if n := len(p.open(t, p.password).Export()); n != 10 || one.Pending() != 5 || one.Generations() != 1 {
		t.Errorf("%d arrived, %d wait, %d generations", n, one.Pending(), one.Generations())
	}
	for i := range 5 {
		ok(t, one.Delete(ctx, "a", fmt.Sprint("large", i)))
	}
	ok(t, one.Sync(ctx))
}

// TestAnyNumberOfDevicesIsShutOut: one that is lost is not kept because many went before it and nothing was sealed again since.
func TestAnyNumberOfDevicesIsShutOut(t *testing.T) {
	p, one := newPerson(t)
	ok(t, one.Set(ctx, "a", "b", []byte("1")), one.Sync(ctx))
	var ids []string
	for i := range 40 {
		ids = append(ids, fmt.Sprint("device", i))
		ok(t, one.Add(ctx, device().Recipient(ids[i])))
	}
	for _, id := range ids[:20] {
		ok(t, one.Remove(ctx, id))
	}
	before := must(p.store.Keys(ctx)).Version
	ok(t, one.Remove(ctx, ids[20:]...))
	if set := must(p.store.Keys(ctx)); len(set.Wraps) != 2 || set.Version > before+2 {
		t.Errorf("%d wraps at version %d after %d", len(set.Wraps), set.Version, before)
	}
	value(t, p.open(t, p.password), "a", "b", "1")
}
