package device

import (
	"strings"
	"testing"
)

func TestCodesAreOfTheAlphabetAndSpreadEvenly(t *testing.T) {
	counts, seen := map[rune]int{}, map[string]bool{}
	const codes = 10000
	for range codes {
		code := NewCode()
		if again, err := ParseCode(code); err != nil || again != code || seen[code] {
			t.Fatalf("%q reads as %q, %v (seen before: %v)", code, again, err, seen[code])
		}
		seen[code] = true
		for _, r := range code {
			counts[r]++
		}
	}
	if len(counts) != len(alphabet) {
		t.Errorf("%d characters are used, want %d", len(counts), len(alphabet))
	}
	for r, n := range counts { // 4,000 each, with a deviation of 62
		if n < 3600 || n > 4400 {
			t.Errorf("%c occurs %d times", r, n)
		}
	}
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	for typed, want := range map[string]string{
		"WDJB-MJHT": "WDJBMJHT", "wdjbmjht": "WDJBMJHT", " wdjb mjht ": "WDJBMJHT", "W-D-J-B–M—J.H_T": "WDJBMJHT", "wdj8\u00a0mjht": "WDJBMJHT",
		"5LBG-2QVX": "SLBGZQVX", "SIB6 ZOUX": "SLBGZQVX", "s1bg-z0yx": "SLBGZQVX",
		"": "", "WDJB-MJH": "", "WDJB-MJHTT": "", "WDJB-MJHA": "", "WDJB-MJH3": "", "WDJB/MJHT": "", "WDJB-MJHÄ": "", "ＷDJBMJHT": "",
		strings.Repeat("-", MaxTyped-8) + "WDJBMJHT": "WDJBMJHT", strings.Repeat("-", MaxTyped) + "WDJBMJHT": "",
	} {
		got, err := ParseCode(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", typed, got, err, want)
		}
	}
	if got := FormatCode("WDJBMJHT"); got != "WDJB-MJHT" {
		t.Errorf("shown as %s", got)
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"WDJB-MJHT", "wdj8 mjht", "", "ＷDJBMJHT", "s1bg-z0yx", "\xff\xfe", "ßßßß-ßßßß"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, err := ParseCode(s)
		if err != nil {
			if code != "" {
				t.Fatalf("%q fails and is %q", s, code)
			}
			return
		}
		if again, err := ParseCode(FormatCode(code)); err != nil || again != code || len(code) != CodeLength || strings.Trim(code, alphabet) != "" {
			t.Fatalf("%q is %q, which is %q, %v", s, code, again, err)
		}
	})
}
