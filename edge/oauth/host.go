package oauth

import (
	"net/netip"
	"net/url"
	"strings"
)

// privateDomains are the ends of names that belong to no public host (RFC 6761, RFC 6762, RFC 8375, and what networks of companies and
// homes use of their own accord).
var privateDomains = []string{"localhost", "local", "internal", "intranet", "private", "corp", "lan", "home", "home.arpa"}

// notPublic are the networks of public form that lead to hosts of one's own or to nobody: this network, shared address space,
// protocol assignments, documentation, benchmarks, reserved ones, and those that hold an IPv4 address inside (NAT64, Teredo, 6to4).
var notPublic = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

// publicIPv6 is all of IPv6 that hosts of the internet have addresses of.
var publicIPv6 = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// PrivateHost reports whether a host, without a port, is by its very text not one of the public internet: a private or special
// address however it is written, or a name that only means something on some network. This service calls no address that
// somebody registered on such a host, or whoever registers could make it look at its own network (server-side request forgery, RFC 7591
// section 5). A public name can still be made to resolve to a private address; against that the runtime's network has to be closed.
func PrivateHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), "."))
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() != "" || !publicAddress(a.Unmap())
	}
	if !nameLike(host) {
		return true
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == host || numeric(last) { // intranet; 127.1, 2130706433, 0x7f.0.0.1
		return true
	}
	for _, d := range privateDomains {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

// PrivateURI does the same for the host of an address. What cannot be read is private.
func PrivateURI(uri string) bool {
	u, err := url.Parse(uri)
	return err != nil || PrivateHost(u.Hostname())
}

func publicAddress(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Is6() && !publicIPv6.Contains(a) {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// nameLike reports whether s has only what names of hosts are made of, and no empty part.
func nameLike(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return s != "" && len(s) <= 253 && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}

// numeric reports whether the last part of a name makes resolvers take all of it for an IPv4 address.
func numeric(label string) bool {
	return strings.Trim(label, "0123456789") == "" || strings.HasPrefix(label, "0x")
}
