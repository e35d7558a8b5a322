package security

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/webauthn"
)

// Compose makes the message that carries a code, sealed, for account.TopicMail, and one of the same size that nobody gets.
func (s *Service) Compose(ctx context.Context, by api.Proof, to, language, code string) (message, nothing []byte, err error) {
	if message, err = s.Codes.Compose(ctx, by, to, language, code); err != nil {
		return nil, nil, err
	}
	nothing, err = s.Codes.Compose(ctx, by, to, language, "")
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
