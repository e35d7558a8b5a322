package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"maps"
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

// rootOf is SHA-256 over id, version and body's hash of all records in the order of their ids.
func rootOf(records map[ID]listed) digest {
	ids := slices.SortedFunc(maps.Keys(records), func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	h := sha256.New()
	var row [16 + 8 + sha256.Size]byte
	for _, id := range ids {
		l := records[id]
		copy(row[:], id[:])
		binary.BigEndian.PutUint64(row[16:], uint64(l.version))
		copy(row[24:], l.hash[:])
		h.Write(row[:])
	}
	return digest(h.Sum(nil))
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
