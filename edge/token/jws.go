package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// Bounds of the JWTs that clients send: assertions, DPoP proofs, request objects. Lengths are of the encoded text, in bytes.
const (
	maxJWT       = 8 << 10
	maxJWTHeader = 2 << 10 // a DPoP proof has its key in it, RSA with 4096 bits included
	minRSA       = 2048    // bits (RFC 7518 section 3.3)
	maxRSA       = 4096    // what is longer costs time and nothing is gained
)

// Signature algorithms that clients may use (RFC 8725 section 3.1). There is neither none nor a symmetric one.
var (
	clientAlgs  = oauth.ProofAlgs
	profileAlgs = []string{"ES256", "PS256", "EdDSA"} // FAPI 2.0 security profile section 5.4.1
)

// Errors for the log.
var (
	errJWT       = errors.New("token: not a JWT of the form that is accepted") // or it says more in its header than it may
	errSignature = errors.New("token: the signature is not by this key")
)

// jws is a JWT in compact form (RFC 7515 section 7.1) that was read and not verified yet. Keys never come from its header: what
// carries a key or points to one (jku, x5u, x5c) is refused, and a jwk is only for a DPoP proof, which proves nothing but that key.
type jws struct {
	alg, kid, typ string
	jwk           json.RawMessage // nil when there is none
	claims        claimSet
	signed        string // what the signature is over
	signature     []byte
}

// refusedHeaders are members that would change what is verified and by which key. crit is refused because no extension is known
// here (RFC 7515 section 4.1.11); what is not in this list and not known is ignored, as section 4 asks.
var refusedHeaders = []string{"jku", "x5u", "x5c", "crit", "b64", "zip", "enc", "epk", "p2c", "p2s"}

// parseJWS reads a compact JWS whose payload is a JSON object. It does not look at the signature.
func parseJWS(compact string) (jws, error) {
	head, rest, _ := strings.Cut(compact, ".")
	body, tail, _ := strings.Cut(rest, ".")
	if len(compact) > maxJWT || len(head) > maxJWTHeader {
		return jws{}, errJWT
	}
	header, err1 := decodePart(head)
	payload, err2 := decodePart(body)
	signature, err3 := decodePart(tail)
	if err := errors.Join(err1, err2, err3); err != nil {
		return jws{}, err
	}
	members, err := parseClaims(header)
	if err != nil || slices.ContainsFunc(refusedHeaders, members.has) {
		return jws{}, errJWT
	}
	j := jws{jwk: members["jwk"], signed: compact[:len(head)+1+len(body)], signature: signature}
	var ok [3]bool
	j.alg, ok[0] = members.text("alg")
	j.kid, ok[1] = members.optional("kid")
	j.typ, ok[2] = members.optional("typ")
	if slices.Contains(ok[:], false) || !slices.Contains(clientAlgs, j.alg) {
		return jws{}, errJWT
	}
	j.claims, err = parseClaims(payload)
	return j, err
}

// decodePart decodes base64url in the one form that it may have: no padding, no line breaks, no loose bits, not empty.
func decodePart(s string) ([]byte, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || s == "" || strings.ContainsAny(s, "\r\n") {
		return nil, errJWT
	}
	return data, nil
}

// verify checks that key made the signature with the algorithm in the header. A key is never used with the algorithm of another kind of
// key. A key that cannot be used at all has made no signature either.
func (j jws) verify(by verifier, key crypto.PublicKey) error {
	if !suits(j.alg, key) {
		return errSignature
	}
	good, err := by.Check(j.alg, key, []byte(j.signed), j.signature)
	if err == nil && !good {
		err = errSignature
	}
	return err
}

// verifier checks the signature of somebody else's key; Keys does it with the runtime's cryptography.
type verifier interface {
	Check(alg string, key crypto.PublicKey, input, signature []byte) (bool, error)
}

// suits reports whether an algorithm is for that kind of key, and the key is of an acceptable size.
func suits(alg string, key crypto.PublicKey) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return alg == "ES256" && k.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return alg == "EdDSA" && len(k) == ed25519.PublicKeySize
	case *rsa.PublicKey:
		bits := k.N.BitLen()
		return (alg == "RS256" || alg == "PS256") && bits >= minRSA && bits <= maxRSA && k.E >= 3 && k.E&1 == 1
	}
	return false
}
