package keys

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Sign returns claims, as JSON, signed: compact JWS with alg, kid and typ in its header. A key of an algorithm that was never
// used is made at once; call EnsureAlg earlier, so that applications can know it. ErrLife says that the claims' exp is
// more than a day away.
func (s *Service) Sign(ctx context.Context, alg, typ string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("keys: claims: %w", err)
	}
	if err := s.shortLived(claims, payload); err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	return s.sign(ctx, alg, typ, payload)
}

// Expiring are claims that know when they expire. It spares Sign a look into what it has just written.
type Expiring interface {
	ExpiresAt() int64 // unix seconds, 0: never
}

// shortLived is ErrLife when claims live longer than the key is published after its end.
func (s *Service) shortLived(claims any, payload []byte) error {
	latest := s.deps.Now().Add(policies[useSign].life).Unix()
	if known, ok := claims.(Expiring); ok {
		if known.ExpiresAt() > latest {
			return ErrLife
		}
		return nil
	}
	var life struct {
		Expires float64 `json:"exp"`
	}
	if json.Unmarshal(payload, &life) == nil && life.Expires > float64(latest) {
		return ErrLife
	}
	return nil
}

func (s *Service) sign(ctx context.Context, alg, typ string, payload []byte) (string, error) {
	if !signingAlg(alg) {
		return "", fmt.Errorf("%w: %q", ErrAlg, alg)
	}
	ring, err := s.ring(ctx)
	if err != nil {
		return "", err
	}
	e := ring.active(group{useSign, alg}, s.deps.Now())
	if e == nil || !e.signing.signs() {
		if ring, err = s.fetch(ctx, alg); err != nil {
			return "", err
		}
		e = ring.active(group{useSign, alg}, s.deps.Now())
	}
	if e == nil || !e.signing.signs() {
		return "", fmt.Errorf("sign %s: no active key: %w", alg, ErrTampered)
	}
	compact, err := e.signing.sign(typ, payload)
	if err != nil {
		return "", fmt.Errorf("keys: sign %s: %w", alg, err)
	}
	return compact, nil
}

// EnsureAlg makes a signing key of the algorithm unless there is one. Call it when an application that wants the algorithm is
// registered: within a minute the key is in every isolate's JWKS.
func (s *Service) EnsureAlg(ctx context.Context, alg string) error {
	if !signingAlg(alg) {
		return fmt.Errorf("%w: %q", ErrAlg, alg)
	}
	ring, err := s.ring(ctx)
	if err == nil && ring.active(group{useSign, alg}, s.deps.Now()) == nil {
		_, err = s.fetch(ctx, alg)
	}
	return err
}

// Verify fills claims with the payload of a token that Sign made with the same typ. It does not look at exp: an expired ID token is a
// good hint at sign-out. ErrToken: not ours, changed, of another type, or older than its key. After an error claims are undefined.
func (s *Service) Verify(ctx context.Context, compact, typ string, claims any) error {
	kid, ok := signedBy(compact, typ)
	if !ok {
		return ErrToken
	}
	e, err := s.find(ctx, kid)
	if err != nil {
		return err
	}
	if e == nil || e.signing == nil {
		return ErrToken
	}
	return e.signing.verify(compact, typ, claims)
}

// Check reports whether signature is that of input by the private half of a key that is somebody else's, such as an application's, in the
// form that JWS has it in (RFC 7518 section 3). The caller has made sure that the algorithm is for that kind of key, and that the key is
// no longer than it should be.
func (s *Service) Check(alg string, key crypto.PublicKey, input, signature []byte) (bool, error) {
	k := signingKey{alg: alg, public: key, native: s.deps.Native}
	if !signingAlg(alg) {
		return false, fmt.Errorf("%w: %q", ErrAlg, alg)
	}
	if k.native != nil {
		var err error
		if k.spki, err = x509.MarshalPKIXPublicKey(key); err != nil {
			return false, fmt.Errorf("keys: check %s: %w", alg, err)
		}
	}
	return k.verified(input, signature)
}

// JWKS returns the public signing keys: the next one of each algorithm at least a day before its first use, the active one, and former
// ones until the last token they signed has expired.
func (s *Service) JWKS(ctx context.Context) (jose.JSONWebKeySet, error) {
	ring, err := s.ring(ctx)
	if err != nil {
		return jose.JSONWebKeySet{}, err
	}
	return jose.JSONWebKeySet{Keys: ring.published(s.deps.Now())}, nil
}
