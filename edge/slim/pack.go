package slim

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Go's linker leaves every run of eight zeros out of a module's initial memory and begins a new segment after it, up to
// 100,000 of them. Before compression that saves a twelfth. But zeros cost nothing after compression, while each segment's
// address and length cost about two bytes: a few long segments are 180 KB smaller after gzip. They fill memory with
// the same bytes, which is all that a program can see of them.

// gap is the longest run of zeros that is written out.
const gap = 256

// What a module is made of (WebAssembly Core Specification, section 5.5).
const (
	header           = "\x00asm\x01\x00\x00\x00"
	dataSection      = 11
	dataCountSection = 12
	activeSegment    = 0x00
	opI32Const       = 0x41
	opEnd            = 0x0b
)

var errModule = errors.New("not a module as Go's linker writes it")

// pack rewrites a module's data section with as few segments as make sense. It fails on what Go's linker doesn't write.
func pack(module []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(module, []byte(header))
	if !ok {
		return nil, errModule
	}
	out := append(make([]byte, 0, len(module)*5/4), header...)
	for len(rest) > 0 {
		id := rest[0]
		body, after, err := sized(rest[1:])
		if err != nil || id == dataCountSection {
			return nil, errModule
		}
		rest = after
		if id == dataSection {
			segments, err := readSegments(body)
			if err != nil {
				return nil, fmt.Errorf("data section: %w", err)
			}
			body = writeSegments(merge(segments))
		}
		out = binary.AppendUvarint(append(out, id), uint64(len(body)))
		out = append(out, body...)
	}
	return out, nil
}

// segment is bytes of the initial memory, from an address on.
type segment struct {
	at   uint64
	data []byte
}

func (s segment) end() uint64 { return s.at + uint64(len(s.data)) }

// readSegments takes a data section apart and puts the segments in the order of memory. They must not overlap: then the order that
// they were written in says nothing.
func readSegments(section []byte) (segments []segment, err error) {
	count, n := binary.Uvarint(section)
	if n <= 0 || count > uint64(len(section)) {
		return nil, errModule
	}
	rest := section[n:]
	for range count {
		var s segment
		if s, rest, err = readSegment(rest); err != nil {
			return nil, err
		}
		segments = append(segments, s)
	}
	slices.SortStableFunc(segments, func(a, b segment) int { return cmp.Compare(a.at, b.at) })
	for i := 1; i < len(segments); i++ {
		if segments[i].at < segments[i-1].end() {
			return nil, errModule
		}
	}
	if len(rest) > 0 {
		return nil, errModule
	}
	return segments, nil
}

func readSegment(b []byte) (s segment, rest []byte, err error) {
	if len(b) < 2 || b[0] != activeSegment || b[1] != opI32Const {
		return s, nil, errModule
	}
	at, n := signed(b[2:])
	if b = b[2+n:]; n == 0 || at < 0 || at > math.MaxInt32 || len(b) == 0 || b[0] != opEnd {
		return s, nil, errModule
	}
	s.at = uint64(at)
	s.data, rest, err = sized(b[1:])
	return s, rest, err
}

// merge joins segments with at most gap zeros between them.
func merge(segments []segment) (merged []segment) {
	for _, s := range segments {
		if n := len(merged); n > 0 && s.at-merged[n-1].end() <= gap {
			last := &merged[n-1]
			last.data = append(last.data, make([]byte, s.at-last.end())...)
			last.data = append(last.data, s.data...)
			continue
		}
		merged = append(merged, segment{s.at, bytes.Clone(s.data)})
	}
	return merged
}

func writeSegments(segments []segment) []byte {
	section := binary.AppendUvarint(nil, uint64(len(segments)))
	for _, s := range segments {
		section = appendSigned(append(section, activeSegment, opI32Const), int64(s.at))
		section = binary.AppendUvarint(append(section, opEnd), uint64(len(s.data)))
		section = append(section, s.data...)
	}
	return section
}

// sized cuts bytes off that their length precedes. LEB128 without sign is what encoding/binary calls a uvarint.
func sized(b []byte) (body, rest []byte, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, errModule
	}
	return b[n : n+int(size)], b[n+int(size):], nil
}

// signed reads signed LEB128 of at most five bytes; n is how many it took, 0 for an error.
func signed(b []byte) (v int64, n int) {
	for i, c := range b[:min(len(b), 5)] {
		v |= int64(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			if c&0x40 != 0 {
				v -= 1 << (7 * (i + 1))
			}
			return v, i + 1
		}
	}
	return 0, 0
}

// appendSigned writes signed LEB128.
func appendSigned(b []byte, v int64) []byte {
	for ; v < -0x40 || v >= 0x40; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v)&0x7f)
}
