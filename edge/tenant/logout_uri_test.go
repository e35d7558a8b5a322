package tenant

import (
	"strings"
	"testing"
)

// OpenID Connect Front-Channel Logout 1.0 section 2, Back-Channel Logout 1.0 section 2.2: addresses for sign-out are absolute, over TLS and
// without a fragment; one that is loaded in a frame is of the origin of a redirect URI.
func TestLogoutAddressesAreOfTheApplication(t *testing.T) {
	for _, c := range []struct{ member, uri, want string }{
		{"frontchannel_logout_uri", "https://shop.example/out?x=1", ""},
		{"frontchannel_logout_uri", "https://shop.example/out#x", "has a fragment"},
		{"frontchannel_logout_uri", "https://shop.example:444/out", "another scheme, host or port"},
		{"frontchannel_logout_uri", "https://www.shop.example/out", "another scheme, host or port"},
		{"frontchannel_logout_uri", "http://shop.example/out", "is not https"},
		{"frontchannel_logout_uri", "/out", "is not https"},
		{"backchannel_logout_uri", "https://back.example/out?x=1", ""},
		{"backchannel_logout_uri", "https://shop.example/out#x", "has a fragment"},
		{"backchannel_logout_uri", "http://shop.example/out", "is not https"},
		{"backchannel_logout_uri", "/out", "is not https"},
	} {
		_, err := Parse(file(shop(edits(c.member, `"`+c.uri+`"`))))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %q", c.member, c.uri, err, c.want)
		}
	}
}
