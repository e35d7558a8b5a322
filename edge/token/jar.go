package token

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// maxObject is how far ahead a request object may expire.
const maxObject = time.Hour

// notParameters are the claims of a request object that are about the object, and what it may not hold (RFC 9101 sections 4 and 5).
var notParameters = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "request", "request_uri", "client_secret", "client_assertion", "client_assertion_type"}

// openObject reads a request object: an authorization request that the application signed (RFC 9101). What is in it counts and nothing
// beside it (section 6.3), which is stricter than OpenID Connect Core 1.0 section 6.1, where the query adds to it.
//
// Encrypted objects are not taken: there is nothing in a request that has to be kept from the browser that a pushed request
// would not keep from it as well. An object that says who made it, but not by a signature (alg none), is not taken either.
//
// id is the object's jti, "" for none: spendObject uses it up when the request has been found good.
func (s *Service) openObject(ctx context.Context, app tenant.Application, compact string) (p oauth.Params, id string, err error) {
	refused := oauth.ErrInvalidRequestObject.With("the request object is not acceptable")
	j, err := parseJWS(compact)
	if err != nil {
		return p, "", refused.From(err)
	}
	if !slices.Contains(algsOf(app, app.RequestObjectAlg), j.alg) || j.jwk != nil ||
		!slices.Contains([]string{"", "JWT", "jwt", "oauth-authz-req+jwt"}, j.typ) {
		return p, "", refused
	}
	if err := s.checkObject(app, j.claims); err != nil {
		return p, "", err
	}
	if err := s.verifyFor(ctx, app, j); err != nil {
		return p, "", refused.From(err)
	}
	id, _ = j.claims.text("jti")
	p, err = objectParams(j.claims)
	return p, id, err
}

// spendObject uses up the request object with an id, if there is one.
func (s *Service) spendObject(ctx context.Context, clientID, id string) error {
	if id == "" {
		return nil
	}
	first, err := s.once(ctx, useObject, clientID, id)
	if err == nil && !first {
		err = oauth.ErrInvalidRequestObject.With("the request object was used before")
	}
	return err
}

// checkObject checks who made an object, for whom and when (RFC 9101 sections 4, 5 and 10.8).
func (s *Service) checkObject(app tenant.Application, c claimSet) error {
	issuer, ok1 := c.text("iss")
	id, ok2 := c.text("client_id")
	subject, ok3 := c.optional("sub")
	unique, ok4 := c.optional("jti")
	switch {
	case !ok1 || !ok2 || issuer != app.ClientID || id != app.ClientID:
		return oauth.ErrInvalidRequestObject.With("iss and client_id of the request object must be the client_id")
	case !ok3 || subject == app.ClientID: // or it could be passed off as a client assertion
		return oauth.ErrInvalidRequestObject.With("sub of the request object must not be the client_id")
	case !c.meantFor(false, s.issuer):
		return oauth.ErrInvalidRequestObject.With("aud of the request object must be the issuer, alone")
	case !ok4 || !s.timely(c, maxObject, unique != ""): // what is to be remembered must end
		return oauth.ErrInvalidRequestObject.With("the request object has expired, is not valid yet, or is valid for longer than an hour")
	case c.has("request") || c.has("request_uri"):
		return oauth.ErrInvalidRequestObject.With("a request object cannot hold another")
	}
	return nil
}

// objectParams makes request parameters of claims.
func objectParams(c claimSet) (oauth.Params, error) {
	all := url.Values{}
	for name, raw := range c {
		if slices.Contains(notParameters, name) {
			continue
		}
		var list []string
		if value, ok := c.parameter(name); ok {
			list = []string{value}
		} else if raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
			return oauth.Params{}, oauth.ErrInvalidRequestObject.With("a member of the request object is of a type that no parameter has")
		}
		all[name] = list
	}
	p, err := oauth.MakeParams(all)
	if err != nil {
		err = oauth.ErrInvalidRequestObject.From(err)
	}
	return p, err
}
