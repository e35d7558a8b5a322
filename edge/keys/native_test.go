//go:build !js

package keys

import (
	"crypto/x509"
	"sync/atomic"
)

// fakeNative does with Go's cryptography what a runtime's Native does with its own; the real one runs in the tests on workerd.
type fakeNative struct{ signed, verified, generated atomic.Int32 }

func (n *fakeNative) Sign(alg string, pkcs8, payload []byte) ([]byte, error) {
	n.signed.Add(1)
	key, err := parsePrivate(alg, pkcs8)
	if err != nil {
		return nil, err
	}
	return (&signingKey{alg: alg, signer: key}).signature(payload)
}

func (n *fakeNative) Verify(alg string, spki, payload, signature []byte) (bool, error) {
	n.verified.Add(1)
	public, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return false, err
	}
	return (&signingKey{alg: alg, public: public}).verified(payload, signature)
}

func (n *fakeNative) Generate(alg string) ([]byte, error) {
	n.generated.Add(1)
	return generateGo(alg)
}
