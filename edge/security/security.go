// Package security is what a person proves themselves by beside the password: addresses, phones, authenticators, passkeys and a recovery
// code. It registers them, has codes sent, checks what comes back, and makes a new device trusted by it (edge/trust calls it for that).
//
//	/api/security                           what is registered, what waits
//	/api/security/email/add, /phone/add     a code goes out   ──► /verify
//	/api/security/totp/begin                a secret          ──► /totp/finish
//	/api/security/passkey/begin             options           ──► /passkey/finish
//	/api/security/recovery/put              what proves the recovery code
//	/api/security/remove, /undo             the last one that is not new waits
//	/api/security/confirm, /send, /prove    a recent proof, which all of the changes above need
//	/api/trust/wait                         for who has nothing to prove themselves by
//
// The account object decides everything: what is counted, what is spent, what a right proof is for. The service knows what proofs look like:
// it makes and MACs codes, computes authenticators' codes, and verifies passkeys. It keeps no secret: that of an authenticator is computed
// anew each time, from its id under a key of the ring.
//
// edge/server mounts the service; pages and the command line call it. edge/recover asks it what proofs look like.
package security

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/state"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

// Accounts is what the service needs of account.Service.
type Accounts interface {
	Security(ctx context.Context, id string, ref account.SessionRef) (account.SecurityOut, error)
	BeginChallenge(ctx context.Context, id string, in account.BeginChallengeIn) (account.BeginChallengeOut, error)
	Prove(ctx context.Context, id string, in account.ProveIn) (account.ProveOut, error)
	Confirm(ctx context.Context, id string, in account.ConfirmIn) (account.ConfirmOut, error)
	PutRecovery(ctx context.Context, id string, in account.PutRecoveryIn) error
	RemoveFactor(ctx context.Context, id string, in account.RemoveFactorIn) (account.RemoveFactorOut, error)
	WaitTrust(ctx context.Context, id string, in account.WaitTrustIn) (api.SecurityWaiting, error)
	UndoWaiting(ctx context.Context, id string, in account.UndoWaitingIn) error
}

// Throttle is what the service needs of throttle.Service.
type Throttle interface {
	Take(ctx context.Context, bucket string, l throttle.Limit) (ok bool, retryAfter time.Duration, err error)
}

// Keys is what the service needs of keys.Service.
type Keys interface {
	state.Sealer
	MAC
}

// Codes carries codes to people.
type Codes interface {
	// Compose returns what the account object puts in its outbox for account.TopicMail; with code "" something of the same size that
	// nobody gets. With the client that asked (Limits.Client) it is counted when it goes out, in ShareForgotten or ShareTrusted.
	Compose(ctx context.Context, client string, by api.Proof, to, language, code string) (json.RawMessage, error)
	// Send sends a code at once. Its error is a problem, api.CodeUndeliverable for what nothing reaches.
	Send(ctx context.Context, id string, by api.Proof, to, language, code string) error
	// Phones reports whether codes reach phones at all.
	Phones() bool
}

// Deps is what the service needs.
type Deps struct {
	Issuer   string // https origin; its host is the relying party of passkeys
	Accounts Accounts
	Throttle Throttle
	Keys     Keys
	Codes    Codes
	Address  func(*http.Request) string // the client's address, as the platform reports it
	Now      func() time.Time
	Log      *slog.Logger
}

// Service answers the routes of security information.
type Service struct {
	Deps
	limits Limits
	host   string // of the issuer, without a port
}

// New returns the service.
func New(d Deps) *Service {
	s := &Service{Deps: d, limits: Limits{d.Throttle, d.Keys}}
	if u, err := url.Parse(d.Issuer); err == nil {
		s.host = u.Hostname()
	}
	return s
}

// Mount adds the routes to mux, which answers 405 for other methods.
func (s *Service) Mount(mux *http.ServeMux) {
	mux.Handle("GET "+api.RouteSecurity, problem.Get(s.Log, func(w http.ResponseWriter, r *http.Request) (out api.Security, err error) {
		err = s.enter(w, r, func(c call) error { out, err = s.list(c); return err })
		return out, err
	}))
	mux.Handle("POST "+api.RouteEmailAdd, post(s, s.addEmail))
	mux.Handle("POST "+api.RoutePhoneAdd, post(s, s.addPhone))
	mux.Handle("POST "+api.RouteFactorVerify, post(s, s.verify))
	mux.Handle("POST "+api.RouteTOTPBegin, post(s, s.beginTOTP))
	mux.Handle("POST "+api.RouteTOTPFinish, post(s, s.finishTOTP))
	mux.Handle("POST "+api.RoutePasskeyBegin, post(s, s.beginPasskey))
	mux.Handle("POST "+api.RoutePasskeyFinish, post(s, s.finishPasskey))
	mux.Handle("POST "+api.RouteRecoveryPut, post(s, s.putRecovery))
	mux.Handle("POST "+api.RouteFactorRemove, post(s, s.remove))
	mux.Handle("POST "+api.RouteSecurityUndo, post(s, s.undo))
	mux.Handle("POST "+api.RouteConfirm, post(s, s.confirm))
	mux.Handle("POST "+api.RouteConfirmSend, post(s, s.confirmSend))
	mux.Handle("POST "+api.RouteConfirmProve, post(s, s.confirmProve))
	mux.Handle("POST "+api.RouteTrustWait, post(s, s.wait))
}

// call is a request of a browser that claims to be in a session. The claim is checked by whatever object method is called next.
type call struct {
	r    *http.Request
	here session.Cookie
}

func (c call) ctx() context.Context { return c.r.Context() }

// enter runs f for the session that the browser claims to be in.
func (s *Service) enter(w http.ResponseWriter, r *http.Request, f func(call) error) error {
	here, err := session.Read(r.Context(), s.Keys, r)
	if errors.Is(err, session.ErrNone) {
		return problem.Because(api.CodeSessionRequired, err)
	}
	if err != nil {
		return err
	}
	err = codes.Of(f(call{r, here}))
	if errors.Is(err, account.ErrSession) {
		session.Clear(w)
	}
	return err
}

// post makes the handler of a route.
func post[In, Out any](s *Service, f func(c call, in In) (Out, error)) http.Handler {
	return problem.Post(s.Log, func(w http.ResponseWriter, r *http.Request, in In) (out Out, err error) {
		err = s.enter(w, r, func(c call) error { out, err = f(c, in); return err })
		return out, err
	})
}

// codes are what the page is told of the account object's errors.
var codes = problem.Codes{
	{account.ErrSession, api.CodeSessionRequired},
	{account.ErrDevice, api.CodeDeviceForgotten},
	{account.ErrUntrusted, api.CodeDeviceUntrusted},
	{account.ErrTrusted, api.CodeDeviceTrusted},
	{account.ErrDevices, api.CodeTooManyDevices},
	{account.ErrUnconfirmed, api.CodeConfirmRequired},
	{account.ErrFactor, api.CodeNotFound},
	{account.ErrFactorExists, api.CodeFactorExists},
	{account.ErrFactors, api.CodeTooManyFactors},
	{account.ErrOtherwise, api.CodeTrustOtherwise},
	{account.ErrSpent, api.CodeExpired},
	{account.ErrBounds, api.CodeBadRequest},
}

// outcome turns what came of a proof into a problem, or nil.
func outcome(out account.ProveOut, otherwise api.Code) error {
	switch {
	case out.OK:
		return nil
	case out.RetryAfter > 0:
		return problem.Retry(api.CodeLocked, time.Duration(out.RetryAfter)*time.Second)
	case out.Spent:
		return problem.New(api.CodeSpent)
	}
	p := problem.New(otherwise)
	p.TriesLeft = out.TriesLeft
	return p
}
