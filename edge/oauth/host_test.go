package oauth

import (
	"net/netip"
	"testing"
)

// SSRF: no spelling of a private host may pass for a public one.
func TestPrivateHostIsRecognisedHoweverItIsWritten(t *testing.T) {
	for _, host := range []string{
		"", ".", "..", "localhost", "LOCALHOST", "localhost.", "shop.localhost", "printer.local", "metadata.google.internal", "intranet", "router.lan",
		"nas.home.arpa", "127.0.0.1", "127.1", "127.0.0.1.", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001",
		"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1", "203.0.113.7",
		"224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "::1", "[::1]", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "[::ffff:a00:1]", "::127.0.0.1",
		"fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2001:db8::1", "2001::1",
		"2002:7f00:1::1", "a b.example", "a%2eexample", "exämple.com", "a..b", ".example.com", "shop.example:8080", "user@shop.example",
	} {
		if !PrivateHost(host) {
			t.Errorf("%q passes for public", host)
		}
	}
	for _, host := range []string{"shop.example", "SHOP.example.", "xn--bcher-kva.example", "1.example.com", "8.8.8.8", "2606:4700:4700::1111", "[2a00:1450::1]", "localhost.example.com"} {
		if PrivateHost(host) {
			t.Errorf("%q passes for private", host)
		}
	}
	for uri, want := range map[string]bool{
		"https://shop.example:8443/x": false, "https://[2606:4700::1]/": false, "https://[::1]:443/": true, "https://10.0.0.1/": true,
		"https://shop.example@127.0.0.1/": true, "https://%zz/": true, "": true, "/only/a/path": true,
	} {
		if got := PrivateURI(uri); got != want {
			t.Errorf("%q: %v", uri, got)
		}
	}
}

func FuzzPrivateHost(f *testing.F) {
	f.Fuzz(func(t *testing.T, host string) {
		if !PrivateHost(host) && !PrivateHost(host+".localhost") {
			t.Errorf("%q under localhost is public", host)
		}
		if a, err := netip.ParseAddr(host); err == nil && !PrivateHost(host) && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()) {
			t.Errorf("%q is public", host)
		}
	})
}
