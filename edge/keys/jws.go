package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// MaxToken bounds a signed token, in bytes.
const MaxToken = 16 << 10

// maxHeader bounds a token's encoded header, in bytes; those that sign writes have about a hundred.
const maxHeader = 512

// signatureAlgs are the algorithms, in the order of the JWKS.
var signatureAlgs = []string{ES256, RS256, PS256, EdDSA}

// signingKey is a signing key as the front uses it.
type signingKey struct {
	id     string
	alg    string
	starts time.Time
	public crypto.PublicKey
	spki   []byte        // public, DER
	native Native        // nil: Go's own cryptography
	pkcs8  []byte        // the private half, for native; nil when the key is retired
	signer crypto.Signer // the private half, without native
}

// newSigningKey reads the material. With a Native the private half is not parsed in Go at all.
func newSigningKey(r row, m material, native Native) (*signingKey, error) {
	public, err := x509.ParsePKIXPublicKey(m.Public)
	if err != nil {
		return nil, err
	}
	if !fits(r.Alg, public) {
		return nil, errForm
	}
	k := &signingKey{id: r.ID, alg: r.Alg, starts: r.start(), public: public, spki: m.Public, native: native}
	switch {
	case m.Private == nil:
	case native != nil:
		k.pkcs8 = m.Private
	default:
		if k.signer, err = parsePrivate(r.Alg, m.Private); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// signs reports whether the private half is there.
func (k *signingKey) signs() bool { return k.pkcs8 != nil || k.signer != nil }

func (k *signingKey) jwk() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.public, KeyID: k.id, Algorithm: k.alg, Use: "sig"}
}

// sign returns payload as compact JWS (RFC 7515 section 7.1). The form is written here instead of by go-jose, because a token is
// signed at nearly every request and the form costs more than the runtime's signature does (BenchmarkSign).
func (k *signingKey) sign(typ string, payload []byte) (string, error) {
	enc := base64.RawURLEncoding
	head := k.header(typ)
	text := make([]byte, 0, len(head)+enc.EncodedLen(len(payload))+2+enc.EncodedLen(512))
	text = append(append(text, head...), '.')
	text = enc.AppendEncode(text, payload)
	signature, err := k.signature(text)
	if err != nil {
		return "", err
	}
	text = enc.AppendEncode(append(text, '.'), signature)
	if len(text) > MaxToken {
		return "", ErrSize
	}
	return string(text), nil
}

// signature is that of RFC 7518 section 3 and RFC 8037 section 3.1.
func (k *signingKey) signature(input []byte) ([]byte, error) {
	if k.native != nil {
		return k.native.Sign(k.alg, k.pkcs8, input)
	}
	digest := sha256.Sum256(input)
	switch key := k.signer.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	case *rsa.PrivateKey:
		if k.alg == PS256 {
			return rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], pss)
		}
		return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	case ed25519.PrivateKey:
		return ed25519.Sign(key, input), nil
	}
	return nil, errForm
}

var pss = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256} // RFC 7518 section 3.5

// signedBy returns the key id in the header of a token. Nothing is verified yet.
func signedBy(compact, typ string) (kid string, ok bool) {
	head, _, ok := strings.Cut(compact, ".")
	if !ok || len(compact) > MaxToken || len(head) > maxHeader {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return "", false
	}
	_, rest, _ := strings.Cut(string(raw), headKey)
	return strings.CutSuffix(rest, headType+typ+headEnd)
}

// verify checks the signature and fills claims. The header must be the very one that sign writes, so that whatever else a header
// can say (jwk, jku, x5u, x5c, crit, b64, zip) is not interpreted but refused, and the key is never used with another algorithm.
func (k *signingKey) verify(compact, typ string, claims any) error {
	input, tail, ok := cutLast(compact)
	head, body, _ := strings.Cut(input, ".")
	if !ok || head != k.header(typ) || strings.Contains(body, ".") || broken(tail) {
		return ErrToken
	}
	enc := base64.RawURLEncoding.Strict()
	signature, err1 := enc.DecodeString(tail)
	payload, err2 := enc.DecodeString(body)
	if err1 != nil || err2 != nil {
		return ErrToken
	}
	good, err := k.verified([]byte(input), signature)
	if err != nil {
		return fmt.Errorf("keys: verify %s: %w", k.alg, err)
	}
	if !good {
		return ErrToken
	}
	if err := json.Unmarshal(payload, claims); err != nil {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	return nil
}

func (k *signingKey) verified(input, signature []byte) (bool, error) {
	if want := signatureLen(k.public); len(signature) != want {
		return false, nil
	}
	if k.native != nil {
		return k.native.Verify(k.alg, k.spki, input, signature)
	}
	digest := sha256.Sum256(input)
	switch key := k.public.(type) {
	case *ecdsa.PublicKey:
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return ecdsa.Verify(key, digest[:], r, s), nil
	case *rsa.PublicKey:
		if k.alg == PS256 {
			return rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, pss) == nil, nil
		}
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil, nil
	case ed25519.PublicKey:
		return ed25519.Verify(key, input, signature), nil
	}
	return false, errForm
}

// signatureLen is the length of a signature by the key, in bytes.
func signatureLen(public crypto.PublicKey) int {
	if key, ok := public.(*rsa.PublicKey); ok {
		return key.Size()
	}
	return 64 // P-256, Ed25519
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

const (
	headAlg = `{"alg":"`
	headKey = `","kid":"` // then headType and headEnd, as in sealed values
)

// header is what sign writes, base64url.
func (k *signingKey) header(typ string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(headAlg + k.alg + headKey + k.id + headType + typ + headEnd))
}
