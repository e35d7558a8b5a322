package throttle

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Bounds of a Limit.
const (
	MaxCount  = 1000
	MaxWindow = 30 * 24 * time.Hour
)

// Limit is so many in any stretch of time of that length.
type Limit struct {
	Count  int           `json:"count"`  // 1 to MaxCount
	Window time.Duration `json:"window"` // 1 s to MaxWindow, whole seconds
}

// ParseLimit parses a limit as it is configured: a count, a slash and a duration of time.ParseDuration, "3/24h".
func ParseLimit(s string) (Limit, error) {
	if len(s) > 40 {
		return Limit{}, fmt.Errorf("throttle: limit has %d bytes", len(s))
	}
	count, window, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(count)
	if err != nil {
		return Limit{}, fmt.Errorf("throttle: limit %q is not like 3/24h", s)
	}
	d, err := time.ParseDuration(window)
	if err != nil {
		return Limit{}, fmt.Errorf("throttle: limit %q is not like 3/24h", s)
	}
	l := Limit{Count: n, Window: d}
	return l, l.check()
}

func (l Limit) check() error {
	if l.Count < 1 || l.Count > MaxCount || l.Window < time.Second || l.Window > MaxWindow || l.Window%time.Second != 0 {
		return fmt.Errorf("%w: %s", ErrLimit, l)
	}
	return nil
}

// String is what ParseLimit parses.
func (l Limit) String() string { return fmt.Sprintf("%d/%s", l.Count, l.Window) }

// ClientPrefix returns what stands for the owner of an address: an IPv4 address, or the /64 network of an IPv6 one, of which
// every customer has at least one. An IPv4 address written as IPv6 is the IPv4 address. All text that is no address, which
// would be the proxy's mistake, is one client: if it stood for itself, whoever can influence it would have a fresh count for every
// request.
func ClientPrefix(addr string) string {
	a, ok := parseAddr(addr)
	if !ok {
		return unknownClient
	}
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return unknownClient
	}
	return p.String()
}

// unknownClient is what ClientPrefix makes of text that is no address.
const unknownClient = "invalid"

// parseAddr takes an address without a port. Zones are dropped, mapped IPv4 addresses are unmapped.
func parseAddr(s string) (netip.Addr, bool) {
	if len(s) > 64 {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	return a.WithZone("").Unmap(), err == nil
}

// AllowList is a set of networks that are not limited. The zero value is empty.
type AllowList struct{ prefixes []netip.Prefix }

// maxAllowed bounds the entries of an AllowList.
const maxAllowed = 1000

// ParseAllowList parses networks (192.0.2.0/24, 2001:db8::/32) and single addresses, separated by commas or space.
func ParseAllowList(s string) (AllowList, error) {
	var list AllowList
	for field := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }) {
		p, err := parsePrefix(field)
		if err != nil {
			return AllowList{}, err
		}
		if list.prefixes = append(list.prefixes, p); len(list.prefixes) > maxAllowed {
			return AllowList{}, fmt.Errorf("throttle: more than %d networks", maxAllowed)
		}
	}
	return list, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if len(s) > 64 {
		return netip.Prefix{}, fmt.Errorf("throttle: network has %d bytes", len(s))
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("throttle: %q is no network like 192.0.2.0/24", s)
	}
	if p.Masked() != p {
		return netip.Prefix{}, fmt.Errorf("throttle: %q has bits outside its mask: write %s", s, p.Masked())
	}
	return p, nil
}

// Contains reports whether an address is in one of the networks. Text that is no address is in none.
func (l AllowList) Contains(addr string) bool {
	a, ok := parseAddr(addr)
	if !ok {
		return false
	}
	for _, p := range l.prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
