package oauth

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// privateNames are the ends of names that mean something only inside of a network (RFC 6761, RFC 6762, RFC 8375, RFC 9476 and what
// clouds and companies use).
var privateNames = []string{
	"localhost", "local", "internal", "intranet", "private", "corp", "home", "lan", "arpa", "test", "invalid", "onion", "alt",
}

// PublicAddress reports whether an address is https and of a host with a public DNS name: one that this service may call although
// somebody else registered it. Others could make it look at its own network (server-side request forgery, RFC 7591 section 5).
// Addresses of IP, in whatever spelling, are none. local, for a service that is there to be tried out, allows the names and addresses
// of this machine as well.
//
// A public name can still be made to resolve to a private address; against that the runtime's network is closed.
func PublicAddress(address string, local bool) bool {
	u, err := url.Parse(address)
	if err != nil || len(address) > MaxRedirectURI || u.Scheme != "https" || u.User != nil || u.Fragment != "" || u.Opaque != "" ||
		strings.ContainsAny(address, "\\ \t\r\n#") {
		return false
	}
	host := strings.ToLower(u.Hostname())
	if local && ThisMachine(host) {
		return true
	}
	labels := strings.Split(host, ".")
	if len(labels) < 2 || len(host) > 253 || slices.ContainsFunc(labels, notLabel) {
		return false
	}
	last := labels[len(labels)-1]
	return !slices.Contains(privateNames, last) && !numeric(last)
}

// numeric reports whether the last label of a name makes it an address to URL parsers
// (https://url.spec.whatwg.org/#ends-in-a-number-checker). It is not empty.
func numeric(last string) bool { return '0' <= last[0] && last[0] <= '9' }

// notLabel reports whether s is no label of a host name.
func notLabel(s string) bool {
	return s == "" || len(s) > 63 || s[0] == '-' || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") != ""
}

// ThisMachine reports whether a host, without a port, is the machine that runs this: a loopback address, or a name that is
// reserved for it or for tests.
func ThisMachine(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".test")
}
