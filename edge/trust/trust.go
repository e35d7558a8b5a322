// Package trust is what a signed-in person does with the own devices: see them, name them, take one away, and make a new one trusted,
// by a second proof given on it or by the approval of a device that is trusted.
//
//	/api/devices                      which there are; …/enrol, …/rename, …/revoke
//	/api/trust                        where the asking device stands, and what it could prove itself by
//	/api/trust/send, …/prove          a second proof, through Proofs
//
//	new device                        edge                       trusted device
//	/api/trust/approval/begin    ──►  waiting
//	                                              ◄──  /api/trust/approvals        what waits
//	                                  taken       ◄──  /api/trust/approvals/take   its nonce
//	/api/trust/approval/poll     ──►  revealed                                     the nonce it was committed to
//	(both show or ask for the number that follows from all of it)
//	                                              ──►  /api/trust/approvals/look
//	                                  approved    ◄──  /api/trust/approvals/decide
//
// The account object decides all of it, in one transaction a step; the service is forms and words. It learns neither the number nor what
// the devices show each other is worth: that is between them.
//
// edge/server mounts the service; pages and the command line call it.
package trust

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
)

// Accounts is what the service needs of account.Service.
type Accounts interface {
	TrustFacts(ctx context.Context, id string, ref account.SessionRef) (account.TrustFactsOut, error)
	Devices(ctx context.Context, id string, ref account.SessionRef) (account.DevicesOut, error)
	Enrol(ctx context.Context, id string, in account.EnrolIn) error
	RenameDevice(ctx context.Context, id string, in account.RenameDeviceIn) error
	RevokeDevice(ctx context.Context, id string, in account.RevokeDeviceIn) (account.RevokeDeviceOut, error)
	BeginApproval(ctx context.Context, id string, in account.BeginApprovalIn) (account.BeginApprovalOut, error)
	PollApproval(ctx context.Context, id string, in account.PollApprovalIn) (account.PollApprovalOut, error)
	Approvals(ctx context.Context, id string, ref account.SessionRef) (account.ApprovalsOut, error)
	TakeApproval(ctx context.Context, id string, in account.TakeApprovalIn) error
	LookApproval(ctx context.Context, id string, in account.LookApprovalIn) (api.Approval, error)
	DecideApproval(ctx context.Context, id string, in account.DecideApprovalIn) error
}

// Proofs is what the service needs of edge/security: the second proofs that a person has registered. Its errors are problems, or the account
// object's.
type Proofs interface {
	// Methods lists the proofs that can be given on the device of a session.
	Methods(ctx context.Context, accountID string, ref account.SessionRef) ([]api.TrustMethod, error)
	// Send has a code sent, or makes the challenge of a passkey.
	Send(r *http.Request, here session.Cookie, in api.TrustSendRequest) (api.TrustSent, error)
	// Prove takes a proof and trusts the device of the session by it.
	Prove(r *http.Request, here session.Cookie, in api.TrustProveRequest) error
}

// Deps is what the service needs.
type Deps struct {
	Accounts Accounts
	Proofs   Proofs         // nil: there are none, and devices can only be approved
	Keys     session.Sealer // opens the session cookie
	Log      *slog.Logger
}

// Service answers the routes of a person's devices.
type Service struct{ Deps }

// New returns the service.
func New(d Deps) *Service {
	if d.Proofs == nil {
		d.Proofs = none{}
	}
	return &Service{d}
}

// Mount adds the routes to mux, which answers 405 for other methods.
func (s *Service) Mount(mux *http.ServeMux) {
	mux.Handle("POST "+api.RouteDevices, post(s, s.devices))
	mux.Handle("POST "+api.RouteDevicesEnrol, post(s, s.enrol))
	mux.Handle("POST "+api.RouteDevicesRename, post(s, s.rename))
	mux.Handle("POST "+api.RouteDevicesRevoke, post(s, s.revoke))
	mux.Handle("POST "+api.RouteTrust, post(s, s.state))
	mux.Handle("POST "+api.RouteTrustSend, post(s, s.send))
	mux.Handle("POST "+api.RouteTrustProve, post(s, s.prove))
	mux.Handle("POST "+api.RouteApprovalBegin, post(s, s.begin))
	mux.Handle("POST "+api.RouteApprovalPoll, post(s, s.poll))
	mux.Handle("POST "+api.RouteApprovals, post(s, s.approvals))
	mux.Handle("POST "+api.RouteApprovalTake, post(s, s.take))
	mux.Handle("POST "+api.RouteApprovalLook, post(s, s.look))
	mux.Handle("POST "+api.RouteApprovalDecide, post(s, s.decide))
}

// call is a request of a browser that claims to be in a session. The claim is checked by whatever object method is called next.
type call struct {
	w    http.ResponseWriter
	r    *http.Request
	here session.Cookie
}

func (c call) ctx() context.Context { return c.r.Context() }

// post makes the handler of a route.
func post[In, Out any](s *Service, f func(c call, in In) (Out, error)) http.Handler {
	return problem.Post(s.Log, func(w http.ResponseWriter, r *http.Request, in In) (out Out, err error) {
		here, err := session.Read(r.Context(), s.Keys, r)
		if errors.Is(err, session.ErrNone) {
			err = problem.Because(api.CodeSessionRequired, err)
		}
		if err != nil {
			return out, err
		}
		out, err = f(call{w, r, here}, in)
		return out, refused(w, err)
	})
}

// codes are what the device is told of the account object's errors.
var codes = problem.Codes{
	{account.ErrSession, api.CodeSessionRequired},
	{account.ErrDevice, api.CodeDeviceForgotten},
	{account.ErrGone, api.CodeNotFound},
	{account.ErrUntrusted, api.CodeDeviceUntrusted},
	{account.ErrTrusted, api.CodeDeviceTrusted},
	{account.ErrKeyless, api.CodeDeviceKeyless},
	{account.ErrEnrolled, api.CodeDeviceEnrolled},
	{account.ErrDevices, api.CodeTooManyDevices},
	{account.ErrApprover, api.CodeApprovalNone},
	{account.ErrTaken, api.CodeApprovalTaken},
	{account.ErrSpent, api.CodeExpired},
	{account.ErrBounds, api.CodeBadRequest},
}

// refused turns the account object's errors into problems. A browser whose session has ended loses the cookie of it.
func refused(w http.ResponseWriter, err error) error {
	if errors.Is(err, account.ErrSession) {
		session.Clear(w)
	}
	return codes.Of(err)
}
