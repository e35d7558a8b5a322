// Package webauthntest is a passkey in software, for tests of what stands on package webauthn.
package webauthntest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
)

// Passkey is one ES256 credential.
type Passkey struct {
	Origin, RPID string
	User         []byte // user handle, from the options that it was made by
	Counter      uint32 // of its next assertion, less one

	id  []byte
	key *ecdsa.PrivateKey
}

// New makes a passkey for the pages of an origin.
func New(t testing.TB, origin, rpID string) *Passkey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 20)
	rand.Read(id)
	return &Passkey{Origin: origin, RPID: rpID, id: id, key: key}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// challenge is that of PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON.
func (p *Passkey) challenge(t testing.TB, options string) string {
	t.Helper()
	var o struct {
		Challenge string
		User      struct{ ID string }
	}
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		t.Fatal(err)
	}
	if user, err := base64.RawURLEncoding.DecodeString(o.User.ID); err == nil && len(user) > 0 {
		p.User = user
	}
	return o.Challenge
}

func text(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (p *Passkey) said(t testing.TB, kind, challenge string) []byte {
	return text(t, map[string]any{"type": kind, "challenge": challenge, "origin": p.Origin, "crossOrigin": false})
}

func (p *Passkey) data(flags byte) []byte {
	hash := sha256.Sum256([]byte(p.RPID))
	return append(hash[:], flags, byte(p.Counter>>24), byte(p.Counter>>16), byte(p.Counter>>8), byte(p.Counter))
}

func (p *Passkey) response(t testing.TB, members map[string]any) string {
	return string(text(t, map[string]any{
		"id": encode(p.id), "rawId": encode(p.id), "type": "public-key", "response": members,
		"clientExtensionResults": map[string]any{"prf": map[string]any{"enabled": true}},
	}))
}

// Create answers navigator.credentials.create().
func (p *Passkey) Create(t testing.TB, options string) string {
	t.Helper()
	point, err := p.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	data := append(p.data(0x45), make([]byte, 16)...)
	data = append(append(data, 0, byte(len(p.id))), p.id...)
	data = append(data, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32) // a COSE key: EC2, ES256, P-256
	data = append(append(append(data, point[1:33]...), 0x22, 0x58, 32), point[33:]...)
	object := append([]byte{0xa3, 0x63}, "fmt\x64none\x67attStmt\xa0\x68authData\x58"...)
	object = append(append(object, byte(len(data))), data...)
	return p.response(t, map[string]any{
		"clientDataJSON": encode(p.said(t, "webauthn.create", p.challenge(t, options))), "attestationObject": encode(object),
	})
}

// Get answers navigator.credentials.get().
func (p *Passkey) Get(t testing.TB, options string) string {
	t.Helper()
	p.Counter++
	data, said := p.data(0x05), p.said(t, "webauthn.get", p.challenge(t, options))
	hash := sha256.Sum256(said)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return p.response(t, map[string]any{
		"clientDataJSON": encode(said), "authenticatorData": encode(data), "signature": encode(signature), "userHandle": encode(p.User),
	})
}
