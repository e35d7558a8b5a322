package security

import (
	"context"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/webauthn"
)

// Methods lists the proofs that can be given on the device of a session.
func (s *Service) Methods(ctx context.Context, accountID string, ref account.SessionRef) ([]api.TrustMethod, error) {
	out, err := s.Accounts.Security(ctx, accountID, ref)
	if err != nil {
		return nil, codes.Of(err)
	}
	methods := []api.TrustMethod{}
	for _, f := range out.Factors {
		m := api.TrustMethod{ID: f.ID, Kind: f.Kind, Hint: hint(f)}
		switch {
		case f.Kind != api.KindPhone:
			methods = append(methods, m)
		case s.Codes.Phones():
			m.Kind = api.ProofSMS
			methods = append(methods, m)
			m.Kind = api.ProofCall
			methods = append(methods, m)
		}
	}
	return methods, nil
}

// Send has a code sent that trusts the device of a session, or makes the challenge of a passkey.
func (s *Service) Send(r *http.Request, here session.Cookie, in api.TrustSendRequest) (api.TrustSent, error) {
	out, err := s.send(call{r, here}, account.PurposeTrust, in)
	return out, codes.Of(err)
}

// Prove takes a proof and trusts the device of the session by it.
func (s *Service) Prove(r *http.Request, here session.Cookie, in api.TrustProveRequest) error {
	_, err := s.prove(call{r, here}, account.PurposeTrust, in)
	return codes.Of(err)
}

func (s *Service) confirmSend(c call, in api.TrustSendRequest) (api.TrustSent, error) {
	return s.send(c, account.PurposeConfirm, in)
}

func (s *Service) confirmProve(c call, in api.TrustProveRequest) (api.Confirmed, error) {
	out, err := s.prove(c, account.PurposeConfirm, in)
	return api.Confirmed{Until: out.Until}, err
}

func (s *Service) send(c call, purpose account.Purpose, in api.TrustSendRequest) (api.TrustSent, error) {
	known, err := s.Accounts.Security(c.ctx(), c.here.Account, c.here.Ref())
	if err != nil {
		return api.TrustSent{}, err
	}
	begin := account.BeginChallengeIn{Session: c.here.Ref(), ID: account.NewID(), Purpose: purpose, Factor: in.Method}
	passkeys, to, share := []string{}, "", ShareSession
	if known.Trusted {
		share = ShareTrusted
	}
	for _, f := range known.Factors {
		if f.ID == in.Method {
			begin.Kind, to = f.Kind, f.Value
		}
		if f.Kind == api.ProofPasskey {
			passkeys = append(passkeys, f.Value)
		}
	}
	switch begin.Kind {
	case api.KindPhone:
		if begin.Kind, err = channel(in.Channel); err != nil {
			return api.TrustSent{}, err
		}
		return s.sendCode(c, share, begin, to, in.Language)
	case api.ProofEmail:
		return s.sendCode(c, share, begin, to, in.Language)
	case api.ProofPasskey:
		begin.Factor = "" // any of them will do
		out, err := s.begin(c, begin)
		out.Options = webauthn.RequestOptions(s.host, challengeOf(begin.ID), passkeys)
		return out, err
	case "":
		return api.TrustSent{}, problem.New(api.CodeNotFound)
	}
	return api.TrustSent{}, problem.New(api.CodeBadRequest) // an authenticator has its codes by itself
}

// channel is how a phone is reached.
func channel(name string) (api.Proof, error) {
	switch by := api.Proof(name); by {
	case api.ProofSMS, api.ProofCall:
		return by, nil
	}
	return "", problem.New(api.CodeBadRequest)
}

func (s *Service) prove(c call, purpose account.Purpose, in api.TrustProveRequest) (account.ProveOut, error) {
	given := account.ProveIn{Session: c.here.Ref(), Purpose: purpose, Challenge: in.Challenge, Factor: in.Method}
	otherwise := api.CodeWrong
	var err error
	switch {
	case in.Challenge != "" && in.Assertion != "":
		otherwise = api.CodePasskeyInvalid
		err = s.assert(c, in, &given)
	case in.Challenge != "":
		given.Hash, err = s.codeHash(c.ctx(), in.Challenge, in.Code)
	case in.Method != "" && len(in.Recovery) == api.RecoveryProofSize:
		given.Hash = account.Hash(string(in.Recovery))
	case in.Method != "":
		given.Counter, given.Verified, err = s.step(c.ctx(), in.Method, in.Code)
	default:
		err = problem.New(api.CodeBadRequest)
	}
	if err != nil {
		return account.ProveOut{}, err
	}
	out, err := s.Accounts.Prove(c.ctx(), c.here.Account, given)
	if err == nil {
		err = outcome(out, otherwise)
	}
	return out, err
}

// assert verifies a passkey's answer. One that is wrong goes on all the same, to be counted.
func (s *Service) assert(c call, in api.TrustProveRequest, given *account.ProveIn) error {
	known, err := s.Accounts.Security(c.ctx(), c.here.Account, c.here.Ref())
	if err != nil {
		return err
	}
	given.Factor, given.Counter = s.passkey(c.ctx(), known.Factors, c.here.Account, in.Challenge, in.Assertion)
	given.Verified = given.Factor != ""
	return nil
}
