package vault

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
)

// Sync takes what other devices wrote and sends what waits here. It also does one step of what a rotation left to do and
// clears away a password that has been replaced. Without a connection it fails with the Store's error and loses
// nothing. Errors: *Tampering, ErrQuota, ErrTooLarge, ErrBusy, ErrLocked once this device's wrap was removed, ErrNewer, those of Store and Memory.
func (v *Vault) Sync(ctx context.Context) error {
	if err := v.requests.enter(ctx); err != nil {
		return err
	}
	defer v.requests.leave()
	current, err := v.pushFirst(ctx)
	if err != nil {
		return err
	}
	for range maxTries {
		if !current {
			err = v.pull(ctx, false)
		}
		if current = false; err == nil {
			err = v.exchange(ctx)
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return ErrBusy
}

// exchange is what a Sync does once it knows what others wrote. A full vault holds up only what it has no room for.
func (v *Vault) exchange(ctx context.Context) error {
	full := v.push(ctx)
	if full != nil && !refused(full) {
		return full
	}
	if _, err := v.reseal(ctx); err != nil {
		return err
	}
	return cmp.Or(v.dropSuperseded(ctx), full)
}

// Verify reads the whole vault again and compares it with what this device has. It finds what a Sync cannot see: things
// that are missing without having changed. It sends nothing.
func (v *Vault) Verify(ctx context.Context) error {
	if err := v.requests.enter(ctx); err != nil {
		return err
	}
	defer v.requests.leave()
	return v.pull(ctx, true)
}

// pushFirst sends what is pending before it has looked at what others wrote, which nearly always is nothing: then the service takes it and says
// that nobody wrote since this device has last read, and there is nothing to pull.
func (v *Vault) pushFirst(ctx context.Context) (current bool, err error) {
	if v.full || len(v.unsent()) == 0 {
		return false, nil
	}
	v.missed = false
	if err = v.push(ctx); errors.Is(err, ErrConflict) || refused(err) { // then it is done as if it had not been tried
		return false, nil
	}
	return !v.missed, err
}

// push sends what is pending. Errors: ErrConflict when something has to be pulled first, ErrQuota or ErrTooLarge when not all of it has room.
func (v *Vault) push(ctx context.Context) error {
	if !v.full {
		err := v.pushAll(ctx)
		v.full = refused(err)
		if !v.full {
			return err
		}
	}
	return v.pushWhatFits(ctx)
}

// pushAll sends what is pending, collection by collection.
func (v *Vault) pushAll(ctx context.Context) error {
	for _, id := range v.unsent() {
		for picks := v.pick(id); len(picks) > 0; picks = v.pick(id) {
			if err := v.send(ctx, id, picks); err != nil {
				return err
			}
		}
	}
	return nil
}

// unsent lists the collections with pending edits.
func (v *Vault) unsent() (list []ID) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for id, s := range v.shelves {
		if len(s.pending) > 0 {
			list = append(list, id)
		}
	}
	slices.SortFunc(list, compareIDs)
	return list
}

// pick returns some of the pending edits of a collection, as many as a batch may have.
func (v *Vault) pick(id ID) map[ID]*entry {
	v.mu.RLock()
	defer v.mu.RUnlock()
	picks := map[ID]*entry{}
	for record, e := range v.shelves[id].pending {
		if len(picks) == MaxBatch {
			break
		}
		picks[record] = e
	}
	return picks
}

// send writes as many of the picked entries as fit into one batch, with the manifest, under the newest master key.
func (v *Vault) send(ctx context.Context, id ID, picks map[ID]*entry) error {
	v.mu.RLock()
	s := v.shelves[id]
	u := update{id: id, held: map[ID]*held{}}
	was, name := s.seen, s.name
	v.mu.RUnlock() // held and seen change only in keep, with requests held
	generation := v.ring.newest().generation
	aead, err := v.aead(generation, labelRecord, id)
	if err != nil {
		return err
	}
	b := Batch{Collection: id, Keys: v.ring.version}
	size := MaxBody / 8 // the manifest, generously
	var fresh nonces
	for _, record := range slices.SortedFunc(maps.Keys(picks), compareIDs) {
		e := picks[record]
		base := int64(0)
		if h := s.held[record]; h != nil {
			base = h.version
		}
		plain := e.encode()
		size += len(plain) + overhead
		if len(b.Records) == MaxBatch || len(b.Records) > 0 && size > MaxBatchSize {
			break
		}
		body := seal(aead, generation, fresh.next(), plain, recordPlace(v.config.Account, id, record, base+1))
		b.Records = append(b.Records, Write{record, base, body})
		u.held[record] = &held{known{listed{base + 1, sha256.Sum256(body)}, generation}, e}
	}
	u.roll = s.roll.with(u.held)
	sum := summary{uint32(u.roll.count), u.roll.root(), name}
	if b.Manifest, u.seen, err = v.sealManifest(id, was.version, sum); err != nil {
		return err
	}
	cursor, err := v.pushed(ctx, b)
	if err != nil {
		return err
	}
	return v.keep(ctx, []update{u}, cursor, v.floor)
}

// pushed pushes a batch and says how far this device has read now: past its own batch if nobody wrote in between.
func (v *Vault) pushed(ctx context.Context, b Batch) (int64, error) {
	store, tells := v.config.Store.(Teller)
	if !tells {
		v.missed = true // perhaps
		return v.cursor, v.config.Store.Push(ctx, b)
	}
	before, after, err := store.PushTelling(ctx, b)
	if err == nil && before == v.cursor && after > before {
		return after, nil
	}
	v.missed = true
	return v.cursor, err
}

func (v *Vault) sealManifest(id ID, base int64, sum summary) (Write, seen, error) {
	generation := v.ring.newest().generation
	aead, err := v.aead(generation, labelManifest, id)
	if err != nil {
		return Write{}, seen{}, err
	}
	body := seal(aead, generation, nonce(), sum.encode(), manifestPlace(v.config.Account, id, base+1))
	return Write{id, base, body}, seen{known{listed{base + 1, sha256.Sum256(body)}, generation}, sum}, nil
}
