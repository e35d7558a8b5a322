// Package opaquetest plays a person and the person's browser towards Latchkey's JSON interface, for load and for tests that need
// many sign-ups and sign-ins and no page.
//
// It must never be part of a client: it keeps what a password stretches to in memory.
package opaquetest

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/bytemare/ecc"
	"github.com/bytemare/opaque"
	"golang.org/x/crypto/argon2"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Person is an OPAQUE client that stretches its password once. The stretched value depends only on the password and the account's
// OPRF key, so it is the same at every sign-in; remembering it lets the load generator sign in ten thousand times without ten
// thousand times Argon2id on its own side, while the server sees nothing but ordinary messages. Written from RFC 9807
// beside the library, it is also a second opinion on the bytes.
type Person struct {
	// InsecureUnstretched leaves Argon2id out. The server can't tell, because stretching is the client's alone; whoever steals such a
	// record and the server's keys can.
	InsecureUnstretched bool

	password []byte
	ksf      api.KSF
	prk      []byte      // randomized_password, section 5.2.1
	secret   *ecc.Scalar // client_private_key
	public   []byte
	server   []byte // server_public_key
	blind    *ecc.Scalar
}

const group = ecc.Ristretto255Sha512

// NewPerson returns somebody who knows a password.
func NewPerson(password string) *Person {
	return &Person{password: []byte(password), blind: group.NewScalar().Random()}
}

// Registration is the registration request, section 5.1.
func (p *Person) Registration() ([]byte, error) {
	client, err := api.Suite().Client()
	if err != nil {
		return nil, err
	}
	request, err := client.RegistrationInit(p.password, &opaque.ClientOptions{OPRFBlind: p.blind})
	if err != nil {
		return nil, err
	}
	return request.Serialize(), nil
}

// Record answers a registration response with the record to store, section 5.2.
func (p *Person) Record(response []byte, ksf api.KSF) ([]byte, error) {
	if len(response) != 64 {
		return nil, errors.New("registration response has a wrong length")
	}
	evaluated := group.NewElement()
	if err := evaluated.Decode(response[:32]); err != nil {
		return nil, err
	}
	unblinded := evaluated.Multiply(p.blind.Copy().Invert()).Encode()
	output := sha512.Sum512(slices.Concat(vector(p.password), vector(unblinded), []byte("Finalize"))) // RFC 9497 section 3.3.1
	stretched := output[:]
	if !p.InsecureUnstretched {
		stretched = argon2.IDKey(output[:], make([]byte, 16), ksf.Time, ksf.Memory, ksf.Threads, 64)
	}
	p.prk, _ = hkdf.Extract(sha512.New, slices.Concat(output[:], stretched), nil)
	p.server, p.ksf = response[32:], ksf

	nonce := make([]byte, 32)
	_, _ = rand.Read(nonce)
	p.secret = deriveKey(p.expand(nonce, "PrivateKey", 32))
	p.public = group.Base().Multiply(p.secret).Encode()
	credentials := slices.Concat(p.server, vector(p.server), vector(p.public))
	tag := mac(p.expand(nonce, "AuthKey", 64), slices.Concat(nonce, credentials))
	return slices.Concat(p.public, p.expand(nil, "MaskingKey", 64), nonce, tag), nil
}

// Attempt is one sign-in under way.
type Attempt struct {
	KE1 []byte // to be sent

	*Person
	share *ecc.Scalar
}

// Begin makes KE1, section 6.4.3.
func (p *Person) Begin() (*Attempt, error) {
	client, err := api.Suite().Client()
	if err != nil {
		return nil, err
	}
	share := group.NewScalar().Random()
	ke1, err := client.GenerateKE1(p.password, &opaque.ClientOptions{AKE: &opaque.AKEOptions{SecretKeyShare: share}})
	if err != nil {
		return nil, err
	}
	return &Attempt{ke1.Serialize(), p, share}, nil
}

// KE3 answers KE2, section 6.4.3 (OPAQUE-3DH).
func (a *Attempt) KE3(ke2 []byte) ([]byte, error) {
	// evaluated 32, masking nonce 32, masked response 32+96, server nonce 32, server key share 32, server MAC 64
	const credential, inner = 32 + 32 + 128, 32 + 32 + 128 + 64
	if len(ke2) != inner+64 {
		return nil, errors.New("KE2 has a wrong length")
	}
	share, server := group.NewElement(), group.NewElement()
	if err := errors.Join(share.Decode(ke2[credential+32:inner]), server.Decode(a.server)); err != nil {
		return nil, err
	}
	ikm := slices.Concat(share.Copy().Multiply(a.share).Encode(), server.Multiply(a.share).Encode(), share.Multiply(a.secret).Encode())
	transcript := sha512.New()
	transcript.Write(slices.Concat([]byte("OPAQUEv1-"), vector(api.Suite().Context), vector(a.public), a.KE1, vector(a.server), ke2[:inner]))
	preamble := transcript.Sum(nil)
	prk, _ := hkdf.Extract(sha512.New, ikm, nil)
	handshake := expandLabel(prk, "HandshakeSecret", preamble)
	if !hmac.Equal(mac(expandLabel(handshake, "ServerMAC", nil), preamble), ke2[inner:]) {
		return nil, errors.New("the server does not know the record")
	}
	transcript.Write(ke2[inner:])
	return mac(expandLabel(handshake, "ClientMAC", nil), transcript.Sum(nil)), nil
}

func (p *Person) expand(nonce []byte, label string, size int) []byte {
	out, _ := hkdf.Expand(sha512.New, p.prk, string(nonce)+label, size)
	return out
}

func expandLabel(secret []byte, label string, context []byte) []byte {
	info := slices.Concat([]byte{0, 64, byte(len("OPAQUE-" + label))}, []byte("OPAQUE-"+label), []byte{byte(len(context))}, context)
	out, _ := hkdf.Expand(sha512.New, secret, string(info), 64)
	return out
}

// deriveKey is DeriveKeyPair of RFC 9497 section 3.2.1.
func deriveKey(seed []byte) *ecc.Scalar {
	info := "OPAQUE-DeriveDiffieHellmanKeyPair"
	input := slices.Concat(seed, vector([]byte(info)))
	for counter := byte(0); ; counter++ {
		s := group.HashToScalar(append(slices.Clone(input), counter), []byte("DeriveKeyPairOPRFV1-\x00-ristretto255-SHA512"))
		if !s.IsZero() {
			return s
		}
	}
}

func vector(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha512.New, key)
	h.Write(message)
	return h.Sum(nil)
}
