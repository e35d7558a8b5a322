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
	Attempt string     `json:"attempt"`         // a new id of the caller's (NewID), to seal into its state
	Policy  LockPolicy `json:"policy,omitzero"` // zero: DefaultLockPolicy
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
// UpgradeProof of CompleteSignin (same password, new parameters) the others stay. With the sessions go all grants that are good
// offline: whoever knew the old password may have made one, and they would outlive it for months (RFC 9700 section 4.14.2).
type ReplaceCredentialIn struct {
	Session   SessionRef `json:"session"`
	ProofHash []byte     `json:"proof_hash"`
	Record    []byte     `json:"record"`
	KSF       api.KSF    `json:"ksf"`
	KeyID     string     `json:"key_id"`
}

// password is the credential's row.
type password struct {
	record []byte
	ksf    api.KSF
	keyID  string
}

// loadRecord runs one statement in every case.
func loadRecord(tx *object.Tx) (password, bool) {
	var p password
	var ksf string
	found := tx.Row(`SELECT record, ksf, key_id FROM credential`).Scan(&p.record, &ksf, &p.keyID)
	if found {
		fromText(ksf, &p.ksf)
	}
	return p, found
}

func credential(tx *object.Tx, in CredentialIn) (CredentialOut, error) {
	if err := new(bounds).ref(in.Session).id(in.Attempt).err(); err != nil {
		return CredentialOut{}, err
	}
	if _, err := checkSession(tx, in.Session); err != nil {
		return CredentialOut{}, err
	}
	record, _ := loadRecord(tx)
	bucket := "session:" + in.Session.ID
	if wait := count(tx, bucket, in.Policy); wait > 0 {
		return CredentialOut{Locked: true, RetryAfter: wait}, nil
	}
	beginAttempt(tx, attempt{id: in.Attempt, purpose: purposeReauth, bucket: bucket})
	return CredentialOut{Record: record.record, KSF: record.ksf, KeyID: record.keyID}, nil
}

func beginProof(tx *object.Tx, in BeginProofIn) (None, error) {
	if err := new(bounds).ref(in.Session).hash(in.ProofHash).err(); err != nil {
		return None{}, err
	}
	if _, err := checkSession(tx, in.Session); err != nil {
		return None{}, err
	}
	a, err := spendAttempt(tx, in.Attempt, purposeReauth)
	if err != nil {
		return None{}, err
	}
	if a.bucket != "session:"+in.Session.ID {
		return None{}, ErrSpent
	}
	insertProof(tx, in.ProofHash, in.Session.ID, false)
	return None{}, nil
}

func insertProof(tx *object.Tx, hash []byte, session string, upgrade bool) {
	expires := tx.Now().Unix() + ProofLifetime
	tx.Exec(`INSERT INTO proof (hash, session, upgrade, expires) VALUES (?, ?, ?, ?)`, hash, session, upgrade, expires)
	wakeBy(tx, expires)
}

func replaceCredential(tx *object.Tx, in ReplaceCredentialIn) (None, error) {
	if err := new(bounds).ref(in.Session).hash(in.ProofHash).record(in.Record, in.KSF, in.KeyID).err(); err != nil {
		return None{}, err
	}
	if _, err := checkSession(tx, in.Session); err != nil {
		return None{}, err
	}
	var upgrade bool
	var expires int64
	found := tx.Row(`SELECT upgrade, expires FROM proof WHERE hash = ? AND session = ?`, in.ProofHash, in.Session.ID).
		Scan(&upgrade, &expires)
	if !found || tx.Now().Unix() >= expires {
		return None{}, ErrSpent
	}
	replaceRecord(tx, in.Record, in.KSF, in.KeyID)
	if !upgrade {
		endAllBut(tx, in.Session.ID)
		tx.Exec(`DELETE FROM access_grant WHERE offline = 1`)
	}
	return None{}, nil
}

// replaceRecord puts a new record in the place of the old one. What was begun with that is worth nothing any more.
func replaceRecord(tx *object.Tx, record []byte, ksf api.KSF, keyID string) {
	tx.Exec(`UPDATE credential SET record = ?, ksf = ?, key_id = ?, changed = ?`, record, jsonText(ksf), keyID, tx.Now())
	tx.Exec(`DELETE FROM proof`)
	tx.Exec(`DELETE FROM attempt`)
}
