package security

import (
	"context"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/webauthn"
)

// Compose makes the message that carries a code, sealed, for account.TopicMail, and one of the same size that nobody gets. It takes one from
// what the client may have sent. The message itself is counted when it goes out: counted by what was typed, anybody who knows a number
// could use up what may go there, and what would be refused would tell who has it.
func (s *Service) Compose(r *http.Request, by api.Proof, to, language, code string) (message, nothing []byte, err error) {
	ctx := r.Context()
	client, err := s.limits.Client(ctx, s.Address(r))
	if err != nil {
		return nil, nil, err
	}
	if message, err = s.Codes.Compose(ctx, client, by, to, language, code); err != nil {
		return nil, nil, err
	}
	nothing, err = s.Codes.Compose(ctx, client, by, to, language, "")
	return message, nothing, err
}

// Options asks a browser for any passkey that the person has here, by a challenge that is the id of a row.
func (s *Service) Options(challenge string) (string, error) {
	return webauthn.RequestOptions(s.host, challengeOf(challenge), nil), nil
}

// Verify looks for the authenticator or passkey whose answer this is. It answers "" for none of them.
func (s *Service) Verify(ctx context.Context, by api.Proof, factors []account.Factor, challenge, code, assertion string) (factor string, counter int64, err error) {
	if by == api.ProofPasskey {
		factor, counter = s.passkey(ctx, factors, "", challenge, assertion)
		return factor, counter, nil
	}
	for _, f := range factors {
		if f.Kind != api.ProofTOTP || by != api.ProofTOTP {
			continue
		}
		step, ok, err := s.step(ctx, f.ID, code)
		if err != nil {
			return "", 0, err
		}
		if ok {
			factor, counter = f.ID, step
		}
	}
	return factor, counter, nil
}
