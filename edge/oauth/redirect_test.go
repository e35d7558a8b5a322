package oauth

import (
	"net/url"
	"strings"
	"testing"
)

// confused are addresses that careless comparisons take for https://shop.test/cb (RFC 9700 section 4.1.1).
var confused = []string{
	"", "https://shop.test", "https://shop.test/", "https://shop.test/cb/", "https://shop.test/CB", "https://SHOP.test/cb",
	"HTTPS://shop.test/cb", "http://shop.test/cb", "https://shop.test:443/cb", "https://shop.test:8443/cb",
	"https://shop.test/cb?x=1", "https://shop.test/cb?", "https://shop.test/cb#", "https://shop.test/cb#x", "https://shop.test/cb/../cb",
	"https://shop.test/./cb", "https://shop.test//cb", "https://shop.test/%63b", "https://shop.test/cb%00", "https://shop.test/cb%2f..",
	"https://user@shop.test/cb", "https://shop.test@evil.test/cb", "https://shop.test.evil.test/cb", "https://evil.test/shop.test/cb",
	"https://sub.shop.test/cb", "https://shop.test\\@evil.test/cb", "//shop.test/cb", "/cb", " https://shop.test/cb",
	"https://shop.test/cb ", "javascript:alert(1)", "https://shop.test/cb\n", "https://shop.test./cb", "https:/shop.test/cb",
}

func TestRedirectURIMatchesByteForByte(t *testing.T) {
	registered := []string{"https://other.test/cb", "https://shop.test/cb"}
	for _, address := range registered {
		if !MatchRedirectURI(registered, address) {
			t.Errorf("%q refused", address)
		}
	}
	for _, address := range confused {
		if MatchRedirectURI(registered, address) {
			t.Errorf("%q taken for a registered address", address)
		}
	}
}

func TestRegistrableRedirectURI(t *testing.T) {
	for address, want := range map[string]bool{
		"https://shop.test/cb":            true,
		"https://shop.test":               true,
		"https://shop.test:8443/cb?a=1":   true,
		"https://[::1]:8443/cb":           true,
		"http://shop.test/cb":             false,
		"https://shop.test/cb#f":          false,
		"https://user@shop.test/cb":       false,
		"https:///cb":                     false,
		"https:shop.test/cb":              false,
		"//shop.test/cb":                  false,
		"javascript:alert(1)":             false,
		"https://shop.test/a b":           false,
		"https://shop.test\\@evil.test/":  false,
		"https://shöp.test/cb":            false,
		"HTTPS://shop.test/cb":            false,
		"https://shop.test/" + "\x00":     false,
		"https://shop.test/%zz":           false,
		"https://shop.test:port/":         false,
		"data:text/html,<script></script": false,
	} {
		if ValidRedirectURI(address) != want {
			t.Errorf("%q: %v", address, !want)
		}
	}
}

// Redirect confusion: a person, and a comparison, sees one host and the browser goes to another.
func TestRedirectConfusionBySpellingsOfAHost(t *testing.T) {
	for address, want := range map[string]bool{
		"https://%D0%B0pple.com/cb":                     false, // а is Cyrillic
		"https://xn--pple-43d.com/cb":                   true,  // and this is what a browser makes of it
		"https://evil.test%E3%80%82bank.test/cb":        false, // a full stop in full width
		"https://%EF%BD%8Cocalhost/cb":                  false,
		"https://ban%C2%ADk.test/cb":                    false, // a soft hyphen
		"https://127.1/cb":                              false,
		"https://2130706433/cb":                         false,
		"https://0x7f.1/cb":                             false,
		"https://0177.0.0.1/cb":                         false,
		"https://127.0.0.1./cb":                         false,
		"https://[::ffff:127.0.0.1]/cb":                 false,
		"https://[0:0:0:0:0:0:0:1]/cb":                  false,
		"https://[fe80::1%25eth0]/cb":                   false,
		"https://bank.test,evil.test/cb":                false,
		"https://bank.test;@evil.test/cb":               false,
		"https://bank..test/cb":                         false,
		"https://./cb":                                  false,
		"https://192.0.2.1/cb":                          true,
		"https://[2001:db8::1]/cb":                      true,
		"https://a_b.test./cb":                          true,
		"https://Shop.test/cb":                          true,
		"https://intranet/cb":                           true,
		"https://" + strings.Repeat("a", 64) + ".test/": false,
	} {
		if ValidRedirectURI(address) != want {
			t.Errorf("%q: %v", address, !want)
		}
	}
}

func TestAddQueryKeepsTheRegisteredQuery(t *testing.T) {
	for address, want := range map[string]string{
		"https://a.test/cb":       "https://a.test/cb?x=1+2",
		"https://a.test/cb?":      "https://a.test/cb?x=1+2",
		"https://a.test/cb?a=b":   "https://a.test/cb?a=b&x=1+2",
		"https://a.test/cb?a=b&":  "https://a.test/cb?a=b&x=1+2",
		"https://a.test/cb?a=%20": "https://a.test/cb?a=%20&x=1+2",
	} {
		if got := AddQuery(address, url.Values{"x": {"1 2"}}); got != want {
			t.Errorf("%s: got %s", address, got)
		}
	}
}

func FuzzRedirectURI(f *testing.F) {
	for _, address := range confused {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !ValidRedirectURI(s) {
			return
		}
		u, err := url.Parse(AddQuery(s, url.Values{"code": {"c"}, "state": {"a b"}}))
		before, _ := url.Parse(s)
		if err != nil || u.Host != before.Host || u.Scheme != "https" || u.User != nil || u.Fragment != "" {
			t.Fatalf("%q leads to %v, %v", s, u, err)
		}
		if u.Query().Get("state") != "a b" && !before.Query().Has("state") {
			t.Fatalf("%q loses parameters: %v", s, u)
		}
	})
}
