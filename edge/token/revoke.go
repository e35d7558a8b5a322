package token

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/oauth"
)

// revoke is the revocation endpoint (RFC 7009 section 2). A token stands for a grant: revoking one, of either kind, ends the grant with
// all its tokens. A token that is unknown, expired or revoked already is a success, since there is nothing left to end (section 2.2).
func (s *Service) revoke(w http.ResponseWriter, r *http.Request) {
	anyOrigin(w)
	c, token, err := s.aboutToken(w, r)
	if err == nil {
		err = s.revokeToken(r.Context(), c, token)
	}
	if err != nil {
		s.errors.JSON(w, r, err)
		return
	}
	oauth.NoStore(w)
	w.WriteHeader(http.StatusOK)
}

var errForeign = oauth.ErrInvalidGrant.With("the token was issued to another application") // section 2.1: the client is informed

func (s *Service) revokeToken(ctx context.Context, c client, token string) error {
	a, err := s.openAccess(ctx, token)
	switch {
	case errors.Is(err, oauth.ErrInvalidToken):
		return s.revokeRefresh(ctx, c, token)
	case err != nil:
		return err
	case a.Client != c.ClientID:
		return errForeign
	case a.Account == "":
		return oauth.ErrUnsupportedTokenType.With("a token that an application got for itself is not stored; it expires by itself")
	}
	facts, err := s.accounts.GrantFacts(ctx, a.Account, account.GrantIn{GrantID: a.Grant})
	switch {
	case errors.Is(err, account.ErrGrant):
		return nil
	case err != nil:
		return err
	case facts.ClientID != c.ClientID:
		return oauth.ErrUnsupportedTokenType.With("a token that was exchanged ends with the one that it came from")
	}
	return s.accounts.RevokeGrant(ctx, a.Account, account.RevokeGrantIn{GrantID: a.Grant, ClientID: c.ClientID})
}

func (s *Service) revokeRefresh(ctx context.Context, c client, token string) error {
	t, err := s.openRefresh(ctx, token)
	if errors.Is(err, oauth.ErrInvalidGrant) {
		return nil
	}
	if err != nil {
		return err
	}
	if t.Client != c.ClientID {
		return errForeign
	}
	return s.accounts.RevokeGrant(ctx, t.Account, account.RevokeGrantIn{
		GrantID: t.Grant, ClientID: c.ClientID, RefreshHash: account.Hash(t.Secret),
	})
}
