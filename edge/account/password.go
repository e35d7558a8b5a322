package account

import (
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// ProofLifetime is how long a proof of the present password is good for one change, in seconds.
const ProofLifetime = 300

// The methods that prove and replace the password.
var (
	Credential        = object.Method[CredentialIn, CredentialOut]{Kind: KindName, Name: "credential"}
	BeginProof        = object.Method[BeginProofIn, None]{Kind: KindName, Name: "begin_proof"}
	ReplaceCredential = object.Method[ReplaceCredentialIn, None]{Kind: KindName, Name: "replace_credential"}
)

// CredentialIn asks for the password record inside a session, to prove the password again. It is counted as a sign-in is, in a
// bucket of the session's own: who finds a browser open cannot guess freely, nor lock the owner out elsewhere.
type CredentialIn struct {
	Session SessionRef `json:"session"`
	Attempt string     `json:"attempt"` // a new id of the caller's (NewID), to seal into its state
	Policy  LockPolicy `json:"policy"`
}

// CredentialOut is the record, unless Locked.
type CredentialOut struct {
	Locked     bool    `json:"locked,omitempty"`
	RetryAfter int64   `json:"retry_after,omitempty"` // seconds, when Locked
	Record     []byte  `json:"record,omitempty"`
	KSF        api.KSF `json:"ksf,omitzero"`
	KeyID      string  `json:"key_id,omitempty"`
}

// BeginProofIn is called when KE3 was right: it spends the attempt (ErrSpent) and writes the proof, bound to the session.
type BeginProofIn struct {
	Session   SessionRef `json:"session"`
	Attempt   string     `json:"attempt"`
	ProofHash []byte     `json:"proof_hash"` // Hash of a NewSecret, to seal into what the browser gets
}

// ReplaceCredentialIn spends a proof (ErrSpent) and puts a new record in the place of the old one. Attempts and proofs begun
// before die with the old record. With a proof of BeginProof every other session ends, applications are told; with an
// UpgradeProof of CompleteSignin (same password, new parameters) the others stay.
type ReplaceCredentialIn struct {
	Session   SessionRef `json:"session"`
	ProofHash []byte     `json:"proof_hash"`
	Record    []byte     `json:"record"`
	KSF       api.KSF    `json:"ksf"`
	KeyID     string     `json:"key_id"`
}
