package webauthn_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/latchkey-id/latchkey/edge/webauthn"
)

// authenticator is a passkey in software, written from the specification and not from what it tests.
type authenticator struct {
	id      []byte
	key     crypto.Signer
	cose    []byte
	counter uint32
	flags   byte
	extra   []byte // after the credential: extensions
}

var want = webauthn.Want{Challenge: []byte("a challenge of 32 bytes, or more"), Origin: "https://login.test", RPID: "login.test"}

func head(major byte, n int) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 256:
		return []byte{major<<5 | 24, byte(n)}
	}
	return []byte{major<<5 | 25, byte(n >> 8), byte(n)}
}

func bstr(b []byte) []byte { return append(head(2, len(b)), b...) }
func tstr(s string) []byte { return append(head(3, len(s)), s...) }

func integer(n int) []byte {
	if n < 0 {
		return head(1, -1-n)
	}
	return head(0, n)
}

func join(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func newAuthenticator(t testing.TB, alg int) *authenticator {
	t.Helper()
	a := &authenticator{id: make([]byte, 20), flags: 0x45} // present, verified, a credential
	rand.Read(a.id)
	var err error
	switch alg {
	case -7:
		var key *ecdsa.PrivateKey
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err == nil {
			point, _ := key.PublicKey.Bytes()
			a.key = key
			a.cose = join(head(5, 5), integer(1), integer(2), integer(3), integer(-7), integer(-1), integer(1),
				integer(-2), bstr(point[1:33]), integer(-3), bstr(point[33:]))
		}
	case -8:
		var key ed25519.PrivateKey
		_, key, err = ed25519.GenerateKey(rand.Reader)
		if err == nil {
			a.key = key
			a.cose = join(head(5, 4), integer(1), integer(1), integer(3), integer(-8), integer(-1), integer(6),
				integer(-2), bstr(key.Public().(ed25519.PublicKey)))
		}
	case -257:
		var key *rsa.PrivateKey
		key, err = rsa.GenerateKey(rand.Reader, 2048)
		if err == nil {
			a.key = key
			a.cose = join(head(5, 4), integer(1), integer(3), integer(3), integer(-257), integer(-1), bstr(key.N.Bytes()),
				integer(-2), bstr(big.NewInt(int64(key.E)).Bytes()))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authenticator) data(flags byte, rpID string) []byte {
	hash := sha256.Sum256([]byte(rpID))
	c := a.counter
	return join(hash[:], []byte{flags, byte(c >> 24), byte(c >> 16), byte(c >> 8), byte(c)})
}

func (a *authenticator) attested(rpID string) []byte {
	return join(a.data(a.flags, rpID), make([]byte, 16), []byte{byte(len(a.id) >> 8), byte(len(a.id))}, a.id, a.cose, a.extra)
}

func attestation(data []byte) []byte {
	return join(head(5, 3), tstr("fmt"), tstr("packed"), tstr("attStmt"),
		head(5, 2), tstr("alg"), integer(-7), tstr("x5c"), head(4, 1), bstr([]byte("ignored")), tstr("authData"), bstr(data))
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func client(kind string, w webauthn.Want, more map[string]any) []byte {
	all := map[string]any{"type": kind, "challenge": b64(w.Challenge), "origin": w.Origin, "crossOrigin": false}
	for k, v := range more {
		all[k] = v
	}
	data, _ := json.Marshal(all)
	return data
}

func response(id []byte, members map[string]any) string {
	data, _ := json.Marshal(map[string]any{
		"id": b64(id), "rawId": b64(id), "type": "public-key", "response": members, "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{"prf": map[string]any{"enabled": true}},
	})
	return string(data)
}

func (a *authenticator) register(w webauthn.Want, more map[string]any) string {
	return response(a.id, map[string]any{
		"clientDataJSON": b64(client("webauthn.create", w, more)), "attestationObject": b64(attestation(a.attested(w.RPID))),
	})
}

func (a *authenticator) assert(t testing.TB, w webauthn.Want, more map[string]any) string {
	return a.assertFlags(t, w, more, a.flags&^0x40)
}

func (a *authenticator) assertFlags(t testing.TB, w webauthn.Want, more map[string]any, flags byte) string {
	t.Helper()
	a.counter++
	data, said := a.data(flags, w.RPID), client("webauthn.get", w, more)
	hash := sha256.Sum256(said)
	signed := append(append([]byte{}, data...), hash[:]...)
	options, message := crypto.SignerOpts(crypto.SHA256), signed
	if _, ed := a.key.(ed25519.PrivateKey); ed {
		options = crypto.Hash(0)
	} else {
		digest := sha256.Sum256(signed)
		message = digest[:]
	}
	signature, err := a.key.Sign(rand.Reader, message, options)
	if err != nil {
		t.Fatal(err)
	}
	return response(a.id, map[string]any{
		"clientDataJSON": b64(said), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64([]byte("account")),
	})
}
