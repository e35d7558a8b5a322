package tenant

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

const (
	maxKeys         = 16       // of a set
	maxJWKS         = 32 << 10 // bytes of a set
	maxCertificates = 4        // of a key
	maxKeyID        = 128      // bytes
)

// parseKeys reads jwks and encryption_key into app and fills in what goes with the type of the key. Its faults are about text that is no
// key at all; check has the others.
func parseKeys(app *Application, jwks, encryption json.RawMessage) (faults Faults) {
	if given(jwks) {
		set, fault := parseSet(jwks)
		if fault != "" {
			return Faults{{Application: app.ClientID, Field: "jwks", Fault: fault}}
		}
		app.JWKS = set
	}
	if given(encryption) {
		var key jose.JSONWebKey
		if err := json.Unmarshal(encryption, &key); err != nil {
			return Faults{{Application: app.ClientID, Field: "encryption_key", Fault: "is not a JSON Web Key: give an EC (P-256, P-384, P-521) or RSA public key (RFC 7517)"}}
		}
		app.EncryptionKey = &key
		if algs := encryptionAlgs(key); len(algs) > 0 && app.EncryptionAlg == "" && app.UserinfoEncryptionAlg == "" {
			app.EncryptionAlg = or(key.Algorithm, algs[0])
		}
	} else if alg := or(app.EncryptionAlg, app.UserinfoEncryptionAlg); alg != "" && app.JWKS != nil {
		app.EncryptionKey = keyFor(alg, app.JWKS.Keys)
	}
	return nil
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// parseSet reads a JWK set (RFC 7517 section 5).
func parseSet(raw json.RawMessage) (*jose.JSONWebKeySet, string) {
	var list struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if len(raw) > maxJWKS {
		return nil, "is larger than 32 KiB: leave out keys and certificates that are no longer used"
	}
	if err := json.Unmarshal(raw, &list); err != nil || len(list.Keys) == 0 {
		return nil, `is not a JWK set: give {"keys": […]} with at least one key (RFC 7517 section 5)`
	}
	if len(list.Keys) > maxKeys {
		return nil, "has more than 16 keys: leave out those that are no longer used"
	}
	set := &jose.JSONWebKeySet{}
	for _, one := range list.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(one, &key); err != nil {
			return nil, "has a key that cannot be read: give EC (P-256, P-384, P-521), RSA or Ed25519 public keys (RFC 7517)"
		}
		set.Keys = append(set.Keys, key)
	}
	return set, ""
}

// keyFor is the first key of a set that can be encrypted to.
func keyFor(alg string, keys []jose.JSONWebKey) *jose.JSONWebKey {
	for _, key := range keys {
		if key.Use != "sig" && (key.Algorithm == "" || key.Algorithm == alg) && slices.Contains(encryptionAlgs(key), alg) {
			key.Certificates = nil
			return &key
		}
	}
	return nil
}

// checkKeys checks the keys that an application signs with.
func checkKeys(app Application, wrong func(field, fault string)) {
	if app.JWKS != nil && app.JWKSURI != "" {
		wrong("jwks_uri", "is given beside jwks: keep one of them (RFC 7591 section 2)")
	}
	if app.JWKSURI != "" {
		wrong("jwks_uri", named(app.JWKSURI, uriFault(app.JWKSURI, AppWeb)))
	}
	if app.JWKS == nil {
		return
	}
	if n := len(app.JWKS.Keys); n == 0 || n > maxKeys {
		wrong("jwks", "does not have 1 to 16 keys")
	}
	var ids []string
	for _, key := range app.JWKS.Keys {
		wrong("jwks", keyFault(key))
		if key.KeyID != "" && slices.Contains(ids, key.KeyID) {
			wrong("jwks", "has two keys of one kid: give each its own")
		}
		ids = append(ids, key.KeyID)
	}
}

// keyFault says what is wrong with a public key, "" for nothing.
func keyFault(key jose.JSONWebKey) string {
	switch key.Key.(type) {
	case *ecdsa.PublicKey, *rsa.PublicKey, ed25519.PublicKey:
	default:
		return "has a key that is not a public EC, RSA or Ed25519 key: never send a private or symmetric key, make a new pair and give its public half"
	}
	if !key.Valid() {
		return "has a key that is not valid: export it again"
	}
	if len(key.KeyID) > maxKeyID {
		return "has a kid of more than 128 bytes"
	}
	if key.CertificatesURL != nil || len(key.Certificates) > maxCertificates {
		return "has x5u, or more than four certificates in x5c: leave them out"
	}
	if key.Use != "" && key.Use != "sig" && key.Use != "enc" {
		return `has a key with "use" other than "sig" or "enc"`
	}
	return rsaFault(key)
}

func rsaFault(key jose.JSONWebKey) string {
	if k, ok := key.Key.(*rsa.PublicKey); ok && (k.N.BitLen() < 2048 || k.N.BitLen() > 4096) {
		return "is an RSA key outside 2048 to 4096 bits: make a new one"
	}
	return ""
}

// checkEncryption checks the key that tokens are encrypted to, and the algorithms.
func checkEncryption(app Application, wrong func(field, fault string)) {
	if app.EncryptionAlg == "" && app.EncryptionEnc != "" || app.UserinfoEncryptionAlg == "" && app.UserinfoEncryptionEnc != "" {
		wrong("id_token_encrypted_response_enc", "is given without an algorithm: name id_token_encrypted_response_alg or userinfo_encrypted_response_alg")
	}
	key := app.EncryptionKey
	if key == nil {
		if app.EncryptionAlg+app.UserinfoEncryptionAlg != "" {
			wrong("encryption_key", "is missing, but an encryption algorithm is given: add the application's public key as a JWK, here or in jwks (not by jwks_uri)")
		}
		return
	}
	switch key.Key.(type) {
	case *ecdsa.PublicKey, *rsa.PublicKey:
	default:
		wrong("encryption_key", "is not a public EC or RSA key: never send a private or symmetric key, make a new pair and give its public half")
		return
	}
	if !key.Valid() {
		wrong("encryption_key", "is not a valid key: export it again")
		return
	}
	wrong("encryption_key", rsaFault(*key))
	if key.Use != "" && key.Use != "enc" {
		wrong("encryption_key", `has "use" other than "enc": give a key that is for encryption`)
	}
	if len(key.Certificates) > 0 || key.CertificatesURL != nil {
		wrong("encryption_key", "has a certificate: leave x5c, x5u and x5t out, they are not looked at")
	}
	checkEncryptionAlg("id_token", app.EncryptionAlg, app.EncryptionEnc, *key, wrong)
	checkEncryptionAlg("userinfo", app.UserinfoEncryptionAlg, app.UserinfoEncryptionEnc, *key, wrong)
}

func checkEncryptionAlg(of, alg, enc string, key jose.JSONWebKey, wrong func(field, fault string)) {
	if alg == "" {
		return
	}
	if key.Algorithm != "" && key.Algorithm != alg {
		wrong(of+"_encrypted_response_alg", `is not the "alg" of encryption_key: make them the same`)
	}
	wrong(of+"_encrypted_response_alg", oneOf(alg, encryptionAlgs(key)))
	wrong(of+"_encrypted_response_enc", oneOf(enc, contentEncs))
}

// encryptionAlgs are the key management algorithms that a key can be used with.
func encryptionAlgs(key jose.JSONWebKey) []string {
	switch key.Key.(type) {
	case *ecdsa.PublicKey:
		return ecAlgs
	case *rsa.PublicKey:
		return rsaAlgs
	}
	return nil
}
