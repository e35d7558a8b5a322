package token

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// question is an authorization request that waits for the person's word, and who that is.
type question struct {
	flow    flow
	app     tenant.Application
	present *session.Cookie
}

// consent says what the page /consent asks (api.RouteConsent). Only the browser that the request came with has the flow, so nobody
// learns what somebody else is asked.
func (s *Service) consent(_ http.ResponseWriter, r *http.Request, in api.ConsentRequest) (api.Consent, error) {
	ask, err := s.asked(r, in.Flow)
	if err != nil {
		return api.Consent{}, err
	}
	who, err := s.accounts.Profile(r.Context(), ask.present.Account, ask.present.Ref())
	if errors.Is(err, account.ErrSession) {
		return api.Consent{}, problem.New(api.CodeSessionRequired)
	}
	if err != nil {
		return api.Consent{}, err
	}
	q, app := ask.flow.Authorize, ask.app
	out := api.Consent{
		Application: app.Name, Host: hostOf(q.RedirectURI), Verified: !app.Dynamic,
		UPN: who.UPN, Name: who.Name, Seen: digest(ask.present), Choose: q.Choosing, ClientID: q.ClientID, KeysFor: q.Vault,
	}
	if app.Owns(app.PolicyURI, q.RedirectURI) {
		out.PolicyURI = app.PolicyURI
	}
	if app.Owns(app.TOSURI, q.RedirectURI) {
		out.TOSURI = app.TOSURI
	}
	out.Resources, err = s.namedResources(r.Context(), q)
	out.Scopes = q.Scope.Within(oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail, oauth.ScopeOffline, oauth.ScopeSettings, oauth.ScopeSession)
	return out, err
}

// decideConsent takes the person's answer (api.RouteConsentDecide), for the session that the page showed and for no other: somebody
// else may have signed in here since, in another tab.
func (s *Service) decideConsent(w http.ResponseWriter, r *http.Request, in api.ConsentDecision) (api.ConsentDecided, error) {
	ask, err := s.asked(r, in.Flow)
	if err != nil {
		return api.ConsentDecided{}, err
	}
	here, q := digest(ask.present), ask.flow.Authorize
	if in.Seen != here {
		return api.ConsentDecided{}, problem.New(api.CodeExpired)
	}
	switch {
	case !in.Allow:
		q.Denied = here
	case q.Choosing:
		q.Chosen = here
	case q.Vault != nil && !validJWE(in.KeysJWE):
		return api.ConsentDecided{}, problem.New(api.CodeBadRequest)
	default:
		q.Agreed = here
		if q.Vault != nil {
			q.Sealed = in.KeysJWE
		}
	}
	if err := s.keepFlow(w, r, ask.flow); err != nil {
		return api.ConsentDecided{}, err
	}
	return api.ConsentDecided{Redirect: resumeURL(ask.flow)}, nil
}

// asked is the question of a flow. Errors: api.CodeExpired, api.CodeSessionRequired.
func (s *Service) asked(r *http.Request, flowID string) (question, error) {
	f, err := s.openFlow(r, flowID)
	if errors.Is(err, oauth.ErrExpired) || err == nil && (f.Authorize == nil || f.Authorize.Shown == "") {
		return question{}, problem.New(api.CodeExpired)
	}
	if err != nil {
		return question{}, err
	}
	present, err := s.present(r)
	if err == nil && present == nil {
		return question{}, problem.New(api.CodeSessionRequired)
	}
	if err != nil {
		return question{}, err
	}
	app, err := s.applicationFor(r.Context(), f.Authorize.ClientID, f.Authorize.RedirectURI)
	if errors.Is(err, oauth.ErrUnknownClient) || errors.Is(err, oauth.ErrRedirectURI) {
		return question{}, problem.New(api.CodeExpired) // taken away since
	}
	return question{f, app, present}, err
}

// namedResources names the APIs of a request, each with the scope values that are its own.
func (s *Service) namedResources(ctx context.Context, q *request) ([]api.ConsentResource, error) {
	out := []api.ConsentResource{}
	for _, identifier := range q.Resources {
		to, err := s.resource(ctx, identifier)
		if errors.Is(err, oauth.ErrInvalidTarget) {
			return nil, problem.New(api.CodeExpired)
		}
		if err != nil {
			return nil, err
		}
		own := q.Scope.Within(to.Scopes...)
		if name := to.Name; name != "" {
			out = append(out, api.ConsentResource{Name: name, Scopes: own})
		} else {
			out = append(out, api.ConsentResource{Name: identifier, Scopes: own})
		}
	}
	return out, nil
}

// terms are what the person agrees to: the scope values that mean the same everywhere, and those of each API that are its own. Of an
// application that registered itself the host is all that a person can know it by, so it is agreed to as well.
func (s *Service) terms(ctx context.Context, app tenant.Application, q *request) ([]string, error) {
	terms, owned, size := []string{}, oauth.Scope{}, 0
	if app.Dynamic {
		terms = append(terms, account.Term("", hostOf(q.RedirectURI)))
	}
	for _, identifier := range q.Resources {
		to, err := s.resource(ctx, identifier)
		if err != nil {
			return nil, err
		}
		for _, word := range q.Scope.Within(to.Scopes...) {
			terms, owned = append(terms, account.Term(word, identifier)), append(owned, word)
		}
	}
	for _, word := range q.Scope {
		if slices.Contains(scopes, word) || !owned.Has(word) {
			terms = append(terms, word)
		}
	}
	for _, term := range terms {
		size += len(term) + 1
	}
	if size > account.MaxTerms {
		return nil, oauth.ErrInvalidScope.With("scope has more than a person can agree to at once")
	}
	return terms, nil
}

// hostOf is where the answer goes, as a person can recognise it: the host, or "" for an address on the person's own device.
func hostOf(redirectURI string) string {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme != "https" || slices.Contains([]string{"127.0.0.1", "::1", "localhost"}, u.Hostname()) {
		return ""
	}
	return u.Host
}
