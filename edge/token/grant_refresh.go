package token

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// refresh is what a refresh token means: sealed, so it can name the account. The account knows the secret's hash and whether the
// token is still the one.
type refresh struct {
	Account string `json:"a"`
	Grant   string `json:"g"`
	Client  string `json:"c"`
	Secret  string `json:"k"`
}

// grantRefresh turns a refresh token into new tokens (RFC 6749 section 6, OpenID Connect Core 1.0 section 12). The token is replaced
// by its successor, in one transaction, before anything is made. What the account no longer knows as the present one, or as the
// one whose answer may have been lost a moment ago, was stolen from somebody: the whole family ends (RFC 9700 section 4.14.2). The
// client hears the same invalid_grant for everything that is wrong with the token. An application with the FAPI 2.0 profile keeps its
// token (section 5.3.2.1: no rotation).
//
// A new ID token says what the first one said of who signed in and when, and has no nonce (Core section 12.2).
func (s *Service) grantRefresh(ctx context.Context, c *call) (*tokens, error) {
	in, t, err := s.refreshRequest(ctx, c)
	if err != nil {
		return nil, err
	}
	next := account.NewSecret()
	in.Next = account.Hash(next)
	if c.Client.Profile == tenant.ProfileFAPI2 { // who uses it proves that they may: a copy is worth nothing
		next, in.Next = "", in.Presented
	}
	out, err := s.accounts.Refresh(ctx, t.Account, in)
	if err != nil {
		return nil, err
	}
	if !out.OK {
		return nil, refused(c.Client.ClientID, out.Reason)
	}
	return s.mint(ctx, c, granted{
		Account: t.Account, GrantID: t.Grant, SID: out.SID, Scope: out.Scope, AuthTime: out.AuthTime, AMR: out.AMR,
		Claims: out.Claims, ClaimsRequest: out.ClaimsRequest, Resources: out.Resources, RefreshSecret: next,
	})
}

// refreshRequest checks everything that can be checked before the token is spent.
func (s *Service) refreshRequest(ctx context.Context, c *call) (account.RefreshIn, refresh, error) {
	var in account.RefreshIn
	if !c.Params.Has("refresh_token") {
		return in, refresh{}, oauth.ErrInvalidRequest.With("refresh_token is missing")
	}
	to, named, err := s.named(ctx, c)
	if err != nil {
		return in, refresh{}, err
	}
	if c.Params.Has("scope") {
		scope, err := oauth.ParseScope(c.Params.Get("scope"))
		if err != nil {
			return in, refresh{}, err
		}
		in.Scope = scope.String()
	}
	t, err := s.openRefresh(ctx, c.Params.Get("refresh_token"))
	if err != nil {
		return in, t, err
	}
	if t.Client != c.Client.ClientID {
		return in, t, oauth.ErrInvalidGrant.From(fmt.Errorf("token: %s shows a refresh token of %s", c.Client.ClientID, t.Client))
	}
	if named && to.Identifier != "" {
		in.Resources = []string{to.Identifier}
	}
	in.GrantID, in.Presented, in.ClientID, in.Binding = t.Grant, account.Hash(t.Secret), c.Client.ClientID, refreshBinding(c)
	in.AssignedTo = assignedTo(c.Client.Application)
	in.RefreshLifetime, in.Grace = int64(refreshIdle/time.Second), int64(refreshGrace/time.Second)
	in.AccessLifetime, err = s.longestAccess(ctx, c)
	return in, t, err
}

// refused turns the account's reason into what the application may hear.
func refused(clientID string, reason account.Reason) error {
	cause := fmt.Errorf("token: refresh by %s: %s", clientID, reason)
	switch reason {
	case account.ReasonScope:
		return oauth.ErrInvalidScope.With("scope has more than was granted").From(cause)
	case account.ReasonResource:
		return errTarget.From(cause)
	}
	return oauth.ErrInvalidGrant.From(cause)
}

// openRefresh reads a refresh token. ErrInvalidGrant: not one of ours, changed or expired. It does not say whether it is still the one
// to use.
func (s *Service) openRefresh(ctx context.Context, token string) (refresh, error) {
	var t refresh
	err := s.keys.Open(ctx, keys.PurposeRefresh, token, &t)
	if errors.Is(err, keys.ErrSealed) || errors.Is(err, keys.ErrExpired) {
		return refresh{}, oauth.ErrInvalidGrant.From(err)
	}
	return t, err
}

// refreshBinding is what a refresh token is bound to: for an application that cannot authenticate, the key or certificate of its
// request (RFC 9449 section 5, RFC 8705 section 4). The others have their authentication.
func refreshBinding(c *call) string {
	switch {
	case c.Client.Method != tenant.AuthNone:
		return ""
	case c.Binding.JKT != "":
		return "jkt:" + c.Binding.JKT
	case c.Binding.X5T != "":
		return "x5t:" + c.Binding.X5T
	}
	return ""
}

// longestAccess is the longest life, in seconds, that an access token of the application may have: as long the account must remember
// the grant behind it.
func (s *Service) longestAccess(ctx context.Context, c *call) (int64, error) {
	longest := AccessLifetime
	for _, identifier := range c.Client.Resources {
		to, err := s.resource(ctx, identifier)
		if errors.Is(err, oauth.ErrInvalidTarget) {
			continue // taken out of the registry since
		}
		if err != nil {
			return 0, err
		}
		longest = max(longest, to.lifetime())
	}
	return int64(longest / time.Second), nil
}
