package recover

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
)

func (r recovery) object() string { return strings.TrimRight(r.Object, " ") }

// prove takes the proof. A decoy counts wrong ones as an account does.
func (s *Service) prove(_ http.ResponseWriter, r *http.Request, in api.RecoverProveRequest) (api.RecoverProved, error) {
	var none api.RecoverProved
	ctx := r.Context()
	at, err := s.open(ctx, in.State, 0)
	if err != nil {
		return none, err
	}
	given := account.ProveRecoveryIn{Challenge: at.Challenge, Next: account.NewID()}
	if err := s.answer(ctx, at, in, &given); err != nil {
		return none, err
	}
	out, err := s.Accounts.ProveRecovery(ctx, at.object(), given)
	if err != nil {
		return none, err
	}
	switch {
	case out.RetryAfter > 0:
		return none, problem.Retry(api.CodeLocked, time.Duration(out.RetryAfter)*time.Second)
	case out.Spent:
		return none, problem.New(api.CodeSpent)
	case !out.OK:
		wrong := problem.New(api.CodeWrong)
		wrong.TriesLeft = out.TriesLeft
		return none, wrong
	}
	at.Challenge, at.Proved = given.Next, 1
	sealed, err := s.seal(ctx, at)
	return api.RecoverProved{State: sealed, Account: at.object(), UPN: out.UPN, Keeps: out.Keeps}, err
}

// answer reads what was given for the kind of proof that was begun. What has not its form is no guess, and is not counted.
func (s *Service) answer(ctx context.Context, at recovery, in api.RecoverProveRequest, given *account.ProveRecoveryIn) (err error) {
	malformed := fmt.Errorf("%w: proof by %s", problem.New(api.CodeBadRequest), at.Kind)
	switch at.Kind {
	case api.ProofRecovery:
		if len(in.Recovery) != api.RecoveryProofSize {
			return malformed
		}
		given.Hash = account.Hash(string(in.Recovery))
		return nil
	case api.ProofPasskey:
		if in.Assertion == "" {
			return malformed
		}
	default:
		if len(in.Code) != api.CodeDigits || strings.Trim(in.Code, "0123456789") != "" {
			return malformed
		}
	}
	if at.Kind != api.ProofTOTP && at.Kind != api.ProofPasskey {
		given.Hash, err = s.codeHash(ctx, at, in.Code)
		return err
	}
	factors, err := s.Accounts.RecoveryFactors(ctx, at.object(), account.RecoveryFactorsIn{Challenge: at.Challenge})
	if err != nil {
		return err
	}
	given.Factor, given.Counter, err = s.Proofs.Verify(ctx, at.Kind, factors, at.Challenge, in.Code, in.Assertion)
	given.Verified = given.Factor != ""
	return err
}

// newPassword answers an OPAQUE registration request. It keeps nothing, so it may be repeated.
func (s *Service) newPassword(_ http.ResponseWriter, r *http.Request, in api.RecoverPasswordRequest) (api.RegistrationResponse, error) {
	var none api.RegistrationResponse
	at, err := s.open(r.Context(), in.State, 1)
	if err != nil {
		return none, err
	}
	response, err := s.password.Register(r.Context(), in.Request, at.object())
	if errors.Is(err, password.ErrMessage) {
		return none, problem.Because(api.CodeBadRequest, err)
	}
	return api.RegistrationResponse{Response: response, KSF: s.KSF}, err
}
