package keys

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// snapshot is the ring as the front saw it at one moment, opened. It is finished before it is shared and never changed.
type snapshot struct {
	taken   time.Time
	entries map[string]*entry // by key id
	groups  map[group][]*entry
	mac     []byte
	opaque  OPAQUE
}

// entry is one opened key.
type entry struct {
	row     row
	sealers map[Purpose]*sealer // of sealing keys
	signing *signingKey         // of signing keys
	secret  []byte              // of the MAC key
	opaque  *opaqueKeys
}

// open opens the rows. What the snapshot before has open already is taken from there: parsing keys is slow in WebAssembly.
func open(rows []row, root Root, native Native, taken time.Time, before *snapshot) (*snapshot, error) {
	s := &snapshot{taken: taken, entries: map[string]*entry{}, groups: map[group][]*entry{}}
	for _, r := range rows {
		e := before.reuse(r)
		if e == nil {
			var err error
			if e, err = openEntry(r, root, native); err != nil {
				return nil, err
			}
		}
		s.entries[r.ID] = e
		s.groups[r.group()] = append(s.groups[r.group()], e)
		switch r.Use {
		case useMAC:
			s.mac = e.secret
		case useOPAQUE:
			s.opaque = OPAQUE{r.ID, e.opaque.Private, e.opaque.Public, e.opaque.Seed, e.opaque.Fake}
		}
	}
	for _, g := range s.groups {
		slices.SortStableFunc(g, func(a, b *entry) int { return a.row.start().Compare(b.row.start()) })
	}
	if s.mac == nil || s.opaque.ID == "" {
		return nil, fmt.Errorf("keys: the ring is incomplete: %w", ErrTampered)
	}
	return s, nil
}

// reuse returns the entry of the same row, sealed in the same way, or nil.
func (s *snapshot) reuse(r row) *entry {
	if s == nil {
		return nil
	}
	e := s.entries[r.ID]
	if e == nil || e.row.Root != r.Root || e.row.Starts != r.Starts || e.row.group() != r.group() || !bytes.Equal(e.row.Sealed, r.Sealed) {
		return nil
	}
	return e
}

func openEntry(r row, root Root, native Native) (*entry, error) {
	m, err := r.open(root)
	if err != nil {
		return nil, err
	}
	e := &entry{row: r}
	switch r.Use {
	case useSign:
		e.signing, err = newSigningKey(r, m, native)
	case useMAC:
		e.secret = derive(m.Secret, labelMAC)
	case useOPAQUE:
		if e.opaque = m.OPAQUE; e.opaque == nil {
			err = errForm
		}
	default:
		e.sealers, err = newSealers(r, m)
	}
	if err != nil {
		return nil, fmt.Errorf("keys: key %s (%s): %w", r.ID, r.Use, err)
	}
	return e, nil
}

func newSealers(r row, m material) (map[Purpose]*sealer, error) {
	if len(m.Secret) != keyLen {
		return nil, errForm
	}
	sealers := map[Purpose]*sealer{}
	for p, use := range purposes {
		if use != r.Use {
			continue
		}
		s, err := newSealer(r.ID, m.Secret, p)
		if err != nil {
			return nil, err
		}
		sealers[p] = s
	}
	return sealers, nil
}

// active is the key of a group that makes things now: the last to have started. When the front's clock is behind the ring's, so that
// none has, it is the first. It is nil for a group without keys.
func (s *snapshot) active(g group, now time.Time) *entry {
	var active *entry
	for _, e := range s.groups[g] {
		if active == nil || !e.row.start().After(now) {
			active = e
		}
	}
	return active
}

// published are the signing keys that applications must know: the next, the active, and those whose tokens may be alive.
func (s *snapshot) published(now time.Time) []jose.JSONWebKey {
	set := []jose.JSONWebKey{}
	for _, alg := range signatureAlgs {
		entries := s.groups[group{useSign, alg}]
		for i, e := range entries {
			last := i == len(entries)-1
			if last || now.Before(entries[i+1].row.start().Add(skew+policies[useSign].life)) {
				set = append(set, e.signing.jwk())
			}
		}
	}
	return set
}
