package password

import (
	"context"
	"fmt"

	"github.com/bytemare/opaque"
	"github.com/bytemare/opaque/message"
)

// Lengths of the suite's messages, in bytes (RFC 9807 section 6.1, with Noe = Npk = 32, Nn = 32 and Nh = Nm = 64).
const (
	KE1Length    = 32 + 32 + 32
	KE2Length    = 32 + 32 + (32 + EnvelopeLength) + 32 + 32 + 64
	KE3Length    = 64
	RecordLength = 32 + 64 + EnvelopeLength

	EnvelopeLength = 32 + 64
)

// Credential is what a KE1 is answered with: a password record and the identifier that its OPRF key was derived from.
type Credential struct {
	Identifier string // the account's id, or the one of Fake
	Record     []byte
}

// Answer is the server's side of a login until KE3 comes.
type Answer struct {
	KE2 []byte
	MAC []byte // what KE3 must be; it goes sealed to the browser and back
}

// Login answers a KE1 (RFC 9807 section 6.2.2). ErrMessage when it is none. The attempt must have been counted before, because
// KE2 already tells the client whether its guess was right.
func (s *Server) Login(ctx context.Context, ke1 []byte, c Credential) (Answer, error) {
	r, err := s.load(ctx)
	if err != nil {
		return Answer{}, err
	}
	request, err := r.server.Deserialize.KE1(ke1) // exact length first
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	record, err := r.server.Deserialize.RegistrationRecord(c.Record)
	if err != nil {
		return Answer{}, fmt.Errorf("password: stored record: %w", err)
	}
	ke2, output, err := r.server.GenerateKE2(request, &opaque.ClientRecord{
		RegistrationRecord: record, CredentialIdentifier: []byte(c.Identifier),
	})
	if err != nil {
		return Answer{}, fmt.Errorf("password: KE2: %w", err)
	}
	return Answer{KE2: ke2.Serialize(), MAC: output.ClientMAC}, nil
}

// Check compares a KE3 with the MAC that Login expected, in constant time. ErrMessage, ErrWrong.
func (s *Server) Check(ctx context.Context, ke3, mac []byte) error {
	r, err := s.load(ctx)
	if err != nil {
		return err
	}
	if len(ke3) != KE3Length {
		return ErrMessage
	}
	if err := r.server.LoginFinish(&message.KE3{ClientMac: ke3}, mac); err != nil {
		return fmt.Errorf("%w: %w", ErrWrong, err)
	}
	return nil
}
