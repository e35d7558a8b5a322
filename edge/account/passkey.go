package account

import (
	"context"
	"errors"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// purposeSigned is of a challenge that has signed somebody in. It is written when it is answered, so that it is answered once.
const purposeSigned Purpose = "signed"

// The methods of a sign-in with a passkey.
var (
	Passkey         = object.Method[PasskeyIn, PasskeyOut]{Kind: KindName, Name: "passkey"}
	CompletePasskey = object.Method[CompletePasskeyIn, CompletePasskeyOut]{Kind: KindName, Name: "complete_passkey"}
)

// PasskeyIn asks what an answer is to be verified with.
type PasskeyIn struct {
	Credential string `json:"credential"` // id in base64url
}

// PasskeyOut is the passkey, the zero Factor for none.
type PasskeyOut struct {
	Factor Factor `json:"factor"`
}

// CompletePasskeyIn is called when the signature was right. A passkey has verified its person, so it proves two things at once: the
// device becomes trusted, and the session has a recent proof. The challenge counts once (ErrSpent), and so does each count of an authenticator that
// counts (ErrFactor).
type CompletePasskeyIn struct {
	Challenge string      `json:"challenge"` // its id
	Expires   int64       `json:"expires"`   // until when it could be answered again
	Factor    string      `json:"factor"`
	Counter   int64       `json:"counter"`
	Session   NewSession  `json:"session"`         // AMR is ignored
	Renew     *SessionRef `json:"renew,omitempty"` // as in CompleteSigninIn
	Known     *DeviceRef  `json:"known,omitempty"`
	Device    NewDevice   `json:"device"` // takes Known's place when that is not known
	Language  string      `json:"language,omitempty"`
}

// CompletePasskeyOut says which device it is.
type CompletePasskeyOut struct {
	Known bool `json:"known,omitempty"`
}

func passkey(tx *object.Tx, in PasskeyIn) (PasskeyOut, error) {
	if err := new(bounds).text(in.Credential, 1, 2*maxKey).err(); err != nil {
		return PasskeyOut{}, err
	}
	for _, f := range loadFactors(tx) {
		if f.Kind == api.ProofPasskey && f.Value == in.Credential {
			return PasskeyOut{Factor: f}, nil
		}
	}
	return PasskeyOut{}, nil
}

func completePasskey(tx *object.Tx, in CompletePasskeyIn) (CompletePasskeyOut, error) {
	b := new(bounds).id(in.Challenge).id(in.Factor).session(in.Session).device(&in.Device).text(in.Language, 0, maxNotice).
		check(in.Counter >= 0 && in.Counter < 1<<40)
	if in.Renew != nil {
		b.ref(*in.Renew).check(in.Renew.ID == in.Session.ID)
	}
	if err := b.err(); err != nil {
		return CompletePasskeyOut{}, err
	}
	var one int
	if tx.Now().Unix() >= in.Expires || tx.Row(`SELECT 1 FROM challenge WHERE id = ?`, in.Challenge).Scan(&one) {
		return CompletePasskeyOut{}, ErrSpent
	}
	f, found := loadFactor(tx, in.Factor)
	if c := (challenge{id: in.Challenge, factor: f.ID, kind: api.ProofPasskey}); found {
		f, found = proved(tx, c, ProveIn{Factor: f.ID, Verified: true, Counter: in.Counter})
	}
	if !found {
		return CompletePasskeyOut{}, ErrFactor
	}
	known, fresh := knownDevice(tx, in.Known), &in.Device
	if known != "" {
		fresh = nil
	}
	device := arriveOn(tx, known, fresh, in.Session.Place)
	in.Session.AMR = amrOf(api.ProofPasskey)
	if in.Renew == nil {
		insertSession(tx, in.Session, device)
	} else if err := renewSession(tx, *in.Renew, in.Session, device); err != nil {
		return CompletePasskeyOut{}, err
	}
	tx.Exec(`INSERT INTO challenge (id, purpose, session, factor, kind, value, hash, tries, expires) VALUES (?, ?, '', ?, ?, '', x'', ?, ?)`,
		in.Challenge, string(purposeSigned), f.ID, string(api.ProofPasskey), api.CodeTries, in.Expires)
	wakeBy(tx, in.Expires)
	return CompletePasskeyOut{Known: known != ""}, signedBy(tx, f, in, device)
}

// signedBy does what the proof is good for beside the session.
func signedBy(tx *object.Tx, f Factor, in CompletePasskeyIn, device string) error {
	tx.Exec(`UPDATE factor SET used = ?, counter = max(counter, ?) WHERE id = ?`, tx.Now(), in.Counter, f.ID)
	confirmSession(tx, in.Session.ID)
	before, _ := loadDevice(tx, device)
	switch err := trustDevice(tx, device, api.ProofPasskey); {
	case errors.Is(err, ErrDevices): // it is signed in all the same, and hears why when it asks to be trusted
	case err != nil:
		return err
	case before.Trusted == 0:
		notify(tx, NoticeTrusted, api.ProofPasskey, in.Language, f.ID)
	}
	return nil
}

// Passkey finds one by its credential, and tells whether it is there. It has no errors of its own.
func (s *Service) Passkey(ctx context.Context, id string, in PasskeyIn) (f Factor, found bool, err error) {
	out, err := call(ctx, s, Passkey, id, in)
	return out.Factor, out.Factor.ID != "", err
}

// CompletePasskey signs in, and tells whether the device was known. ErrSpent, ErrFactor; ErrSession when the session in Renew has ended or
// its secret is wrong: the answer is still good then.
func (s *Service) CompletePasskey(ctx context.Context, id string, in CompletePasskeyIn) (known bool, err error) {
	out, err := call(ctx, s, CompletePasskey, id, in)
	return out.Known, err
}
