package opaque

import (
	"errors"

	"github.com/bytemare/opaque"

	"github.com/latchkey-id/latchkey/edge/api"
)

// SignIn proves the password and checks that the server holds its record (RFC 9807 section 6).
type SignIn struct {
	client *opaque.Client
}

// NewSignIn starts a sign-in and returns KE1. The password is copied; the caller may wipe its own.
func NewSignIn(password []byte) (*SignIn, []byte, error) {
	client, err := api.Suite().Client()
	if err != nil {
		return nil, nil, err
	}
	ke1, err := client.GenerateKE1(password)
	if err != nil {
		client.ClearState()
		return nil, nil, ErrMessage
	}
	return &SignIn{client}, ke1.Serialize(), nil
}

// Finish turns KE2 into KE3, stretching the password with k: seconds of work and k.Memory KiB. It ends the exchange
// whatever the outcome. Errors: ErrKSF, ErrMessage, ErrPassword, ErrUsed.
func (s *SignIn) Finish(ke2 []byte, k api.KSF) (ke3 []byte, keys Keys, err error) {
	if s.client == nil {
		return nil, Keys{}, ErrUsed
	}
	defer s.Close()
	opts, err := options(k)
	if err != nil {
		return nil, Keys{}, err
	}
	answer, err := s.client.Deserialize.KE2(ke2)
	if err != nil {
		return nil, Keys{}, ErrMessage
	}
	proof, session, export, err := s.client.GenerateKE3(answer, nil, nil, opts)
	if errors.Is(err, opaque.ErrAuthentication) {
		return nil, Keys{}, ErrPassword
	}
	if err != nil {
		return nil, Keys{}, ErrMessage
	}
	return proof.Serialize(), Keys{Export: export, Session: session}, nil
}

// Close wipes the password, the blind and the ephemeral key. Finish calls it; call it when an exchange is given up.
func (s *SignIn) Close() {
	if s.client != nil {
		s.client.ClearState()
		s.client = nil
	}
}
