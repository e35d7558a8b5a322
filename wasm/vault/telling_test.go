package vault_test

import (
	"context"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// telling is a service that says between which cursors a push stands, and counts requests.
type telling struct {
	*service
	pulls, pushes int
}

func (s *telling) Pull(ctx context.Context, cursor int64, limit int) (vault.Page, error) {
	s.pulls++
	return s.service.Pull(ctx, cursor, limit)
}

func (s *telling) PushTelling(ctx context.Context, b vault.Batch) (before, after int64, err error) {
	s.pushes++
	before = s.cursor
	err = s.Push(ctx, b)
	return before, s.cursor, err
}

// requests returns how many pulls and pushes f makes.
func (s *telling) requests(t *testing.T, f error) (pulls, pushes int) {
	t.Helper()
	ok(t, f)
	pulls, pushes = s.pulls, s.pushes
	s.pulls, s.pushes = 0, 0
	return pulls, pushes
}

func TestAnEditIsOneRequestUnlessOthersHaveWritten(t *testing.T) {
	p, _ := newPerson(t)
	store := &telling{service: p.store}
	one := must(vault.Open(ctx, p.config(store), p.password))
	store.requests(t, one.Sync(ctx))
	edit := func(v *vault.Vault, collection, value string) error {
		return v.Set(ctx, collection, "name", []byte(value))
	}
	for rule, c := range map[string]struct {
		other         string // where another device has written meanwhile
		pulls, pushes int
	}{
		"nobody else has written":          {"", 0, 1},
		"somebody has, elsewhere":          {"elsewhere", 1, 1},
		"somebody has, in this collection": {"mine", 1, 2},
	} {
		ok(t, one.Sync(ctx))
		if c.other != "" {
			two := p.open(t, p.password)
			ok(t, edit(two, c.other, rule), two.Sync(ctx))
		}
		store.pulls, store.pushes = 0, 0
		ok(t, one.Set(ctx, "mine", "another name", []byte(rule)))
		if pulls, pushes := store.requests(t, one.Sync(ctx)); pulls != c.pulls || pushes != c.pushes {
			t.Errorf("%s: %d pulls and %d pushes, want %d and %d", rule, pulls, pushes, c.pulls, c.pushes)
		}
		if c.other != "" {
			value(t, one, c.other, "name", rule)
		}
	}
}
