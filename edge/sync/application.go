package sync

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// Routes of what an application keeps for a person, in a vault of its own: they take the application's access token with the scope
// latchkey:settings (RFC 6750, RFC 9449), and the bodies of the person's own routes.
const (
	RouteApplicationPull    = "/vault/pull"     // api.VaultPullRequest → api.VaultPullResponse
	RouteApplicationPush    = "/vault/push"     // api.VaultPushRequest → api.VaultPushResponse, or api.CodeVaultConflict with Problem.Conflict
	RouteApplicationKeys    = "/vault/keys"     // {} → api.VaultKeys
	RouteApplicationKeysPut = "/vault/keys/put" // api.VaultKeysPutRequest → api.VaultGeneration
)

// Protect runs next for a request with a person's access token that has scope, and tells it whose and which application's it is
// (token.Service.Protected).
type Protect func(scope string, next func(w http.ResponseWriter, r *http.Request, account, client string)) http.Handler

// MountApplications adds the routes by which an application keeps settings of its own for a person. It reaches one vault and no other: that of
// its own, beside the person's, whose key only the application and the person's devices have. An application whose vault the person has
// erased, or that has an old key, is told api.CodeApplicationKey: it asks the person for the key again.
func (s *Service) MountApplications(mux *http.ServeMux, protect Protect) {
	mux.Handle("POST "+RouteApplicationPull, forApplication(s, protect, api.MaxBody, kept(s, s.pull)))
	mux.Handle("POST "+RouteApplicationPush, forApplication(s, protect, api.MaxVaultBody, kept(s, s.push)))
	mux.Handle("POST "+RouteApplicationKeys, forApplication(s, protect, api.MaxBody, s.applicationKeys))
	mux.Handle("POST "+RouteApplicationKeysPut, forApplication(s, protect, api.MaxBody, s.putApplicationKeys))
}

// keeper is an application of a person's.
type keeper struct{ account, client string }

// forApplication makes the handler of a route: f gets whose and which application asks, and a body of at most limit bytes.
func forApplication[In, Out any](s *Service, protect Protect, limit int64, f func(ctx context.Context, k keeper, in In) (Out, error)) http.Handler {
	return protect(oauth.ScopeSettings, func(w http.ResponseWriter, r *http.Request, account, client string) {
		problem.Get(s.Log, func(w http.ResponseWriter, r *http.Request) (out Out, err error) {
			in, err := problem.DecodeUpTo[In](w, r, limit)
			if err != nil {
				return out, err
			}
			out, err = f(r.Context(), keeper{account, client}, in)
			return out, refused(err)
		}).ServeHTTP(w, r)
	})
}

// kept is f on the vault that an application has.
func kept[In, Out any](s *Service, f func(ctx context.Context, vault string, in In) (Out, error)) func(context.Context, keeper, In) (Out, error) {
	return func(ctx context.Context, k keeper, in In) (out Out, err error) {
		a, err := s.Vaults.Application(ctx, k.account, k.client)
		if err != nil {
			return out, ask(err)
		}
		out, err = f(ctx, a.Object(k.account), in)
		return out, ask(err)
	}
}

// ask is err for an application that has had a vault: that there is none, or another one, means that its key is an old one.
func ask(err error) error {
	for _, gone := range []error{vault.ErrApplication, vault.ErrMissing, vault.ErrReplaced} {
		if errors.Is(err, gone) {
			return fmt.Errorf("%w: %w", vault.ErrApplicationKey, err)
		}
	}
	return err
}

// applicationKeys answers the keys of what an application keeps; api.CodeVaultMissing when that is nothing yet.
func (s *Service) applicationKeys(ctx context.Context, k keeper, in problem.Empty) (out api.VaultKeys, err error) {
	a, err := s.Vaults.Application(ctx, k.account, k.client)
	if err != nil {
		return out, err
	}
	return s.keys(ctx, a.Object(k.account), in)
}

// putApplicationKeys replaces them, or makes the vault: its first wrap is that of the application's key, and is called by the key's id.
func (s *Service) putApplicationKeys(ctx context.Context, k keeper, in api.VaultKeysPutRequest) (out api.VaultGeneration, err error) {
	if in.Generation != 0 {
		return kept(s, s.putKeys)(ctx, k, in)
	}
	if len(in.Keys.Wraps) == 0 {
		return out, vault.ErrBounds
	}
	a, err := s.Vaults.BeginApplication(ctx, k.account, vault.KeyIn{Client: k.client, Key: in.Keys.Wraps[0].ID})
	if err != nil {
		return out, err
	}
	if out.Generation, err = s.Vaults.PutKeys(ctx, a.Object(k.account), vault.PutKeysIn{Keys: keysOf(in.Keys), First: a.Number}); err != nil {
		return out, err
	}
	now, err := s.Vaults.Application(ctx, k.account, k.client)
	if errors.Is(err, vault.ErrApplication) || err == nil && now.Number != a.Number { // erased meanwhile, before it was made
		return out, errors.Join(vault.ErrApplicationKey, s.Vaults.Empty(ctx, a.Object(k.account)))
	}
	return out, err
}
