package vault

import (
	"bytes"
	"context"
	"errors"
	"slices"
)

// change edits the ring and puts it, with all wraps, in the place of the old one: one atomic step of the Store, begun again
// when somebody else was first. Edit reports whether there is anything to do. Call it with requests held.
func (v *Vault) change(ctx context.Context, edit func(*ring) (bool, error)) error {
	for range maxTries {
		next := v.ring.clone()
		if changed, err := edit(next); err != nil || !changed {
			return err
		}
		if !next.opensFor(v.identities) {
			return ErrLastWrap
		}
		next.version++
		set, err := next.pack(v.config.Account)
		if err != nil {
			return err
		}
		err = v.config.Store.PutKeys(ctx, set)
		if err == nil {
			return v.adopt(ctx, set)
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if err := v.reload(ctx, v.ring.version+1); err != nil {
			return err
		}
	}
	return ErrBusy
}

func (v *Vault) adopt(ctx context.Context, set KeySet) error {
	if err := v.writing.enter(ctx); err != nil {
		return err
	}
	defer v.writing.leave()
	return v.admit(ctx, set)
}

// changeKeys is change for callers without requests: it looks first whether the keys here are the newest.
func (v *Vault) changeKeys(ctx context.Context, edit func(*ring) (bool, error)) error {
	if err := v.requests.enter(ctx); err != nil {
		return err
	}
	defer v.requests.leave()
	if err := v.reload(ctx, v.ring.version); err != nil {
		return err
	}
	return v.change(ctx, edit)
}

// Add wraps the keys for an identity: a passkey, the device itself, or a device whose key the person has approved (wasm/device). Doing it twice
// is doing it once. Errors: ErrMalformed, ErrLimit.
func (v *Vault) Add(ctx context.Context, to Recipient) error {
	return v.changeKeys(ctx, func(r *ring) (bool, error) {
		if old, ok := r.find(to.ID); ok && old.Kind == to.Kind && bytes.Equal(old.Public, to.Public) {
			return false, nil
		}
		return true, r.add(to)
	})
}

// Recipients returns for whom the keys are wrapped, oldest first.
func (v *Vault) Recipients() []Recipient {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return slices.Clone(v.ring.recipients)
}

// Remove shuts devices and passkeys out: in one step their wraps are gone and there is a new master key, under which everything is written from
// then on. What is stored is sealed again step by step, by Sync or Reseal of any device; until then both keys are kept. When too many older
// ones are, that is done first. Removing what is not there does nothing. Errors: ErrLastWrap, ErrLimit while others
// rotate as often, those of Reseal.
func (v *Vault) Remove(ctx context.Context, ids ...string) error {
	err := v.remove(ctx, ids)
	for more := true; more && errors.Is(err, ErrLimit); {
		var failed error
		if more, failed = v.Reseal(ctx); failed != nil {
			return failed
		}
		if !more {
			err = v.remove(ctx, ids)
		}
	}
	return err
}

func (v *Vault) remove(ctx context.Context, ids []string) error {
	return v.changeKeys(ctx, func(r *ring) (bool, error) {
		if !r.remove(func(n Recipient) bool { return slices.Contains(ids, n.ID) }) {
			return false, nil
		}
		return true, r.rotate()
	})
}

// ReplaceRecoveryCode wraps for a code, which the person has by then, beside the old one, lets commit have the service accept it, and then ends
// the old one's wrap. Stopped anywhere, whichever code the service accepts opens the vault. After an error do it again with the same code.
func (v *Vault) ReplaceRecoveryCode(ctx context.Context, code RecoveryCode, commit func(context.Context) error) error {
	self := RecoveryIdentity(code)
	to := self.Recipient(NewID().String())
	err := v.changeKeys(ctx, func(r *ring) (bool, error) {
		at := slices.IndexFunc(r.recipients, to.same)
		if at >= 0 {
			to = r.recipients[at]
			return false, nil
		}
		r.dropTries()
		return true, r.add(to)
	})
	if err == nil {
		err = commit(ctx)
	}
	if err == nil {
		err = v.requests.enter(ctx)
	}
	if err != nil {
		return err
	}
	v.identities = append(v.identities, self) // the old code may be all that opened here
	v.requests.leave()
	return v.only(ctx, to)
}

// same reports whether another recipient has the same key.
func (r Recipient) same(other Recipient) bool {
	return r.Kind == other.Kind && bytes.Equal(r.Public, other.Public)
}

// dropTries removes recovery codes that are neither the first, which is on paper, nor the last, which the service may have accepted although
// its answer was lost.
func (r *ring) dropTries() {
	var codes []string
	for _, n := range r.recipients {
		if n.Kind == KindRecovery {
			codes = append(codes, n.ID)
		}
	}
	if len(codes) > 2 {
		codes = codes[1 : len(codes)-1]
		r.remove(func(n Recipient) bool { return slices.Contains(codes, n.ID) })
	}
}

// only ends the wraps of all others of its kind.
func (v *Vault) only(ctx context.Context, to Recipient) error {
	return v.changeKeys(ctx, func(r *ring) (bool, error) {
		others := r.remove(func(n Recipient) bool { return n.Kind == to.Kind && n.ID != to.ID })
		if _, there := r.find(to.ID); there {
			return others, nil
		}
		return true, r.add(to)
	})
}

// ChangePassword wraps for the next password beside the old one, lets commit replace the password itself, and then ends
// the old wrap. Stopped anywhere, whichever password signs in opens the vault too. An error of commit leaves both wraps, since it may
// have happened; a later Sync of a device opened by the newer password clears the other away.
func (v *Vault) ChangePassword(ctx context.Context, next *Identity, commit func(context.Context) error) error {
	if next.kind != KindPassword {
		return ErrMalformed
	}
	to := next.Recipient(NewID().String())
	if err := v.Add(ctx, to); err != nil {
		return err
	}
	if err := commit(ctx); err != nil {
		return err
	}
	if err := v.requests.enter(ctx); err != nil {
		return err
	}
	v.identities = append(v.identities, next)
	v.requests.leave()
	return v.only(ctx, to)
}

// dropSuperseded ends the wraps of passwords older than the one that opened this vault.
func (v *Vault) dropSuperseded(ctx context.Context) error {
	if v.opened.Kind != KindPassword {
		return nil
	}
	opened := v.opened
	return v.change(ctx, func(r *ring) (bool, error) {
		return r.remove(func(n Recipient) bool { return n.Kind == KindPassword && n.added < opened.added }), nil
	})
}

// Reseal seals one more batch under the newest master key, and gives the older ones up when nothing needs them. It reports whether
// there is more to do. Stopped anywhere, everything opens; another device may go on.
func (v *Vault) Reseal(ctx context.Context) (more bool, err error) {
	if err := v.requests.enter(ctx); err != nil {
		return false, err
	}
	defer v.requests.leave()
	for range maxTries {
		if err = v.pull(ctx, false); err == nil {
			more, err = v.reseal(ctx)
		}
		if !errors.Is(err, ErrConflict) {
			return more, err
		}
	}
	return true, ErrBusy
}

// reseal is one step of Reseal. The state must have been pulled under the ring as it is here: since then nobody could write under
// an older master key, because the service refuses what was sealed under an older key set.
func (v *Vault) reseal(ctx context.Context) (more bool, err error) {
	if len(v.ring.keys) == 1 {
		return false, nil
	}
	newest := v.ring.newest().generation
	if id, picks := v.outdated(newest); picks != nil {
		return true, v.send(ctx, id, picks)
	}
	err = v.change(ctx, func(r *ring) (bool, error) { return r.retire(newest), nil })
	return len(v.ring.keys) > 1, err
}

// outdated picks a batch of records of one collection that are sealed under an older master key; none of them if only its manifest is.
func (v *Vault) outdated(newest uint32) (ID, map[ID]*entry) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for id, s := range v.shelves {
		picks := map[ID]*entry{}
		for record, h := range s.held {
			if h.generation < newest && len(picks) < MaxBatch {
				picks[record] = h.entry
			}
		}
		if len(picks) > 0 || s.seen.version > 0 && s.seen.generation < newest {
			return id, picks
		}
	}
	return ID{}, nil
}

// Join wraps the keys for this device's own key, under an id, and opens with it from then on. Errors: those of Add.
func (v *Vault) Join(ctx context.Context, self *Identity, id string) error {
	if err := v.Add(ctx, self.Recipient(id)); err != nil {
		return err
	}
	if err := v.requests.enter(ctx); err != nil {
		return err
	}
	defer v.requests.leave()
	v.identities = append([]*Identity{self}, v.identities...)
	return nil
}
