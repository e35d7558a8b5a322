package vault

import (
	"bytes"
	"context"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"
	"maps"
	"strings"
	"sync"
)

// Memory is where a device keeps what it knows between starts: IndexedDB in a browser, a directory natively. What it
// holds is sealed, except counters and ids. A device whose memory is lost loses the edits that it never sent, and can no
// longer notice a rollback to what it saw before.
type Memory interface {
	// Load gives everything.
	Load(ctx context.Context) (map[string][]byte, error)
	// Save makes all the changes or none of them, and returns when they would survive a kill. A nil value removes its key.
	Save(ctx context.Context, changes map[string][]byte) error
}

// RAM is a Memory that ends with the program.
type RAM struct {
	mu   sync.Mutex
	kept map[string][]byte
}

// Load gives a copy.
func (m *RAM) Load(context.Context) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.kept), nil
}

// Save never fails.
func (m *RAM) Save(_ context.Context, changes map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[string][]byte{}
	}
	for key, value := range changes {
		if value == nil {
			delete(m.kept, key)
		} else {
			m.kept[key] = value
		}
	}
	return nil
}

// Keys of a Memory. Collections and records follow in their own ids.
const (
	memoryKeys     = "keys"   // the newest key set, JSON
	memorySeen     = "seen"   // what was last seen of the keys
	memoryCursor   = "cursor" // of the last pull, and the newest generation then
	memoryManifest = "m/"     // + collection
	memoryHeld     = "r/"     // + collection / record: as the service has it
	memoryPending  = "p/"     // + collection / record: an edit that was not sent yet
)

// keysSeen is by what a device recognises the vault: it never goes back behind it.
type keysSeen struct {
	fingerprint []byte
	version     int64
	generation  uint32
	hash        digest
	mark        digest // of the mark of the generation's master key; nothing in what was written before there were any
}

func (s keysSeen) encode() []byte {
	b := bytes.Clone(s.fingerprint)
	b = binary.BigEndian.AppendUint64(b, uint64(s.version))
	b = binary.BigEndian.AppendUint32(b, s.generation)
	b = append(b, s.hash[:]...)
	if s.mark == (digest{}) {
		return b
	}
	return append(b, s.mark[:]...)
}

func decodeKeysSeen(b []byte) (keysSeen, error) {
	r := reader{rest: b}
	s := keysSeen{bytes.Clone(r.take(keySize, keySize)), int64(r.uint64()), r.uint32(), digest(r.take(32, 32)), digest{}}
	marked := len(r.rest) > 0
	if marked {
		s.mark = digest(r.take(32, 32))
	}
	if r.failed || len(r.rest) > 0 || marked && s.mark == (digest{}) {
		return keysSeen{}, ErrMemory
	}
	return s, nil
}

// local seals what a device keeps under a key that rotations don't change, so that an edit made before one opens after it.
type local struct {
	aead    cipher.AEAD
	account string
	fresh   *nonces // with writing held
}

func newLocal(root []byte, account string) local {
	return local{box(root, labelLocal), account, &nonces{}}
}

func (l local) place(key string) place {
	return place{what: whatLocal + "/" + key, account: l.account}
}

func (l local) seal(key string, plain []byte) []byte {
	return seal(l.aead, 0, l.fresh.next(), plain, l.place(key))
}

func (l local) open(key string, body []byte) (*reader, error) {
	// A sealed entry and what stands before it may be a little longer than what the service takes.
	if len(body) < overhead || len(body) > 2*MaxBody || body[0] != formatOne {
		return nil, ErrMemory
	}
	plain, err := open(l.aead, body, l.place(key))
	if err != nil {
		return nil, ErrMemory
	}
	return &reader{rest: plain}, nil
}

// known is what a device knows of a sealed thing: version, hash of the body, generation it is sealed under.
type known struct {
	listed
	generation uint32
}

func (k known) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(k.version))
	b = append(b, k.hash[:]...)
	return binary.BigEndian.AppendUint32(b, k.generation)
}

func readKnown(r *reader) known {
	return known{listed{int64(r.uint64()), digest(r.take(32, 32))}, r.uint32()}
}

func heldKey(collection, record ID) string {
	return memoryHeld + collection.String() + "/" + record.String()
}

func pendingKey(collection, record ID) string {
	return memoryPending + collection.String() + "/" + record.String()
}

func (l local) held(collection, record ID, h *held) []byte {
	return l.seal(heldKey(collection, record), append(h.known.encode(), h.entry.encode()...))
}

func (l local) pending(s *shelf, record ID, e *entry) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(s.name)))
	b = append(b, s.name...)
	return l.seal(pendingKey(s.id, record), append(b, e.encode()...))
}

func (l local) manifest(collection ID, s seen) []byte {
	return l.seal(memoryManifest+collection.String(), append(s.known.encode(), s.summary.encode()...))
}

// Waiting counts the edits in what a Memory gave that were not sent, those of former vaults too.
func Waiting(kept map[string][]byte) int {
	n := waitingIn(kept)
	for _, former := range Former(kept) {
		n += waitingIn(former)
	}
	return n
}

// recall puts what a Memory has under one key back into the state. Error: ErrMemory.
func (v *Vault) recall(key string, body []byte) error {
	what, rest, _ := strings.Cut(key, "/")
	collection, record, _ := strings.Cut(rest, "/")
	id, err := ParseID(collection)
	if err != nil {
		return ErrMemory
	}
	r, err := v.local.open(key, body)
	if err != nil {
		return err
	}
	s := v.shelf(id)
	switch what + "/" {
	case memoryManifest:
		s.seen.known = readKnown(r)
		s.seen.summary, err = decodeSummary(r.rest)
		s.name = s.seen.name
		return asMemory(err)
	case memoryPending, memoryHeld:
		recordID, err := ParseID(record)
		if err != nil {
			return ErrMemory
		}
		return s.recall(what+"/" == memoryPending, recordID, r)
	default:
		return ErrMemory
	}
}

func (s *shelf) recall(pending bool, record ID, r *reader) (err error) {
	if pending {
		s.name = string(r.take(int(r.uint16()), MaxName))
		s.pending[record], err = decodeEntry(r.rest)
		return asMemory(err)
	}
	h := &held{known: readKnown(r)}
	h.entry, err = decodeEntry(r.rest)
	s.held[record] = h
	return asMemory(err)
}

func asMemory(err error) error {
	if err != nil {
		return ErrMemory
	}
	return nil
}

// encodeKeySet is for a device's own memory; a Store has its own form.
func encodeKeySet(set KeySet) []byte {
	b, err := json.Marshal(set)
	if err != nil { // never: strings and bytes
		panic(err)
	}
	return b
}

func decodeKeySet(b []byte) (KeySet, error) {
	var set KeySet
	if len(b) > 8*MaxRing || json.Unmarshal(b, &set) != nil {
		return KeySet{}, ErrMemory
	}
	return set, nil
}
