package token

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// introspection is what an API is told about a token (RFC 7662 section 2.2). Only Active is there when the token is not good, or is
// none of the caller's business, or is none of ours: who asks cannot tell which.
type introspection struct {
	Active    bool     `json:"active"`
	Issuer    string   `json:"iss,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  string   `json:"aud,omitempty"`
	Client    string   `json:"client_id,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	TokenType string   `json:"token_type,omitempty"` // of access tokens
	Expires   int64    `json:"exp,omitempty"`
	Issued    int64    `json:"iat,omitempty"`
	ID        string   `json:"jti,omitempty"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	ACR       string   `json:"acr,omitempty"`
	AMR       []string `json:"amr,omitempty"`
	Session   string   `json:"sid,omitempty"`
	Binding   *binding `json:"cnf,omitempty"` // RFC 8705 section 3.2, RFC 9449 section 6.2
	Actor     *actor   `json:"act,omitempty"`
}

// signedIntrospection is the same in a JWT (RFC 9701 section 5). It has neither sub nor exp of its own, so that it cannot be taken for
// an access token.
type signedIntrospection struct {
	Issuer   string        `json:"iss"`
	Audience string        `json:"aud"` // who asked
	Issued   int64         `json:"iat"`
	Token    introspection `json:"token_introspection"`
}

// ExpiresAt says that it does not: it is about the moment that iat names.
func (signedIntrospection) ExpiresAt() int64 { return 0 }

const (
	typeIntrospection  = "token-introspection+jwt"
	mediaIntrospection = "application/" + typeIntrospection
)

// introspect is the introspection endpoint (RFC 7662 section 2).
func (s *Service) introspect(w http.ResponseWriter, r *http.Request) {
	c, token, err := s.aboutToken(w, r)
	if err == nil && c.Method == tenant.AuthNone {
		err = oauth.ErrInvalidClient.With("introspection is for applications that can authenticate") // section 2.1
	}
	var found introspection
	if err == nil {
		found, err = s.describe(r.Context(), c, token)
	}
	if err == nil && wantsSigned(r) {
		err = s.writeSigned(w, r, c, found)
	} else if err == nil {
		oauth.WriteJSON(w, http.StatusOK, found)
	}
	if err != nil {
		s.errors.JSON(w, r, err)
	}
}

// aboutToken reads what introspection and revocation have in common: an authenticated client and a token. token_type_hint is not
// looked at, because our tokens say themselves what they are (RFC 7009 section 2.1 lets it).
func (s *Service) aboutToken(w http.ResponseWriter, r *http.Request) (client, string, error) {
	p, err := oauth.FormParams(w, r)
	if err == nil {
		err = p.Single()
	}
	if err != nil {
		return client{}, "", err
	}
	c, err := s.authenticate(r, p)
	if err == nil && !p.Has("token") {
		err = oauth.ErrInvalidRequest.With("token is missing")
	}
	return c, p.Get("token"), err
}

// describe says what c may know of a token: of those made for APIs that it is (Application.Introspects), and of its own.
func (s *Service) describe(ctx context.Context, c client, token string) (introspection, error) {
	a, err := s.openAccess(ctx, token)
	switch {
	case errors.Is(err, oauth.ErrInvalidToken):
		return s.describeRefresh(ctx, c, token)
	case err != nil:
		return introspection{}, err
	case a.Client != c.ClientID && !slices.ContainsFunc(a.Audience, c.introspects):
		return introspection{}, nil
	}
	about, err := s.about(ctx, a)
	if err != nil || !about.Active {
		return introspection{}, err
	}
	about.TokenType, about.Scope, about.ID = a.Binding.tokenType(), a.Scope, a.ID
	about.Issued, about.Expires, about.Actor = a.Issued, a.Expires, a.Actor
	if about.Audience = s.issuer; len(a.Audience) > 0 {
		about.Audience = a.Audience[0]
	}
	if a.Binding != (binding{}) {
		about.Binding = &a.Binding
	}
	return about, nil
}

func (c client) introspects(resource string) bool { return slices.Contains(c.Introspects, resource) }

// about looks behind a token that is well-formed: is its application still registered, and the grant still there? Neither asks
// anybody for a token of an application that acts for itself, while the registration is cached.
func (s *Service) about(ctx context.Context, a access) (introspection, error) {
	app, err := s.applications.Application(ctx, a.Client)
	if errors.Is(err, tenant.ErrUnknownApplication) {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, err
	}
	about := introspection{Active: true, Issuer: s.issuer, Client: a.Client, Subject: a.Client}
	if a.Account == "" {
		return about, nil
	}
	facts, err := s.accounts.GrantFacts(ctx, a.Account, account.GrantIn{GrantID: a.Grant})
	if errors.Is(err, account.ErrGrant) {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, err
	}
	err = s.person(ctx, app, a.Account, facts, &about)
	return about, err
}

// describeRefresh tells an application about a refresh token of its own.
func (s *Service) describeRefresh(ctx context.Context, c client, token string) (introspection, error) {
	t, err := s.openRefresh(ctx, token)
	if errors.Is(err, oauth.ErrInvalidGrant) {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, err
	}
	if t.Client != c.ClientID { // nobody is asked, so that the time it takes says nothing of the token
		return introspection{}, nil
	}
	facts, err := s.accounts.GrantFacts(ctx, t.Account, account.GrantIn{GrantID: t.Grant, RefreshHash: account.Hash(t.Secret)})
	if errors.Is(err, account.ErrGrant) || err == nil && facts.ClientID != c.ClientID {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, err
	}
	about := introspection{Active: true, Issuer: s.issuer, Audience: s.issuer, Client: c.ClientID, Scope: facts.Scope, Expires: facts.Expires}
	err = s.person(ctx, c.Application, t.Account, facts, &about)
	return about, err
}

// person adds who is behind a grant, by the names that the token's application knows.
func (s *Service) person(ctx context.Context, app tenant.Application, id string, facts account.GrantFactsOut, about *introspection) (err error) {
	about.AuthTime, about.AMR, about.ACR = facts.AuthTime, facts.AMR, acrOf(facts.AMR)
	if about.Subject, err = s.subject(ctx, app, id); err == nil {
		about.Session, err = s.session(ctx, app, facts.SID)
	}
	return err
}

// wantsSigned reports whether the caller asks for a JWT (RFC 9701 section 4).
func wantsSigned(r *http.Request) bool {
	return strings.Contains(strings.ToLower(r.Header.Get("Accept")), mediaIntrospection)
}

func (s *Service) writeSigned(w http.ResponseWriter, r *http.Request, c client, found introspection) error {
	alg := c.IntrospectionAlg
	switch {
	case alg != "":
	case c.Profile == tenant.ProfileFAPI2: // which does not know that default
		alg = keys.ES256
	default:
		alg = keys.RS256 // RFC 9701 section 6
	}
	token, err := s.keys.Sign(r.Context(), alg, typeIntrospection, signedIntrospection{s.issuer, c.ClientID, s.now().Unix(), found})
	if err != nil {
		return err
	}
	oauth.NoStore(w)
	w.Header().Set("Content-Type", mediaIntrospection)
	io.WriteString(w, token)
	return nil
}
