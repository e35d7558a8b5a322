// Package sync is what a trusted device does with the vault of the person who uses it: it pulls what has changed, pushes changes, and gets
// and replaces the keys, all of it sealed on the device.
//
//	/api/vault/pull             cursor → records and manifests that have changed since
//	/api/vault/push             records of a collection and its manifest over the versions the device knows → all, or the conflict
//	/api/vault/history          what a record was before
//	/api/vault/keys             → the keys, wrapped; …/put their next version
//	/api/vault/kept             → earlier vaults
//	/api/vault/reset            begin an empty vault, keep the present one for a while
//	/api/vault/restore, /erase  an earlier one
//	/api/vault/applications     what applications keep; …/pull it, …/erase it
//	/api/vault/changes          a WebSocket: hear of every change at once
//
// Who asks is settled before a body is read: a live session, on a device that the account trusts. Everything else is decided by the
// vault object in one transaction, so the service is forms and words. It writes to the log that something failed, and never what
// was in a request: not even ids.
//
// It calls the vault and the account through the interfaces in Deps.
package sync

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// Vaults is what the service needs of vault.Service.
type Vaults interface {
	Pull(ctx context.Context, account string, in vault.PullIn) (vault.PullOut, error)
	Push(ctx context.Context, account string, in vault.PushIn) (vault.PushOut, error)
	History(ctx context.Context, account string, in vault.HistoryIn) (vault.HistoryOut, error)
	Keys(ctx context.Context, account string) (vault.KeysOut, error)
	PutKeys(ctx context.Context, account string, in vault.PutKeysIn) (int64, error)
	Kept(ctx context.Context, account string) ([]vault.Earlier, error)
	Reset(ctx context.Context, account string, in vault.ResetIn) (int64, error)
	Restore(ctx context.Context, account string, in vault.RestoreIn) (int64, error)
	Erase(ctx context.Context, account string, generation int64) error
	Applications(ctx context.Context, account string) ([]vault.Application, error)
	Application(ctx context.Context, account, client string) (vault.Application, error)
	BeginApplication(ctx context.Context, account string, in vault.KeyIn) (vault.Application, error)
	EraseApplication(ctx context.Context, account string, in vault.EraseApplicationIn) (vault.EraseApplicationOut, error)
	Facts(ctx context.Context, object string) (vault.Facts, error)
	Empty(ctx context.Context, object string) error
}

// Trust knows which devices an account trusts.
type Trust interface {
	// TrustFacts says which device the session is on, and whether that has given a second proof and was not removed since. It fails
	// with account.ErrSession when the session is not live.
	TrustFacts(ctx context.Context, account string, ref account.SessionRef) (account.TrustFactsOut, error)
}

// Deps is what the service needs.
type Deps struct {
	Vaults       Vaults
	Trust        Trust
	Applications Applications
	Keys         session.Sealer // opens the session cookie
	Issuer       string         // our own origin
	// Connect hands a request for a WebSocket to the vault of an account, on behalf of a device that was last known to be trusted at
	// since (object.Connector).
	Connect func(w http.ResponseWriter, r *http.Request, account, device string, since time.Time)
	Now     func() time.Time
	Log     *slog.Logger
}

// Service answers the routes of the vault.
type Service struct{ Deps }

// New returns the service.
func New(d Deps) *Service { return &Service{d} }

// Mount adds the routes to mux, which answers 405 for other methods.
func (s *Service) Mount(mux *http.ServeMux) {
	mux.Handle("POST "+api.RouteVaultPull, post(s, api.MaxBody, s.pull))
	mux.Handle("POST "+api.RouteVaultPush, post(s, api.MaxVaultBody, s.push))
	mux.Handle("POST "+api.RouteVaultHistory, post(s, api.MaxBody, s.history))
	mux.Handle("POST "+api.RouteVaultKeys, post(s, api.MaxBody, s.keys))
	mux.Handle("POST "+api.RouteVaultKeysPut, post(s, api.MaxBody, s.putKeys))
	mux.Handle("POST "+api.RouteVaultKept, post(s, api.MaxBody, s.kept))
	mux.Handle("POST "+api.RouteVaultReset, post(s, api.MaxBody, s.reset))
	mux.Handle("POST "+api.RouteVaultRestore, post(s, api.MaxBody, s.restore))
	mux.HandleFunc("GET "+api.RouteVaultChanges, s.changes)
	mux.Handle("POST "+api.RouteVaultErase, post(s, api.MaxBody, s.erase))
	mux.Handle("POST "+api.RouteVaultApplications, post(s, api.MaxBody, s.applications))
	mux.Handle("POST "+api.RouteVaultApplicationPull, post(s, api.MaxBody, s.pullApplication))
	mux.Handle("POST "+api.RouteVaultApplicationErase, post(s, api.MaxBody, s.eraseApplication))
}

// post makes the handler of a route: f gets the account whose trusted device asks, and a body of at most limit bytes.
func post[In, Out any](s *Service, limit int64, f func(ctx context.Context, account string, in In) (Out, error)) http.Handler {
	return problem.Get(s.Log, func(w http.ResponseWriter, r *http.Request) (out Out, err error) {
		who, err := s.trusted(w, r)
		if err != nil {
			return out, err
		}
		in, err := problem.DecodeUpTo[In](w, r, limit)
		if err != nil {
			return out, err
		}
		out, err = f(r.Context(), who.account, in)
		return out, refused(err)
	})
}

// caller is who asks.
type caller struct{ account, device string }

// trusted returns the account, and that trusted device of it which the request comes from.
func (s *Service) trusted(w http.ResponseWriter, r *http.Request) (caller, error) {
	here, err := session.Read(r.Context(), s.Keys, r)
	if errors.Is(err, session.ErrNone) {
		return caller{}, problem.Because(api.CodeSessionRequired, err)
	}
	if err != nil {
		return caller{}, err
	}
	if meant := r.Header.Get(api.HeaderAccount); meant != "" && meant != here.Account {
		return caller{}, problem.New(api.CodeSessionRequired)
	}
	facts, err := s.Trust.TrustFacts(r.Context(), here.Account, here.Ref())
	switch {
	case errors.Is(err, account.ErrSession):
		session.Clear(w)
		return caller{}, problem.Because(api.CodeSessionRequired, err)
	case err != nil:
		return caller{}, err
	case !facts.Trusted:
		return caller{}, problem.New(api.CodeDeviceUntrusted)
	}
	return caller{here.Account, facts.Device}, nil
}

// codes are what the device is told of the vault's errors.
var codes = problem.Codes{
	{vault.ErrApplicationKey, api.CodeApplicationKey}, // first: others are wrapped in it
	{vault.ErrMissing, api.CodeVaultMissing},
	{vault.ErrExists, api.CodeVaultExists},
	{vault.ErrReplaced, api.CodeVaultReplaced},
	{vault.ErrCursor, api.CodeVaultCursor},
	{vault.ErrKeys, api.CodeVaultKeys},
	{vault.ErrFull, api.CodeQuota},
	{vault.ErrRecordSize, api.CodeRecordTooLarge},
	{vault.ErrBatchSize, api.CodeBatchTooLarge},
	{vault.ErrKept, api.CodeVaultKept},
	{vault.ErrUnknown, api.CodeNotFound},
	{vault.ErrApplication, api.CodeVaultMissing},
	{vault.ErrBounds, api.CodeBadRequest},
}

// refused turns the vault's errors into problems.
func refused(err error) error { return codes.Of(err) }
