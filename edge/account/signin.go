package account

import (
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// Purposes of an attempt: what proving the password is for.
const (
	purposeSignin = "signin"
	purposeReauth = "reauth"
)

// AttemptLifetime is how long after BeginSignin or Credential an attempt may be completed, in seconds.
const AttemptLifetime = 120

// The sign-in's methods.
var (
	BeginSignin    = object.Method[BeginSigninIn, BeginSigninOut]{Kind: KindName, Name: "begin_signin"}
	CompleteSignin = object.Method[CompleteSigninIn, None]{Kind: KindName, Name: "complete_signin"}
)

// LockPolicy says when guessing must wait. Attempts are counted in buckets: one for all browsers the account does not know,
// one for each known device, so that an outsider who locks the first leaves the owner's devices working.
type LockPolicy struct {
	Tries  int   `json:"tries"`  // attempts in a row, begun and not completed, until the bucket locks
	First  int64 `json:"first"`  // seconds of the first lock; each further attempt that fails doubles it
	Max    int64 `json:"max"`    // seconds of the longest lock
	Forget int64 `json:"forget"` // seconds without an attempt after which a bucket starts anew
}

// DefaultLockPolicy is ten attempts, then 30 s doubling to an hour, forgotten after a day.
var DefaultLockPolicy = LockPolicy{Tries: 10, First: 30, Max: 3600, Forget: 86400}

// BeginSigninIn asks for the password record of an account or a decoy.
type BeginSigninIn struct {
	// Name is a short digest of the UPN under a secret key, up to 64 bytes. A decoy stands for many names and locks each on its
	// own, as an account would.
	Name string `json:"name"`
	// Device is what the browser's device cookie has for this account, nil for none. An unknown or wrong one counts as none.
	Device  *DeviceRef `json:"device,omitempty"`
	Attempt string     `json:"attempt"`         // a new id of the caller's (NewID), to seal into its state
	Policy  LockPolicy `json:"policy,omitzero"` // zero: DefaultLockPolicy
}

// BeginSigninOut is the answer. The attempt has been counted before the record is let out, because in OPAQUE the client learns
// from KE2 whether its guess was right.
type BeginSigninOut struct {
	Locked     bool    `json:"locked,omitempty"`      // not counted, nothing let out
	RetryAfter int64   `json:"retry_after,omitempty"` // seconds, when Locked
	Found      bool    `json:"found,omitempty"`       // false: use the fake record of the name
	Record     []byte  `json:"record,omitempty"`
	KSF        api.KSF `json:"ksf,omitzero"`
	KeyID      string  `json:"key_id,omitempty"`
	// KnownDevice: DeviceRef was right. When not, CompleteSignin should be given a NewDevice.
	KnownDevice bool `json:"known_device,omitempty"`
}

// CompleteSigninIn is called when KE3 was right. It spends the attempt (ErrSpent), sets its bucket to nought and makes the session.
type CompleteSigninIn struct {
	Attempt string     `json:"attempt"`
	Session NewSession `json:"session"`
	// Renew is the session of this account that the browser is in already, nil for none. Session.ID is then the same: the session
	// goes on with a new secret, so that the applications signed in to with it stay so and are told of its end. ErrSession when it
	// has ended: then nothing has happened, and a new session takes its place.
	Renew  *SessionRef `json:"renew,omitempty"`
	Device *NewDevice  `json:"device,omitempty"` // to know this browser from now on; nil when BeginSignin answered KnownDevice
	// UpgradeProof is the Hash of a secret that lets this session replace the record once by one of the same password
	// (ReplaceCredential); nil for none.
	UpgradeProof []byte `json:"upgrade_proof,omitempty"`
}

// beginSignin runs the same statements whether there is an account or not.
func beginSignin(tx *object.Tx, in BeginSigninIn) (BeginSigninOut, error) {
	if err := new(bounds).id(in.Name).id(in.Attempt).err(); err != nil {
		return BeginSigninOut{}, err
	}
	bucket := "name"
	if decoy(tx.Name()) {
		bucket = "name:" + in.Name
	}
	device := knownDevice(tx, in.Device)
	if device != "" {
		bucket = "device:" + device
	}
	record, found := loadRecord(tx)
	wait := count(tx, bucket, in.Policy)
	if wait > 0 {
		return BeginSigninOut{Locked: true, RetryAfter: wait}, nil
	}
	beginAttempt(tx, attempt{id: in.Attempt, purpose: purposeSignin, bucket: bucket, device: device})
	return BeginSigninOut{
		Found: found, Record: record.record, KSF: record.ksf, KeyID: record.keyID, KnownDevice: device != "",
	}, nil
}

func completeSignin(tx *object.Tx, in CompleteSigninIn) (None, error) {
	b := new(bounds).session(in.Session).device(in.Device)
	if in.UpgradeProof != nil {
		b.hash(in.UpgradeProof)
	}
	if in.Renew != nil {
		b.ref(*in.Renew).check(in.Renew.ID == in.Session.ID)
	}
	if err := b.err(); err != nil {
		return None{}, err
	}
	a, err := spendAttempt(tx, in.Attempt, purposeSignin)
	if err != nil {
		return None{}, err
	}
	device := arriveOn(tx, a.device, in.Device, in.Session.Place)
	if in.Renew == nil {
		insertSession(tx, in.Session, device)
	} else if err := renewSession(tx, *in.Renew, in.Session, device); err != nil {
		return None{}, err
	}
	if in.UpgradeProof != nil {
		insertProof(tx, in.UpgradeProof, in.Session.ID, true)
	}
	return None{}, nil
}
