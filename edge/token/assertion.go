package token

import (
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

const (
	// assertionType is the one client_assertion_type (RFC 7523 section 2.2).
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// maxAssertion is how far ahead an assertion may expire: for so long its jti is remembered.
	maxAssertion = 10 * time.Minute
)

// errAssertion is for everything that is wrong with an assertion but the two things that a developer cannot see.
var errAssertion = oauth.ErrInvalidClient.With("client_assertion is not acceptable")

// readAssertion reads who an assertion says it is from (RFC 7523 section 3: iss and sub are both the client id).
func readAssertion(p oauth.Params) (credentials, error) {
	c := credentials{method: tenant.AuthPrivateKey}
	if p.Get("client_assertion_type") != assertionType {
		return c, oauth.ErrInvalidClient.With("client_assertion_type is not jwt-bearer")
	}
	var err error
	if c.assertion, err = parseJWS(p.Get("client_assertion")); err != nil {
		return c, errAssertion.From(err)
	}
	issuer, ok1 := c.assertion.claims.text("iss")
	subject, ok2 := c.assertion.claims.text("sub")
	if !ok1 || !ok2 || issuer != subject {
		return c, oauth.ErrInvalidClient.With("iss and sub of client_assertion must both be the client_id")
	}
	if id := p.Get("client_id"); id != "" && id != subject {
		return c, oauth.ErrInvalidRequest.With("client_id is not the authenticated one")
	}
	c.id = subject
	return c, nil
}

// checkAssertion is private_key_jwt (OpenID Connect Core 1.0 section 9, RFC 7523 section 3): who signed it, for whom, when, and that
// it comes for the first time, last, so that what is refused spends nothing.
func (s *Service) checkAssertion(r *http.Request, app tenant.Application, j jws) error {
	if !slices.Contains(algsOf(app, app.AuthSigningAlg), j.alg) || j.jwk != nil ||
		!slices.Contains([]string{"", "JWT", "jwt", "client-authentication+jwt"}, j.typ) {
		return errAssertion
	}
	if !j.claims.meantFor(app.Profile == tenant.ProfileFAPI2, s.assertionAudience(r, app)...) {
		return oauth.ErrInvalidClient.With("aud of client_assertion must be the issuer, alone")
	}
	id, ok := j.claims.text("jti")
	if !ok {
		return oauth.ErrInvalidClient.With("client_assertion has no jti")
	}
	if !s.timely(j.claims, maxAssertion, true) {
		return oauth.ErrInvalidClient.With("client_assertion has expired, is not valid yet, or is valid for longer than ten minutes")
	}
	if err := s.verifyFor(r.Context(), app, j); err != nil {
		return errAssertion.From(err)
	}
	first, err := s.once(r.Context(), useAssertion, app.ClientID, id)
	if err == nil && !first {
		err = oauth.ErrInvalidClient.With("client_assertion was used before")
	}
	return err
}

// assertionAudience are the audiences that an assertion may have. Outside the FAPI profile the endpoint that is called and the token
// endpoint will do as well (RFC 7523 section 3, RFC 9126 section 2).
func (s *Service) assertionAudience(r *http.Request, app tenant.Application) []string {
	if app.Profile == tenant.ProfileFAPI2 {
		return []string{s.issuer}
	}
	return []string{s.issuer, s.issuer + RouteToken, s.issuer + r.URL.Path}
}

// algsOf are the algorithms that an application may sign with: the one it registered, or all that its profile allows.
func algsOf(app tenant.Application, registered string) []string {
	allowed := clientAlgs
	if app.Profile == tenant.ProfileFAPI2 {
		allowed = profileAlgs
	}
	if registered == "" {
		return allowed
	}
	if !slices.Contains(allowed, registered) {
		return nil
	}
	return []string{registered}
}

// timely reports whether now is between nbf and exp, and the life that is left is not longer than longest. iat and nbf may be a little
// ahead, and exp may be missing only where it is not required.
func (s *Service) timely(c claimSet, longest time.Duration, required bool) bool {
	now := s.now().Unix()
	soon := now + int64(maxSkew/time.Second)
	expires, has, ok1 := c.time("exp")
	issued, _, ok2 := c.time("iat")
	begins, _, ok3 := c.time("nbf")
	switch {
	case !ok1 || !ok2 || !ok3 || issued > soon || begins > soon:
		return false
	case !has:
		return !required
	}
	return expires > now && expires <= soon+int64(longest/time.Second)
}
