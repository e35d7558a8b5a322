package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
)

// secretMembers are those of private and symmetric keys (RFC 7518 section 6). A client that sends one has given its key away.
var secretMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// parseProofKey reads the public key in the header of a DPoP proof and returns its thumbprint (RFC 7638). Every number has the one length
// and form that RFC 7518 gives it, so that a key has one thumbprint.
func parseProofKey(raw json.RawMessage) (crypto.PublicKey, string, error) {
	members, err := parseClaims(raw)
	if err != nil || slices.ContainsFunc(secretMembers, members.has) {
		return nil, "", errJWT
	}
	kty, _ := members.text("kty")
	switch crv, _ := members.text("crv"); {
	case kty == "EC" && crv == "P-256":
		return ecKey(members)
	case kty == "OKP" && crv == "Ed25519":
		return edKey(members)
	case kty == "RSA":
		return rsaKey(members)
	}
	return nil, "", errJWT
}

func ecKey(members claimSet) (crypto.PublicKey, string, error) {
	x, xs, err1 := members.bytes("x")
	y, ys, err2 := members.bytes("y")
	if err1 != nil || err2 != nil || len(x) != 32 || len(y) != 32 {
		return nil, "", errJWT
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y)) // refuses what is not on the curve
	return key, thumbprint(`{"crv":"P-256","kty":"EC","x":"` + xs + `","y":"` + ys + `"}`), err
}

func edKey(members claimSet) (crypto.PublicKey, string, error) {
	x, xs, err := members.bytes("x")
	if err != nil || len(x) != ed25519.PublicKeySize {
		return nil, "", errJWT
	}
	return ed25519.PublicKey(x), thumbprint(`{"crv":"Ed25519","kty":"OKP","x":"` + xs + `"}`), nil
}

func rsaKey(members claimSet) (crypto.PublicKey, string, error) {
	n, ns, err1 := members.bytes("n")
	e, es, err2 := members.bytes("e")
	if err1 != nil || err2 != nil || len(n) > maxRSA/8 || len(e) > 4 || n[0] == 0 || e[0] == 0 {
		return nil, "", errJWT
	}
	exponent := new(big.Int).SetBytes(e).Int64()
	if exponent > 1<<31-1 {
		return nil, "", errJWT
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent)}
	return key, thumbprint(`{"e":"` + es + `","kty":"RSA","n":"` + ns + `"}`), nil
}

// bytes returns a member that must be base64url, decoded and as it is.
func (c claimSet) bytes(name string) ([]byte, string, error) {
	text, ok := c.text(name)
	if !ok {
		return nil, "", errJWT
	}
	data, err := decodePart(text)
	return data, text, err
}

func thumbprint(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
