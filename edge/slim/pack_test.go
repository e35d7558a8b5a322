package slim

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// module is a module with the sections given, after a custom one that must stay as it is.
func module(sections ...[]byte) []byte {
	out := append([]byte(header), 0, 3, 2, 'h', 'i')
	for _, s := range sections {
		out = append(out, s...)
	}
	return out
}

func dataOf(segments ...segment) []byte { return section(dataSection, writeSegments(segments)) }

func section(id byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{id}, uint64(len(body))), body...)
}

func TestPackMergesWhatLiesClose(t *testing.T) {
	far := uint64(gap) + 3 // two bytes at 1, then more than gap zeros
	for _, c := range []struct {
		name       string
		have, want []segment
	}{
		{"none", nil, nil},
		{"one", []segment{{0, []byte("ab")}}, []segment{{0, []byte("ab")}}},
		{"adjacent", []segment{{1, []byte("ab")}, {3, []byte("c")}}, []segment{{1, []byte("abc")}}},
		{"zeros between", []segment{{1, []byte("ab")}, {5, []byte("c")}}, []segment{{1, []byte("ab\x00\x00c")}}},
		{"as far as the gap", []segment{{1, []byte("ab")}, {far, []byte("c")}},
			[]segment{{1, append(append([]byte("ab"), make([]byte, gap)...), 'c')}}},
		{"farther than the gap", []segment{{1, []byte("ab")}, {far + 1, []byte("c")}}, []segment{{1, []byte("ab")}, {far + 1, []byte("c")}}},
		{"in another order", []segment{{5, []byte("c")}, {1, []byte("ab")}}, []segment{{1, []byte("ab\x00\x00c")}}},
		{"at an address of many bytes", []segment{{0x7fffff00, []byte("a")}, {0x7fffff02, []byte("b")}},
			[]segment{{0x7fffff00, []byte("a\x00b")}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			packed, err := pack(module(dataOf(c.have...)))
			if err != nil {
				t.Fatal(err)
			}
			if want := module(dataOf(c.want...)); !bytes.Equal(packed, want) {
				t.Errorf("%x, want %x", packed, want)
			}
		})
	}
}

func TestPackRefusesWhatTheLinkerDoesNotWrite(t *testing.T) {
	good := dataOf(segment{1, []byte("ab")})
	for name, in := range map[string][]byte{
		"empty":                       nil,
		"another version":             []byte("\x00asm\x02\x00\x00\x00"),
		"a section cut off":           module(good[:len(good)-1]),
		"a size that overflows":       module(append([]byte{dataSection}, bytes.Repeat([]byte{0xff}, 11)...)),
		"a count of segments":         module(section(dataCountSection, []byte{1})),
		"more segments than there":    module(section(dataSection, []byte{2, 0, opI32Const, 1, opEnd, 0})),
		"bytes after the segments":    module(section(dataSection, []byte{1, 0, opI32Const, 1, opEnd, 0, 0})),
		"a passive segment":           module(section(dataSection, []byte{1, 1, 1, 'a'})),
		"another memory":              module(section(dataSection, []byte{1, 2, 1, opI32Const, 1, opEnd, 1, 'a'})),
		"an address that is computed": module(section(dataSection, []byte{1, 0, 0x23, 0, opEnd, 1, 'a'})),
		"an address below zero":       module(section(dataSection, []byte{1, 0, opI32Const, 0x7f, opEnd, 1, 'a'})),
		"an address without end":      module(section(dataSection, []byte{1, 0, opI32Const, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, opEnd, 0})),
		"segments that overlap":       module(dataOf(segment{1, []byte("ab")}, segment{2, []byte("c")})),
	} {
		if _, err := pack(in); err == nil {
			t.Errorf("%s: packed", name)
		}
	}
}

// FuzzPack: whatever is accepted fills memory with the same bytes and keeps every other section, and packing again changes nothing.
func FuzzPack(f *testing.F) {
	f.Add(module(dataOf(segment{1, []byte("ab")}, segment{5, []byte("c")}), section(7, []byte("x"))))
	f.Add(module(dataOf(segment{900, []byte("ab")}, segment{5, []byte("c")})))
	f.Fuzz(func(t *testing.T, in []byte) {
		packed, err := pack(in)
		if err != nil {
			return
		}
		again, err := pack(packed)
		if err != nil || !bytes.Equal(again, packed) {
			t.Fatalf("packed %x to %x, then to %x: %v", in, packed, again, err)
		}
		before, after := contents(t, in), contents(t, packed)
		if len(before.memory) != len(after.memory) || !bytes.Equal(before.rest, after.rest) {
			t.Fatalf("%x became %x", in, packed)
		}
		for at, b := range before.memory {
			if after.memory[at] != b {
				t.Fatalf("byte %d of memory was %d and is %d", at, b, after.memory[at])
			}
		}
	})
}

// content is what a module says: the bytes of memory that are not zero, and the sections beside the data.
type content struct {
	memory map[uint64]byte
	rest   []byte
}

func contents(t *testing.T, module []byte) content {
	c := content{memory: map[uint64]byte{}}
	for rest := module[len(header):]; len(rest) > 0; {
		body, after, err := sized(rest[1:])
		if err != nil {
			t.Fatal(err)
		}
		if rest[0] != dataSection {
			c.rest = append(append(c.rest, rest[0]), body...)
			rest = after
			continue
		}
		rest = after
		segments, err := readSegments(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range segments {
			for i, b := range s.data {
				if b != 0 {
					c.memory[s.at+uint64(i)] = b
				}
			}
		}
	}
	return c
}
