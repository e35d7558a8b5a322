package token

import (
	"context"
	"errors"
	"slices"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// Types of tokens (RFC 8693 section 3). An ID token is none that can be exchanged: it says who signed in, entitles nobody to anything,
// and names no grant with whose end the new token would end.
const (
	tokenTypeAccess = "urn:ietf:params:oauth:token-type:access_token"
	tokenTypeJWT    = "urn:ietf:params:oauth:token-type:jwt"
)

// maxActors bounds the chain of those who act (RFC 8693 section 4.1).
const maxActors = 4

// Refusals of token exchange (RFC 8693 section 2.2.2): a token that is not good, or that this application may not bring, is an invalid
// request.
var (
	errSubject = oauth.ErrInvalidRequest.With("subject_token is not one that this application may exchange")
	errNotOurs = oauth.ErrInvalidRequest.With("a token is not an access token of this issuer, or has expired")
	errActor   = oauth.ErrInvalidRequest.With("actor_token is not an access token of this application itself")
)

// grantExchange turns a person's access token into one for another API (RFC 8693). What is possible is what the operator registered for
// the application (tenant.ExchangePolicy); may_act is neither issued nor looked at, because the registration says the same and can
// be taken back. The new token
//
//	is for one API of the policy, with a scope that the person granted there,
//	lives no longer than the subject token and stands for the same grant, so that it ends when that is revoked,
//	is bound to the caller's key or certificate, which it must have when the subject token was bound to one,
//	names those who act for the person, unless the policy lets the application impersonate,
//	and comes without refresh token and ID token.
func (s *Service) grantExchange(ctx context.Context, c *call) (*tokens, error) {
	if c.Client.Exchange == nil || c.Client.Method == tenant.AuthNone {
		return nil, oauth.ErrUnauthorizedClient.With("this application is not registered to exchange tokens")
	}
	to, err := s.exchangeTarget(ctx, c)
	if err != nil {
		return nil, err
	}
	kind, err := exchangeType(c.Params, to)
	if err != nil {
		return nil, err
	}
	subject, err := s.exchangeSubject(ctx, c)
	if err != nil {
		return nil, err
	}
	g, err := s.exchanged(ctx, c, subject, to)
	if err != nil {
		return nil, err
	}
	to.Lifetime = min(subject.Expires-s.now().Unix(), int64(to.lifetime().Seconds()))
	if to.Lifetime <= 0 { // it has expired while the account was asked
		return nil, errNotOurs
	}
	out, err := s.mintFor(ctx, c, g, to)
	if err == nil {
		out.IssuedType = kind
	}
	return out, err
}

// exchangeTarget is the one API that the new token is for, by resource or audience.
func (s *Service) exchangeTarget(ctx context.Context, c *call) (target, error) {
	asked := slices.Concat(c.Params.All("resource"), c.Params.All("audience"))
	slices.Sort(asked)
	if asked = slices.Compact(asked); len(asked) != 1 {
		return target{}, oauth.ErrInvalidTarget.With("resource or audience must name one API")
	}
	if !slices.Contains(c.Client.Exchange.Audiences, asked[0]) {
		return target{}, errTarget
	}
	return s.resourceFor(ctx, c.Client.Application, asked[0])
}

// exchangeType is what the answer calls the new token.
func exchangeType(p oauth.Params, to target) (string, error) {
	switch p.Get("requested_token_type") {
	case "", tokenTypeAccess:
		return tokenTypeAccess, nil
	case tokenTypeJWT:
		if to.jwt() {
			return tokenTypeJWT, nil
		}
		return "", oauth.ErrInvalidRequest.With("tokens of this API are no JWT")
	}
	return "", oauth.ErrInvalidRequest.With("requested_token_type must be access_token or jwt")
}

// typedToken reads one of the two tokens of a request: an access token of ours that has not expired.
func (s *Service) typedToken(ctx context.Context, p oauth.Params, name string) (access, error) {
	token, kind := p.Get(name), p.Get(name+"_type")
	switch {
	case token == "":
		return access{}, oauth.ErrInvalidRequest.With("subject_token is missing")
	case kind != tokenTypeAccess && (kind != tokenTypeJWT || !signed(token)):
		return access{}, oauth.ErrInvalidRequest.With("subject_token_type and actor_token_type must be access_token, or jwt for a token that is one")
	}
	a, err := s.openAccess(ctx, token)
	if errors.Is(err, oauth.ErrInvalidToken) {
		err = errNotOurs.From(err)
	}
	return a, err
}

// exchangeSubject is the token to exchange, if this application may bring it: one that was made for an API that it is, or one of an
// application that its policy names. A token that is bound to a key was given to the API by whoever proved that key; anybody else
// has to prove it here.
func (s *Service) exchangeSubject(ctx context.Context, c *call) (access, error) {
	a, err := s.typedToken(ctx, c.Params, "subject_token")
	if err != nil {
		return access{}, err
	}
	addressed := slices.ContainsFunc(a.Audience, func(api string) bool { return slices.Contains(c.Client.Introspects, api) })
	from := c.Client.Exchange.From
	allowed := slices.Contains(from, a.Client) || len(from) == 0 && addressed
	bound := a.Binding != (binding{})
	switch {
	case !allowed, a.Account == "", oauth.Words(a.Scope).Has(oauth.ScopeSession):
		return access{}, errSubject
	case bound && c.Binding == (binding{}):
		return access{}, oauth.ErrInvalidRequest.With("subject_token is bound to a key, so this request must prove one")
	case bound && !addressed && a.Binding != c.Binding:
		return access{}, errSubject
	}
	if _, err := s.application(ctx, a.Client); err != nil {
		if errors.Is(err, oauth.ErrInvalidClient) {
			err = errSubject.From(err)
		}
		return access{}, err
	}
	return a, nil
}

// exchanged is what goes into the new token. The account is asked whether the grant behind the subject token is still there.
func (s *Service) exchanged(ctx context.Context, c *call, a access, to target) (granted, error) {
	act, err := s.actorOf(ctx, c, a)
	if err != nil {
		return granted{}, err
	}
	facts, err := s.accounts.GrantFacts(ctx, a.Account, account.GrantIn{GrantID: a.Grant})
	if errors.Is(err, account.ErrGrant) {
		err = errNotOurs.From(err)
	}
	if err != nil {
		return granted{}, err
	}
	scope, err := narrowed(c.Params.Get("scope"), reach(a, facts, to))
	return granted{
		Account: a.Account, GrantID: a.Grant, SID: facts.SID, Scope: scope, AuthTime: facts.AuthTime, AMR: facts.AMR,
		Actor: act, NoIDToken: true,
	}, err
}

// reach is the widest scope that the new token may have: at an API that the subject token is for, the scope of that; at another one,
// what the person granted for that API to the application that the subject token was made for. Scope values of one API mean nothing
// at another, even when they are called the same.
func reach(a access, facts account.GrantFactsOut, to target) string {
	switch {
	case slices.Contains(a.Audience, to.Identifier):
		return to.within(a.Scope)
	case slices.Contains(facts.Resources, to.Identifier):
		return to.within(facts.Scope)
	}
	return ""
}

// narrowed is the scope that was asked for, which must be within what there is; all of that when nothing was.
func narrowed(asked, have string) (string, error) {
	if asked == "" {
		return have, nil
	}
	scope, err := oauth.ParseScope(asked)
	if err == nil && len(scope.Within(oauth.Words(have)...)) != len(scope) {
		err = oauth.ErrInvalidScope.With("scope has more than was granted for this API")
	}
	return scope.String(), err
}

// actorOf is the chain of those who act, the present one first. Who acts is the application that asks and nobody else: an actor_token
// can only be one that it was given for itself. Impersonation adds nobody; it does not take away who acted before.
func (s *Service) actorOf(ctx context.Context, c *call, subject access) (*actor, error) {
	policy, shown := c.Client.Exchange, c.Params.Has("actor_token")
	if shown != c.Params.Has("actor_token_type") {
		return nil, oauth.ErrInvalidRequest.With("actor_token and actor_token_type go together")
	}
	if shown {
		a, err := s.typedToken(ctx, c.Params, "actor_token")
		if err != nil {
			return nil, err
		}
		if a.Client != c.Client.ClientID || a.Account != "" || a.Binding != (binding{}) && a.Binding != c.Binding {
			return nil, errActor
		}
	}
	if !shown && policy.Impersonate {
		return subject.Actor, nil
	}
	if !policy.Delegate {
		return nil, oauth.ErrInvalidRequest.With("this application may not act for others by name")
	}
	if subject.Actor.depth() >= maxActors {
		return nil, oauth.ErrInvalidRequest.With("too many have acted already")
	}
	return &actor{Subject: c.Client.ClientID, Actor: subject.Actor}, nil
}

func (a *actor) depth() (n int) {
	for ; a != nil; a = a.Actor {
		n++
	}
	return n
}
