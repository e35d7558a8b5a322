package tenant

import (
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// maxURIs bounds each list of addresses of an application.
const maxURIs = 32

// uriFault says what is wrong with an address, "" for nothing.
func uriFault(s string, kind AppKind) string {
	_, loopback := withoutPort(s)
	switch {
	case s == "":
		return "is empty: give an absolute https address or leave it out"
	case len(s) > oauth.MaxRedirectURI:
		return "is longer than 512 bytes: shorten it"
	case strings.Contains(s, "*"):
		return "has a wildcard: list each address, they are compared to the letter"
	case strings.Contains(s, "#"):
		return "has a fragment: remove everything from # on"
	case loopback && kind == AppNative:
		return ""
	case loopback:
		return `is a loopback address: those are for native applications, say "kind": "native" or use https`
	case !strings.HasPrefix(s, "https://") && kind == AppNative:
		return "is neither https nor a loopback address such as http://127.0.0.1/callback: other programs can claim anything else, localhost included"
	case !strings.HasPrefix(s, "https://"):
		return "is not https: use an absolute address that begins with https://"
	case !oauth.ValidRedirectURI(s):
		return "is not written in normal form: the host in ASCII, no user information, spaces or backslashes, other characters percent-encoded"
	}
	return ""
}

// withoutPort takes the port out of a loopback redirect address (RFC 8252 section 7.3), and reports whether s is one. Only the
// two literal addresses count: localhost can be made to resolve elsewhere (section 8.3).
func withoutPort(s string) (string, bool) {
	if len(s) > oauth.MaxRedirectURI {
		return "", false
	}
	var host string
	for _, h := range []string{"http://127.0.0.1", "http://[::1]"} {
		if strings.HasPrefix(s, h) {
			host = h
		}
	}
	if host == "" {
		return "", false
	}
	rest := s[len(host):]
	if strings.HasPrefix(rest, ":") {
		digits := strings.TrimLeft(rest[1:], "0123456789")
		if n := len(rest) - 1 - len(digits); n < 1 || n > 5 {
			return "", false
		}
		rest = digits
	}
	if rest != "" && rest[0] != '/' && rest[0] != '?' {
		return "", false
	}
	u, err := url.Parse(host + rest)
	if err != nil || u.String() != host+rest || strings.ContainsAny(rest, "#\\*") {
		return "", false
	}
	return host + rest, true
}

// sameOrigin reports whether an address has the scheme, host and port of one of the others.
func sameOrigin(s string, others []string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	for _, other := range others {
		if o, err := url.Parse(other); err == nil && o.Scheme == u.Scheme && o.Host == u.Host {
			return true
		}
	}
	return false
}
