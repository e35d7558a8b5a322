//go:build !js

package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"sync/atomic"
)

// fakeNative does with Go's cryptography what a runtime's Native does with its own; the real one runs in the tests on workerd.
type fakeNative struct{ signed, generated atomic.Int32 }

func (n *fakeNative) Sign(alg string, pkcs8, payload []byte) ([]byte, error) {
	n.signed.Add(1)
	key, err := parsePrivate(alg, pkcs8)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(payload)
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, digest[:])
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	case *rsa.PrivateKey:
		return rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, digest[:])
	}
	return ed25519.Sign(key.(ed25519.PrivateKey), payload), nil
}

func (n *fakeNative) Generate(alg string) ([]byte, error) {
	n.generated.Add(1)
	return generateGo(alg)
}
