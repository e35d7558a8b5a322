package token

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// target is what one access token is for (RFC 8707). There is never more than one: a token that two APIs take could be used by either
// at the other (RFC 9700 section 2.3).
type target struct {
	tenant.Resource // Identifier "" is the provider itself
}

// lifetime of an access token for the target.
func (t target) lifetime() time.Duration {
	if t.Lifetime > 0 {
		return min(time.Duration(t.Lifetime)*time.Second, maxAccessLifetime)
	}
	return AccessLifetime
}

// jwt reports whether the target takes JWT access tokens (RFC 9068). The provider itself takes opaque ones.
func (t target) jwt() bool { return t.Identifier != "" && t.TokenFormat != tenant.FormatOpaque }

// signingAlg signs JWT access tokens for the target.
func (t target) signingAlg() string {
	if t.SigningAlg != "" {
		return t.SigningAlg
	}
	return keys.ES256
}

// within is what of a granted scope the target understands. Scope values of OpenID Connect are for userinfo, those of an API for the
// API alone, so that a token never says more to its reader than concerns it.
func (t target) within(scope string) string {
	known := t.Scopes
	if t.Identifier == "" {
		known = append(slices.Clone(scopes), oauth.ScopeSession)
	}
	return oauth.Words(scope).Within(known...).String()
}

// errTarget is the answer to a resource that the application may not have tokens for, whether or not there is such a resource.
var errTarget = oauth.ErrInvalidTarget.With("resource is not one that was granted to this application")

// named is the target that a token request names with the parameter resource, checked against the application's registration
// before anything is consumed (RFC 8707 section 2.2). Our own identifier names the provider.
func (s *Service) named(ctx context.Context, c *call) (t target, ok bool, err error) {
	asked := c.Params.All("resource")
	switch {
	case len(asked) == 0:
		return target{}, false, nil
	case len(asked) > 1:
		return target{}, false, oauth.ErrInvalidTarget.With("an access token is for one resource: ask for one at a time")
	}
	switch wanted := asked[0]; {
	case wanted == s.issuer:
		return target{}, true, nil
	case !slices.Contains(c.Client.Resources, wanted):
		return target{}, false, errTarget
	}
	t, err = s.resourceFor(ctx, c.Client.Application, asked[0])
	return t, err == nil, err
}

// target decides what the access token of a grant is for: what the request names, which must be within what was granted; else
// the one resource that was granted; else the provider itself, as the predefined default of RFC 8707 section 2.2. In every case the
// registration of today must still have it.
func (s *Service) target(ctx context.Context, c *call, granted []string) (target, error) {
	t, ok, err := s.named(ctx, c)
	switch {
	case err != nil:
		return target{}, err
	case ok && t.Identifier != "" && !slices.Contains(granted, t.Identifier):
		return target{}, errTarget
	case ok || len(granted) != 1:
		return t, nil
	case !slices.Contains(c.Client.Resources, granted[0]): // any more
		return target{}, errTarget
	}
	return s.resourceFor(ctx, c.Client.Application, granted[0])
}

// resourceFor is resource for tokens of that application. With the FAPI profile an API whose tokens are signed by another algorithm than
// the profile's is none for it (FAPI 2.0 security profile section 5.4.1).
func (s *Service) resourceFor(ctx context.Context, app tenant.Application, identifier string) (target, error) {
	t, err := s.resource(ctx, identifier)
	if err == nil && app.Profile == tenant.ProfileFAPI2 && t.jwt() && !slices.Contains(profileAlgs, t.signingAlg()) {
		return target{}, errTarget.From(errProfile)
	}
	return t, err
}

// resource looks an API up. One that is not registered, any more perhaps, is ErrInvalidTarget.
func (s *Service) resource(ctx context.Context, identifier string) (target, error) {
	if s.resources == nil {
		return target{}, errTarget
	}
	r, err := s.resources.Resource(ctx, identifier)
	if errors.Is(err, tenant.ErrUnknownResource) {
		return target{}, errTarget.From(err)
	}
	return target{r}, err
}
