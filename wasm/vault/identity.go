package vault

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/base32"
	"strings"
)

// Kind is how a person opens the vault.
type Kind string

// The kinds of identities.
const (
	KindPassword Kind = "password" // OPAQUE export key
	KindRecovery Kind = "recovery" // printed code
	KindPRF      Kind = "prf"      // a passkey's PRF output
	KindDevice   Kind = "device"   // a device's own key pair

	KindApplication Kind = "application" // an ApplicationKey, in the vault of an application
)

func (k Kind) known() bool {
	return k == KindPassword || k == KindRecovery || k == KindPRF || k == KindDevice || k == KindApplication
}

// publicSize is that of an uncompressed P-256 point.
const publicSize = 65

// Identity opens a vault. All kinds end in a P-256 key pair, so that a device that rotates the keys can wrap them for
// the password and the recovery code without having them. Only a device's public key is ever outside a sealed ring.
type Identity struct {
	kind Kind
	key  hpke.PrivateKey
}

// PasswordIdentity is made of the export key of an OPAQUE registration or sign-in. Error: ErrMalformed if it has not 64 bytes.
func PasswordIdentity(exportKey []byte) (*Identity, error) {
	return secretIdentity(KindPassword, exportKey, 64)
}

// PRFIdentity is made of the 32 bytes that a passkey's PRF extension gives for the vault's input. Error: ErrMalformed.
func PRFIdentity(output []byte) (*Identity, error) { return secretIdentity(KindPRF, output, 32) }

// RecoveryIdentity is made of a recovery code.
func RecoveryIdentity(code RecoveryCode) *Identity {
	i, err := secretIdentity(KindRecovery, code[:], len(code))
	if err != nil { // only for another length
		panic(err)
	}
	return i
}

// secretIdentity derives the key pair: DeriveKeyPair of RFC 9180 section 7.1.3 over HKDF(secret, label of the kind).
func secretIdentity(kind Kind, secret []byte, size int) (*Identity, error) {
	if len(secret) != size {
		return nil, ErrMalformed
	}
	key, err := hpke.DHKEM(ecdh.P256()).DeriveKeyPair(derive(secret, labelIdentity+string(kind)))
	if err != nil {
		return nil, err
	}
	return &Identity{kind, key}, nil
}

// PasswordKey is the key pair of PasswordIdentity, for a key store to keep; it opens whatever the password opens. Error: ErrMalformed if
// the export key has not 64 bytes.
func PasswordKey(exportKey []byte) (*ecdh.PrivateKey, error) {
	i, err := PasswordIdentity(exportKey)
	if err != nil {
		return nil, err
	}
	scalar, err := i.key.Bytes()
	if err != nil {
		return nil, err
	}
	defer clear(scalar)
	return ecdh.P256().NewPrivateKey(scalar)
}

// KeptPassword is the identity of a PasswordKey, or of what a key store made of it. Error: ErrMalformed if it is of another curve.
func KeptPassword(exchange ecdh.KeyExchanger) (*Identity, error) {
	return exchangeIdentity(KindPassword, exchange)
}

// DeviceIdentity is a device's P-256 key. It need not be extractable: exchange may hand the agreement to the browser's key
// store. Error: ErrMalformed if it is of another curve.
func DeviceIdentity(exchange ecdh.KeyExchanger) (*Identity, error) {
	return exchangeIdentity(KindDevice, exchange)
}

func exchangeIdentity(kind Kind, exchange ecdh.KeyExchanger) (*Identity, error) {
	if exchange.Curve() != ecdh.P256() {
		return nil, ErrMalformed
	}
	key, err := hpke.NewDHKEMPrivateKey(exchange)
	if err != nil {
		return nil, ErrMalformed
	}
	return &Identity{kind, key}, nil
}

// Kind says which one it is.
func (i *Identity) Kind() Kind { return i.kind }

// Recipient is the public half, to be wrapped for under the given id: 1 to 64 of A–Z a–z 0–9 _ -.
func (i *Identity) Recipient(id string) Recipient {
	return Recipient{ID: id, Kind: i.kind, Public: i.key.PublicKey().Bytes()}
}

// Recipient is somebody the ring is wrapped for.
type Recipient struct {
	ID     string
	Kind   Kind
	Public []byte // uncompressed P-256 point, 65 bytes
	added  int64  // version of the ring that has it first
}

// check refuses what could not be wrapped for. Error: ErrMalformed.
func (r Recipient) check() error {
	if !r.Kind.known() || !validWrapID(r.ID) || len(r.Public) != publicSize {
		return ErrMalformed
	}
	if _, err := ecdh.P256().NewPublicKey(r.Public); err != nil {
		return ErrMalformed
	}
	return nil
}

func validWrapID(id string) bool {
	return 0 < len(id) && len(id) <= 64 && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// crockford is the alphabet of Douglas Crockford's base 32: no I, L, O, U.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// squeeze undoes what people do to a code: small letters, hyphens, spaces, letters in the place of digits.
func squeeze(typed string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\n', '\r', '-', '\u00a0', '\u2010', '\u2011', '\u2013':
			return -1
		case 'o', 'O':
			return '0'
		case 'i', 'I', 'l', 'L':
			return '1'
		}
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, typed)
}
