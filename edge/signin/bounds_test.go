package signin

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/api"
)

func TestCodesAreSixDigitsOfEveryKind(t *testing.T) {
	seen := map[byte]bool{}
	for range 500 {
		code := newCode()
		if !validCode(code) {
			t.Fatalf("%q", code)
		}
		seen[code[0]] = true
	}
	if len(seen) != 10 { // the chance that a digit never leads is 10·0.9⁵⁰⁰
		t.Errorf("first digits seen: %v", seen)
	}
}

func FuzzDisplayName(f *testing.F) {
	f.Add("Ada Lovelace")
	f.Fuzz(func(t *testing.T, text string) {
		name, ok := displayName(text)
		if ok && (name == "" || utf8.RuneCountInString(name) > api.MaxDisplayName || !utf8.ValidString(name) ||
			strings.ContainsAny(name, "\x00\n\r\u0085\u2028\u202e\u2066\x7f")) {
			t.Errorf("%q became %q", text, name)
		}
		if again, _ := displayName(name); ok && again != name {
			t.Errorf("%q became %q, then %q", text, name, again)
		}
	})
}

func FuzzDestination(f *testing.F) {
	f.Add("AAECAwQFBgcICQoLDA0ODw")
	f.Fuzz(func(t *testing.T, flow string) {
		if checkFlow(flow) != nil {
			return
		}
		u, err := url.Parse(destination(flow))
		if err != nil || u.IsAbs() || u.Host != "" || u.Path != "/account" && u.Path != "/oauth2/resume" || u.Query().Get("flow") != flow {
			t.Errorf("%q leads to %v, %v", flow, u, err)
		}
	})
}

func FuzzLanguage(f *testing.F) {
	f.Add("de-CH-1996")
	f.Fuzz(func(t *testing.T, tag string) {
		if got := language(tag); got != "" && (got != tag || len(got) > maxLanguage || strings.ContainsAny(got, " /.\"'\r\n")) {
			t.Errorf("%q became %q", tag, got)
		}
	})
}
