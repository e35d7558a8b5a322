package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/state"
)

// signupCode tries a code. Trying the right one again, because the answer was lost, is right again.
func (s *Service) signupCode(_ http.ResponseWriter, r *http.Request, in api.SignupCodeRequest) (api.SignupState, error) {
	var none api.SignupState
	ctx := r.Context()
	up, err := state.Open[signup](ctx, s.Keys, useSignup, in.State)
	if err != nil {
		return none, err
	}
	if !validCode(in.Code) { // not a guess: nothing is counted
		return none, fmt.Errorf("%w: code", problem.New(api.CodeBadRequest))
	}
	hash, err := s.codeHash(ctx, up.Account, in.Code)
	if err != nil {
		return none, err
	}
	tried, err := s.Accounts.CheckCode(ctx, up.Account, account.CheckCodeIn{CodeHash: hash})
	if err != nil {
		return none, signupProblem(err)
	}
	switch {
	case tried.Spent:
		return none, problem.New(api.CodeSpent)
	case !tried.OK:
		wrong := problem.New(api.CodeWrong)
		wrong.TriesLeft = tried.TriesLeft
		return none, wrong
	}
	facts, err := s.Accounts.SignupFacts(ctx, up.Account)
	return signupState(in.State, facts), signupProblem(err)
}

// signupResend sends a new code; the old one does not count any more.
func (s *Service) signupResend(_ http.ResponseWriter, r *http.Request, in api.SignupState) (api.SignupState, error) {
	var none api.SignupState
	ctx := r.Context()
	up, err := state.Open[signup](ctx, s.Keys, useSignup, in.State)
	if err != nil {
		return none, err
	}
	if up.Kind != api.SignupEmail {
		return none, fmt.Errorf("%w: a new address has no code", problem.New(api.CodeBadRequest))
	}
	hash, mail, err := s.composeCode(ctx, up)
	if err != nil {
		return none, err
	}
	facts, err := s.Accounts.ReplaceCode(ctx, up.Account, account.ReplaceCodeIn{CodeHash: hash, Mail: mail})
	return signupState(in.State, facts), signupProblem(err)
}

// signupPassword answers an OPAQUE registration request. It keeps nothing, so it may be repeated.
func (s *Service) signupPassword(_ http.ResponseWriter, r *http.Request, in api.SignupPasswordRequest) (api.RegistrationResponse, error) {
	var none api.RegistrationResponse
	ctx := r.Context()
	up, _, err := s.openSignup(ctx, in.State, StepPassword, Facts{Realm: api.RealmManaged})
	if err != nil {
		return none, err
	}
	response, err := s.password.Register(ctx, in.Request, up.Account)
	if errors.Is(err, password.ErrMessage) {
		return none, problem.Because(api.CodeBadRequest, err)
	}
	return api.RegistrationResponse{Response: response, KSF: s.Config.KSF}, err
}

// openSignup opens a sealed sign-up that must have come to the step want. facts are those of the request; those of the sign-up
// are added.
func (s *Service) openSignup(ctx context.Context, sealed string, want Step, facts Facts) (signup, account.SignupFactsOut, error) {
	up, err := state.Open[signup](ctx, s.Keys, useSignup, sealed)
	if err != nil {
		return up, account.SignupFactsOut{}, err
	}
	known, err := s.Accounts.SignupFacts(ctx, up.Account)
	if err != nil {
		return up, known, signupProblem(err)
	}
	facts.AddressPending = known.NeedsCode
	if step := Next(facts, s.policy); step != want {
		return up, known, fmt.Errorf("%w: at step %q, not %q", problem.New(api.CodeBadRequest), step, want)
	}
	return up, known, nil
}

func signupState(sealed string, f account.SignupFactsOut) api.SignupState {
	return api.SignupState{State: sealed, UPN: f.UPN, NeedsCode: f.NeedsCode, Expires: f.Expires}
}

// signupProblem turns the account object's errors into what the page is told: a sign-up that is over, finished, or has used
// up its codes begins anew.
func signupProblem(err error) error {
	if errors.Is(err, account.ErrSignup) || errors.Is(err, account.ErrSpent) {
		return problem.Because(api.CodeExpired, err)
	}
	return err
}
