package vault_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// hostile is a service that lies in what it gives.
type hostile struct {
	*service
	page func(*vault.Page)
	keys func(*vault.KeySet)
}

func (h *hostile) Pull(ctx context.Context, cursor int64, limit int) (vault.Page, error) {
	p, err := h.service.Pull(ctx, cursor, limit)
	p.Records, p.Manifests = slices.Clone(p.Records), slices.Clone(p.Manifests)
	if h.page != nil && err == nil {
		h.page(&p)
	}
	return p, err
}

func (h *hostile) Keys(ctx context.Context) (vault.KeySet, error) {
	set, err := h.service.Keys(ctx)
	set.Wraps = slices.Clone(set.Wraps)
	if h.keys != nil && err == nil {
		h.keys(&set)
	}
	return set, err
}

// scene is a vault with two settings in one collection and one in another, all written three times, and a device that saw the
// second state. Old is what the service had kept of that.
type scene struct {
	person *person
	writer *vault.Vault
	device vault.Config // of the device that saw the second state
	lie    *hostile
	old    vault.Page
}

func newScene(t *testing.T) *scene {
	p, writer := newPerson(t)
	s := &scene{person: p, writer: writer, lie: &hostile{service: p.store}}
	s.device = p.config(s.lie)
	for i := range 3 {
		for _, name := range []string{"theme", "font"} {
			ok(t, writer.Set(ctx, "editor", name, []byte(name+string(rune('0'+i)))))
		}
		ok(t, writer.Set(ctx, "shell", "prompt", []byte{byte('0' + i)}), writer.Sync(ctx))
		if i == 1 {
			v := must(vault.Open(ctx, s.device, p.password))
			ok(t, v.Sync(ctx))
			s.old = must(p.store.Pull(ctx, 0, vault.MaxPage))
		}
	}
	return s
}

// editor finds the pages' parts of the collection with two settings.
func (s *scene) editor(p *vault.Page) (records []*vault.Record, manifest *vault.Manifest) {
	count := map[vault.ID]int{}
	for _, r := range s.old.Records {
		count[r.Collection]++
	}
	for i := range p.Records {
		if count[p.Records[i].Collection] == 2 {
			records = append(records, &p.Records[i])
		}
	}
	for i := range p.Manifests {
		if count[p.Manifests[i].Collection] == 2 {
			manifest = &p.Manifests[i]
		}
	}
	slices.SortFunc(records, func(a, b *vault.Record) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return records, manifest
}

// TestHostileService: each lie is refused with its own error, nothing of the answer is applied, and the truth is taken afterwards.
func TestHostileService(t *testing.T) {
	const synced, fresh, verified = 1, 2, 4 // who notices: a device that was here before, a new one, a full reading
	for name, lie := range map[string]struct {
		tell func(*scene, *vault.Page)
		want error
		who  int
	}{
		"swaps bodies between records": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				r[0].Body, r[1].Body = r[1].Body, r[0].Body
			}
		}, vault.ErrSwapped, synced | fresh},
		"puts a record of another collection": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				for _, other := range p.Records {
					if other.Collection != r[0].Collection {
						r[0].Body = other.Body
					}
				}
			}
		}, vault.ErrSwapped, synced | fresh},
		"replays an old body under the new number": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				old, _ := s.editor(&s.old)
				r[0].Body = old[0].Body
			}
		}, vault.ErrReplayed, synced | fresh},
		"replays an old record whole": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				old, _ := s.editor(&s.old)
				*r[0] = *old[0]
			}
		}, vault.ErrReplayed, synced | fresh},
		"keeps a changed record back": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				p.Records = slices.DeleteFunc(p.Records, func(x vault.Record) bool { return x.ID == r[0].ID })
			}
		}, vault.ErrReplayed, synced},
		"drops a record": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				gone := r[0].ID
				p.Records = slices.DeleteFunc(p.Records, func(x vault.Record) bool { return x.ID == gone })
			}
		}, vault.ErrDropped, fresh | verified},
		"drops a collection": {func(s *scene, p *vault.Page) {
			if _, m := s.editor(p); m != nil {
				gone := m.Collection
				p.Records = slices.DeleteFunc(p.Records, func(x vault.Record) bool { return x.Collection == gone })
				p.Manifests = slices.DeleteFunc(p.Manifests, func(x vault.Manifest) bool { return x.Collection == gone })
			}
		}, vault.ErrDropped, verified},
		"drops a manifest": {func(s *scene, p *vault.Page) { p.Manifests = nil }, vault.ErrDropped, fresh},
		"rolls a collection back": {func(s *scene, p *vault.Page) {
			if _, m := s.editor(p); m != nil {
				first := must(s.person.store.Pull(ctx, 0, vault.MaxPage))
				_, now := s.editor(&first)
				*m = vault.Manifest{Collection: now.Collection, Version: 1, Body: now.Body}
			}
		}, vault.ErrRolledBack, synced | verified},
		"renumbers an old manifest": {func(s *scene, p *vault.Page) {
			if _, m := s.editor(p); m != nil {
				_, old := s.editor(&s.old)
				m.Body = old.Body
			}
		}, vault.ErrRolledBack, synced | fresh},
		"shows other contents under a known number": {func(s *scene, p *vault.Page) {
			if _, m := s.editor(p); m != nil {
				m.Version = 2
			}
		}, vault.ErrForked, synced},
		"flips a bit": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				r[0].Body = bytes.Clone(r[0].Body)
				r[0].Body[len(r[0].Body)-1] ^= 1
			}
		}, vault.ErrForged, synced | fresh},
		"makes a record up": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				made := *r[0]
				made.ID = vault.NewID()
				made.Body = append([]byte{1, 0, 0, 0, 1}, make([]byte, 200)...)
				p.Records = append(p.Records, made)
			}
		}, vault.ErrForged, synced | fresh},
		"cuts a body short": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				r[0].Body = r[0].Body[:10]
			}
		}, vault.ErrForged, synced | fresh},
		"downgrades the format": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				r[0].Body = append([]byte{0}, r[0].Body[1:]...)
			}
		}, vault.ErrDowngraded, synced | fresh},
		"names a master key that never was": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				r[0].Body = append([]byte{1, 0, 0, 0, 9}, r[0].Body[5:]...)
			}
		}, vault.ErrForged, synced | fresh},
		"names a newer format": {func(s *scene, p *vault.Page) {
			if r, _ := s.editor(p); len(r) == 2 {
				r[0].Body = append([]byte{2}, r[0].Body[1:]...)
			}
		}, vault.ErrNewer, synced | fresh},
		"goes back with the cursor":      {func(s *scene, p *vault.Page) { p.Cursor = 1 }, vault.ErrRolledBack, synced},
		"says that the keys are older":   {func(s *scene, p *vault.Page) { p.Keys = 0 }, vault.ErrRolledBack, synced | fresh},
		"says that there are newer keys": {func(s *scene, p *vault.Page) { p.Keys++ }, vault.ErrRolledBack, synced | fresh},
		"never ends":                     {func(s *scene, p *vault.Page) { p.More = true }, vault.ErrMalformed, synced | fresh},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.lie.page = func(p *vault.Page) { lie.tell(s, p) }
			if lie.who&synced != 0 {
				s.refused(t, s.device, lie.want, (*vault.Vault).Sync)
			}
			if lie.who&verified != 0 {
				s.refused(t, s.device, lie.want, (*vault.Vault).Verify)
			}
			if lie.who&fresh != 0 {
				s.refused(t, s.person.config(s.lie), lie.want, (*vault.Vault).Sync)
			}
		})
	}
}

// refused checks that a device sees through the lie, keeps what it had, and takes the truth when it is told.
func (s *scene) refused(t *testing.T, c vault.Config, want error, read func(*vault.Vault, context.Context) error) {
	t.Helper()
	v := must(vault.Open(ctx, c, s.person.password))
	before := len(v.Export())
	ok(t, v.Set(ctx, "editor", "own", []byte("edit")))
	err := read(v, ctx)
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	var told *vault.Tampering
	if errors.As(err, &told) && !strings.Contains(err.Error(), "the service ") {
		t.Errorf("%q does not say who did what", err)
	}
	if len(v.Export()) != before+1 || v.Pending() != 1 {
		t.Error("something of the answer was applied")
	}
	page := s.lie.page
	s.lie.page = nil
	ok(t, v.Sync(ctx))
	value(t, v, "editor", "theme", "theme2")
	value(t, v, "editor", "own", "edit")
	ok(t, v.Delete(ctx, "editor", "own"), v.Sync(ctx))
	*s = *newScene(t)
	s.lie.page = page
}

// TestRestoredBackup: the service comes back with all of an older state, cursor, keys and collections.
func TestRestoredBackup(t *testing.T) {
	p, one := newPerson(t)
	ok(t, one.Set(ctx, "a", "b", []byte("1")), one.Sync(ctx))
	backup := &service{keys: p.store.keys, cursor: p.store.cursor, records: clone(p.store.records), manifests: clone(p.store.manifests)}
	c := p.config(p.store)
	two := must(vault.Open(ctx, c, p.password))
	ok(t, one.Set(ctx, "a", "b", []byte("2")), one.Sync(ctx), two.Sync(ctx))
	c.Store = backup
	two = must(vault.Open(ctx, c, p.password))
	for what, err := range map[string]error{"sync": two.Sync(ctx), "verify": two.Verify(ctx)} {
		if !errors.Is(err, vault.ErrRolledBack) {
			t.Errorf("%s: %v", what, err)
		}
	}
	value(t, two, "a", "b", "2")
}

func clone[K comparable, V any](m map[K]V) map[K]V {
	c := map[K]V{}
	for k, v := range m {
		c[k] = v
	}
	return c
}

// TestHostileKeys: what the service may do to the key set of a device that knows the vault.
func TestHostileKeys(t *testing.T) {
	laptop := device()
	for name, lie := range map[string]struct {
		tell func(before vault.KeySet, set *vault.KeySet)
		want error
	}{
		"gives the keys from before a rotation": {func(before vault.KeySet, set *vault.KeySet) { *set = before }, vault.ErrRolledBack},
		"renumbers them": {func(before vault.KeySet, set *vault.KeySet) {
			before.Version = set.Version
			*set = before
		}, vault.ErrLocked},
		"puts an old ring behind new wraps": {func(before vault.KeySet, set *vault.KeySet) { set.Ring = before.Ring }, vault.ErrForged},
		"substitutes a vault of its own":    {func(_ vault.KeySet, set *vault.KeySet) { *set = ownVault(laptop, set.Version) }, vault.ErrForeign},
		"downgrades the format of the ring": {func(_ vault.KeySet, set *vault.KeySet) { set.Ring = append([]byte{0}, set.Ring[1:]...) }, vault.ErrDowngraded},
		"downgrades the format of a wrap": {func(_ vault.KeySet, set *vault.KeySet) {
			set.Wraps[0].Body = append([]byte{0}, set.Wraps[0].Body[1:]...)
		}, vault.ErrDowngraded},
		"names a newer format":          {func(_ vault.KeySet, set *vault.KeySet) { set.Ring = append([]byte{2}, set.Ring[1:]...) }, vault.ErrNewer},
		"takes the device's wrap away":  {func(_ vault.KeySet, set *vault.KeySet) { set.Wraps = set.Wraps[:1] }, vault.ErrLocked},
		"gives one wrap another's name": {func(_ vault.KeySet, set *vault.KeySet) { set.Wraps[2].ID = "code" }, vault.ErrLocked},
		"gives one wrap another's kind": {func(_ vault.KeySet, set *vault.KeySet) { set.Wraps[2].Kind = vault.KindPRF }, vault.ErrLocked},
		"gives nothing":                 {func(_ vault.KeySet, set *vault.KeySet) { *set = vault.KeySet{} }, vault.ErrRolledBack},
		"gives a ring without end":      {func(_ vault.KeySet, set *vault.KeySet) { set.Ring = make([]byte, vault.MaxRing+1) }, vault.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			p, one := newPerson(t)
			ok(t, one.Set(ctx, "a", "b", []byte("1")), one.Sync(ctx), one.Add(ctx, laptop.Recipient("laptop")))
			before := must(p.store.Keys(ctx))
			lying := &hostile{service: p.store}
			two := must(vault.Open(ctx, p.config(lying), laptop))
			ok(t, two.Sync(ctx), one.Rotate(ctx))
			lying.keys = func(set *vault.KeySet) { lie.tell(before, set) }
			if err := two.Sync(ctx); !errors.Is(err, lie.want) {
				t.Errorf("got %v, want %v", err, lie.want)
			}
			lying.keys = nil
			ok(t, two.Sync(ctx))
			value(t, two, "a", "b", "1")
		})
	}
}

// ownVault is a key set that the service made itself for a device whose public key it knows.
func ownVault(to *vault.Identity, version int64) vault.KeySet {
	s := newService()
	v := must(vault.Create(ctx, vault.Config{Account: account, Device: vault.NewID(), Store: s, Memory: &vault.RAM{}, Now: nil}, to, to.Recipient("laptop")))
	for s.keys.Version < version {
		if err := v.Rotate(ctx); err != nil {
			panic(err)
		}
	}
	return s.keys
}

// TestNewDeviceKnowsTheVaultItWasApprovedFor: a device without a memory takes the fingerprint from the one that approved it.
func TestNewDeviceKnowsTheVaultItWasApprovedFor(t *testing.T) {
	p, one := newPerson(t)
	laptop := device()
	ok(t, one.Add(ctx, laptop.Recipient("laptop")))
	lying := &hostile{service: p.store, keys: func(set *vault.KeySet) { *set = ownVault(laptop, set.Version) }}
	c := p.config(lying)
	c.Fingerprint = one.Fingerprint()
	if _, err := vault.Open(ctx, c, laptop); !errors.Is(err, vault.ErrForeign) {
		t.Error(err)
	}
	lying.keys = nil
	ok(t, must(vault.Open(ctx, c, laptop)).Sync(ctx))
}

// TestSubstitutedDeviceKey: the service lists its own key for that of a trusted device.
func TestSubstitutedDeviceKey(t *testing.T) {
	p, one := newPerson(t)
	attacker := device()
	ok(t, one.Add(ctx, device().Recipient("laptop")))
	// A rotation wraps for the keys inside the sealed ring, whatever wraps the service lists.
	p.store.keys.Wraps = append(p.store.keys.Wraps, ownVault(attacker, 1).Wraps...)
	ok(t, one.Rotate(ctx))
	if _, err := vault.Open(ctx, p.config(p.store), attacker); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("the attacker's key opens: %v", err)
	}
	if n := len(must(p.store.Keys(ctx)).Wraps); n != 3 {
		t.Errorf("%d wraps", n)
	}
}

// TestRetiredKeyIsNotTaken: a record sealed under a key that was given up does not come back.
func TestRetiredKeyIsNotTaken(t *testing.T) {
	p, one := newPerson(t)
	ok(t, one.Set(ctx, "a", "b", []byte("1")), one.Sync(ctx))
	old := must(p.store.Pull(ctx, 0, vault.MaxPage))
	ok(t, one.Rotate(ctx), one.Sync(ctx), one.Sync(ctx), one.Sync(ctx))
	lying := &hostile{service: p.store, page: func(p *vault.Page) { p.Records, p.Manifests = old.Records, old.Manifests }}
	v := must(vault.Open(ctx, p.config(lying), p.password))
	if err := v.Sync(ctx); !errors.Is(err, vault.ErrDowngraded) {
		t.Error(err)
	}
}
