package token

import (
	"context"
	"slices"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// scopes are the values that mean something to the provider itself.
var scopes = []string{oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail, oauth.ScopeOffline, oauth.ScopeSettings}

// parseScope reads what the application asks for: scope and resource. Scope values mean something when the application registered
// them, or when they are of an API that the request names. Without openid this is no OpenID Connect request (OpenID Connect
// Core 1.0 section 3.1.2.1), but one for APIs, which only an application that has some may make.
func (s *Service) parseScope(ctx context.Context, app tenant.Application, q *request, p oauth.Params) error {
	asked, err := oauth.ParseScope(p.Get("scope"))
	if err != nil {
		return err
	}
	openid := asked.Has(oauth.ScopeOpenID) && slices.Contains(app.Scopes, oauth.ScopeOpenID)
	if slices.Contains(app.Scopes, oauth.ScopeSession) {
		return q.parseSessionScope(asked, p)
	}
	switch {
	case !openid && len(app.Resources) == 0:
		return oauth.ErrInvalidScope.With("scope must contain openid")
	case !openid && q.idToken():
		return oauth.ErrInvalidScope.With("an ID token needs openid in scope")
	}
	if q.Resources, err = s.askedResources(app, p); err != nil {
		return err
	}
	if len(q.Resources) == 0 && !openid && len(app.Resources) == 1 {
		q.Resources = app.Resources // there is nothing else that the request could be for
	}
	allowed := slices.Clone(app.Scopes)
	for _, identifier := range q.Resources {
		to, err := s.resourceFor(ctx, app, identifier)
		if err != nil {
			return err
		}
		allowed = append(allowed, to.Scopes...)
	}
	if !offline(app, q) {
		allowed = slices.DeleteFunc(allowed, func(value string) bool { return value == oauth.ScopeOffline })
	}
	if q.Scope = asked.Within(allowed...); len(q.Scope) == 0 {
		return oauth.ErrInvalidScope.With("scope has nothing that this application may ask for")
	}
	return nil
}

// askedResources are the APIs that the request names (RFC 8707 section 2.1), each once. Our own name stands for userinfo, which
// needs no naming.
func (s *Service) askedResources(app tenant.Application, p oauth.Params) ([]string, error) {
	var asked []string
	for _, identifier := range p.All("resource") {
		switch {
		case identifier == s.issuer || slices.Contains(asked, identifier):
		case !slices.Contains(app.Resources, identifier) || len(asked) == maxResources:
			return nil, errTarget
		default:
			asked = append(asked, identifier)
		}
	}
	return asked, nil
}

// offline reports whether offline_access means something in a request: there is a code, and the application may use refresh tokens
// (Core section 11). The consent that it needs is the administrator's, or the person is asked for it like for any other scope.
func offline(app tenant.Application, q *request) bool {
	return q.code() && app.MayUse(tenant.GrantRefresh)
}

// parseClaims reads the claims parameter and acr_values, which asks for levels in the same way but never insists (Core
// sections 3.1.2.1, 5.5.1.1). Where each person is asked, what is asked for by name must be agreed to like a scope.
func (q *request) parseClaims(app tenant.Application, p oauth.Params) error {
	w, err := parseWishes(p.Get("claims"), app.Scopes)
	if err != nil {
		return err
	}
	if q.Claims, err = w.kept(); err != nil {
		return err
	}
	if app.Consent == tenant.ConsentRequired {
		for _, value := range w.scopes() {
			if !q.Scope.Has(value) {
				q.Scope = append(q.Scope, value)
			}
		}
	}
	if w.subject != "" && q.Subject != "" && w.subject != q.Subject {
		return oauth.ErrInvalidRequest.With("claims and id_token_hint name two people")
	}
	if w.subject != "" {
		q.Subject = w.subject
	}
	if w.acr == nil {
		w.acr = oauth.Words(p.Get("acr_values"))
	}
	if w.acr == nil {
		w.acr = app.DefaultACR
	}
	q.MustACR = w.mustACR
	q.ACR = slices.DeleteFunc(slices.Clone(w.acr), func(level string) bool { return !slices.Contains(acrs, level) })
	if q.MustACR && len(q.ACR) == 0 {
		return oauth.ErrUnmetAuthentication.With("no such acr can be reached here")
	}
	return nil
}
