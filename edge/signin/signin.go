package signin

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/state"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

// Lifetimes.
const (
	attemptLifetime = account.AttemptLifetime * time.Second // from KE1 to KE3
	signupLifetime  = 30 * time.Minute                      // of a sign-up, and of the name it has reserved
	proofLifetime   = account.ProofLifetime * time.Second   // of the right to upgrade the record

	idle         = 12 * time.Hour // of a session that ends with the browser
	absolute     = 24 * time.Hour
	keptIdle     = 30 * 24 * time.Hour // of "keep me signed in"
	keptAbsolute = 90 * 24 * time.Hour
)

// Names is what the service needs of names.Service.
type Names interface {
	Lookup(ctx context.Context, name string) (names.Owner, bool, error)
	Reserve(ctx context.Context, name string, owner names.Owner, ttl time.Duration) (token string, err error)
	Renew(ctx context.Context, name, token string, ttl time.Duration) error
	Commit(ctx context.Context, name, token string) error
	Release(ctx context.Context, name, token string) error
}

// Accounts is what the service needs of account.Service.
type Accounts interface {
	BeginSignin(ctx context.Context, id string, in account.BeginSigninIn) (account.BeginSigninOut, error)
	CompleteSignin(ctx context.Context, id string, in account.CompleteSigninIn) error
	Passkey(ctx context.Context, id string, in account.PasskeyIn) (f account.Factor, found bool, err error)
	CompletePasskey(ctx context.Context, id string, in account.CompletePasskeyIn) (known bool, err error)
	EndSession(ctx context.Context, id string, in account.EndSessionIn) (account.EndSessionOut, error)

	BeginSignup(ctx context.Context, id string, in account.BeginSignupIn) error
	CheckCode(ctx context.Context, id string, in account.CheckCodeIn) (account.CheckCodeOut, error)
	ReplaceCode(ctx context.Context, id string, in account.ReplaceCodeIn) (account.SignupFactsOut, error)
	SignupFacts(ctx context.Context, id string) (account.SignupFactsOut, error)
	Activate(ctx context.Context, id string, in account.ActivateIn) error
}

// Throttle is what the service needs of throttle.Service.
type Throttle interface {
	Take(ctx context.Context, bucket string, l throttle.Limit) (ok bool, retryAfter time.Duration, err error)
	Peek(ctx context.Context, bucket string, l throttle.Limit) (ok bool, retryAfter time.Duration, err error)
	Give(ctx context.Context, bucket string) error
}

// Keys is what the service needs of keys.Service.
type Keys interface {
	password.Keys
	state.Sealer
}

// Config is what an operator decides about sign-in and sign-up.
type Config struct {
	Issuer        string             // address of the service, which passkeys are for
	DefaultDomain string             // domain of the addresses that the service hands out
	ExtraDomains  []string           // special-use domains (Realms) that addresses may have all the same
	Lock          account.LockPolicy // guesses at one name; zero: account.DefaultLockPolicy
	SigninLimit   throttle.Limit     // sign-ins begun from one client address
	SignupLimit   throttle.Limit     // accounts made from one client address
	SignupAllow   throttle.AllowList // client addresses that SignupLimit is not for
	KSF           api.KSF            // least parameters of new password records; zero: api.CurrentKSF
	FormerKSF     []api.KSF          // parameters that older records of this deployment may still have
}

// Deps is what the service needs.
type Deps struct {
	Config   Config
	Names    Names
	Accounts Accounts
	Throttle Throttle
	Keys     Keys
	Realms   Realms
	Mail     Mail
	Address  func(*http.Request) string // the client's address, as the platform reports it
	Now      func() time.Time
	Log      *slog.Logger
}

// Service answers the routes of sign-in and sign-up.
type Service struct {
	Deps
	password *password.Server
	policy   Policy
	ksfs     []api.KSF // all that records may have
}

// New returns the service.
func New(d Deps) *Service {
	if d.Config.KSF == (api.KSF{}) {
		d.Config.KSF = api.CurrentKSF
	}
	return &Service{
		Deps:     d,
		password: password.New(d.Keys),
		policy:   Policy{KSF: d.Config.KSF},
		ksfs:     append([]api.KSF{d.Config.KSF}, d.Config.FormerKSF...),
	}
}

// Mount adds the routes to mux, which answers 405 for other methods.
func (s *Service) Mount(mux *http.ServeMux) {
	mux.Handle("POST "+api.RouteDiscover, problem.Post(s.Log, s.discover))
	mux.Handle("POST "+api.RoutePasswordBegin, problem.Post(s.Log, s.passwordBegin))
	mux.Handle("POST "+api.RoutePasswordFinish, problem.Post(s.Log, s.passwordFinish))
	mux.Handle("POST "+api.RouteSigninPasskeyBegin, problem.Post(s.Log, s.passkeyBegin))
	mux.Handle("POST "+api.RouteSigninPasskeyFinish, problem.Post(s.Log, s.passkeyFinish))
	mux.Handle("POST "+api.RouteSignupBegin, problem.Post(s.Log, s.signupBegin))
	mux.Handle("POST "+api.RouteSignupResend, problem.Post(s.Log, s.signupResend))
	mux.Handle("POST "+api.RouteSignupCode, problem.Post(s.Log, s.signupCode))
	mux.Handle("POST "+api.RouteSignupPassword, problem.Post(s.Log, s.signupPassword))
	mux.Handle("POST "+api.RouteSignupFinish, problem.Post(s.Log, s.signupFinish))
}
