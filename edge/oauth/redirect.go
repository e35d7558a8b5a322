package oauth

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// MaxRedirectURI bounds a redirect URI, in bytes. It is kept inside a cookie while the person signs in.
const MaxRedirectURI = 512

// MatchRedirectURI reports whether presented is one of the registered addresses. The comparison is of
// strings, byte by byte (RFC 9700 section 4.1.3, RFC 3986 section 6.2.1): no prefixes, no patterns, no normalisation, because
// every looser rule has been used to steal codes.
func MatchRedirectURI(registered []string, presented string) bool {
	return presented != "" && slices.Contains(registered, presented)
}

// ValidRedirectURI reports whether an address may be registered: an absolute https URI with a host, without user
// information and without fragment (RFC 6749 section 3.1.2), written so that parsing it again gives the same text.
func ValidRedirectURI(s string) bool {
	if len(s) > MaxRedirectURI || strings.ContainsAny(s, "\\#") {
		return false
	}
	for i := range len(s) {
		if s[i] <= 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && plainHost(u.Hostname()) && u.User == nil && u.Opaque == "" && u.String() == s
}

// plainHost reports whether a host is written as a browser writes it: a name in ASCII, or an address in its one usual form. Any other
// spelling would be shown and compared as one host and lead to another: "%D0%B0pple.com" is not apple.com, and "127.1" is 127.0.0.1.
func plainHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.String() == host && !ip.Is4In6() && ip.Zone() == ""
	}
	labels := strings.Split(strings.TrimSuffix(strings.ToLower(host), "."), ".")
	return !slices.ContainsFunc(labels, notLabel) && !numeric(labels[len(labels)-1])
}

// AddQuery appends parameters to an address and keeps the query it was registered with (RFC 6749 section 3.1.2).
func AddQuery(address string, params url.Values) string {
	separator := "?"
	if _, query, has := strings.Cut(address, "?"); has {
		separator = "&"
		if query == "" || strings.HasSuffix(query, "&") {
			separator = ""
		}
	}
	return address + separator + params.Encode()
}
