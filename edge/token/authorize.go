package token

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
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

// fulfil makes the answer to a request, in one transaction with the check of the session. A *pending says what the person has to do
// first.
func (s *Service) fulfil(ctx context.Context, app tenant.Application, q *request, present *session.Cookie) (url.Values, error) {
	if err := s.ready(ctx, app, q, present); err != nil {
		return nil, err
	}
	in := account.AuthorizeIn{
		Session: present.Ref(), AuthAfter: q.NotBefore,
		ClientID: q.ClientID, RedirectURI: q.RedirectURI, Scope: q.Scope.String(), Resources: q.Resources,
		Nonce: q.Nonce, Challenge: q.Challenge, JKT: q.JKT, ClaimsRequest: q.Claims,
		BackchannelLogoutURI: app.BackchannelLogoutURI, FrontchannelLogoutURI: app.FrontchannelLogoutURI,
		ConsentNeeded: app.Consent == tenant.ConsentRequired, Lifetime: q.lifetime,
	}
	in.Agreed = in.ConsentNeeded && q.Agreed == digest(present)
	if app.AssignmentRequired {
		in.AssignedTo = append([]string{}, app.AssignedTo...) // nobody, rather than everybody, when nobody is
	}
	if app.NoKeptSessions {
		in.KeptMaxAge = int64(keptMaxAge / time.Second)
	}
	answer := url.Values{}
	if q.code() {
		secret := account.NewSecret()
		in.CodeHash = account.Hash(secret)
		sealed, err := s.sealCode(ctx, present.Account, secret)
		if err != nil {
			return nil, err
		}
		answer.Set("code", sealed)
	}
	out, err := s.accounts.Authorize(ctx, present.Account, in)
	if err != nil {
		return nil, q.missing(err)
	}
	if err := s.spendPushed(ctx, q.Pushed); err != nil {
		return nil, err
	}
	if q.idToken() {
		token, err := s.frontToken(ctx, app, q, present.Account, answer.Get("code"), out)
		if err != nil {
			return nil, err
		}
		answer.Set("id_token", token)
	}
	return answer, nil
}

// sealCode makes the code that the application sees. The account refuses it after CodeLifetime. What names the account outlives
// that, so that a code that comes back late still revokes what it had issued.
func (s *Service) sealCode(ctx context.Context, id, secret string) (string, error) {
	sealed, err := s.keys.Seal(ctx, keys.PurposeCode, code{Account: id, Secret: secret}, s.now().Add(CodeLifetime+AccessLifetime))
	if err != nil {
		return "", fmt.Errorf("token: seal code: %w", err)
	}
	return sealed, nil
}

// frontToken makes the ID token of an authorization answer (Core sections 3.2.2.10, 3.3.2.11). With a code beside it, it says who
// signed in and no more: the rest comes by the back channel (section 3.3.3.6).
func (s *Service) frontToken(ctx context.Context, app tenant.Application, q *request, id, code string, out account.AuthorizeOut) (string, error) {
	g := granted{
		Account: id, SID: out.SID, Scope: q.Scope.String(), Nonce: q.Nonce, AuthTime: out.AuthTime, AMR: out.AMR, Code: code,
	}
	if code == "" {
		g.Claims, g.ClaimsRequest = out.Claims, q.Claims
	}
	return s.idToken(ctx, app, g, "")
}

// missing turns what the account says into what the person has to do.
func (q *request) missing(err error) error {
	switch {
	case errors.Is(err, account.ErrSession), errors.Is(err, account.ErrStale):
		return q.signIn(err)
	case errors.Is(err, account.ErrConsent):
		return needConsent.from(err)
	case errors.Is(err, account.ErrAssignment) && q.None:
		return oauth.ErrAccessDenied.From(err)
	case errors.Is(err, account.ErrAssignment):
		return needOther.from(err)
	}
	return err
}

// ready says what is missing before the account need be asked.
func (s *Service) ready(ctx context.Context, app tenant.Application, q *request, present *session.Cookie) error {
	if present == nil || q.Fresh {
		return q.signIn(nil)
	}
	here := digest(present)
	switch {
	case q.Asked && q.Stale == here:
		return q.signIn(nil)
	case q.Denied == here:
		return oauth.ErrAccessDenied
	}
	if q.Subject != "" {
		sub, err := s.subject(ctx, app, present.Account)
		if err != nil {
			return err
		}
		if sub != q.Subject && q.Asked {
			return oauth.ErrLoginRequired
		}
		if sub != q.Subject {
			return q.signIn(nil)
		}
	}
	if err := s.reached(ctx, q, present); err != nil {
		return err
	}
	switch {
	case q.Agreed == here:
	case q.Consent:
		return needConsent
	case q.Choose && !q.Asked && q.Chosen != here && (q.Shown == "" || q.Shown == here): // another session was chosen by signing in to it
		return needChoice
	}
	return nil
}

// reached checks the level of the session against what was asked for. Only when some level would not do is the session looked at.
func (s *Service) reached(ctx context.Context, q *request, present *session.Cookie) error {
	if len(q.ACR) == 0 || !slices.ContainsFunc(acrs, func(level string) bool { return !slices.Contains(q.ACR, level) }) {
		return nil
	}
	now, err := s.accounts.TouchSession(ctx, present.Account, present.Ref())
	if err != nil {
		return q.missing(err)
	}
	return q.stepUp(acrOf(now.AMR))
}

// stepUp lets a person try once more to reach the level (OpenID Connect Core Unmet Authentication Requirements 1.0, RFC 9470
// section 5).
func (q *request) stepUp(level string) error {
	switch {
	case slices.Contains(q.ACR, level):
		return nil
	case !q.Asked:
		return q.signIn(nil)
	case q.MustACR:
		return oauth.ErrUnmetAuthentication
	}
	return nil
}

// digest tells one sign-in from the next. Signing in again may keep the session's id but always makes a new secret.
func digest(present *session.Cookie) string {
	return base64.RawURLEncoding.EncodeToString(account.Hash(present.Secret)[:16])
}
