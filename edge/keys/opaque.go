package keys

import "context"

// OPAQUE is the server's key material (RFC 9807 section 3.2.1) for api.Suite, encoded as the RFC does. It is made once and
// never replaced: password records are bound to it. A value is shared between requests: don't change it.
type OPAQUE struct {
	ID            string // kept with every record that was made under it
	PrivateKey    []byte // scalar, 32 bytes
	PublicKey     []byte // element, 32 bytes
	Seed          []byte // global OPRF seed, 64 bytes
	FakePublicKey []byte // client public key of records that do not exist (section 6.3.2.2)
}

// OPAQUE returns the key material.
func (s *Service) OPAQUE(ctx context.Context) (OPAQUE, error) {
	ring, err := s.ring(ctx)
	if err != nil {
		return OPAQUE{}, err
	}
	return ring.opaque, nil
}
