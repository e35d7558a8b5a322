// Package portal is what a signed-in person does with the own account: look at it, see and end sessions, see what applications may do
// and take it from them, open applications, prove the password again and change it.
//
//	/api/account                  GET
//	/api/account/sessions         GET; …/end
//	/api/account/applications     GET; …/remove
//	/api/apps                     GET
//	/api/account/reauth/begin     KE1 → count the attempt → KE2, sealed state
//	/api/account/reauth/finish    KE3, state → spend the attempt → proof, good for one change within five minutes
//	/api/account/password/begin   proof, OPAQUE registration request → response
//	/api/account/password/finish  proof, record → spend the proof, replace the record, end the other sessions
//
// Every route needs a live session, which the account object checks in the same transaction as what is asked of it. Who merely
// finds a browser signed in can neither guess the password freely (attempts are counted for the session) nor change it
// without knowing it.
//
// edge/server mounts the service; pages call it. It calls the account object through the interface in Deps.
package portal

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/state"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// Accounts is what the service needs of account.Service.
type Accounts interface {
	TouchSession(ctx context.Context, id string, ref account.SessionRef) (account.TouchSessionOut, error)
	Profile(ctx context.Context, id string, ref account.SessionRef) (account.ProfileOut, error)
	Sessions(ctx context.Context, id string, ref account.SessionRef) (account.SessionsOut, error)
	EndSession(ctx context.Context, id string, in account.EndSessionIn) (account.EndSessionOut, error)
	EndOthers(ctx context.Context, id string, ref account.SessionRef) error
	Credential(ctx context.Context, id string, in account.CredentialIn) (account.CredentialOut, error)
	BeginProof(ctx context.Context, id string, in account.BeginProofIn) error
	ReplaceCredential(ctx context.Context, id string, in account.ReplaceCredentialIn) error
	Consents(ctx context.Context, id string, ref account.SessionRef) (account.ConsentsOut, error)
	RevokeConsent(ctx context.Context, id string, in account.RevokeConsentIn) error
}

// Applications is what the service needs of tenant.Service: names for what the account knows by id, and what there is to open.
type Applications interface {
	Application(ctx context.Context, clientID string) (tenant.Application, error)
	Applications(ctx context.Context) ([]tenant.Application, error)
	Resource(ctx context.Context, identifier string) (tenant.Resource, error)
}

// Keys is what the service needs of keys.Service.
type Keys interface {
	password.Keys
	state.Sealer
}

// Deps is what the service needs.
type Deps struct {
	Issuer       string             // https origin: what applications are told when they are opened
	Lock         account.LockPolicy // guesses inside a session; zero: account.DefaultLockPolicy
	KSF          api.KSF            // least parameters of new password records; zero: api.CurrentKSF
	Accounts     Accounts
	Applications Applications
	Keys         Keys
	Now          func() time.Time
	Log          *slog.Logger
}

// Service answers the routes of a person's own account.
type Service struct {
	Deps
	password *password.Server
}

// New returns the service.
func New(d Deps) *Service {
	if d.KSF == (api.KSF{}) {
		d.KSF = api.CurrentKSF
	}
	return &Service{Deps: d, password: password.New(d.Keys)}
}

// Mount adds the routes to mux, which answers 405 for other methods.
func (s *Service) Mount(mux *http.ServeMux) {
	mux.Handle("GET "+api.RouteAccount, problem.Get(s.Log, s.account))
	mux.Handle("GET "+api.RouteSessions, problem.Get(s.Log, s.sessions))
	mux.Handle("POST "+api.RouteSessionsEnd, problem.Post(s.Log, s.endSessions))
	mux.Handle("POST "+api.RouteReauthBegin, problem.Post(s.Log, s.reauthBegin))
	mux.Handle("POST "+api.RouteReauthFinish, problem.Post(s.Log, s.reauthFinish))
	mux.Handle("POST "+api.RouteChangeBegin, problem.Post(s.Log, s.changeBegin))
	mux.Handle("POST "+api.RouteChangeFinish, problem.Post(s.Log, s.changeFinish))
	mux.Handle("GET "+api.RouteApplications, problem.Get(s.Log, s.applications))
	mux.Handle("POST "+api.RouteApplicationRemove, problem.Post(s.Log, s.removeApplication))
	mux.Handle("GET "+api.RouteApps, problem.Get(s.Log, s.apps))
	mux.HandleFunc("GET "+pathChangePassword, changePassword)
	mux.HandleFunc("GET "+pathPasskeyEndpoints, s.passkeyEndpoints)
}

// here returns the session that the browser claims to be in, or CodeSessionRequired. The claim is checked by whatever object
// method is called next.
func (s *Service) here(r *http.Request) (session.Cookie, error) {
	c, err := session.Read(r.Context(), s.Keys, r)
	if errors.Is(err, session.ErrNone) {
		err = problem.Because(api.CodeSessionRequired, err)
	}
	return c, err
}

// codes are what the page is told of the account object's errors.
var codes = problem.Codes{{account.ErrSession, api.CodeSessionRequired}, {account.ErrSpent, api.CodeExpired}}

// refused turns the account object's errors into problems. A browser whose session has ended loses the cookie of it.
func refused(w http.ResponseWriter, err error) error {
	if errors.Is(err, account.ErrSession) {
		session.Clear(w)
	}
	return codes.Of(err)
}
