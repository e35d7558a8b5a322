package password

import (
	"context"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/api"
)

// RequestLength is the length of a registration request, in bytes.
const RequestLength = 32

// Register answers a registration request for the account of the given id (RFC 9807 section 5.2.2). The id is the credential
// identifier: it never changes, so a record outlives a change of name. ErrMessage.
func (s *Server) Register(ctx context.Context, request []byte, accountID string) ([]byte, error) {
	r, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	parsed, err := r.server.Deserialize.RegistrationRequest(request) // exact length first
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	response, err := r.server.RegistrationResponse(parsed, []byte(accountID), nil)
	if err != nil {
		return nil, fmt.Errorf("password: register: %w", err)
	}
	return response.Serialize(), nil
}

// Accept checks a record that a client made: its length, its point, and stretching parameters that a client would compute and
// that are not below the policy. It returns the id of the keys that the record was made under. ErrMessage.
func (s *Server) Accept(ctx context.Context, record []byte, made, policy api.KSF) (keyID string, err error) {
	r, err := s.load(ctx)
	if err != nil {
		return "", err
	}
	if !made.Valid() || made.Below(policy) {
		return "", fmt.Errorf("%w: parameters %+v", ErrMessage, made)
	}
	if _, err := r.server.Deserialize.RegistrationRecord(record); err != nil { // exact length first
		return "", fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return r.id, nil
}
