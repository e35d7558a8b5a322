package keys

import (
	"crypto/hkdf"
	"crypto/sha256"
)

// Every string that separates one use of a key from another. A published label is never changed or used for something else.
const (
	labelRow  = "latchkey/keys/row/1"   // root key → key that seals rows; also the start of their associated data
	labelSeal = "latchkey/keys/seal/1/" // ring secret → key of one purpose; the purpose's name follows
	labelMAC  = "latchkey/keys/mac/1"   // ring secret → key of Service.MAC, whose callers add labels of their own
)

// keyLen is the length of every symmetric key, in bytes.
const keyLen = 32

// derive is HKDF with SHA-256 (RFC 5869), without salt: every secret it gets is uniformly random.
func derive(secret []byte, label string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, label, keyLen)
	if err != nil {
		panic("keys: " + err.Error()) // only for lengths beyond 255 hashes
	}
	return key
}
