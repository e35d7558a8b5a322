package token

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
)

// granted is what a grant found out: everything that goes into tokens.
type granted struct {
	Account string // "" when the application acts for itself
	GrantID string // of the account's record, "" without one
	SID     string
	Scope   string // separated by spaces
	Nonce   string

	AuthTime      int64 // unix seconds
	AMR           []string
	Claims        account.Claims
	ClaimsRequest string   // the claims parameter as the authorization request kept it
	Resources     []string // identifiers of APIs (RFC 8707)

	RefreshSecret string // "": no refresh token
	Actor         *actor // who acts for the person (RFC 8693 section 4.1)
	NoIDToken     bool
	Code          string // that an ID token in the front channel belongs to (c_hash)
}

// actor is the act claim (RFC 8693 section 4.1).
type actor struct {
	Subject string `json:"sub"`
	Actor   *actor `json:"act,omitempty"` // who acted before
}

// mint makes the tokens of a grant that is recorded already: an access token for what target decides; a refresh token when there is
// a secret for one; an ID token when the scope has openid and a person is behind it.
func (s *Service) mint(ctx context.Context, c *call, g granted) (*tokens, error) {
	to, err := s.target(ctx, c, g.Resources)
	if err != nil {
		return nil, err
	}
	return s.mintFor(ctx, c, g, to)
}

// mintFor is mint for a target that is known.
func (s *Service) mintFor(ctx context.Context, c *call, g granted, to target) (*tokens, error) {
	out := &tokens{TokenType: c.Binding.tokenType(), ExpiresIn: int64(to.lifetime() / time.Second), Scope: to.within(g.Scope)}
	var err error
	if out.AccessToken, err = s.accessToken(ctx, c, g, to, out.Scope); err != nil {
		return nil, fmt.Errorf("token: access token: %w", err)
	}
	if g.RefreshSecret != "" {
		// the account decides how long it is good; the seal outlives that, so that a stolen one is known for what it is
		out.RefreshToken, err = s.keys.Seal(ctx, keys.PurposeRefresh, refresh{g.Account, g.GrantID, c.Client.ClientID, g.RefreshSecret},
			s.now().Add(refreshAbsolute))
		if err != nil {
			return nil, fmt.Errorf("token: refresh token: %w", err)
		}
	}
	if g.Account != "" && !g.NoIDToken && oauth.Words(g.Scope).Has(oauth.ScopeOpenID) {
		out.IDToken, err = s.idToken(ctx, c.Client.Application, g, out.AccessToken)
	}
	return out, err
}

// accessToken makes an access token in the format of its target.
func (s *Service) accessToken(ctx context.Context, c *call, g granted, to target, scope string) (string, error) {
	now := s.now()
	expires := now.Add(to.lifetime())
	if to.jwt() {
		return s.jwtToken(ctx, c, g, to, scope)
	}
	a := access{
		ID: account.NewID(), Client: c.Client.ClientID, Account: g.Account, Grant: g.GrantID, Scope: scope,
		Issued: now.Unix(), Expires: expires.Unix(), Binding: c.Binding, Actor: g.Actor,
	}
	if to.Identifier != "" {
		a.Audience = []string{to.Identifier}
	}
	return s.keys.Seal(ctx, keys.PurposeAccess, a, expires)
}

// jwtToken makes a JWT access token (RFC 9068). An application that acts for itself is its own subject (section 2.2).
func (s *Service) jwtToken(ctx context.Context, c *call, g granted, to target, scope string) (string, error) {
	now := s.now()
	expires := now.Add(to.lifetime())
	j := jwtAccess{
		Issuer: s.issuer, Subject: c.Client.ClientID, Audience: to.Identifier, Client: c.Client.ClientID,
		Issued: now.Unix(), Expires: expires.Unix(), ID: account.NewID(), Scope: scope, Actor: g.Actor,
	}
	if c.Binding != (binding{}) {
		j.Binding = &c.Binding
	}
	if g.Account != "" {
		var err error
		if j.Subject, err = s.subject(ctx, c.Client.Application, g.Account); err != nil {
			return "", err
		}
		if j.Session, err = s.session(ctx, c.Client.Application, g.SID); err != nil {
			return "", err
		}
		j.AuthTime, j.AMR = g.AuthTime, g.AMR
		if g.AuthTime != 0 {
			j.ACR = acrOf(g.AMR)
		}
		if j.Grant, err = s.keys.Seal(ctx, keys.PurposeGrant, grantRef{g.Account, g.GrantID}, expires); err != nil {
			return "", err
		}
	}
	return s.keys.Sign(ctx, to.signingAlg(), typeAccess, j)
}

// tokenType is what the client must do with a token to use it (RFC 6750, RFC 9449 section 5).
func (b binding) tokenType() string {
	if b.JKT != "" {
		return "DPoP"
	}
	return "Bearer"
}
