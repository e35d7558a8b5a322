package oauth

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// SSRF: no spelling of a private host may pass for a public one.
func TestPublicAddressIsRecognisedHoweverItIsWritten(t *testing.T) {
	for _, host := range []string{
		"", ".", "..", "localhost", "LOCALHOST", "localhost.", "shop.localhost", "printer.local", "metadata.google.internal", "intranet", "router.lan",
		"nas.home.arpa", "db.test", "127.0.0.1", "127.1", "127.0.0.1.", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001",
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "8.8.8.8",
		"[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[fe80::1%25eth0]", "[fc00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]",
		"a b.example", "a%2eexample", "exämple.com", "a..b", ".example.com", "-x.example", "user@shop.example", "shop.example\\@10.0.0.1",
	} {
		if PublicAddress("https://"+host+"/x", false) {
			t.Errorf("%q passes for public", host)
		}
	}
	for _, address := range []string{"http://shop.example/", "https:shop.example", "//shop.example/", "https://shop.example/#x", "https://shop.example/ x",
		"file:///etc/passwd", "gopher://shop.example/", "https://shop.example/" + strings.Repeat("a", MaxRedirectURI)} {
		if PublicAddress(address, true) {
			t.Errorf("%q is called", address)
		}
	}
	for _, host := range []string{"shop.example", "SHOP.example", "xn--bcher-kva.example", "1.example.com", "shop.example:8443", "localhost.example.com"} {
		if !PublicAddress("https://"+host+"/x", false) {
			t.Errorf("%q passes for private", host)
		}
	}
	for _, host := range []string{"localhost:9000", "shop.localhost", "127.0.0.1:1", "[::1]", "shop.test"} {
		if PublicAddress("https://"+host+"/x", false) || !PublicAddress("https://"+host+"/x", true) {
			t.Errorf("%q is wrong on this machine", host)
		}
	}
	if PublicAddress("https://10.0.0.1/", true) || PublicAddress("https://intranet/", true) {
		t.Error("this machine is not the network around it")
	}
}

func FuzzPublicAddress(f *testing.F) {
	f.Fuzz(func(t *testing.T, address string) {
		if !PublicAddress(address, false) {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.User != nil || ThisMachine(u.Hostname()) {
			t.Errorf("%q is public", address)
		}
		if _, err := netip.ParseAddr(u.Hostname()); err == nil {
			t.Errorf("%q is an address", address)
		}
	})
}
