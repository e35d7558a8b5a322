package files

import (
	"io/fs"
	"strings"
	"testing"
)

func TestADiffOfALinkDoesNotSteerTheTerminal(t *testing.T) {
	s := &Step{Do: Take, Source: "dots", Name: "x"}
	s.view.there = &item{value: []byte("a\x1b]0;owned\x07\nb"), mode: fs.ModeSymlink}
	if d := s.Diff(); strings.ContainsAny(d, "\x1b\x07") {
		t.Errorf("%q", d)
	}
}
