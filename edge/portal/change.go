package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
)

// changeBegin answers an OPAQUE registration request for the new password. It keeps nothing, so it may be repeated.
func (s *Service) changeBegin(w http.ResponseWriter, r *http.Request, in api.ChangeBeginRequest) (api.RegistrationResponse, error) {
	var none api.RegistrationResponse
	ctx := r.Context()
	here, err := s.here(r)
	if err != nil {
		return none, err
	}
	if _, err := s.openProof(ctx, here, in.Proof); err != nil {
		return none, err
	}
	if _, err := s.Accounts.TouchSession(ctx, here.Account, here.Ref()); err != nil {
		return none, refused(w, err)
	}
	response, err := s.password.Register(ctx, in.Request, here.Account)
	if errors.Is(err, password.ErrMessage) {
		return none, problem.Because(api.CodeBadRequest, err)
	}
	return api.RegistrationResponse{Response: response, KSF: s.KSF}, err
}

// changeFinish spends the proof and replaces the record, in one transaction of the account object. Unless it is an upgrade, that
// transaction ends every other session.
func (s *Service) changeFinish(w http.ResponseWriter, r *http.Request, in api.ChangeFinishRequest) (problem.Empty, error) {
	ctx := r.Context()
	here, err := s.here(r)
	if err != nil {
		return problem.Empty{}, err
	}
	proof, err := s.openProof(ctx, here, in.Proof)
	if err != nil {
		return problem.Empty{}, err
	}
	if proof.Upgrade != in.Upgrade {
		return problem.Empty{}, fmt.Errorf("%w: proof is for something else", problem.New(api.CodeBadRequest))
	}
	keyID, err := s.password.Accept(ctx, in.Record, in.KSF, s.KSF)
	if errors.Is(err, password.ErrMessage) {
		return problem.Empty{}, problem.Because(api.CodeRecordInvalid, err)
	}
	if err != nil {
		return problem.Empty{}, err
	}
	return problem.Empty{}, refused(w, s.Accounts.ReplaceCredential(ctx, here.Account, account.ReplaceCredentialIn{
		Session: here.Ref(), ProofHash: account.Hash(proof.Secret), Record: in.Record, KSF: in.KSF, KeyID: keyID,
	}))
}

// openProof returns a proof that was given to this very session.
func (s *Service) openProof(ctx context.Context, here session.Cookie, sealed string) (password.Proof, error) {
	proof, err := password.OpenProof(ctx, s.Keys, sealed)
	if err == nil && (proof.Account != here.Account || proof.Session != here.ID) {
		err = fmt.Errorf("%w: proof of another session", problem.New(api.CodeExpired))
	}
	return proof, err
}
