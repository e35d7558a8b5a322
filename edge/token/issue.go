package token

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
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

// mint makes the tokens of a grant that is recorded already.
func (s *Service) mint(ctx context.Context, c *call, g granted) (*tokens, error) {
	accessToken, err := s.keys.Seal(ctx, keys.PurposeAccess, access{Account: g.Account, Grant: g.GrantID, Scope: g.Scope},
		s.now().Add(AccessLifetime))
	if err != nil {
		return nil, fmt.Errorf("token: seal access token: %w", err)
	}
	idToken, err := s.idToken(ctx, c.Client.Application, g, accessToken)
	if err != nil {
		return nil, err
	}
	return &tokens{
		AccessToken: accessToken, TokenType: "Bearer", ExpiresIn: int64(AccessLifetime / time.Second),
		Scope: g.Scope, IDToken: idToken,
	}, nil
}
