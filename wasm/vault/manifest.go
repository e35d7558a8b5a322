package vault

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// digest is a SHA-256.
type digest = [sha256.Size]byte

// summary is what a manifest seals: how many records a collection has, tombstones included, the root over them, and the
// collection's name, which its id does not tell.
type summary struct {
	count uint32
	root  digest
	name  string
}

// listed is what a root says of one record.
type listed struct {
	version int64
	hash    digest // of the sealed body
}

// roll is the list under a root, in 256 leaves by the first byte of the record's id, so that a change among 100,000
// records hashes some hundreds and not all. A roll does not change; with gives the next one.
type roll struct {
	count  int
	leaves [256][]row
	hashes [256]digest
}

type row struct {
	id ID
	listed
}

var emptyRoll = func() *roll {
	r := &roll{}
	for i := range r.hashes {
		r.hashes[i] = hashLeaf(nil)
	}
	return r
}()

// hashLeaf is SHA-256 over id, version (8 bytes) and body's hash of each record of a leaf, in the order of the ids.
func hashLeaf(rows []row) digest {
	h := sha256.New()
	var b [16 + 8 + sha256.Size]byte
	for _, r := range rows {
		copy(b[:], r.id[:])
		binary.BigEndian.PutUint64(b[16:], uint64(r.version))
		copy(b[24:], r.hash[:])
		h.Write(b[:])
	}
	return digest(h.Sum(nil))
}

// root is SHA-256 over the hashes of the 256 leaves.
func (r *roll) root() digest {
	h := sha256.New()
	for i := range r.hashes {
		h.Write(r.hashes[i][:])
	}
	return digest(h.Sum(nil))
}

// with returns the roll after a change.
func (r *roll) with(changes map[ID]*held) *roll {
	next := *r
	var touched [256]bool
	for id, h := range changes {
		leaf := &next.leaves[id[0]]
		if !touched[id[0]] {
			*leaf = slices.Clone(*leaf)
			touched[id[0]] = true
		}
		if i, found := slices.BinarySearchFunc(r.leaves[id[0]], id, func(r row, id ID) int { return compareIDs(r.id, id) }); found {
			(*leaf)[i].listed = h.listed // the old rows keep their places; new ones stand behind them until they are sorted in
			continue
		}
		*leaf = append(*leaf, row{id, h.listed})
		next.count++
	}
	for i := range touched {
		if touched[i] {
			slices.SortFunc(next.leaves[i], func(a, b row) int { return compareIDs(a.id, b.id) })
			next.hashes[i] = hashLeaf(next.leaves[i])
		}
	}
	return &next
}

func (s summary) encode() []byte {
	b := binary.BigEndian.AppendUint32(nil, s.count)
	b = append(b, s.root[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(s.name)))
	return pad(append(b, s.name...))
}

// decodeSummary reads what encode wrote and nothing else. Error: ErrMalformed.
func decodeSummary(plain []byte) (summary, error) {
	r := reader{rest: plain}
	s := summary{count: r.uint32(), root: digest(r.take(sha256.Size, sha256.Size))}
	s.name = string(r.take(int(r.uint16()), MaxName))
	if r.failed || checkName(s.name) != nil || !isPadding(r.rest, len(plain)-len(r.rest)) {
		return summary{}, ErrMalformed
	}
	return s, nil
}
