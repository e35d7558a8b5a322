package token

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
)

// access is what an access token means, in either format. An opaque one is this, sealed. Whether it is still good is the account
// object's answer, unless an application acts for itself.
type access struct {
	ID       string   `json:"i"`
	Client   string   `json:"c"`
	Account  string   `json:"a,omitempty"` // "" when the application acts for itself
	Grant    string   `json:"g,omitempty"` // of the account's record
	Scope    string   `json:"o,omitempty"`
	Audience []string `json:"u,omitempty"` // identifiers of APIs; none: the provider itself (userinfo)
	Issued   int64    `json:"t"`           // unix seconds
	Expires  int64    `json:"e"`
	Binding  binding  `json:"b,omitzero"`
	Actor    *actor   `json:"d,omitempty"`
}

// jwtAccess is a JWT access token (RFC 9068 section 2.2). The API that it is for reads everything but Grant.
type jwtAccess struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Client   string   `json:"client_id"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	ID       string   `json:"jti"`
	Scope    string   `json:"scope,omitempty"`
	AuthTime int64    `json:"auth_time,omitempty"`
	ACR      string   `json:"acr,omitempty"`
	AMR      []string `json:"amr,omitempty"`
	Session  string   `json:"sid,omitempty"`
	Binding  *binding `json:"cnf,omitempty"`
	Actor    *actor   `json:"act,omitempty"`
	// Grant lets us, and nobody else, find the grant that the token stands for: a grantRef, sealed, because a pairwise subject must
	// not say whose account it is. It has a purpose of its own, so that it is no access token by itself.
	Grant string `json:"grant,omitempty"`
}

// ExpiresAt is exp.
func (j jwtAccess) ExpiresAt() int64 { return j.Expires }

// grantRef names an account's record of an authorization.
type grantRef struct {
	Account string `json:"a"`
	Grant   string `json:"g"`
}

// typeAccess is the media type of JWT access tokens (RFC 9068 section 2.1).
const typeAccess = "at+jwt"

// openAccess reads an access token of either format. ErrInvalidToken: not one of ours, changed or expired. It does not say whether
// the grant behind it is still there.
func (s *Service) openAccess(ctx context.Context, token string) (access, error) {
	if signed(token) {
		return s.openJWT(ctx, token)
	}
	var a access
	err := s.keys.Open(ctx, keys.PurposeAccess, token, &a)
	if errors.Is(err, keys.ErrSealed) || errors.Is(err, keys.ErrExpired) {
		return access{}, oauth.ErrInvalidToken.From(err)
	}
	return a, err
}

// signed reports whether a token has the three parts of a compact JWS (RFC 7515 section 3.1) and not the five of a JWE.
func signed(token string) bool {
	dots := 0
	for i := range len(token) {
		if token[i] == '.' {
			dots++
		}
	}
	return dots == 2
}

func (s *Service) openJWT(ctx context.Context, token string) (access, error) {
	var j jwtAccess
	err := s.keys.Verify(ctx, token, typeAccess, &j)
	if errors.Is(err, keys.ErrToken) {
		return access{}, oauth.ErrInvalidToken.From(err)
	}
	if err != nil {
		return access{}, err
	}
	if j.Issuer != s.issuer || j.Expires <= s.now().Unix() {
		return access{}, oauth.ErrInvalidToken.From(errors.New("token: JWT access token has expired"))
	}
	a := access{
		ID: j.ID, Client: j.Client, Scope: j.Scope, Audience: []string{j.Audience}, Issued: j.Issued, Expires: j.Expires, Actor: j.Actor,
	}
	if j.Binding != nil {
		a.Binding = *j.Binding
	}
	if j.Grant == "" {
		return a, nil
	}
	var ref grantRef
	err = s.keys.Open(ctx, keys.PurposeGrant, j.Grant, &ref)
	if errors.Is(err, keys.ErrExpired) { // in this very moment
		return access{}, oauth.ErrInvalidToken.From(err)
	}
	if err != nil {
		return access{}, fmt.Errorf("token: grant of a JWT access token: %w", err) // we signed it: a fault of ours
	}
	a.Account, a.Grant = ref.Account, ref.Grant
	return a, nil
}
