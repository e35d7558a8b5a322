package token

import (
	"context"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// call is a request of an authenticated client.
type call struct {
	Client  client
	Params  oauth.Params
	Binding binding // what tokens made for this call are bound to
}

// grant is the part of a token request that differs from grant to grant: it turns an authenticated client's parameters
// into tokens. It consumes before it mints.
type grant func(ctx context.Context, c *call) (*tokens, error)

// tokens is a successful answer (RFC 6749 section 5.1, OpenID Connect Core 1.0 section 3.1.3.3).
type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	Scope        string `json:"scope"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	KeysJWE      string `json:"keys_jwe,omitempty"`          // the key of what the application keeps for the person, for the application alone
	IssuedType   string `json:"issued_token_type,omitempty"` // RFC 8693 section 2.2.1
}

// token is the token endpoint (RFC 6749 section 3.2).
func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	anyOrigin(w)
	answer, err := s.exchange(w, r)
	if err != nil {
		s.errors.JSON(w, r, err)
		return
	}
	oauth.WriteJSON(w, http.StatusOK, answer)
}

// exchange is the pipeline: read, authenticate, choose the grant, check that the client may use it, run it.
func (s *Service) exchange(w http.ResponseWriter, r *http.Request) (*tokens, error) {
	p, err := oauth.FormParams(w, r)
	if err != nil {
		return nil, err
	}
	if err := p.Single(); err != nil {
		return nil, err
	}
	app, err := s.authenticate(r, p)
	if err != nil {
		return nil, err
	}
	bound, err := s.bind(w, r, app)
	if err != nil {
		return nil, err
	}
	name := p.Get("grant_type")
	run, known := s.grants[name]
	switch {
	case name == "":
		return nil, oauth.ErrInvalidRequest.With("grant_type is missing")
	case !known:
		return nil, oauth.ErrUnsupportedGrantType
	case !app.MayUse(name):
		return nil, oauth.ErrUnauthorizedClient.With("this application is not registered for the grant")
	}
	return run(r.Context(), &call{Client: app, Params: p, Binding: bound})
}
