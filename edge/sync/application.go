package sync

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/problem"
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
// its own, beside the person's, whose key only the application and the person's devices have.
func (s *Service) MountApplications(mux *http.ServeMux, protect Protect) {
	mux.Handle("POST "+RouteApplicationPull, forApplication(s, protect, api.MaxBody, s.pull))
	mux.Handle("POST "+RouteApplicationPush, forApplication(s, protect, api.MaxVaultBody, s.push))
	mux.Handle("POST "+RouteApplicationKeys, forApplication(s, protect, api.MaxBody, s.keys))
	mux.Handle("POST "+RouteApplicationKeysPut, forApplication(s, protect, api.MaxBody, s.putKeys))
}

// forApplication makes the handler of a route: f gets the name of the application's vault, and a body of at most limit bytes.
func forApplication[In, Out any](s *Service, protect Protect, limit int64, f func(ctx context.Context, vault string, in In) (Out, error)) http.Handler {
	return protect(oauth.ScopeSettings, func(w http.ResponseWriter, r *http.Request, account, client string) {
		problem.Get(s.Log, func(w http.ResponseWriter, r *http.Request) (out Out, err error) {
			in, err := problem.DecodeUpTo[In](w, r, limit)
			if err != nil {
				return out, err
			}
			out, err = f(r.Context(), applicationVault(account, client), in)
			return out, refused(err)
		}).ServeHTTP(w, r)
	})
}

// applicationVault names the vault of an application for a person. An account's own vault has the account's id, which has no dot.
func applicationVault(account, client string) string {
	sum := sha256.Sum256([]byte(client))
	return account + "." + base64.RawURLEncoding.EncodeToString(sum[:16])
}
