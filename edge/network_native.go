//go:build !js

package main

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

var errPrivateAddress = errors.New("edge: the address is not of the public internet")

// notPublic are networks that look public and lead to hosts of one's own, to nobody, or to an IPv4 address inside (NAT64, Teredo, 6to4).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/32"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2002::/16"),
}

// transport is the way out over HTTP. It reaches public addresses only, whatever a name resolves to, because applications register
// addresses that the server then calls; workerd is configured the same (selfhost.Config.PrivateNetwork). private, or an issuer on
// this machine, lifts that.
func transport(issuer string, private bool) http.RoundTripper {
	u, err := url.Parse(issuer)
	t := http.DefaultTransport.(*http.Transport).Clone()
	if private || err == nil && oauth.ThisMachine(u.Hostname()) {
		return t
	}
	t.Proxy = nil // a proxy would be asked for the name, and this would see its address
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second, Control: publicOnly}).DialContext
	return t
}

// publicOnly refuses a connection to an address that has been resolved and is not public.
func publicOnly(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return errPrivateAddress
	}
	ip := a.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Zone() != "" {
		return errPrivateAddress
	}
	for _, network := range notPublic {
		if network.Contains(ip) {
			return errPrivateAddress
		}
	}
	return nil
}
