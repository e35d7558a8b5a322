package api

import (
	"crypto"

	"github.com/bytemare/ksf"
	"github.com/bytemare/opaque"
)

// KSF is the key stretching function of one password record and its parameters (RFC 9106). It is kept with
// the record, because the client needs it again at every sign-in, and raised when the policy is.
type KSF struct {
	Name    string `json:"name"`    // always "argon2id"
	Time    uint32 `json:"time"`    // passes
	Memory  uint32 `json:"memory"`  // KiB
	Threads uint8  `json:"threads"` // lanes
}

// CurrentKSF is what new password records use: Argon2id with 64 MiB, three passes and four lanes, the
// second recommended choice of RFC 9106 section 4.
var CurrentKSF = KSF{Name: "argon2id", Time: 3, Memory: 64 << 10, Threads: 4}

// Valid reports whether k lies inside what a client may be asked to compute. A client refuses anything else, so that a
// hostile server can neither weaken the stretching nor exhaust the device.
func (k KSF) Valid() bool {
	return k.Name == "argon2id" && k.Time >= 1 && k.Time <= 10 &&
		k.Memory >= 19<<10 && k.Memory <= 256<<10 && k.Threads >= 1 && k.Threads <= 8 &&
		uint64(k.Time)*uint64(k.Memory) >= 2*19<<10
}

// Below reports whether k costs an attacker less than want.
func (k KSF) Below(want KSF) bool {
	return k.Memory < want.Memory || uint64(k.Time)*uint64(k.Memory) < uint64(want.Time)*uint64(want.Memory)
}

// Suite is the one OPAQUE configuration in use (RFC 9807 section 7): OPAQUE-3DH over ristretto255 with SHA-512 throughout
// and Argon2id as key stretching function. Identities are the public keys, so that neither a change of name nor of host
// name invalidates a record. The context separates these transcripts from any other use of the library.
func Suite() *opaque.Configuration {
	return &opaque.Configuration{
		OPRF:    opaque.RistrettoSha512,
		AKE:     opaque.RistrettoSha512,
		KDF:     crypto.SHA512,
		MAC:     crypto.SHA512,
		Hash:    crypto.SHA512,
		KSF:     ksf.Argon2id,
		Context: []byte("latchkey/opaque/v1"),
	}
}
