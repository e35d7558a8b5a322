// Package webauthn verifies what a passkey says: its registration (Web Authentication Level 3 section 7.1) and its assertions (section 7.2).
//
//	CreationOptions ──► navigator.credentials.create() ──► Register → Credential, which the caller keeps
//	RequestOptions  ──► navigator.credentials.get()    ──► Which, Assert → signature counter, which the caller compares
//
// A ceremony's only state is its challenge, which the caller makes, binds to what it is for, and takes once. The package keeps nothing and
// calls nothing. User verification is required always: a passkey stands for more than the device that it is on. Attestation is not asked
// for, and what comes all the same is skipped: who made an authenticator decides nothing here. Keys are ES256, EdDSA (Ed25519) and RS256.
//
// edge/security and edge/recover call it.
package webauthn

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/api"
)

// ErrInvalid is all that Register, Which and Assert answer; what was wrong is for the log.
var ErrInvalid = errors.New("webauthn: not valid")

// Bounds, in bytes.
const (
	maxResponse     = 32 << 10
	maxCredentialID = 1023 // section 7.1 step 25
)

// Flags of authenticator data (section 6.1).
const (
	flagPresent  = 1 << 0
	flagVerified = 1 << 2
	flagEligible = 1 << 3 // for backup
	flagBackedUp = 1 << 4
	flagAttested = 1 << 6 // a credential follows
	flagExtended = 1 << 7 // extensions follow
)

// Want is what a response must be for.
type Want struct {
	Challenge []byte // as it was sent
	Origin    string // https://login.example.com
	RPID      string // login.example.com
}

// Credential is a passkey that was registered.
type Credential struct {
	ID      []byte
	Key     []byte // COSE_Key, as Assert takes it; up to 1 KiB
	Counter uint32 // signature counter; 0: it has none, or begins
	PRF     bool   // the browser says that it has the PRF extension
}

// registration is RegistrationResponseJSON, as far as it is read.
type registration struct {
	ID       string    `json:"id"`
	RawID    api.Bytes `json:"rawId"`
	Type     string    `json:"type"`
	Response struct {
		ClientData  api.Bytes `json:"clientDataJSON"`
		Attestation api.Bytes `json:"attestationObject"`
	} `json:"response"`
	Extensions struct {
		PRF struct {
			Enabled bool `json:"enabled"`
		} `json:"prf"`
	} `json:"clientExtensionResults"`
}

// assertion is AuthenticationResponseJSON, as far as it is read.
type assertion struct {
	ID       string    `json:"id"`
	RawID    api.Bytes `json:"rawId"`
	Type     string    `json:"type"`
	Response struct {
		ClientData        api.Bytes `json:"clientDataJSON"`
		AuthenticatorData api.Bytes `json:"authenticatorData"`
		Signature         api.Bytes `json:"signature"`
		UserHandle        api.Bytes `json:"userHandle"`
	} `json:"response"`
}

// Register verifies a RegistrationResponseJSON. That no other account of the service has the credential, the caller knows or need not.
func Register(response string, want Want) (Credential, error) {
	var r registration
	if err := read(response, &r); err != nil {
		return Credential{}, err
	}
	if err := checkID(r.ID, r.RawID, r.Type); err != nil {
		return Credential{}, err
	}
	if err := clientData(r.Response.ClientData, "webauthn.create", want); err != nil {
		return Credential{}, err
	}
	raw, err := attestedData(r.Response.Attestation)
	if err != nil {
		return Credential{}, err
	}
	data, err := parseData(raw, want.RPID)
	switch {
	case err != nil:
		return Credential{}, err
	case data.flags&flagAttested == 0:
		return Credential{}, invalid("no credential")
	case !bytes.Equal(data.id, r.RawID):
		return Credential{}, invalid("another credential's id")
	}
	if _, _, err := parseKey(data.key); err != nil {
		return Credential{}, err
	}
	return Credential{ID: data.id, Key: data.key, Counter: data.counter, PRF: r.Extensions.PRF.Enabled}, nil
}

// Which returns the id of the credential that an AuthenticationResponseJSON is of, in base64url, and the user handle in it, nil for none.
// Nothing of it is verified.
func Which(response string) (id string, userHandle []byte, err error) {
	var r assertion
	if err := read(response, &r); err != nil {
		return "", nil, err
	}
	return r.ID, r.Response.UserHandle, checkID(r.ID, r.RawID, r.Type)
}

// Assert verifies an AuthenticationResponseJSON by the key of the credential that Which named. Whether the counter has grown, the caller
// decides where the last one is kept (section 7.2 step 22).
func Assert(response string, key []byte, want Want) (counter uint32, err error) {
	var r assertion
	if err := read(response, &r); err != nil {
		return 0, err
	}
	if err := clientData(r.Response.ClientData, "webauthn.get", want); err != nil {
		return 0, err
	}
	data, err := parseData(r.Response.AuthenticatorData, want.RPID)
	if err != nil {
		return 0, err
	}
	if data.flags&flagAttested != 0 {
		return 0, invalid("a credential in an assertion")
	}
	hash := sha256.Sum256(r.Response.ClientData)
	signed := append(bytes.Clone(r.Response.AuthenticatorData), hash[:]...)
	return data.counter, verify(key, signed, r.Response.Signature)
}

func checkID(id string, raw []byte, kind string) error {
	if kind != "public-key" || len(raw) == 0 || len(raw) > maxCredentialID || id != base64.RawURLEncoding.EncodeToString(raw) {
		return invalid("id")
	}
	return nil
}

func read(response string, v any) error {
	if len(response) > maxResponse {
		return invalid("too long")
	}
	if err := json.Unmarshal([]byte(response), v); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }

// clientData checks what the browser says of the ceremony (section 5.8.1). A page of ours that is in a frame of another site makes no
// ceremony.
func clientData(data []byte, kind string, want Want) error {
	var c struct {
		Type        string    `json:"type"`
		Challenge   api.Bytes `json:"challenge"`
		Origin      string    `json:"origin"`
		CrossOrigin bool      `json:"crossOrigin"`
		TopOrigin   string    `json:"topOrigin"`
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Errorf("%w: client data: %w", ErrInvalid, err)
	}
	switch {
	case c.Type != kind:
		return invalid("type")
	case len(want.Challenge) == 0 || subtle.ConstantTimeCompare(c.Challenge, want.Challenge) != 1:
		return invalid("challenge")
	case c.Origin != want.Origin || c.CrossOrigin || c.TopOrigin != "":
		return invalid("origin")
	}
	return nil
}

// authData is authenticator data (section 6.1).
type authData struct {
	flags   byte
	counter uint32
	id, key []byte // with flagAttested
}

// parseData reads authenticator data to its end, and checks what holds for both ceremonies.
func parseData(data []byte, rpID string) (d authData, err error) {
	if len(data) < 37 {
		return d, invalid("authenticator data")
	}
	hash := sha256.Sum256([]byte(rpID))
	if subtle.ConstantTimeCompare(data[:32], hash[:]) != 1 {
		return d, invalid("another relying party")
	}
	d.flags = data[32]
	d.counter = uint32(data[33])<<24 | uint32(data[34])<<16 | uint32(data[35])<<8 | uint32(data[36])
	switch {
	case d.flags&flagPresent == 0:
		return d, invalid("nobody was present")
	case d.flags&flagVerified == 0:
		return d, invalid("nobody was verified")
	case d.flags&flagBackedUp != 0 && d.flags&flagEligible == 0:
		return d, invalid("backed up, and not eligible for it")
	}
	rest := data[37:]
	if d.flags&flagAttested != 0 {
		if rest, err = d.credential(rest); err != nil {
			return d, err
		}
	}
	if d.flags&flagExtended != 0 {
		c := cbor{rest}
		if len(rest) == 0 || rest[0]>>5 != majorMap || !c.skip(0) {
			return d, invalid("extensions")
		}
		rest = c.data
	}
	if len(rest) != 0 {
		return d, invalid("something follows")
	}
	return d, nil
}

// credential reads attested credential data (section 6.5.2).
func (d *authData) credential(data []byte) (rest []byte, err error) {
	const aaguid = 16
	if len(data) < aaguid+2 {
		return nil, invalid("credential data")
	}
	n := int(data[aaguid])<<8 | int(data[aaguid+1])
	data = data[aaguid+2:]
	if n == 0 || n > maxCredentialID || n > len(data) {
		return nil, invalid("credential id")
	}
	d.id, data = data[:n], data[n:]
	c := cbor{data}
	if len(data) == 0 || data[0]>>5 != majorMap || !c.skip(0) {
		return nil, invalid("credential key")
	}
	d.key = data[:len(data)-len(c.data)]
	return c.data, nil
}
