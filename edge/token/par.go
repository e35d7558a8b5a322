package token

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

const (
	// RoutePush is where applications push authorization requests (RFC 9126).
	RoutePush = "/oauth2/par"
	// PushedLifetime is how long a browser has to bring a pushed request.
	PushedLifetime = 90 * time.Second

	pushedPrefix = "urn:ietf:params:oauth:request_uri:"
)

// pushed is a pushed authorization request. The request URI is it, sealed, so that pushing writes nothing.
type pushed struct {
	ID     string     `json:"i"` // what is used up when the request is answered
	Client string     `json:"c"`
	Params url.Values `json:"p"`
	Signed bool       `json:"s,omitempty"`
}

// push is the endpoint of pushed authorization requests (RFC 9126 section 2).
func (s *Service) push(w http.ResponseWriter, r *http.Request) {
	anyOrigin(w)
	uri, err := s.pushedURI(w, r)
	if err != nil {
		s.errors.JSON(w, r, err)
		return
	}
	oauth.WriteJSON(w, http.StatusCreated, struct {
		RequestURI string `json:"request_uri"`
		ExpiresIn  int64  `json:"expires_in"`
	}{uri, int64(PushedLifetime / time.Second)})
}

// pushedURI authenticates the application as the token endpoint does, validates the request as the authorization endpoint would, and
// seals it.
func (s *Service) pushedURI(w http.ResponseWriter, r *http.Request) (string, error) {
	p, err := oauth.FormParams(w, r)
	if err == nil {
		err = p.Single()
	}
	if err != nil {
		return "", err
	}
	c, err := s.authenticate(r, p)
	if err != nil {
		return "", err
	}
	if p.Has("request_uri") { // RFC 9126 section 2.1
		return "", oauth.ErrInvalidRequest.With("request_uri cannot be pushed")
	}
	from := source{Pushed: true, Signed: p.Has("request")}
	if from.Signed {
		p, from.Object, err = s.openObject(r.Context(), c.Application, p.Get("request"))
	} else {
		p, err = withoutCredentials(p, c.ClientID)
	}
	if err == nil {
		p, err = s.pinKey(w, r, c.Application, p)
	}
	if err == nil {
		err = s.acceptable(r.Context(), c.Application, p, from)
	}
	if err != nil {
		return "", err
	}
	return s.sealPushed(r.Context(), pushed{ID: account.NewID(), Client: c.ClientID, Params: p.Values(), Signed: from.Signed})
}

// sealPushed makes the request URI.
func (s *Service) sealPushed(ctx context.Context, q pushed) (string, error) {
	sealed, err := s.keys.Seal(ctx, keys.PurposeRequest, q, s.now().Add(PushedLifetime))
	if errors.Is(err, keys.ErrSize) {
		return "", oauth.ErrTooLarge.From(err)
	}
	if err != nil {
		return "", fmt.Errorf("token: seal pushed request: %w", err)
	}
	return pushedPrefix + sealed, nil
}

// acceptable is what the authorization endpoint would say to the request.
func (s *Service) acceptable(ctx context.Context, app tenant.Application, p oauth.Params, from source) error {
	if !app.MatchRedirect(p.Get("redirect_uri")) {
		return oauth.ErrInvalidRequest.With("redirect_uri is missing or not registered")
	}
	_, err := s.parseRequest(ctx, app, p, from)
	return err
}

// withoutCredentials leaves out what a request has for client authentication, and names the client that was authenticated.
func withoutCredentials(p oauth.Params, clientID string) (oauth.Params, error) {
	all := p.Values()
	for _, name := range []string{"client_secret", "client_assertion", "client_assertion_type"} {
		all.Del(name)
	}
	all.Set("client_id", clientID)
	return oauth.MakeParams(all)
}

// pinKey binds the code to the key of the DPoP proof that a push came with (RFC 9449 section 10.1).
func (s *Service) pinKey(w http.ResponseWriter, r *http.Request, app tenant.Application, p oauth.Params) (oauth.Params, error) {
	if len(r.Header.Values(proofHeader)) == 0 {
		return p, nil
	}
	shown, err := s.checkProof(w, r, app)
	if err != nil {
		return p, err
	}
	if named := p.Get("dpop_jkt"); named != "" && named != shown.thumbprint {
		return p, oauth.ErrInvalidProof.With("the DPoP proof is by another key than dpop_jkt")
	}
	all := p.Values()
	all.Set("dpop_jkt", shown.thumbprint)
	return oauth.MakeParams(all)
}

// openPushed returns the request behind a request URI. It is good for the application that pushed it and for nobody else. It may be
// opened again until it is answered, because browsers load addresses ahead and people load pages again (FAPI 2.0 security profile
// section 5.3.2.2 note 3); spendPushed is what makes it count once.
func (s *Service) openPushed(ctx context.Context, uri, clientID string) (pushed, error) {
	var q pushed
	sealed, ok := strings.CutPrefix(uri, pushedPrefix)
	if !ok { // nobody's address is fetched: RFC 9101 section 10.4
		return q, oauth.ErrRequestURINotSupported.With("only request URIs of pushed requests are taken")
	}
	err := s.keys.Open(ctx, keys.PurposeRequest, sealed, &q)
	if errors.Is(err, keys.ErrSealed) || errors.Is(err, keys.ErrExpired) {
		return q, oauth.ErrInvalidRequestURI.With("the request URI is unknown or has expired").From(err)
	}
	if err == nil && q.Client != clientID {
		err = oauth.ErrInvalidRequestURI.With("the request URI is unknown or has expired")
	}
	return q, err
}

// spendPushed uses a pushed request up, in the moment in which it is answered with a code.
func (s *Service) spendPushed(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	first, err := s.once(ctx, usePushed, "", id)
	if err == nil && !first {
		err = oauth.ErrInvalidRequestURI.With("the pushed request was answered before")
	}
	return err
}
