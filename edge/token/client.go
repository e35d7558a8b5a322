package token

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// client is the application that makes a request, and how it showed that it is the one.
type client struct {
	tenant.Application
	Method string // of token_endpoint_auth_method: none, client_secret_basic, …
}

// credentials are what a client says about itself.
type credentials struct {
	id, secret, method string
	assertion          jws // for private_key_jwt
}

// authenticate finds out which application calls (RFC 6749 section 2.3). A public client names itself; a confidential one proves it in
// the way that it registered and in no other. Everything that fails, an unknown client included, is the same ErrInvalidClient.
func (s *Service) authenticate(r *http.Request, p oauth.Params) (client, error) {
	c, err := readCredentials(r, p)
	if err != nil {
		return client{}, err
	}
	app, err := s.application(r.Context(), c.id)
	if err != nil {
		return client{}, err
	}
	if err := withinProfile(app); err != nil {
		return client{}, err
	}
	method, err := s.prove(r, app, c)
	return client{app, method}, err
}

// prove checks the credentials against the registration and returns the method of it that was used.
func (s *Service) prove(r *http.Request, app tenant.Application, c credentials) (string, error) {
	byName := c.method == tenant.AuthNone // only says who it is: so do those that the handshake of TLS proves
	switch {
	case app.AuthMethod == tenant.AuthTLS && byName, app.AuthMethod == tenant.AuthSelfSigned && byName:
		return app.AuthMethod, s.checkCertificate(r, app)
	case app.Public() && c.secret == "" && c.method != tenant.AuthPrivateKey:
		return tenant.AuthNone, nil // a library that knows only Basic sends an empty secret (RFC 6749 section 2.3.1 lets it)
	case app.Public():
		return "", oauth.ErrInvalidClient.With("this application has no secret")
	case !app.Authenticates(c.method):
		return "", oauth.ErrInvalidClient.With("this application registered another way of client authentication")
	case c.method == tenant.AuthPrivateKey:
		return c.method, s.checkAssertion(r, app, c.assertion)
	case !app.CheckSecret(c.secret):
		return "", oauth.ErrInvalidClient.From(fmt.Errorf("token: wrong secret of %s", app.ClientID))
	}
	return c.method, nil
}

// readCredentials accepts one way of authentication at a time (RFC 6749 section 2.3).
func readCredentials(r *http.Request, p oauth.Params) (credentials, error) {
	c := credentials{id: p.Get("client_id"), secret: p.Get("client_secret"), method: tenant.AuthPost}
	if c.secret == "" {
		c.method = tenant.AuthNone
	}
	asserted := p.Has("client_assertion") || p.Has("client_assertion_type")
	authorized := len(r.Header.Values("Authorization")) > 0
	switch {
	case c.secret != "" && (asserted || authorized), asserted && authorized:
		return c, oauth.ErrInvalidRequest.With("two ways of client authentication at once")
	case asserted:
		return readAssertion(p)
	case !authorized && c.id == "":
		return c, oauth.ErrInvalidClient.With("client_id is missing")
	case !authorized:
		return c, nil
	}
	basic, err := readBasic(r)
	if err == nil && c.id != "" && c.id != basic.id {
		err = oauth.ErrInvalidRequest.With("client_id is not the authenticated one")
	}
	return basic, err
}

// readBasic decodes both halves as forms are, after Basic (RFC 6749 section 2.3.1).
func readBasic(r *http.Request) (credentials, error) {
	id, secret, ok := r.BasicAuth()
	if !ok || len(r.Header.Values("Authorization")) > 1 {
		return credentials{}, oauth.ErrInvalidClient.With("Authorization is not Basic")
	}
	c := credentials{method: tenant.AuthBasic}
	var err1, err2 error
	c.id, err1 = url.QueryUnescape(id)
	c.secret, err2 = url.QueryUnescape(secret)
	if err := errors.Join(err1, err2); err != nil || c.id == "" || strings.ContainsRune(c.id, 0) {
		return c, oauth.ErrInvalidClient.With("Basic credentials are not form-encoded")
	}
	return c, nil
}

// application looks a client up. One that is not registered is ErrInvalidClient.
func (s *Service) application(ctx context.Context, clientID string) (tenant.Application, error) {
	app, err := s.applications.Application(ctx, clientID)
	if errors.Is(err, tenant.ErrUnknownApplication) {
		return app, oauth.ErrInvalidClient.From(err)
	}
	return app, err
}
