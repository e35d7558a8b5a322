package token

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// authorize is the authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core 1.0 section 3.1.2). Until the application is
// known and the redirect URI is one of its own, errors are shown here and nobody is redirected anywhere.
func (s *Service) authorize(w http.ResponseWriter, r *http.Request) {
	sent, err := oauth.RequestParams(w, r)
	if err != nil {
		s.errors.Page(w, r, err)
		return
	}
	p, from, err := s.resolve(r, sent)
	if err != nil {
		s.unresolved(w, r, sent, err)
		return
	}
	app, err := s.applicationFor(r.Context(), p.Get("client_id"), p.Get("redirect_uri"))
	if err != nil {
		s.errors.Page(w, r, err)
		return
	}
	q, err := s.parseRequest(r.Context(), app, p, from)
	if err != nil {
		s.errors.Answer(w, r, q.answer(s.issuer), err)
		return
	}
	f := flow{ID: newFlowID(), Authorize: q}
	if withheld(r) {
		s.detour(w, r, f)
		return
	}
	s.decide(w, r, app, f)
}

// unresolved answers a request whose parameters could not be had. The application hears of it when the request itself names it
// and an address of its own; what is inside a request object that was refused is not to be believed.
func (s *Service) unresolved(w http.ResponseWriter, r *http.Request, p oauth.Params, err error) {
	app, unknown := s.applicationFor(r.Context(), p.Get("client_id"), p.Get("redirect_uri"))
	if unknown != nil {
		s.errors.Page(w, r, err)
		return
	}
	to := oauth.Answer{RedirectURI: p.Get("redirect_uri"), Issuer: s.issuer}
	kind, _ := responseType(app, p.Get("response_type"))
	to.Mode, _ = responseMode(app, kind, p.Get("response_mode"))
	if validState(p.Get("state")) {
		to.State = p.Get("state")
	}
	s.errors.Answer(w, r, to, err)
}

// withheld reports whether the browser may have a session that it does not show: another site's POST does not bring SameSite=Lax
// cookies along.
func withheld(r *http.Request) bool {
	_, err := r.Cookie(session.CookieName)
	return r.Method == http.MethodPost && err != nil
}

// detour turns a POST into a GET of our own, which brings the session along and finds the request in its flow.
func (s *Service) detour(w http.ResponseWriter, r *http.Request, f flow) {
	if err := s.keepFlow(w, r, f); err != nil {
		s.errors.Page(w, r, err)
		return
	}
	oauth.Redirect(w, r, resumeURL(f))
}

// applicationFor returns the application when it is registered and the redirect URI is exactly one of its own.
func (s *Service) applicationFor(ctx context.Context, clientID, redirectURI string) (tenant.Application, error) {
	app, err := s.application(ctx, clientID)
	if errors.Is(err, oauth.ErrInvalidClient) {
		return app, oauth.ErrUnknownClient.From(err)
	}
	if err == nil && !app.MatchRedirect(redirectURI) {
		return app, oauth.ErrRedirectURI.From(fmt.Errorf("token: %.256q is none of %s", redirectURI, clientID))
	}
	return app, err
}

// present returns what the browser's session cookie claims, nil when there is none.
func (s *Service) present(r *http.Request) (*session.Cookie, error) {
	cookie, err := session.Read(r.Context(), s.keys, r)
	if errors.Is(err, session.ErrNone) {
		return nil, nil
	}
	return &cookie, err
}

// decide answers a valid request when the session will do. Otherwise it asks the person for what is missing or, with
// prompt=none, says what that is.
func (s *Service) decide(w http.ResponseWriter, r *http.Request, app tenant.Application, f flow) {
	var answer url.Values
	q := f.Authorize
	present, err := s.present(r)
	if err == nil {
		answer, err = s.fulfil(r.Context(), app, q, present)
	}
	var missing *pending
	if errors.As(err, &missing) && !q.None {
		s.ask(w, r, f, missing, present)
		return
	}
	dropFlow(w, r, f.ID)
	if err != nil {
		s.errors.Answer(w, r, q.answer(s.issuer), err)
		return
	}
	s.tellState(w, r, q, present, answer)
	q.answer(s.issuer).Send(w, r, answer)
}
