package vault

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// maxTries bounds how often others may write first before ErrBusy.
const maxTries = 24

// perObject is about what an object takes beside its body.
const perObject = 256

// pulled is what a pull has gathered, sealed still.
type pulled struct {
	full        bool // from the beginning: what is not there is missing
	collections map[ID]*pulledCollection
	cursor      int64
	size        int
}

type pulledCollection struct {
	records  map[ID]Record
	manifest *Manifest
}

// pull takes what others wrote. Nothing is applied before all of it is checked. Call it with requests held.
func (v *Vault) pull(ctx context.Context, full bool) error {
	p := &pulled{full: full, collections: map[ID]*pulledCollection{}}
	if !full {
		p.cursor = v.cursor
	}
	for reloads := 0; ; {
		page, err := v.config.Store.Pull(ctx, p.cursor, MaxPage)
		if errors.Is(err, ErrCursor) {
			return &Tampering{Err: ErrRolledBack}
		}
		if err != nil {
			return err
		}
		if err := p.take(page); err != nil {
			return err
		}
		switch {
		case page.Keys < v.ring.version:
			return &Tampering{Err: ErrRolledBack}
		case page.More:
		case page.Keys == v.ring.version:
			return v.apply(ctx, p)
		case reloads == maxTries:
			return ErrBusy
		default:
			// Newer keys: what has been pulled so far may be sealed under keys that are given up by now, so look again after them.
			reloads++
			if err := v.reload(ctx, page.Keys); err != nil {
				return err
			}
		}
	}
}

// reload takes the newest key set, which must be at least of the given version.
func (v *Vault) reload(ctx context.Context, atLeast int64) error {
	set, err := v.config.Store.Keys(ctx)
	if errors.Is(err, ErrAbsent) {
		return &Tampering{Err: ErrDropped}
	}
	if err != nil {
		return err
	}
	if set.Version < atLeast {
		return &Tampering{Err: ErrRolledBack}
	}
	if err := v.writing.enter(ctx); err != nil {
		return err
	}
	defer v.writing.leave()
	return v.admit(ctx, set)
}

// take adds a page. Errors: ErrMalformed, ErrLimit, *Tampering.
func (p *pulled) take(page Page) error {
	switch {
	case page.Cursor < p.cursor:
		return &Tampering{Err: ErrRolledBack}
	case page.More && (page.Cursor == p.cursor || len(page.Records)+len(page.Manifests) == 0), len(page.Records)+len(page.Manifests) > MaxPage:
		return ErrMalformed
	}
	p.cursor = page.Cursor
	for _, r := range page.Records {
		if r.Version < 1 || len(r.Body) > MaxBody {
			return ErrMalformed
		}
		c := p.collection(r.Collection)
		if old, ok := c.records[r.ID]; ok && old.Version > r.Version {
			return &Tampering{ErrReplayed, r.Collection.String(), r.ID.String()}
		}
		c.records[r.ID] = r
		p.size += len(r.Body) + perObject
	}
	for _, m := range page.Manifests {
		if m.Version < 1 || len(m.Body) > MaxBody {
			return ErrMalformed
		}
		c := p.collection(m.Collection)
		if c.manifest != nil && c.manifest.Version > m.Version {
			return &Tampering{ErrRolledBack, m.Collection.String(), ""}
		}
		c.manifest = &m
		p.size += len(m.Body) + perObject
	}
	if p.size > maxPulled {
		return ErrLimit
	}
	return nil
}

func (p *pulled) collection(id ID) *pulledCollection {
	c, ok := p.collections[id]
	if !ok {
		c = &pulledCollection{records: map[ID]Record{}}
		p.collections[id] = c
	}
	return c
}

// update is a checked change of one collection.
type update struct {
	id   ID
	seen seen
	roll *roll
	held map[ID]*held // only what changed
}

// apply checks all that was pulled, then keeps it in one step.
func (v *Vault) apply(ctx context.Context, p *pulled) error {
	updates, err := v.examineAll(p)
	if err != nil {
		return err
	}
	if err := v.keep(ctx, updates, p.cursor, v.ring.newest().generation); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, u := range updates {
		if len(u.held) > 0 {
			v.arrived[u.seen.name] += len(u.held)
		}
	}
	return nil
}

// Arrived counts, for each collection, what came from other devices since the vault was opened.
func (v *Vault) Arrived() map[string]int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return maps.Clone(v.arrived)
}

func (v *Vault) examineAll(p *pulled) ([]update, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if p.full {
		for id, s := range v.shelves {
			if s.seen.version > 0 {
				p.collection(id)
			}
		}
	}
	var updates []update
	for _, id := range slices.SortedFunc(maps.Keys(p.collections), compareIDs) {
		u, err := v.examine(p, id)
		if err != nil {
			return nil, err
		}
		updates = append(updates, u)
	}
	return updates, nil
}

func compareIDs(a, b ID) int { return bytes.Compare(a[:], b[:]) }

// keep makes checked updates the state of this device: first in Memory, in one change, then here. A pending edit that lost the
// merge, or has arrived, is over.
func (v *Vault) keep(ctx context.Context, updates []update, cursor int64, floor uint32) error {
	if err := v.writing.enter(ctx); err != nil {
		return err
	}
	defer v.writing.leave()
	changes := map[string][]byte{}
	if cursor != v.cursor || floor != v.floor {
		changes[memoryCursor] = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, uint64(cursor)), floor)
	}
	for _, u := range updates {
		s := v.shelves[u.id]
		if s == nil || s.seen.known != u.seen.known {
			changes[memoryManifest+u.id.String()] = v.local.manifest(u.id, u.seen)
		}
		for id, h := range u.held {
			changes[heldKey(u.id, id)] = v.local.held(u.id, id, h)
			if s != nil && s.overtaken(id, h) {
				changes[pendingKey(u.id, id)] = nil
			}
		}
	}
	if len(changes) > 0 {
		if err := v.config.Memory.Save(ctx, changes); err != nil {
			return err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cursor, v.floor = cursor, floor
	for _, u := range updates {
		s := v.shelf(u.id)
		s.seen, s.name, s.roll = u.seen, u.seen.name, u.roll
		for id, h := range u.held {
			if s.overtaken(id, h) {
				delete(s.pending, id)
			}
			s.held[id] = h
			v.clock.see(h.entry.stamp)
		}
	}
	return nil
}

// overtaken reports whether h ends the pending edit of its record.
func (s *shelf) overtaken(id ID, h *held) bool {
	e, ok := s.pending[id]
	return ok && h.entry.compare(e) >= 0
}

// examine checks what was pulled of one collection against what is known of it. Errors: *Tampering, ErrNewer.
func (v *Vault) examine(p *pulled, id ID) (update, error) {
	c, s := p.collections[id], v.shelves[id]
	if s == nil {
		s = newShelf(id)
	}
	u := update{id: id, seen: s.seen, roll: s.roll, held: map[ID]*held{}}
	name := cmp.Or(s.name, id.String())
	if err := v.examineManifest(c, s, &u); err != nil {
		return update{}, accuse(err, name, "")
	}
	name = cmp.Or(u.seen.name, name)
	for record, h := range s.held {
		if !p.full {
			break
		}
		if _, there := c.records[record]; !there {
			return update{}, accuse(ErrDropped, name, h.entry.name)
		}
	}
	for record, r := range c.records {
		h := s.held[record]
		next, err := v.examineRecord(p, r, h)
		if err != nil {
			label := record.String()
			if h != nil {
				label = h.entry.name
			}
			return update{}, accuse(err, name, label)
		}
		if h == nil || h.version != next.version {
			u.held[record] = next
		}
	}
	if len(u.held) == 0 && u.seen.known == s.seen.known {
		return u, nil
	}
	u.roll = s.roll.with(u.held)
	switch {
	case u.roll.count < int(u.seen.count):
		return update{}, accuse(ErrDropped, name, "")
	case u.roll.count != int(u.seen.count), u.roll.root() != u.seen.root:
		return update{}, accuse(ErrReplayed, name, "")
	}
	return u, nil
}

// accuse puts the sentinels that are about the service into a Tampering. ErrNewer stays itself.
func accuse(err error, collection, record string) error {
	if errors.Is(err, ErrNewer) {
		return err
	}
	if errors.Is(err, ErrMalformed) { // inside a seal that holds, or too short to be one
		err = ErrForged
	}
	return &Tampering{err, collection, record}
}

func (v *Vault) examineManifest(c *pulledCollection, s *shelf, u *update) error {
	m := c.manifest
	if m == nil {
		if s.seen.version > 0 && len(c.records) > 0 {
			return nil // the root tells whether these records are known ones
		}
		return ErrDropped
	}
	hash := digest(sha256.Sum256(m.Body))
	switch {
	case m.Version < s.seen.version:
		return ErrRolledBack
	case m.Version == s.seen.version && hash != s.seen.hash:
		return ErrForked
	case m.Version == s.seen.version:
		return nil
	}
	generation, err := generationOf(m.Body)
	if err != nil {
		return err
	}
	if generation < max(s.seen.generation, v.floor) {
		return ErrDowngraded
	}
	aead, err := v.aead(generation, labelManifest, s.id)
	if err != nil {
		return err
	}
	plain, err := open(aead, m.Body, manifestPlace(v.config.Account, s.id, m.Version))
	if err != nil {
		return v.whyManifest(aead, m, s.id)
	}
	sum, err := decodeSummary(plain)
	if err != nil {
		return err
	}
	if v.names.collection(sum.name) != s.id {
		return ErrForged
	}
	u.seen = seen{known{listed{m.Version, hash}, generation}, sum}
	return nil
}

func manifestPlace(account string, collection ID, version int64) place {
	return place{whatManifest, account, []ID{collection}, version}
}

func recordPlace(account string, collection, record ID, version int64) place {
	return place{whatRecord, account, []ID{collection, record}, version}
}

// examineRecord opens one record; h is what is known of it, or nil.
func (v *Vault) examineRecord(p *pulled, r Record, h *held) (*held, error) {
	hash := digest(sha256.Sum256(r.Body))
	if h != nil {
		switch {
		case r.Version < h.version:
			return nil, ErrReplayed
		case r.Version == h.version && hash != h.hash:
			return nil, ErrForked
		case r.Version == h.version:
			return h, nil
		}
	}
	generation, err := generationOf(r.Body)
	if err != nil {
		return nil, err
	}
	if generation < v.floor || h != nil && generation < h.generation {
		return nil, v.whyRecord(p, r, ErrDowngraded)
	}
	aead, err := v.aead(generation, labelRecord, r.Collection)
	if err != nil {
		return nil, err
	}
	plain, err := open(aead, r.Body, recordPlace(v.config.Account, r.Collection, r.ID, r.Version))
	if err != nil {
		return nil, v.whyRecord(p, r, err)
	}
	e, err := decodeEntry(plain)
	if err != nil {
		return nil, err
	}
	if v.names.record(r.Collection, e.name) != r.ID {
		return nil, ErrForged
	}
	return &held{known{listed{r.Version, hash}, generation}, e}, nil
}
