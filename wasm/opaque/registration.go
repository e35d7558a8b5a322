package opaque

import (
	"github.com/bytemare/opaque"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Registration makes the password record of a new account, or of a new password (RFC 9807 section 5).
type Registration struct {
	client *opaque.Client
}

// NewRegistration starts a registration and returns the request for the server: the password, blinded. The
// password is copied; the caller may wipe its own.
func NewRegistration(password []byte) (*Registration, []byte, error) {
	client, err := api.Suite().Client()
	if err != nil {
		return nil, nil, err
	}
	request, err := client.RegistrationInit(password)
	if err != nil {
		client.ClearState()
		return nil, nil, ErrMessage
	}
	return &Registration{client}, request.Serialize(), nil
}

// Finish turns the server's registration response into the record to be stored, stretching the password with k:
// seconds of work and k.Memory KiB. It ends the exchange whatever the outcome. Errors: ErrKSF, ErrMessage, ErrUsed.
func (r *Registration) Finish(response []byte, k api.KSF) (record []byte, keys Keys, err error) {
	if r.client == nil {
		return nil, Keys{}, ErrUsed
	}
	defer r.Close()
	opts, err := options(k)
	if err != nil {
		return nil, Keys{}, err
	}
	answer, err := r.client.Deserialize.RegistrationResponse(response)
	if err != nil {
		return nil, Keys{}, ErrMessage
	}
	made, export, err := r.client.RegistrationFinalize(answer, nil, nil, opts)
	if err != nil {
		return nil, Keys{}, ErrMessage
	}
	return made.Serialize(), Keys{Export: export}, nil
}

// Close wipes the password and the blind. Finish calls it; call it when an exchange is given up.
func (r *Registration) Close() {
	if r.client != nil {
		r.client.ClearState()
		r.client = nil
	}
}
