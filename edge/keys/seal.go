package keys

import (
	"context"
	"fmt"
	"time"
)

// Seal returns v, of what JSON has of it, readable for nobody else and only with the same purpose, until expires (compact JWE, at most
// MaxSealed bytes). ErrLife says that expires is beyond what the purpose allows.
func (s *Service) Seal(ctx context.Context, p Purpose, v any, expires time.Time) (string, error) {
	use, known := purposes[p]
	if !known {
		return "", fmt.Errorf("%w %q", ErrPurpose, p)
	}
	ring, err := s.ring(ctx)
	if err != nil {
		return "", err
	}
	now := s.deps.Now()
	if expires.Sub(now) > policies[use].life {
		return "", fmt.Errorf("seal %s: %w", p, ErrLife)
	}
	e := ring.active(group{use, encA256GCM}, now)
	if e == nil {
		return "", fmt.Errorf("seal %s: %w", p, ErrTampered)
	}
	text, err := e.sealers[p].seal(v, expires)
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", p, err)
	}
	return text, nil
}

// Open fills v with what Seal was given. ErrSealed: not sealed here for this purpose, or changed, or of a type that has changed since;
// ErrExpired: too old. After an error v is undefined. Any other error is the ring's and says nothing about the value.
func (s *Service) Open(ctx context.Context, p Purpose, sealed string, v any) error {
	if len(sealed) > MaxSealed {
		return ErrSealed
	}
	kid, ok := sealedBy(sealed, p)
	if !ok {
		return ErrSealed
	}
	e, err := s.find(ctx, kid)
	if err != nil {
		return err
	}
	if e == nil || e.sealers[p] == nil {
		return ErrSealed
	}
	expires, err := e.sealers[p].open(sealed, v)
	if err == nil && !s.deps.Now().Before(expires) {
		err = ErrExpired
	}
	return err
}
