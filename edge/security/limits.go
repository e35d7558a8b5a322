package security

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

// Share is who has messages sent. What goes to an address or a number is counted for each share by itself, so that who knows no more than
// the password, or no more than the address, uses up nothing that a trusted device of the owner has.
type Share string

// The shares.
const (
	ShareTrusted   Share = "trusted"   // a trusted device, to what the account has registered
	ShareSession   Share = "session"   // a device that is not trusted, likewise
	ShareForgotten Share = "forgotten" // whoever has forgotten the password, likewise
	ShareAdd       Share = "add"       // whoever says that it is theirs
	ShareNotice    Share = "notice"    // what the service tells phones by itself
)

// rangeDigits are as many of a number as its owner's country and network have, with the "+". Messages to numbers that begin alike are
// counted together: who earns by messages to numbers of their own has whole ranges of them.
const rangeDigits = 7

// Limits of messages, besides those of the account object.
var (
	clientLimit   = throttle.Limit{Count: 30, Window: time.Hour} // that a client may have sent
	askedLimit    = throttle.Limit{Count: 8, Window: 24 * time.Hour}
	targetLimits  = []throttle.Limit{{Count: 6, Window: time.Hour}, {Count: 12, Window: 24 * time.Hour}}
	trustedLimits = []throttle.Limit{{Count: 10, Window: time.Hour}, {Count: 20, Window: 24 * time.Hour}}
	rangeLimit    = throttle.Limit{Count: 30, Window: time.Hour}
)

// Limits bounds the messages to people, whichever service has them sent. Its refusals are problems.
type Limits struct {
	Throttle Throttle
	Keys     MAC
}

// MAC makes what stands for addresses and numbers where they are only counted.
type MAC interface {
	MAC(ctx context.Context, label string, data []byte) ([]byte, error)
}

// Client takes one from what a client may have sent, and returns what Message knows the client by. It is the same for all that a client
// has sent, and as long for every client.
func (l Limits) Client(ctx context.Context, address string) (client string, err error) {
	if client, err = l.mac(ctx, throttle.ClientPrefix(address)); err != nil {
		return "", err
	}
	return client, l.take(ctx, "client", client, clientLimit)
}

// Message takes one from what may go to an address or a number in a share. No client takes more than two thirds of a day's, unless it is a
// trusted device; "" is for who is none. The range comes last: what is refused before takes nothing of what others have.
func (l Limits) Message(ctx context.Context, share Share, client string, phone bool, to string) error {
	target, err := l.mac(ctx, to)
	if err != nil {
		return err
	}
	limits := targetLimits
	if share == ShareTrusted {
		limits = trustedLimits
	} else if client != "" {
		err = l.take(ctx, "asked-"+string(share), client+target, askedLimit)
	}
	for i, limit := range limits {
		if err == nil {
			err = l.take(ctx, []string{"hour-", "day-"}[i]+string(share), target, limit)
		}
	}
	if err != nil || !phone {
		return err
	}
	where, err := l.mac(ctx, to[:min(rangeDigits, len(to))])
	if err != nil {
		return err
	}
	return l.take(ctx, "range-"+string(share), where, rangeLimit)
}

func (l Limits) mac(ctx context.Context, who string) (string, error) {
	mac, err := l.Keys.MAC(ctx, labelTarget, []byte(who))
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(mac[:16]), nil
}

func (l Limits) take(ctx context.Context, what, who string, limit throttle.Limit) error {
	ok, wait, err := l.Throttle.Take(ctx, "security-"+what+":"+who, limit)
	if err == nil && !ok {
		err = problem.Retry(api.CodeTooManyAttempts, wait)
	}
	return err
}
