package password

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/bytemare/opaque"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
)

// Errors of this package. They are coarse on purpose; what the library said is in the chain for the log.
var (
	// ErrMessage: not a message of the suite: wrong length, or not a point of the group.
	ErrMessage = errors.New("password: malformed message")
	// ErrWrong: the KE3 does not prove the password.
	ErrWrong = errors.New("password: wrong")
)

// Keys is what the package needs of keys.Service.
type Keys interface {
	OPAQUE(ctx context.Context) (keys.OPAQUE, error)
	MAC(ctx context.Context, label string, data []byte) ([]byte, error)
}

// Server answers OPAQUE messages. It is safe for concurrent use; all requests share one finished opaque.Server.
type Server struct {
	keys  Keys
	ready atomic.Pointer[ready]
}

type ready struct {
	id            string
	server        *opaque.Server
	fakePublicKey []byte
}

// New returns a Server that takes its keys from k at first use.
func New(k Keys) *Server { return &Server{keys: k} }

// load returns the server for the present keys. The keys are validated once, when they are first seen.
func (s *Server) load(ctx context.Context) (*ready, error) {
	k, err := s.keys.OPAQUE(ctx)
	if err != nil {
		return nil, fmt.Errorf("password: keys: %w", err)
	}
	if r := s.ready.Load(); r != nil && r.id == k.ID {
		return r, nil
	}
	server, err := api.Suite().Server()
	if err != nil {
		return nil, fmt.Errorf("password: suite: %w", err)
	}
	private, err := server.Deserialize.DecodePrivateKey(k.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("password: private key: %w", err)
	}
	err = server.SetKeyMaterial(&opaque.ServerKeyMaterial{
		PrivateKey: private, PublicKeyBytes: k.PublicKey, OPRFGlobalSeed: k.Seed,
	})
	if err != nil {
		return nil, fmt.Errorf("password: keys: %w", err)
	}
	r := &ready{id: k.ID, server: server, fakePublicKey: k.FakePublicKey}
	s.ready.Store(r)
	return r, nil
}
