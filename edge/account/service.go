package account

import (
	"context"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// Service calls account objects. Every method takes the account's id and runs the object method of its name in one
// transaction; its In struct says what it does and which of this package's errors it answers.
type Service struct {
	host object.Host
}

// NewService returns a Service that finds objects through host.
func NewService(host object.Host) *Service { return &Service{host: host} }

func call[In, Out any](ctx context.Context, s *Service, m object.Method[In, Out], id string, in In) (Out, error) {
	if !ValidID(id) { // an object exists as soon as it is called, so outside input must not name one
		var out Out
		return out, fmt.Errorf("account: id: %w", ErrBounds)
	}
	return m.Call(ctx, s.host, id, in)
}

func do[In any](ctx context.Context, s *Service, m object.Method[In, None], id string, in In) error {
	_, err := call(ctx, s, m, id, in)
	return err
}

// BeginSignup opens a sign-up in the object of a new id. ErrBounds when the id is in use.
func (s *Service) BeginSignup(ctx context.Context, id string, in BeginSignupIn) error {
	return do(ctx, s, BeginSignup, id, in)
}

// CheckCode tries a code; a wrong one is counted and no error. ErrSignup.
func (s *Service) CheckCode(ctx context.Context, id string, in CheckCodeIn) (CheckCodeOut, error) {
	return call(ctx, s, CheckCode, id, in)
}

// ReplaceCode makes a new code count instead of the old one. ErrSignup; ErrSpent after MaxCodes. Without effect when the address
// is proved already.
func (s *Service) ReplaceCode(ctx context.Context, id string, in ReplaceCodeIn) (SignupFactsOut, error) {
	return call(ctx, s, ReplaceCode, id, in)
}

// SignupFacts says where a sign-up stands. ErrSignup.
func (s *Service) SignupFacts(ctx context.Context, id string) (SignupFactsOut, error) {
	return call(ctx, s, SignupFacts, id, None{})
}

// Activate makes the account, once. ErrSignup, ErrUnverified. Renew the name's reservation just before: the commit follows
// through the outbox (TopicNamesCommit).
func (s *Service) Activate(ctx context.Context, id string, in ActivateIn) error {
	return do(ctx, s, Activate, id, in)
}

// BeginSignin counts an attempt and lets the password record out. It has no errors of its own: a lock is a result, and so is
// an account that is none.
func (s *Service) BeginSignin(ctx context.Context, id string, in BeginSigninIn) (BeginSigninOut, error) {
	return call(ctx, s, BeginSignin, id, in)
}

// CompleteSignin spends the attempt and makes the session. ErrSpent; ErrSession when the session in Renew has ended or its
// secret is wrong: the attempt is still good then.
func (s *Service) CompleteSignin(ctx context.Context, id string, in CompleteSigninIn) error {
	return do(ctx, s, CompleteSignin, id, in)
}

// TouchSession checks a session. ErrSession.
func (s *Service) TouchSession(ctx context.Context, id string, ref SessionRef) (TouchSessionOut, error) {
	return call(ctx, s, TouchSession, id, ref)
}

// Profile is what the owner sees. ErrSession.
func (s *Service) Profile(ctx context.Context, id string, ref SessionRef) (ProfileOut, error) {
	return call(ctx, s, Profile, id, ref)
}

// Sessions lists the live sessions, newest use first. ErrSession.
func (s *Service) Sessions(ctx context.Context, id string, ref SessionRef) (SessionsOut, error) {
	return call(ctx, s, Sessions, id, ref)
}

// EndSession ends the asking session or another of the account, and what it had issued. ErrSession.
func (s *Service) EndSession(ctx context.Context, id string, in EndSessionIn) (EndSessionOut, error) {
	return call(ctx, s, EndSession, id, in)
}

// EndOthers ends every session but the asking one. ErrSession.
func (s *Service) EndOthers(ctx context.Context, id string, ref SessionRef) error {
	return do(ctx, s, EndOthers, id, ref)
}

// Credential counts an attempt and lets the password record out, inside a session. ErrSession.
func (s *Service) Credential(ctx context.Context, id string, in CredentialIn) (CredentialOut, error) {
	return call(ctx, s, Credential, id, in)
}

// BeginProof spends the attempt of Credential and writes a proof. ErrSession, ErrSpent.
func (s *Service) BeginProof(ctx context.Context, id string, in BeginProofIn) error {
	return do(ctx, s, BeginProof, id, in)
}

// ReplaceCredential spends a proof and changes the password record. ErrSession, ErrSpent.
func (s *Service) ReplaceCredential(ctx context.Context, id string, in ReplaceCredentialIn) error {
	return do(ctx, s, ReplaceCredential, id, in)
}

// OpenSession spends a grant and makes a session, and tells whether the device was known. ErrGrant.
func (s *Service) OpenSession(ctx context.Context, id string, in OpenSessionIn) (known bool, err error) {
	out, err := call(ctx, s, OpenSession, id, in)
	return out.Known, err
}

// Authorize writes an authorization code. ErrSession, ErrStale, ErrAssignment, ErrConsent, in this order.
func (s *Service) Authorize(ctx context.Context, id string, in AuthorizeIn) (AuthorizeOut, error) {
	return call(ctx, s, Authorize, id, in)
}

// Redeem spends an authorization code. A code that cannot be redeemed is a result, because spending and revoking must last.
func (s *Service) Redeem(ctx context.Context, id string, in RedeemIn) (RedeemOut, error) {
	return call(ctx, s, Redeem, id, in)
}

// Refresh spends a refresh token and puts its successor in its place. A token that is refused is a result, because revoking must
// last.
func (s *Service) Refresh(ctx context.Context, id string, in RefreshIn) (RefreshOut, error) {
	return call(ctx, s, Refresh, id, in)
}

// GrantFacts tells what a grant is. It writes nothing. ErrGrant.
func (s *Service) GrantFacts(ctx context.Context, id string, in GrantIn) (GrantFactsOut, error) {
	return call(ctx, s, GrantFacts, id, in)
}

// RevokeGrant ends a grant with all its tokens. One that is not there has ended already.
func (s *Service) RevokeGrant(ctx context.Context, id string, in RevokeGrantIn) error {
	return do(ctx, s, RevokeGrant, id, in)
}

// Consents lists the applications that may do something for the person. ErrSession.
func (s *Service) Consents(ctx context.Context, id string, ref SessionRef) (ConsentsOut, error) {
	return call(ctx, s, Consents, id, ref)
}

// RevokeConsent takes from an application all that it may do. ErrSession.
func (s *Service) RevokeConsent(ctx context.Context, id string, in RevokeConsentIn) error {
	return do(ctx, s, RevokeConsent, id, in)
}

// Trusted reports whether a session is on a device that has given a second proof and was not revoked since. It writes nothing but the
// session's use. ErrSession.
func (s *Service) Trusted(ctx context.Context, id string, ref SessionRef) (bool, error) {
	out, err := call(ctx, s, TrustFacts, id, ref)
	return out.Trusted, err
}

// TrustFacts says where the device of a session stands. ErrSession.
func (s *Service) TrustFacts(ctx context.Context, id string, ref SessionRef) (TrustFactsOut, error) {
	return call(ctx, s, TrustFacts, id, ref)
}

// Devices lists the devices that the account knows. ErrSession.
func (s *Service) Devices(ctx context.Context, id string, ref SessionRef) (DevicesOut, error) {
	return call(ctx, s, Devices, id, ref)
}

// Enrol gives the device of a session its key. ErrSession, ErrDevice, ErrEnrolled.
func (s *Service) Enrol(ctx context.Context, id string, in EnrolIn) error {
	return do(ctx, s, Enrol, id, in)
}

// RenameDevice gives a device another name. ErrSession, ErrDevice, ErrUntrusted, ErrGone.
func (s *Service) RenameDevice(ctx context.Context, id string, in RenameDeviceIn) error {
	return do(ctx, s, RenameDevice, id, in)
}

// RevokeDevice removes a device, its sessions and its grants. ErrSession, ErrUntrusted.
func (s *Service) RevokeDevice(ctx context.Context, id string, in RevokeDeviceIn) (RevokeDeviceOut, error) {
	return call(ctx, s, RevokeDevice, id, in)
}

// BeginApproval asks the trusted devices to approve the one of the session. ErrSession, ErrDevice, ErrTrusted, ErrKeyless, ErrApprover.
func (s *Service) BeginApproval(ctx context.Context, id string, in BeginApprovalIn) (BeginApprovalOut, error) {
	return call(ctx, s, BeginApproval, id, in)
}

// PollApproval tells the new device how far its request is. ErrSession, ErrDevice.
func (s *Service) PollApproval(ctx context.Context, id string, in PollApprovalIn) (PollApprovalOut, error) {
	return call(ctx, s, PollApproval, id, in)
}

// Approvals lists the requests that wait for an answer. ErrSession, ErrDevice, ErrUntrusted.
func (s *Service) Approvals(ctx context.Context, id string, ref SessionRef) (ApprovalsOut, error) {
	return call(ctx, s, Approvals, id, ref)
}

// TakeApproval begins to answer a request, on one device. ErrSession, ErrDevice, ErrUntrusted, ErrSpent, ErrTaken.
func (s *Service) TakeApproval(ctx context.Context, id string, in TakeApprovalIn) error {
	return do(ctx, s, TakeApproval, id, in)
}

// LookApproval tells a trusted device how far a request is. ErrSession, ErrDevice, ErrUntrusted, ErrSpent.
func (s *Service) LookApproval(ctx context.Context, id string, in LookApprovalIn) (api.Approval, error) {
	return call(ctx, s, LookApproval, id, in)
}

// DecideApproval answers a request. ErrSession, ErrDevice, ErrUntrusted, ErrSpent, ErrTaken, ErrDevices, ErrGone.
func (s *Service) DecideApproval(ctx context.Context, id string, in DecideApprovalIn) error {
	return do(ctx, s, DecideApproval, id, in)
}

// Security lists what the person has registered. ErrSession.
func (s *Service) Security(ctx context.Context, id string, ref SessionRef) (SecurityOut, error) {
	return call(ctx, s, Security, id, ref)
}

// BeginChallenge opens a challenge. ErrSession, ErrFactor; with PurposeAdd ErrDevice, ErrUntrusted, ErrUnconfirmed, ErrFactorExists, ErrFactors.
func (s *Service) BeginChallenge(ctx context.Context, id string, in BeginChallengeIn) (BeginChallengeOut, error) {
	return call(ctx, s, BeginChallenge, id, in)
}

// Prove takes a proof and does what it is for. A wrong one is counted and no error. The errors of BeginChallenge; ErrDevices.
func (s *Service) Prove(ctx context.Context, id string, in ProveIn) (ProveOut, error) {
	return call(ctx, s, Prove, id, in)
}

// Confirm spends a proof of the password for a recent proof of the session. ErrSession, ErrSpent.
func (s *Service) Confirm(ctx context.Context, id string, in ConfirmIn) (ConfirmOut, error) {
	return call(ctx, s, Confirm, id, in)
}

// PutRecovery registers a recovery code. ErrSession, ErrDevice, ErrUntrusted, ErrUnconfirmed, ErrFactors.
func (s *Service) PutRecovery(ctx context.Context, id string, in PutRecoveryIn) error {
	return do(ctx, s, PutRecovery, id, in)
}

// RemoveFactor removes a factor, or has it wait. ErrSession, ErrDevice, ErrUntrusted, ErrUnconfirmed, ErrFactor.
func (s *Service) RemoveFactor(ctx context.Context, id string, in RemoveFactorIn) (RemoveFactorOut, error) {
	return call(ctx, s, RemoveFactor, id, in)
}

// WaitTrust has the device of the session trusted later. ErrSession, ErrDevice, ErrTrusted, ErrOtherwise.
func (s *Service) WaitTrust(ctx context.Context, id string, in WaitTrustIn) (api.SecurityWaiting, error) {
	return call(ctx, s, WaitTrust, id, in)
}

// UndoWaiting stops what waits. ErrSession, ErrUntrusted, ErrFactor.
func (s *Service) UndoWaiting(ctx context.Context, id string, in UndoWaitingIn) error {
	return do(ctx, s, UndoWaiting, id, in)
}
