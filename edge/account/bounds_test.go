package account

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzClip: a label comes from the client's headers and is stored and shown.
func FuzzClip(f *testing.F) {
	f.Add("Firefox on Linux")
	f.Add(strings.Repeat("€", 43))
	f.Add("Ber\x00lin\n\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := clip(s)
		if len(got) > maxLabel || !utf8.ValidString(got) || strings.ContainsFunc(got, control) {
			t.Errorf("clip(%q) = %q", s, got)
		}
		if clip(got) != got {
			t.Errorf("clip changes %q again", got)
		}
		if len(s) <= maxLabel && utf8.ValidString(s) && !strings.ContainsFunc(s, control) && got != s {
			t.Errorf("clip changed %q, which is inside the bounds, to %q", s, got)
		}
	})
}
