package throttle

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestParseLimit(t *testing.T) {
	for in, want := range map[string]Limit{
		"3/24h": {3, 24 * time.Hour}, "1/1s": {1, time.Second}, "1000/720h": {MaxCount, MaxWindow}, "60/1m30s": {60, 90 * time.Second},
		"": {}, "3": {}, "3/": {}, "/24h": {}, "0/24h": {}, "-3/24h": {}, "3/0s": {}, "3/-1h": {}, "3/500ms": {}, "3/1500ms": {}, "1001/1h": {}, "3/721h": {},
		"3/24": {}, "3 / 24h": {}, "3/24h ": {}, "3/24h/1": {}, "3.5/1h": {}, "99999999999999999999/1h": {}, "3/9999999999999h": {},
		strings.Repeat("0", 40) + "3/24h": {},
	} {
		got, err := ParseLimit(in)
		if (err == nil) != (want != Limit{}) || err == nil && got != want {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
}

func FuzzParseLimit(f *testing.F) {
	for _, s := range []string{"3/24h", "1/1s", "3/1h30m", "0/1h", "3/", "9e9/1h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLimit(s)
		if err != nil {
			return
		}
		if again, err := ParseLimit(l.String()); err != nil || again != l || l.check() != nil {
			t.Fatalf("%q is %v, which parses as %v, %v", s, l, again, err)
		}
	})
}

func TestWhatIsNoAddressIsOneClient(t *testing.T) {
	if ClientPrefix("unknown") != ClientPrefix("198.51.100.1, 192.0.2.1") {
		t.Error("text in an address header gives a count of its own")
	}
}

func TestClientPrefix(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":                            "192.0.2.1/32",
		" 192.0.2.1 ":                          "192.0.2.1/32",
		"::ffff:192.0.2.1":                     "192.0.2.1/32",
		"::FFFF:c000:201":                      "192.0.2.1/32",
		"2001:db8:1:2:3:4:5:6":                 "2001:db8:1:2::/64",
		"2001:DB8:1:2::":                       "2001:db8:1:2::/64",
		"fe80::1%eth0":                         "fe80::/64",
		"::1":                                  "::/64",
		"":                                     "invalid",
		"192.0.2.1:443":                        "invalid",
		"192.0.2.01":                           "invalid",
		"192.0.2.1, 198.51.100.1":              "invalid",
		"[2001:db8::1]":                        "invalid",
		strings.Repeat("x", 1000):              "invalid",
		"fe80::1%" + strings.Repeat("z", 1000): "invalid",
	} {
		if got := ClientPrefix(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func FuzzClientPrefix(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "fe80::1%eth0", "", "1.2.3.4:5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := ClientPrefix(s)
		if got == "invalid" {
			return
		}
		p, err := netip.ParsePrefix(got)
		if err != nil || p.Masked() != p || p.Addr().Is4In6() || p.Addr().Is4() && p.Bits() != 32 || p.Addr().Is6() && p.Bits() != 64 {
			t.Fatalf("%q is %q", s, got)
		}
	})
}

func TestAllowList(t *testing.T) {
	list, err := ParseAllowList("192.0.2.0/24, 198.51.100.7\n2001:db8::/32,,2001:db9::1 ")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]bool{
		"192.0.2.255": true, "::ffff:192.0.2.1": true, "198.51.100.7": true, "2001:db8:ffff::1": true, "2001:db9::1": true, "2001:db8::1%eth0": true,
		"192.0.3.0": false, "198.51.100.8": false, "2001:db9::2": false, "": false, "192.0.2": false, "192.0.2.1:80": false,
	} {
		if got := list.Contains(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
	if (AllowList{}).Contains("192.0.2.1") {
		t.Error("an empty list contains an address")
	}
	for _, bad := range []string{"192.0.2.0/33", "192.0.2.1/24", "example.com", "::ffff:192.0.2.0/120", "fe80::1%eth0", "/24",
		strings.Repeat("192.0.2.1,", maxAllowed+1), strings.Repeat("x", 100)} {
		if _, err := ParseAllowList(bad); err == nil {
			t.Errorf("%.40q was taken", bad)
		}
	}
}

func FuzzParseAllowList(f *testing.F) {
	for _, s := range []string{"192.0.2.0/24, 2001:db8::/32", "1.2.3.4", "::ffff:1.2.3.4", ",,", "0.0.0.0/0", "::/0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ParseAllowList(s)
		if err != nil && len(list.prefixes) > 0 {
			t.Fatalf("%q fails and still gives a list", s)
		}
		for _, p := range list.prefixes {
			if !p.IsValid() || p.Masked() != p || !list.Contains(p.Addr().String()) {
				t.Fatalf("%q holds %v", s, p)
			}
		}
	})
}
