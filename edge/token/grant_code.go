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

// code is what an authorization code means. It is sealed, so it can name the account; the account object knows the secret's hash
// and nothing that would let anybody make a code from it.
type code struct {
	Account string `json:"a"`
	Secret  string `json:"k"`
	Keys    string `json:"w,omitempty"` // for the application, from a device of the person: keys_jwe
}

// grantCode redeems an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.6). The account object spends the code before
// anything is made from it: with a wrong verifier, redirect URI or client as well, and a second time revokes what the
// first had issued (RFC 9700 section 4.5). The client hears the same invalid_grant for all of these.
//
// An application that registered refresh_token gets one. With offline_access in the granted scope its family outlives the session
// (OpenID Connect Core 1.0 section 11); without it, it ends with the session, as the same section leaves to us.
func (s *Service) grantCode(ctx context.Context, req *call) (*tokens, error) {
	p := req.Params
	if !p.Has("code") {
		return nil, oauth.ErrInvalidRequest.With("code is missing")
	}
	var c code
	err := s.keys.Open(ctx, keys.PurposeCode, p.Get("code"), &c)
	if errors.Is(err, keys.ErrSealed) || errors.Is(err, keys.ErrExpired) {
		return nil, oauth.ErrInvalidGrant.From(err)
	}
	if err != nil {
		return nil, err
	}
	if _, _, err := s.named(ctx, req); err != nil {
		return nil, err
	}
	return s.redeem(ctx, req, c, p.Get("redirect_uri"), oauth.Challenge(p.Get("code_verifier")))
}

// redeem spends a code and makes what it stands for.
func (s *Service) redeem(ctx context.Context, req *call, c code, redirectURI, challenge string) (*tokens, error) {
	app := req.Client
	in := account.RedeemIn{
		CodeHash: account.Hash(c.Secret), ClientID: app.ClientID, RedirectURI: redirectURI,
		Challenge: challenge, GrantID: account.NewID(), JKT: req.Binding.JKT,
	}
	var err error
	if in.AccessLifetime, err = s.longestAccess(ctx, req); err != nil {
		return nil, err
	}
	secret := ""
	if app.MayUse(tenant.GrantRefresh) {
		secret = account.NewSecret()
		in.RefreshHash, in.Binding = account.Hash(secret), refreshBinding(req)
		in.RefreshLifetime, in.RefreshAbsolute = int64(refreshIdle/time.Second), int64(refreshAbsolute/time.Second)
	}
	out, err := s.accounts.Redeem(ctx, c.Account, in)
	if err != nil {
		return nil, err
	}
	if !out.OK {
		return nil, oauth.ErrInvalidGrant.From(fmt.Errorf("token: code of %s: %s", app.ClientID, out.Reason))
	}
	if !out.Refresh {
		secret = ""
	}
	answer, err := s.mint(ctx, req, granted{
		Account: c.Account, GrantID: in.GrantID, SID: out.SID, Scope: out.Scope, Nonce: out.Nonce,
		AuthTime: out.AuthTime, AMR: out.AMR, Claims: out.Claims, ClaimsRequest: out.ClaimsRequest, Resources: out.Resources,
		RefreshSecret: secret,
	})
	if err == nil {
		answer.KeysJWE = c.Keys
	}
	return answer, err
}
