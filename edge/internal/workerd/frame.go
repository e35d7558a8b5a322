package workerd

import (
	"encoding/binary"
	"errors"
)

// A frame is how anything but a request crosses the border: fields one after another, each a length in four
// little-endian bytes and that many bytes. Frames come from the other half of the bridge, so a malformed one is a mistake
// of ours, but the reader never trusts a length.

// errFrame says that a frame ends before its fields do.
var errFrame = errors.New("workerd: malformed frame")

func appendField[T string | []byte](dst []byte, field T) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(field)))
	return append(dst, field...)
}

// frameReader takes fields off a frame. After a failure every field is empty and err says why.
type frameReader struct {
	rest []byte
	err  error
}

// bytes returns the next field. It shares the frame's memory.
func (r *frameReader) bytes() []byte {
	if r.err != nil || len(r.rest) < 4 {
		r.err = errFrame
		return nil
	}
	n := binary.LittleEndian.Uint32(r.rest)
	if uint64(n) > uint64(len(r.rest)-4) {
		r.err = errFrame
		return nil
	}
	field := r.rest[4 : 4+n : 4+n]
	r.rest = r.rest[4+n:]
	return field
}

func (r *frameReader) string() string { return string(r.bytes()) }
