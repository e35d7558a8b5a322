package token

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/device"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
)

// grantDevice answers a device that polls (RFC 8628 section 3.4). The request spends an approval on the poll that hears of it; what it
// carries is an authorization code that the account made when the person said yes, bound to the secret in the device code as
// others are to a PKCE verifier. So whatever ends that code (the end of the session, its minutes) ends the approval, and a kill
// between the two leaves a device that has to ask anew and nothing that anybody could use.
//
// A device code that comes again revokes nothing: to ask again is what devices do, and their code travels through no browser.
func (s *Service) grantDevice(ctx context.Context, c *call) (*tokens, error) {
	if !c.Params.Has("device_code") {
		return nil, oauth.ErrInvalidRequest.With("device_code is missing")
	}
	var d deviceCode
	err := s.keys.Open(ctx, keys.PurposePairing, c.Params.Get("device_code"), &d)
	switch {
	case errors.Is(err, keys.ErrExpired):
		return nil, oauth.ErrExpiredToken.From(err)
	case errors.Is(err, keys.ErrSealed):
		return nil, oauth.ErrInvalidGrant.From(err)
	case err != nil:
		return nil, err
	}
	if _, _, err := s.named(ctx, c); err != nil { // before the approval is spent
		return nil, err
	}
	out, err := s.devices.Poll(ctx, device.PollIn{
		Key: d.Key, SecretHash: account.Hash(d.Secret), ClientID: c.Client.ClientID, Binding: c.Binding.JKT,
	})
	if err != nil {
		return nil, err
	}
	if out.State != device.Approved {
		return nil, waiting(c.Client.ClientID, out.State)
	}
	var permit code
	if err := s.keys.Open(ctx, keys.PurposeCode, out.Permit, &permit); err != nil {
		return nil, fmt.Errorf("token: permit of a device: %w", err) // we made it minutes ago
	}
	return s.redeem(ctx, c, permit, deviceRedirect, challengeOf(account.Hash(d.Secret)))
}

// waiting is what a device is told that gets no tokens (RFC 8628 section 3.5).
func waiting(clientID string, state device.State) error {
	switch state {
	case device.Pending:
		return oauth.ErrAuthorizationPending
	case device.TooSoon:
		return oauth.ErrSlowDown
	case device.Denied:
		return oauth.ErrDenied
	case device.Expired:
		return oauth.ErrExpiredToken
	}
	return oauth.ErrInvalidGrant.From(fmt.Errorf("token: device code of %s: %s", clientID, state))
}
