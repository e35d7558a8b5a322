package vault

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"unicode/utf8"
)

// entry is one state of one setting, what is inside a record body.
type entry struct {
	name    string
	value   []byte
	stamp   Stamp
	device  ID
	deleted bool
}

// compare is the order of merges: stamp, device, tombstone over value, bytes of the value. It is total over different
// entries and knows nothing of who compares, so all devices end with the same one in whatever order they see them.
func (e *entry) compare(o *entry) int {
	if c := cmp.Or(cmp.Compare(e.stamp, o.stamp), bytes.Compare(e.device[:], o.device[:])); c != 0 {
		return c
	}
	if e.deleted != o.deleted {
		if e.deleted {
			return 1
		}
		return -1
	}
	return bytes.Compare(e.value, o.value)
}

const (
	entryFixed  = 2 + 4 + 8 + 16 + 1 // lengths, stamp, device, flags
	flagDeleted = 1
)

// size is that of the encoded entry.
func (e *entry) size() int { return padded(entryFixed + len(e.name) + len(e.value)) }

// encode lays e out: name and value with their lengths, stamp, device, flags, padding.
func (e *entry) encode() []byte {
	b := make([]byte, 0, e.size())
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.name)))
	b = append(b, e.name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.value)))
	b = append(b, e.value...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.stamp))
	b = append(b, e.device[:]...)
	if e.deleted {
		return pad(append(b, flagDeleted))
	}
	return pad(append(b, 0))
}

// decodeEntry reads what encode wrote and nothing else: every entry has one encoding. Error: ErrMalformed.
func decodeEntry(plain []byte) (*entry, error) {
	r := reader{rest: plain}
	e := &entry{}
	e.name = string(r.take(int(r.uint16()), MaxName))
	e.value = bytes.Clone(r.take(int(r.uint32()), MaxValue))
	e.stamp = Stamp(r.uint64())
	e.device = ID(r.take(len(ID{}), len(ID{})))
	flags := r.byte()
	e.deleted = flags == flagDeleted
	switch {
	case r.failed, flags > flagDeleted, e.stamp > farthest, e.deleted && len(e.value) > 0:
		return nil, ErrMalformed
	case checkName(e.name) != nil, !isPadding(r.rest, len(plain)-len(r.rest)):
		return nil, ErrMalformed
	}
	return e, nil
}

func checkName(name string) error {
	switch {
	case name == "" || !utf8.ValidString(name):
		return ErrName
	case len(name) > MaxName:
		return ErrLimit
	}
	return nil
}

// reader takes fields off the front of untrusted bytes. After a failure it gives zeros.
type reader struct {
	rest   []byte
	failed bool
}

// take returns the next n bytes, not copied. More than most, or more than there are, is a failure.
func (r *reader) take(n, most int) []byte {
	if r.failed || n < 0 || n > most || n > len(r.rest) {
		r.failed = true
		return make([]byte, min(max(n, 0), 128))
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte     { return r.take(1, 1)[0] }
func (r *reader) uint16() uint16 { return binary.BigEndian.Uint16(r.take(2, 2)) }
func (r *reader) uint32() uint32 { return binary.BigEndian.Uint32(r.take(4, 4)) }
func (r *reader) uint64() uint64 { return binary.BigEndian.Uint64(r.take(8, 8)) }
