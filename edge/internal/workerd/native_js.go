//go:build js && wasm

package workerd

import (
	"crypto/sha256"
	"errors"
)

// Native signs and makes keys with the runtime's own cryptography (node:crypto), tens of times faster than Go's in WebAssembly.
// It fits keys.Native. Algorithms are "ES256", "RS256", "PS256" (2048 bits) and "EdDSA" (Ed25519).
type Native struct{}

var errNative = errors.New("workerd: native cryptography")

const (
	nativeSign     = 1 // answers nothing when it does not have the key with this digest
	nativeImport   = 2
	nativeGenerate = 3
	nativeVerify   = 4 // answers nothing when it does not have the key with this digest, else 1 or 0
)

// Sign returns the signature of payload in the form that JWS has it in (RFC 7518, section 3): r and s side by side for ES256.
func (Native) Sign(alg string, pkcs8, payload []byte) ([]byte, error) {
	return known(nativeSign, pkcs8, "pkcs8", appendField(appendField(nil, alg), payload))
}

// Verify reports whether signature, in that form, is that of payload by the private half of spki.
func (Native) Verify(alg string, spki, payload, signature []byte) (bool, error) {
	out, err := known(nativeVerify, spki, "spki", appendField(appendField(appendField(nil, alg), payload), signature))
	return err == nil && len(out) == 1 && out[0] == 1, err
}

// known runs an operation with a key. The runtime parses a key once and then knows it by its digest.
func known(op int32, key []byte, form string, rest []byte) ([]byte, error) {
	digest := sha256.Sum256(key)
	frame := append(appendField(make([]byte, 0, 64+len(rest)), digest[:]), rest...)
	out, err := native(op, frame)
	if err != nil || len(out) > 0 {
		return out, err
	}
	if _, err := native(nativeImport, appendField(appendField(appendField(nil, digest[:]), form), key)); err != nil {
		return nil, err
	}
	return native(op, frame)
}

// Generate returns a new private key, PKCS #8.
func (Native) Generate(alg string) ([]byte, error) {
	return native(nativeGenerate, appendField(nil, alg))
}

// native runs a synchronous operation and returns a copy of its result.
func native(op int32, frame []byte) ([]byte, error) {
	out, failed := returned(hostNative(op, pointer(frame), int32(len(frame)), pointer(room()), int32(len(border.room))))
	if failed {
		return nil, errors.Join(errNative, errors.New(string(out)))
	}
	return append([]byte{}, out...), nil
}
