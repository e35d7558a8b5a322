package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Native is the runtime's own cryptography, where there is one: many times faster than Go's in WebAssembly.
type Native interface {
	// Sign returns the signature of payload in the form that JWS has it in (RFC 7518 section 3). pkcs8 is a private key of the
	// algorithm, DER.
	Sign(alg string, pkcs8 []byte, payload []byte) ([]byte, error)
	// Verify reports whether signature, in the same form, is that of payload by the private half of spki, a public key of the
	// algorithm, DER.
	Verify(alg string, spki, payload, signature []byte) (bool, error)
	// Generate returns a new private key of the algorithm, PKCS #8 in DER.
	Generate(alg string) ([]byte, error)
}

// opaqueKeys is the server's side of OPAQUE as it is sealed.
type opaqueKeys struct {
	Private []byte `json:"private"` // scalar
	Public  []byte `json:"public"`  // element
	Seed    []byte `json:"seed"`
	Fake    []byte `json:"fake"` // element whose scalar was thrown away
}

// newID makes a key id: 72 random bits, 12 characters. It is in the header of every cookie, so it is short.
func newID() string {
	var b [9]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// generate makes the material of a key of the group.
func generate(g group, native Native) (material, error) {
	switch g.use {
	case useSign:
		return generateSigning(g.alg, native)
	case useOPAQUE:
		return generateOPAQUE(), nil
	}
	secret := make([]byte, keyLen)
	rand.Read(secret)
	return material{Secret: secret}, nil
}

// generateOPAQUE makes what RFC 9807 section 3.2.1 asks of a server: a key pair and a seed, and the public key of the client that does
// not exist (section 6.3.2.2).
func generateOPAQUE() material {
	suite := api.Suite()
	private, public := suite.KeyGen()
	_, fake := suite.KeyGen()
	return material{OPAQUE: &opaqueKeys{
		Private: private.Encode(), Public: public.Encode(), Seed: suite.GenerateOPRFSeed(), Fake: fake.Encode(),
	}}
}

func generateSigning(alg string, native Native) (material, error) {
	if !signingAlg(alg) {
		return material{}, ErrAlg
	}
	var private []byte
	var err error
	if native != nil {
		private, err = native.Generate(alg)
	} else {
		private, err = generateGo(alg)
	}
	if err != nil {
		return material{}, fmt.Errorf("keys: generate %s: %w", alg, err)
	}
	signer, err := parsePrivate(alg, private)
	if err != nil {
		return material{}, fmt.Errorf("keys: generated %s: %w", alg, err)
	}
	public, err := x509.MarshalPKIXPublicKey(signer.Public())
	return material{Private: private, Public: public}, err
}

func generateGo(alg string) ([]byte, error) {
	var key crypto.Signer
	var err error
	switch alg {
	case ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256, PS256:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

var errForm = errors.New("key is not of its algorithm")

// parsePrivate reads a private key and checks that it is one of the algorithm.
func parsePrivate(alg string, pkcs8 []byte) (crypto.Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, err
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok || !fits(alg, signer.Public()) {
		return nil, errForm
	}
	return signer, nil
}

// fits reports whether a public key is of the algorithm.
func fits(alg string, public crypto.PublicKey) bool {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return alg == ES256 && k.Curve == elliptic.P256()
	case *rsa.PublicKey:
		return (alg == RS256 || alg == PS256) && k.N.BitLen() >= 2048
	case ed25519.PublicKey:
		return alg == EdDSA
	}
	return false
}
