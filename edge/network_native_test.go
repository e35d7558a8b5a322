//go:build !js

package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// SSRF: what a registered name resolves to is looked at when the connection is made, so that no later answer of the DNS matters.
func TestOutboundReachesPublicAddressesOnly(t *testing.T) {
	for address, public := range map[string]bool{
		"8.8.8.8:443": true, "[2606:4700:4700::1111]:443": true, "127.0.0.1:443": false, "10.1.2.3:443": false, "172.16.0.1:443": false, "192.168.0.1:443": false,
		"169.254.169.254:443": false, "100.64.0.1:443": false, "0.0.0.0:443": false, "0.1.2.3:443": false, "198.18.0.1:443": false, "255.255.255.255:443": false,
		"224.0.0.1:443": false, "[::1]:443": false, "[::]:443": false, "[fe80::1%eth0]:443": false, "[fd00::1]:443": false, "[::ffff:10.0.0.1]:443": false,
		"[64:ff9b::a00:1]:443": false, "[2002:a00:1::]:443": false, "localhost:443": false, "": false,
	} {
		if err := publicOnly("tcp", address, nil); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
	there := httptest.NewServer(http.NotFoundHandler())
	defer there.Close()
	for _, test := range []struct {
		issuer  string
		private bool
		reached bool
	}{{"https://id.example.com", false, false}, {"https://id.example.com", true, true}, {"https://localhost:8787", false, true}} {
		for _, address := range []string{there.URL, strings.Replace(there.URL, "127.0.0.1", "localhost", 1)} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := transport(test.issuer, test.private).RoundTrip(r)
			if (err == nil) != test.reached || !test.reached && !errors.Is(err, errPrivateAddress) {
				t.Errorf("%+v, %s: %v", test, address, err)
			}
			if err == nil {
				answer.Body.Close()
			}
		}
	}
}
