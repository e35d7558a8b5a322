package token

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
)

// code is what an authorization code means. It is sealed, so it can name the account; the account object knows the secret's hash
// and nothing that would let anybody make a code from it.
type code struct {
	Account string `json:"a"`
	Secret  string `json:"k"`
}

// grantCode redeems an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.6). The account object spends the code before
// anything is made from it: with a wrong verifier, redirect URI or client as well, and a second time revokes what the
// first had issued (RFC 9700 section 4.5). The client hears the same invalid_grant for all of these.
func (s *Service) grantCode(ctx context.Context, req *call) (*tokens, error) {
	app, p := req.Client, req.Params
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
	grantID := account.NewID()
	out, err := s.accounts.Redeem(ctx, c.Account, account.RedeemIn{
		CodeHash: account.Hash(c.Secret), ClientID: app.ClientID, RedirectURI: p.Get("redirect_uri"),
		Challenge: oauth.Challenge(p.Get("code_verifier")),
		GrantID:   grantID, AccessLifetime: int64(AccessLifetime / time.Second),
	})
	if err != nil {
		return nil, err
	}
	if !out.OK {
		return nil, oauth.ErrInvalidGrant.From(fmt.Errorf("token: code of %s: %s", app.ClientID, out.Reason))
	}
	return s.mint(ctx, req, granted{
		Account: c.Account, GrantID: grantID, SID: out.SID, Scope: out.Scope, Nonce: out.Nonce,
		AuthTime: out.AuthTime, AMR: out.AMR, Claims: out.Claims,
	})
}
