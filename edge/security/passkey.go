package security

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/webauthn"
)

// labelChallenge makes a passkey's challenge from the id of its row, which is random and used once.
const labelChallenge = "latchkey/security/passkey/1 "

func challengeOf(id string) []byte {
	sum := sha256.Sum256([]byte(labelChallenge + id))
	return sum[:]
}

func (s *Service) want(challenge string) webauthn.Want {
	return webauthn.Want{Challenge: challengeOf(challenge), Origin: s.Issuer, RPID: s.host}
}

func (s *Service) beginPasskey(c call, _ problem.Empty) (api.PasskeyBegun, error) {
	handle, err := webauthn.UserHandle(c.ctx(), s.Keys, c.here.Account)
	if err != nil {
		return api.PasskeyBegun{}, err
	}
	known, err := s.Accounts.Security(c.ctx(), c.here.Account, c.here.Ref())
	if err != nil {
		return api.PasskeyBegun{}, err
	}
	begin := account.BeginChallengeIn{Session: c.here.Ref(), ID: account.NewID(), Purpose: account.PurposeAdd, Kind: api.ProofPasskey}
	if _, err := s.begin(c, begin); err != nil {
		return api.PasskeyBegun{}, err
	}
	creation := webauthn.Creation{
		RPID: s.host, RPName: s.host, User: handle, Name: known.UPN, DisplayName: known.Name, Challenge: challengeOf(begin.ID),
	}
	for _, f := range known.Factors {
		if f.Kind == api.ProofPasskey {
			creation.Exclude = append(creation.Exclude, f.Value)
		}
	}
	return api.PasskeyBegun{Challenge: begin.ID, Options: webauthn.CreationOptions(creation)}, nil
}

func (s *Service) finishPasskey(c call, in api.PasskeyFinishRequest) (problem.Empty, error) {
	name, ok := factorName(in.Name)
	if !ok {
		return problem.Empty{}, problem.New(api.CodeBadRequest)
	}
	given := account.ProveIn{Session: c.here.Ref(), Purpose: account.PurposeAdd, Challenge: in.Challenge}
	credential, err := webauthn.Register(in.Credential, s.want(in.Challenge))
	if err == nil {
		given.Verified, given.Counter = true, int64(credential.Counter)
		given.New = account.Factor{
			Value: base64.RawURLEncoding.EncodeToString(credential.ID), Name: name, Key: credential.Key, PRF: credential.PRF,
		}
	}
	out, failed := s.Accounts.Prove(c.ctx(), c.here.Account, given)
	if failed != nil {
		return problem.Empty{}, failed
	}
	if err != nil {
		return problem.Empty{}, fmt.Errorf("%w: %w", outcome(out, api.CodePasskeyInvalid), err)
	}
	return problem.Empty{}, outcome(out, api.CodePasskeyInvalid)
}

// passkey returns the passkey of the account whose answer this is, or "". accountID is "" where the account is not to be looked at.
func (s *Service) passkey(ctx context.Context, factors []account.Factor, accountID, challenge, assertion string) (factor string, counter int64) {
	id, handle, err := webauthn.Which(assertion)
	if err == nil && handle != nil && accountID != "" { // section 7.2 step 6
		var whose string
		if whose, err = webauthn.AccountOf(ctx, s.Keys, handle); err == nil && whose != accountID {
			err = fmt.Errorf("%w: of another account", webauthn.ErrInvalid)
		}
	}
	for _, f := range factors {
		if err != nil || f.Kind != api.ProofPasskey || f.Value != id {
			continue
		}
		n, wrong := webauthn.Assert(assertion, f.Key, s.want(challenge))
		if err = wrong; err == nil {
			return f.ID, int64(n)
		}
	}
	s.Log.InfoContext(ctx, "a passkey's answer was refused", "error", err)
	return "", 0
}
