package files

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

func TestRecordsOfFiles(t *testing.T) {
	for _, i := range []*item{
		{value: []byte("a\nb\x00"), mode: 0o644}, {value: nil, mode: 0}, {value: []byte("../x"), mode: fs.ModeSymlink},
		{value: bytes.Repeat([]byte{0}, MaxFile), mode: 0o777},
	} {
		past := []string{"0123456789abcdef", "x"}
		back, was, err := decodeFile(encodeFile(i, past))
		if err != nil || back.id() != i.id() || !slices.Equal(was, past) {
			t.Errorf("%v %v %v", back.mode, was, err)
		}
	}
	for _, bad := range []string{"", "x", "latchkey-file 644 was=", "latchkey-file 1644 was=\n", "latchkey-file 0644 was=\n", "latchkey-file 644 was= \n",
		"latchkey-link 644 was=\nx", "latchkey-file2 644 was=\n", "latchkey-file 644 was=" + strings.Repeat("a,", 9) + "\n",
		"latchkey-file 644 was=\n" + strings.Repeat("x", MaxFile+1)} {
		if _, _, err := decodeFile([]byte(bad)); !errors.Is(err, errRecord) {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
}

func FuzzDecodeFile(f *testing.F) {
	f.Add([]byte("latchkey-file 644 was=0123456789abcdef,0\ncontent"))
	f.Add([]byte("latchkey-link 0 was=\n../x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		i, past, err := decodeFile(b)
		if err == nil && !bytes.Equal(encodeFile(i, past), b) {
			t.Errorf("%q has two forms", b)
		}
	})
}
