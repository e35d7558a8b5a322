package token

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// grantClient makes a token for an application that acts for itself (RFC 6749 section 4.4). Nothing is stored and, while the
// registration is cached, nobody is asked: the token is good until it expires and cannot be revoked. There is no person, so there is
// no refresh token (section 4.4.3) and no ID token.
func (s *Service) grantClient(ctx context.Context, c *call) (*tokens, error) {
	if c.Client.Method == tenant.AuthNone {
		return nil, oauth.ErrUnauthorizedClient.With("an application that cannot authenticate cannot act for itself")
	}
	to, err := s.ownTarget(ctx, c)
	if err != nil {
		return nil, err
	}
	scope, err := ownScope(c.Params.Get("scope"), to)
	if err != nil {
		return nil, err
	}
	return s.mintFor(ctx, c, granted{Scope: scope, NoIDToken: true}, to)
}

// ownTarget is what the token is for: the API that the request names, or the only one that is registered. Userinfo has nothing to
// say to an application alone.
func (s *Service) ownTarget(ctx context.Context, c *call) (target, error) {
	to, ok, err := s.named(ctx, c)
	switch {
	case err != nil:
		return target{}, err
	case ok && to.Identifier != "":
		return to, nil
	case !ok && len(c.Client.Resources) == 1:
		return s.resourceFor(ctx, c.Client.Application, c.Client.Resources[0])
	}
	return target{}, oauth.ErrInvalidTarget.With("resource must name an API that this application is registered for")
}

// ownScope is what the application asked for of the API's scope, or all of it when it did not say (RFC 6749 section 3.3). There is
// nobody to ask, so what it may not have is refused and not left out.
func ownScope(asked string, to target) (string, error) {
	if asked == "" {
		return oauth.Scope(to.Scopes).String(), nil
	}
	scope, err := oauth.ParseScope(asked)
	if err != nil {
		return "", err
	}
	if len(scope.Within(to.Scopes...)) != len(scope) {
		return "", oauth.ErrInvalidScope.With("the API does not have all of this scope")
	}
	return scope.String(), nil
}
