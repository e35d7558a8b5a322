package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// keySize is that of master keys, name root and ring key.
const keySize = 32

const (
	maxGenerations = 16  // bounds the rotations that may be under way at once
	maxGivenUp     = 128 // bounds how many rotations a device may have been away for
)

// masterKey is one generation of the account master key.
type masterKey struct {
	generation uint32
	key        []byte
}

// givenUp is what a ring keeps of a master key that nothing needs any more.
type givenUp struct {
	generation uint32
	mark       []byte
}

// mark shows those who have a master key that a ring is by somebody who had it too. A device that was removed before cannot make it up.
func (k masterKey) mark() []byte { return derive(k.key, labelGeneration) }

// ring is all that opens a vault: the master keys (the newest seals, older ones only open until the last record has been
// sealed again), the name root, which never changes, and for whom the ring is wrapped.
type ring struct {
	version    int64 // of the key set
	root       []byte
	keys       []masterKey // generations ascending
	past       []givenUp   // generations ascending, all before those of keys
	recipients []Recipient // in the order they came
}

func newRing() *ring {
	return &ring{root: random(keySize), keys: []masterKey{{1, random(keySize)}}}
}

func (r *ring) clone() *ring {
	c := *r
	c.keys, c.past, c.recipients = slices.Clone(r.keys), slices.Clone(r.past), slices.Clone(r.recipients)
	return &c
}

func (r *ring) newest() masterKey { return r.keys[len(r.keys)-1] }

// key returns the master key of a generation. Errors: ErrDowngraded for one that was given up, ErrForged for one that never was.
func (r *ring) key(generation uint32) ([]byte, error) {
	for _, k := range r.keys {
		if k.generation == generation {
			return k.key, nil
		}
	}
	if generation < r.newest().generation {
		return nil, ErrDowngraded
	}
	return nil, ErrForged
}

// rotate adds a generation. Error: ErrLimit while too many older ones are still needed.
func (r *ring) rotate() error {
	if len(r.keys) == maxGenerations {
		return ErrLimit
	}
	r.keys = append(r.keys, masterKey{r.newest().generation + 1, random(keySize)})
	return nil
}

// retire forgets the generations before one but for their marks, and reports whether there were any.
func (r *ring) retire(before uint32) bool {
	n := len(r.keys)
	for len(r.keys) > 1 && r.keys[0].generation < before {
		r.past = append(r.past, givenUp{r.keys[0].generation, r.keys[0].mark()})
		r.keys = r.keys[1:]
	}
	r.past = r.past[max(0, len(r.past)-maxGivenUp):]
	return len(r.keys) < n
}

// follows reports whether r was made by somebody who had the master key of a generation, by the hash of its mark.
func (r *ring) follows(generation uint32, hash digest) bool {
	marks := slices.Clone(r.past)
	for _, k := range r.keys {
		marks = append(marks, givenUp{k.generation, k.mark()})
	}
	return slices.ContainsFunc(marks, func(k givenUp) bool { return k.generation == generation && sha256.Sum256(k.mark) == hash })
}

// remove takes out the recipients that out names, and reports whether there were any.
func (r *ring) remove(out func(Recipient) bool) bool {
	n := len(r.recipients)
	r.recipients = slices.DeleteFunc(r.recipients, out)
	return len(r.recipients) < n
}

// opensFor reports whether one of the identities is a recipient.
func (r *ring) opensFor(identities []*Identity) bool {
	return slices.ContainsFunc(identities, func(i *Identity) bool {
		return slices.ContainsFunc(r.recipients, func(n Recipient) bool {
			return n.Kind == i.kind && bytes.Equal(n.Public, i.key.PublicKey().Bytes())
		})
	})
}

// add puts a recipient in, or in the place of the one of its kind with its id: ids of devices are the service's to name, and none may take the
// place of a recovery code or a password. Errors: ErrMalformed, ErrLimit.
func (r *ring) add(n Recipient) error {
	if err := n.check(); err != nil {
		return err
	}
	if old, there := r.find(n.ID); there && old.Kind != n.Kind {
		return ErrMalformed
	}
	n.added = r.version + 1
	r.recipients = slices.DeleteFunc(r.recipients, func(o Recipient) bool { return o.ID == n.ID })
	if len(r.recipients) == MaxWraps {
		return ErrLimit
	}
	r.recipients = append(r.recipients, n)
	return nil
}

func (r *ring) find(id string) (Recipient, bool) {
	i := slices.IndexFunc(r.recipients, func(o Recipient) bool { return o.ID == id })
	if i < 0 {
		return Recipient{}, false
	}
	return r.recipients[i], true
}

// fingerprint is what a device remembers the vault by. It says nothing about the root and survives rotations.
func (r *ring) fingerprint() []byte { return derive(r.root, labelVault) }

func (r *ring) encode() []byte {
	b := append([]byte(nil), r.root...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.keys)))
	for _, k := range r.keys {
		b = binary.BigEndian.AppendUint32(b, k.generation)
		b = append(b, k.key...)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.recipients)))
	for _, n := range r.recipients {
		b = append(append(b, byte(len(n.ID))), n.ID...)
		b = append(append(b, byte(len(n.Kind))), n.Kind...)
		b = binary.BigEndian.AppendUint64(b, uint64(n.added))
		b = append(b, n.Public...)
	}
	if len(r.past) == 0 {
		return b
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.past)))
	for _, k := range r.past {
		b = append(binary.BigEndian.AppendUint32(b, k.generation), k.mark...)
	}
	return b
}

// decodeRing reads what encode wrote and nothing else. Error: ErrMalformed.
func decodeRing(plain []byte, version int64) (*ring, error) {
	in := reader{rest: plain}
	r := &ring{version: version, root: bytes.Clone(in.take(keySize, keySize))}
	for n := in.uint16(); n > 0 && !in.failed; n-- {
		k := masterKey{in.uint32(), bytes.Clone(in.take(keySize, keySize))}
		if len(r.keys) == maxGenerations || k.generation == 0 || len(r.keys) > 0 && k.generation <= r.newest().generation {
			return nil, ErrMalformed
		}
		r.keys = append(r.keys, k)
	}
	for n := in.uint16(); n > 0 && !in.failed; n-- {
		to := Recipient{ID: string(in.take(int(in.byte()), 64)), Kind: Kind(in.take(int(in.byte()), 16))}
		to.added = int64(in.uint64())
		to.Public = bytes.Clone(in.take(publicSize, publicSize))
		if _, twice := r.find(to.ID); twice || len(r.recipients) == MaxWraps || to.check() != nil {
			return nil, ErrMalformed
		}
		r.recipients = append(r.recipients, to)
	}
	if in.failed || len(r.keys) == 0 || len(r.recipients) == 0 || !r.decodePast(in) {
		return nil, ErrMalformed
	}
	return r, nil
}

// decodePast reads what is left of a ring, which is nothing if no generation was given up yet.
func (r *ring) decodePast(in reader) bool {
	if len(in.rest) == 0 {
		return true
	}
	last := uint32(0)
	for n := in.uint16(); n > 0 && !in.failed; n-- {
		k := givenUp{in.uint32(), bytes.Clone(in.take(keySize, keySize))}
		if len(r.past) == maxGivenUp || k.generation <= last || k.generation >= r.keys[0].generation {
			return false
		}
		r.past, last = append(r.past, k), k.generation
	}
	return !in.failed && len(in.rest) == 0 && len(r.past) > 0
}

// ringPlace binds a ring to its account and version. Its header has no generation: the ring key is new each time.
func ringPlace(account string, version int64) place {
	return place{what: whatRing, account: account, version: version}
}

// pack seals r under a new ring key and wraps that for every recipient.
func (r *ring) pack(account string) (KeySet, error) {
	ringKey := random(keySize)
	set := KeySet{Version: r.version}
	set.Ring = seal(box(ringKey, labelRing), 0, nonce(), r.encode(), ringPlace(account, r.version))
	if len(set.Ring) > MaxRing {
		return KeySet{}, ErrLimit
	}
	for _, to := range r.recipients {
		body, err := wrap(ringKey, to, account, r.version)
		if err != nil {
			return KeySet{}, err
		}
		set.Wraps = append(set.Wraps, Wrap{to.ID, to.Kind, body})
	}
	return set, nil
}

// unpack opens a key set with whichever of the identities fits first, and says as which recipient.
// Errors: ErrMalformed, ErrNewer, ErrDowngraded, ErrForged, ErrLocked.
func (s KeySet) unpack(account string, identities []*Identity) (*ring, Recipient, error) {
	if err := s.check(); err != nil {
		return nil, Recipient{}, err
	}
	for _, i := range slices.Backward(identities) {
		for _, w := range s.Wraps {
			ringKey, err := i.unwrap(w, account, s.Version)
			if err != nil {
				continue
			}
			plain, err := open(box(ringKey, labelRing), s.Ring, ringPlace(account, s.Version))
			if err != nil {
				return nil, Recipient{}, err
			}
			r, err := decodeRing(plain, s.Version)
			if err != nil {
				return nil, Recipient{}, err
			}
			self, ok := r.find(w.ID)
			if !ok || !bytes.Equal(self.Public, i.key.PublicKey().Bytes()) {
				return nil, Recipient{}, ErrForged
			}
			return r, self, nil
		}
	}
	return nil, Recipient{}, ErrLocked
}

func (s KeySet) check() error {
	if len(s.Ring) > MaxRing || len(s.Wraps) == 0 || len(s.Wraps) > MaxWraps || s.Version < 1 {
		return ErrMalformed
	}
	for _, w := range s.Wraps {
		if len(w.Body) != wrapSize || !w.Kind.known() || !validWrapID(w.ID) {
			return ErrMalformed
		}
		if w.Body[0] != formatOne {
			return wrongFormat(w.Body[0])
		}
	}
	_, err := generationOf(s.Ring)
	return err
}

// Fingerprint is what the vault of the key set of an account is known by, if one of the identities opens it. Errors: ErrLocked, ErrForged, ErrMalformed.
func (s KeySet) Fingerprint(account string, identities ...*Identity) ([]byte, error) {
	r, _, err := s.unpack(account, identities)
	if err != nil {
		return nil, err
	}
	return r.fingerprint(), nil
}

// hash names a key set among those of one version.
func (s KeySet) hash() digest { return sha256.Sum256(s.Ring) }
