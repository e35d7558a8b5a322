package vault

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"sync"
	"time"
)

// Config is what a Vault needs.
type Config struct {
	Account string // id of the account, 1 to MaxAccount bytes
	Device  ID     // id of this device; settles merges of edits of the same millisecond
	Store   Store
	Memory  Memory
	Now     func() time.Time

	// Fingerprint is that of the vault, as the device that approved this one gave it. It counts only where the Memory knows no
	// vault yet; without it, and without a secret of the person's own, a new device takes whatever vault the service shows.
	Fingerprint []byte
}

// Vault is a person's opened vault on one device. Its methods may be called by many goroutines; one Sync or change of keys
// runs at a time, the others wait. Two Vaults must not share a Memory at the same time.
type Vault struct {
	config Config
	local  local
	names  *names

	requests gate // held by whoever speaks to the Store
	writing  gate // held by whoever changes what mu guards; inside requests, never around it

	mu      sync.RWMutex // never held over I/O
	clock   clock
	ring    *ring
	opened  Recipient // as whom this device opened the ring
	seen    keysSeen
	cursor  int64
	floor   uint32 // the newest generation when everything had been read: what is written later is not sealed under an older one
	shelves map[ID]*shelf
	arrived map[string]int // of each collection, from other devices

	identities []*Identity            // with requests held
	boxes      map[string]cipher.AEAD // with requests held
	missed     bool                   // with requests held: others may have written since the last pull
	full       bool                   // with requests held: not everything that waits had room the last time
}

// shelf is one collection on this device.
type shelf struct {
	id      ID
	name    string
	seen    seen          // newest manifest; version 0: none yet
	held    map[ID]*held  // what the service has
	roll    *roll         // over held
	pending map[ID]*entry // edits that it has not; always later than what is held
}

func newShelf(id ID) *shelf {
	return &shelf{id: id, held: map[ID]*held{}, roll: emptyRoll, pending: map[ID]*entry{}}
}

// whole reports whether all that the newest manifest is over is here: the two are kept in one step.
func (s *shelf) whole() bool {
	if s.seen.version == 0 {
		return len(s.held) == 0
	}
	return s.roll.count == int(s.seen.count) && s.roll.root() == s.seen.root
}

// held is a record as the service has it, opened.
type held struct {
	known
	entry *entry
}

type seen struct {
	known
	summary
}

func (s *shelf) visible(record ID) *entry {
	if e, ok := s.pending[record]; ok {
		return e
	}
	if h, ok := s.held[record]; ok {
		return h.entry
	}
	return nil
}

// gate is a lock that can be waited for with a context.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

func (g gate) enter(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) leave() { <-g }

// Create makes the account's vault, in one step, and opens it as self, whose public half must be among the recipients.
// After an error other than ErrExists it may have been made all the same: try Open, and Create again if that says ErrAbsent.
// Errors: ErrExists, ErrMalformed, ErrLimit, ErrLastWrap.
func Create(ctx context.Context, c Config, self *Identity, recipients ...Recipient) (*Vault, error) {
	kept, err := load(ctx, c)
	if err != nil {
		return nil, err
	}
	if len(kept) > 0 {
		return nil, ErrExists
	}
	r := newRing()
	for _, to := range recipients {
		if err := r.add(to); err != nil {
			return nil, err
		}
	}
	v := newVault(c, []*Identity{self})
	if !r.opensFor(v.identities) {
		return nil, ErrLastWrap
	}
	r.version = 1
	set, err := r.pack(c.Account)
	if err != nil {
		return nil, err
	}
	switch err := c.Store.PutKeys(ctx, set); {
	case errors.Is(err, ErrConflict):
		return nil, ErrExists
	case err != nil:
		return nil, err
	}
	return v, v.admit(ctx, set)
}

// Open opens the vault with any of the identities. What this device remembers is enough; only without it, or when it does not open
// with these identities, the Store is asked. Errors: ErrAbsent, ErrLocked, ErrMemory, *Tampering.
func Open(ctx context.Context, c Config, identities ...*Identity) (*Vault, error) {
	kept, err := load(ctx, c)
	if err != nil {
		return nil, err
	}
	v := newVault(c, identities)
	if err := v.unlock(ctx, kept); err != nil {
		return nil, err
	}
	for key, body := range kept {
		if key == memoryKeys || key == memorySeen || key == memoryCursor || strings.HasPrefix(key, memoryFormer) {
			continue
		}
		if err := v.recall(key, body); err != nil {
			return nil, err
		}
	}
	for _, s := range v.shelves {
		for id, e := range s.pending {
			v.clock.see(e.stamp)
			if h := s.held[id]; h != nil && h.entry.compare(e) >= 0 {
				return nil, ErrMemory
			}
		}
		for _, h := range s.held {
			v.clock.see(h.entry.stamp)
		}
		if s.roll = s.roll.with(s.held); !s.whole() {
			return nil, ErrMemory
		}
	}
	return v, nil
}

// Fingerprint is what this vault is known by for as long as it exists. It is no secret, and only a device that opens the vault has it.
func (v *Vault) Fingerprint() []byte {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.ring.fingerprint()
}

// unlock opens the ring that the Memory has, or else the Store.
func (v *Vault) unlock(ctx context.Context, kept map[string][]byte) error {
	v.seen.fingerprint = v.config.Fingerprint
	if body, ok := kept[memorySeen]; ok {
		var err error
		if v.seen, err = decodeKeysSeen(body); err != nil {
			return err
		}
		set, err := decodeKeySet(kept[memoryKeys])
		if err != nil {
			return err
		}
		if err := v.admit(ctx, set); err == nil {
			return v.recallCursor(kept[memoryCursor])
		}
	}
	set, err := v.config.Store.Keys(ctx)
	if err != nil {
		return err
	}
	if err := v.admit(ctx, set); err != nil {
		return err
	}
	return v.recallCursor(kept[memoryCursor])
}

func (v *Vault) recallCursor(b []byte) error {
	if b == nil {
		return nil
	}
	r := reader{rest: b}
	v.cursor = int64(r.uint64())
	if len(r.rest) > 0 { // not in what was written before there was a floor
		v.floor = r.uint32()
	}
	if r.failed || len(r.rest) > 0 || v.cursor < 0 {
		return ErrMemory
	}
	return nil
}

func load(ctx context.Context, c Config) (map[string][]byte, error) {
	if c.Account == "" || len(c.Account) > MaxAccount || c.Device == (ID{}) {
		return nil, ErrMalformed
	}
	return c.Memory.Load(ctx)
}

func newVault(c Config, identities []*Identity) *Vault {
	return &Vault{
		config: c, requests: newGate(), writing: newGate(), clock: clock{now: c.Now},
		identities: identities, shelves: map[ID]*shelf{}, arrived: map[string]int{}, boxes: map[string]cipher.AEAD{},
	}
}

// admit takes a key set if it opens and is not behind what was seen, and remembers it. Errors: ErrLocked, *Tampering.
func (v *Vault) admit(ctx context.Context, set KeySet) error {
	known := len(v.seen.fingerprint) > 0
	switch {
	case known && set.Version < v.seen.version:
		return &Tampering{Err: ErrRolledBack}
	case known && set.Version == v.seen.version && set.hash() != v.seen.hash:
		return &Tampering{Err: ErrForked}
	}
	r, opened, err := set.unpack(v.config.Account, v.identities)
	switch {
	case errors.Is(err, ErrForged) || errors.Is(err, ErrDowngraded):
		return &Tampering{Err: err}
	case err != nil:
		return err
	case known && subtle.ConstantTimeCompare(r.fingerprint(), v.seen.fingerprint) != 1:
		return &Tampering{Err: ErrForeign}
	case known && r.newest().generation < v.seen.generation:
		return &Tampering{Err: ErrDowngraded}
	case v.seen.mark != (digest{}) && !r.follows(v.seen.generation, v.seen.mark):
		return &Tampering{Err: ErrForeign}
	}
	now := keysSeen{r.fingerprint(), set.Version, r.newest().generation, set.hash(), sha256.Sum256(r.newest().mark())}
	if !known || !bytes.Equal(now.encode(), v.seen.encode()) {
		changes := map[string][]byte{memoryKeys: encodeKeySet(set), memorySeen: now.encode()}
		if err := v.config.Memory.Save(ctx, changes); err != nil {
			return err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ring, v.opened, v.seen = r, opened, now
	clear(v.boxes)
	if v.names == nil {
		v.names, v.local = newNames(r.root), newLocal(r.root, v.config.Account)
	}
	return nil
}

// shelf returns the state of a collection, made if there is none. Call it only with writing held, or while opening.
func (v *Vault) shelf(id ID) *shelf {
	s, ok := v.shelves[id]
	if !ok {
		s = newShelf(id)
		v.shelves[id] = s
	}
	return s
}

// aead returns the key of one collection, purpose and generation. Call it only with requests held.
func (v *Vault) aead(generation uint32, label string, collection ID) (cipher.AEAD, error) {
	at := string([]byte{byte(generation >> 24), byte(generation >> 16), byte(generation >> 8), byte(generation)}) + label + collection.String()
	if aead, ok := v.boxes[at]; ok {
		return aead, nil
	}
	key, err := v.ring.key(generation)
	if err != nil {
		return nil, err
	}
	aead := box(key, label+collection.String())
	v.boxes[at] = aead
	return aead, nil
}
