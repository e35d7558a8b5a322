package token

import (
	"context"
	"errors"
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
}

// authenticate finds out which application calls (RFC 6749 section 2.3). A public client names itself; a confidential one
// proves it with its secret, by client_secret_basic or client_secret_post. Everything that fails, an unknown client
// included, is the same ErrInvalidClient.
func (s *Service) authenticate(r *http.Request, p oauth.Params) (client, error) {
	c, err := readCredentials(r, p)
	if err != nil {
		return client{}, err
	}
	app, err := s.application(r.Context(), c.id)
	if err != nil {
		return client{}, err
	}
	if app.Public() {
		// a library that knows only Basic sends an empty secret (RFC 6749 section 2.3.1 lets it)
		if c.secret != "" {
			return client{}, oauth.ErrInvalidClient.With("this application has no secret")
		}
		return client{app, c.method}, nil
	}
	if !app.CheckSecret(c.secret) {
		return client{}, oauth.ErrInvalidClient
	}
	return client{app, c.method}, nil
}

// readCredentials accepts one way of authentication at a time (RFC 6749 section 2.3).
func readCredentials(r *http.Request, p oauth.Params) (credentials, error) {
	c := credentials{id: p.Get("client_id"), secret: p.Get("client_secret"), method: "client_secret_post"}
	if c.secret == "" {
		c.method = "none"
	}
	if p.Has("client_assertion") || p.Has("client_assertion_type") {
		return c, oauth.ErrInvalidClient.With("client assertions are not supported")
	}
	if len(r.Header.Values("Authorization")) == 0 {
		if c.id == "" {
			return c, oauth.ErrInvalidClient.With("client_id is missing")
		}
		return c, nil
	}
	basic, err := readBasic(r)
	switch {
	case err != nil:
		return c, err
	case c.secret != "":
		return c, oauth.ErrInvalidRequest.With("two ways of client authentication at once")
	case c.id != "" && c.id != basic.id:
		return c, oauth.ErrInvalidRequest.With("client_id is not the authenticated one")
	}
	return basic, nil
}

// readBasic decodes both halves as forms are, after Basic (RFC 6749 section 2.3.1).
func readBasic(r *http.Request) (credentials, error) {
	id, secret, ok := r.BasicAuth()
	if !ok || len(r.Header.Values("Authorization")) > 1 {
		return credentials{}, oauth.ErrInvalidClient.With("Authorization is not Basic")
	}
	c := credentials{method: "client_secret_basic"}
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
