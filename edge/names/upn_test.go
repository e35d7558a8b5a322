package names

import (
	"errors"
	"strings"
	"testing"
)

func TestNormalizeUPN(t *testing.T) {
	long := strings.Repeat("a", 64)
	label := strings.Repeat("b", 63)
	for in, want := range map[string]string{
		"ada@example.com":                            "ada@example.com",
		" \t Ada.Lovelace@Example.COM\r\n":           "ada.lovelace@example.com",
		"\u00a0ada@example.com\u00a0":                "ada@example.com", // pasted from a page
		"o'brien+tag@sub.example.co.uk":              "o'brien+tag@sub.example.co.uk",
		"!#$%&'*+-/=?^_`{|}~@example.com":            "!#$%&'*+-/=?^_`{|}~@example.com",
		"a@xn--mller-kva.example":                    "a@xn--mller-kva.example",
		"a@1.2.3.4a":                                 "a@1.2.3.4a",
		"a@3com.com":                                 "a@3com.com",
		long + "@example.com":                        long + "@example.com",
		"a@" + label + ".com":                        "a@" + label + ".com",
		"":                                           "",
		"@":                                          "",
		"ada":                                        "",
		"ada@":                                       "",
		"@example.com":                               "",
		"ada@example":                                "",
		"ada@localhost":                              "",
		"ada@@example.com":                           "",
		"ada@example.com@example.com":                "",
		"ada lovelace@example.com":                   "",
		"ada@exam ple.com":                           "",
		"ada\x00@example.com":                        "",
		"ada@example.com\n\nBcc: x@y.zz":             "",
		".ada@example.com":                           "",
		"ada.@example.com":                           "",
		"a..da@example.com":                          "",
		`"ada"@example.com`:                          "",
		"ada(comment)@example.com":                   "",
		"<ada@example.com>":                          "",
		"ada@[192.0.2.1]":                            "",
		"ada@192.0.2.1":                              "",
		"ada@.example.com":                           "",
		"ada@example..com":                           "",
		"ada@example.com.":                           "",
		"ada@-example.com":                           "",
		"ada@example-.com":                           "",
		"ada@exa_mple.com":                           "",
		"ada@müller.example":                         "",
		"аda@example.com":                            "", // Cyrillic а
		"ada@example.com\u200b":                      "", // zero width space
		"\u212aada@example.com":                      "", // Kelvin sign, whose small letter is k
		"ADA@EXAMPLE.C\u0130":                        "", // dotted capital I
		"ada@exаmple.com":                            "",
		"\uff41da@example.com":                       "", // full-width a
		"ada@example。com":                            "", // ideographic full stop
		long + "a@example.com":                       "",
		"a@" + label + "b.com":                       "",
		"a@" + strings.Repeat("b.", 126) + "cc":      "", // 255 bytes
		strings.Repeat(" ", 400) + "ada@example.com": "",
	} {
		upn, local, domain, err := NormalizeUPN(in)
		if upn != want || (want == "") != errors.Is(err, ErrUPN) || err == nil && local+"@"+domain != upn {
			t.Errorf("%q became %q = %q @ %q, %v; want %q", in, upn, local, domain, err, want)
		}
	}
}

func FuzzNormalizeUPN(f *testing.F) {
	for _, s := range []string{"ada@example.com", " A@B.Co ", "a@b", "\u212a@b.co", "a@@b.co", "a..b@c.de", "a@1.2.3.4", "\"a b\"@c.de"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		upn, local, domain, err := NormalizeUPN(s)
		if err != nil {
			if upn != "" || local != "" || domain != "" || !errors.Is(err, ErrUPN) {
				t.Fatalf("%q: %q, %q, %q and %v", s, upn, local, domain, err)
			}
			return
		}
		if upn != local+"@"+domain || len(upn) > 254 || len(local) > 64 || !strings.Contains(domain, ".") || upn != strings.ToLower(upn) {
			t.Fatalf("%q became %q", s, upn)
		}
		for _, c := range []byte(upn) {
			if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),:;<>[\]`, c) >= 0 {
				t.Fatalf("%q became %q with %q in it", s, upn, c)
			}
		}
		if again, _, _, err := NormalizeUPN(upn); err != nil || again != upn {
			t.Fatalf("%q is not its own normal form: %q, %v", upn, again, err)
		}
	})
}

func TestValidLocal(t *testing.T) {
	for in, want := range map[string]error{
		"ada": nil, "ada.lovelace": nil, "ada-2": nil, "a_b": nil, "123": nil, "user42": nil, "supporter": nil, "team-mate": nil,
		strings.Repeat("a", 64): nil,
		"":                      ErrLocal, "ab": ErrLocal, strings.Repeat("a", 65): ErrLocal, "Ada": ErrLocal, "ada ": ErrLocal, "a+b": ErrLocal,
		".ada": ErrLocal, "ada.": ErrLocal, "a..b": ErrLocal, "a._b": ErrLocal, "ädä": ErrLocal, "a@b": ErrLocal, "a\x00b": ErrLocal, "-ada": ErrLocal,
		"admin": ErrReserved, "a.d.m.i.n": ErrReserved, "admin1": ErrReserved, "support-24": ErrReserved, "post_master": ErrReserved,
		"abuse": ErrReserved, "security": ErrReserved, "no-reply": ErrReserved, "www": ErrReserved, "latchkey": ErrReserved, "mailer-daemon": ErrReserved,
	} {
		if err := ValidLocal(in); !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
}

func FuzzValidLocal(f *testing.F) {
	for _, s := range []string{"ada", "a.b", "admin", "Ä", "a--b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ValidLocal(s) != nil {
			return
		}
		if upn, local, _, err := NormalizeUPN(s + "@example.com"); err != nil || local != s || upn != s+"@example.com" {
			t.Fatalf("%q is a valid new name but no UPN: %q, %v", s, upn, err)
		}
	})
}
