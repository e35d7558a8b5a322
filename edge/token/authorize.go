package token

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// authorize is the authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core 1.0 section 3.1.2). Until the application is
// known and the redirect URI is one of its own, errors are shown here and nobody is redirected anywhere.
func (s *Service) authorize(w http.ResponseWriter, r *http.Request) {
	p, err := oauth.RequestParams(w, r)
	if err != nil {
		s.errors.Page(w, r, err)
		return
	}
	p, from, err := s.resolve(r, p)
	if err != nil {
		s.errors.Page(w, r, err)
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
	oauth.Redirect(w, r, RouteResume+"?flow="+f.ID)
}

// applicationFor returns the application when it is registered and the redirect URI is exactly one of its own.
func (s *Service) applicationFor(ctx context.Context, clientID, redirectURI string) (tenant.Application, error) {
	app, err := s.application(ctx, clientID)
	if errors.Is(err, oauth.ErrInvalidClient) {
		return app, oauth.ErrUnknownClient.From(err)
	}
	if err == nil && !app.MatchRedirect(redirectURI) {
		return app, oauth.ErrRedirectURI
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

// decide answers a valid request: with a code when the session will do, otherwise by asking the person to sign in or, with
// prompt=none, by saying so.
func (s *Service) decide(w http.ResponseWriter, r *http.Request, app tenant.Application, f flow) {
	var code string
	q := f.Authorize
	present, err := s.present(r)
	if err == nil {
		code, err = s.issueCode(r.Context(), app, q, present)
	}
	if errors.Is(err, oauth.ErrInteractionRequired) && !q.None {
		s.askToSignIn(w, r, f, present)
		return
	}
	dropFlow(w, r, f.ID)
	if errors.Is(err, oauth.ErrInteractionRequired) {
		err = oauth.ErrLoginRequired.From(err)
	}
	if err != nil {
		s.errors.Answer(w, r, q.answer(s.issuer), err)
		return
	}
	q.answer(s.issuer).Send(w, r, url.Values{"code": {code}})
}

// issueCode writes a code into the account, in one transaction with the check of the session. It answers ErrInteractionRequired when
// the person has to sign in, and ErrLoginRequired when the person did and is not the one the application asked for.
func (s *Service) issueCode(ctx context.Context, app tenant.Application, q *request, present *session.Cookie) (string, error) {
	switch {
	case present == nil, q.Fresh, q.Asked && digest(present) == q.Stale:
		return "", oauth.ErrInteractionRequired
	case q.Subject != "" && present.Account != q.Subject && q.Asked:
		return "", oauth.ErrLoginRequired
	case q.Subject != "" && present.Account != q.Subject:
		return "", oauth.ErrInteractionRequired
	}
	secret := account.NewSecret()
	// The account refuses a code after CodeLifetime. What names the account outlives that, so that a code that comes back late still
	// revokes what it had issued.
	code, err := s.keys.Seal(ctx, keys.PurposeCode, code{Account: present.Account, Secret: secret}, s.now().Add(CodeLifetime+AccessLifetime))
	if err != nil {
		return "", fmt.Errorf("token: seal code: %w", err)
	}
	_, err = s.accounts.Authorize(ctx, present.Account, account.AuthorizeIn{
		Session: present.Ref(), AuthAfter: q.NotBefore,
		CodeHash: account.Hash(secret), ClientID: q.ClientID, RedirectURI: q.RedirectURI,
		Scope: q.Scope.String(), Nonce: q.Nonce, Challenge: q.Challenge,
		BackchannelLogoutURI: app.BackchannelLogoutURI, FrontchannelLogoutURI: app.FrontchannelLogoutURI,
	})
	if errors.Is(err, account.ErrSession) || errors.Is(err, account.ErrStale) {
		return "", oauth.ErrInteractionRequired.From(err)
	}
	if err == nil {
		err = s.spendPushed(ctx, q.Pushed)
	}
	return code, err
}

// digest tells one sign-in from the next. Signing in again may keep the session's id but always makes a new secret.
func digest(present *session.Cookie) string {
	return base64.RawURLEncoding.EncodeToString(account.Hash(present.Secret)[:16])
}

// askToSignIn keeps the request in the browser and sends the person to the sign-in page.
func (s *Service) askToSignIn(w http.ResponseWriter, r *http.Request, f flow, present *session.Cookie) {
	q := f.Authorize
	if q.Fresh {
		q.Fresh, q.NotBefore = false, s.now().Unix()
	}
	if !q.Asked && present != nil {
		q.Stale = digest(present)
	}
	q.Asked = true
	if err := s.keepFlow(w, r, f); err != nil {
		s.errors.Answer(w, r, q.answer(s.issuer), err)
		return
	}
	page := url.Values{"flow": {f.ID}}
	if q.LoginHint != "" {
		page.Set("login_hint", q.LoginHint)
	}
	oauth.Redirect(w, r, oauth.PagePrefix(r, q.Locales)+"/signin?"+page.Encode())
}
