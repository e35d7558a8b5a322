package device

import (
	"context"
	"encoding/hex"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Service finds the object of a request. It is safe for concurrent use. A key is a MAC of 32 bytes of the user code, under a key
// that the database does not have; what is no such key fails with ErrBounds.
type Service struct{ host object.Host }

// NewService returns a Service that calls objects through host.
func NewService(host object.Host) *Service { return &Service{host} }

func call[In, Out any](ctx context.Context, s *Service, m object.Method[In, Out], key []byte, in In) (Out, error) {
	if len(key) != keySize {
		var out Out
		return out, ErrBounds
	}
	return m.Call(ctx, s.host, hex.EncodeToString(key[:1]), in)
}

// Begin keeps a request, for Lifetime to be answered and Grace to be collected. ErrTaken when the code is in use.
func (s *Service) Begin(ctx context.Context, key []byte, r Request) error {
	_, err := call(ctx, s, begin, key, beginIn{Key: key, Request: r})
	return err
}

// Look tells what the request with this code is about. ErrUnknown when none waits.
func (s *Service) Look(ctx context.Context, key []byte) (Request, error) {
	return call(ctx, s, look, key, key)
}

// Decide answers a request for good: with what the device is to get, up to 4096 bytes, or with "" for no. ErrUnknown when none waits:
// it has expired, or was answered otherwise.
func (s *Service) Decide(ctx context.Context, key []byte, p Person, permit string) error {
	_, err := call(ctx, s, decide, key, decideIn{Key: key, Person: p, Permit: permit})
	return err
}

// Poll says how a request stands. Approved is said once.
func (s *Service) Poll(ctx context.Context, in PollIn) (PollOut, error) {
	return call(ctx, s, poll, in.Key, in)
}
