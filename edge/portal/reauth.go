package portal

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/state"
)

const (
	useAttempt      state.Use = "reauth"
	attemptLifetime           = account.AttemptLifetime * time.Second
	proofLifetime             = account.ProofLifetime * time.Second
)

// attempt is what a proof of the present password carries from KE1 to KE3.
type attempt struct {
	Account string    `json:"a"`
	Session string    `json:"s"`
	ID      string    `json:"i"` // of the attempt's row
	MAC     api.Bytes `json:"m"` // what KE3 must be
}

// reauthBegin answers a KE1 for the account of the session, after counting the attempt.
func (s *Service) reauthBegin(w http.ResponseWriter, r *http.Request, in api.ReauthBeginRequest) (api.PasswordBeginResponse, error) {
	var none api.PasswordBeginResponse
	ctx := r.Context()
	here, err := s.here(r)
	if err != nil {
		return none, err
	}
	if len(in.KE1) != password.KE1Length {
		return none, fmt.Errorf("%w: KE1 of %d bytes", problem.New(api.CodeBadRequest), len(in.KE1))
	}
	a := attempt{Account: here.Account, Session: here.ID, ID: account.NewID()}
	begun, err := s.Accounts.Credential(ctx, here.Account, account.CredentialIn{
		Session: here.Ref(), Attempt: a.ID, Policy: s.Lock,
	})
	if err != nil {
		return none, refused(w, err)
	}
	if begun.Locked {
		return none, problem.Retry(api.CodeLocked, time.Duration(begun.RetryAfter)*time.Second)
	}
	answer, err := s.password.Login(ctx, in.KE1, password.Credential{Identifier: here.Account, Record: begun.Record})
	if errors.Is(err, password.ErrMessage) {
		return none, problem.Because(api.CodeBadRequest, err)
	}
	if err != nil {
		return none, err
	}
	a.MAC = answer.MAC
	sealed, err := state.Seal(ctx, s.Keys, useAttempt, a, s.Now().Add(attemptLifetime))
	return api.PasswordBeginResponse{State: sealed, KE2: answer.KE2, KSF: begun.KSF}, err
}

// reauthFinish checks a KE3, spends the attempt and gives the proof out.
func (s *Service) reauthFinish(w http.ResponseWriter, r *http.Request, in api.ReauthFinishRequest) (api.ReauthFinishResponse, error) {
	var none api.ReauthFinishResponse
	ctx := r.Context()
	here, err := s.here(r)
	if err != nil {
		return none, err
	}
	a, err := state.Open[attempt](ctx, s.Keys, useAttempt, in.State)
	if err != nil {
		return none, err
	}
	if a.Account != here.Account || a.Session != here.ID {
		return none, fmt.Errorf("%w: state of another session", problem.New(api.CodeExpired))
	}
	if err := s.password.Check(ctx, in.KE3, a.MAC); err != nil {
		return none, wrongPassword(err)
	}
	proof := password.Proof{Account: here.Account, Session: here.ID, Secret: account.NewSecret()}
	err = s.Accounts.BeginProof(ctx, here.Account, account.BeginProofIn{
		Session: here.Ref(), Attempt: a.ID, ProofHash: account.Hash(proof.Secret),
	})
	if err != nil {
		return none, refused(w, err)
	}
	sealed, err := password.SealProof(ctx, s.Keys, proof, s.Now().Add(proofLifetime))
	return api.ReauthFinishResponse{Proof: sealed}, err
}

func wrongPassword(err error) error {
	switch {
	case errors.Is(err, password.ErrMessage):
		return problem.Because(api.CodeBadRequest, err)
	case errors.Is(err, password.ErrWrong):
		return problem.Because(api.CodeInvalidCredentials, err)
	}
	return err
}
