package vault

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"

	"golang.org/x/crypto/chacha20poly1305"
)

// Every label that separates one use of a key from another. A changed use gets a new label, never a changed meaning.
const (
	labelCollectionNames = "latchkey/vault/v1/collection-names" // name root → key of collection ids
	labelRecordNames     = "latchkey/vault/v1/record-names/"    // + collection id; name root → key of record ids
	labelRecord          = "latchkey/vault/v1/record/"          // + collection id; master key → key of record bodies
	labelManifest        = "latchkey/vault/v1/manifest/"        // + collection id; master key → key of manifests
	labelLocal           = "latchkey/vault/v1/local"            // name root → key of what a device keeps for itself
	labelVault           = "latchkey/vault/v1/fingerprint"      // name root → what a device knows the vault by
	labelGeneration      = "latchkey/vault/v1/generation"       // master key → its mark, which a later ring keeps
	labelRing            = "latchkey/vault/v1/ring"             // ring key → key of the ring
	labelRecoveryProof   = "latchkey/vault/v1/recovery-proof"   // recovery code → what proves to the service that one has it
	labelIdentity        = "latchkey/wrap/v1/"                  // + kind; secret → key pair of an identity
	labelApplication     = "latchkey/vault/v1/application"      // application key → what stands in the place of the account's id
	labelApplicationID   = "latchkey/vault/v1/application-id"   // application key → what it is known by
	labelWrap            = "latchkey/wrap/v1"                   // HPKE info of a wrap
	labelChecksum        = "latchkey/vault/v1/recovery-code"    // hash: checksum of a recovery code
)

// What a body is, the first part of its associated data.
const (
	whatRecord   = "record"
	whatManifest = "manifest"
	whatRing     = "ring"
	whatLocal    = "local"
)

// derive gives the 32-byte key of one purpose: HKDF-SHA-256 (RFC 5869) without salt. Secret has at least 16 bytes.
func derive(secret []byte, label string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, label, chacha20poly1305.KeySize)
	if err != nil { // only for lengths that no caller asks for
		panic(err)
	}
	return key
}

// box is the AEAD of one purpose.
func box(secret []byte, label string) cipher.AEAD {
	aead, err := chacha20poly1305.NewX(derive(secret, label))
	if err != nil { // only for another key length
		panic(err)
	}
	return aead
}
