package account

import (
	"context"
	"errors"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// The purposes of a challenge of a forgotten password. It is of no session.
const (
	purposeRecover   Purpose = "recover"   // to be proved
	purposeRecovered Purpose = "recovered" // proved: good for one new password
)

// The methods of a forgotten password. A decoy takes the same steps, and nothing is ever right there.
var (
	BeginRecovery   = object.Method[BeginRecoveryIn, BeginRecoveryOut]{Kind: KindName, Name: "begin_recovery"}
	RecoveryFactors = object.Method[RecoveryFactorsIn, RecoveryFactorsOut]{Kind: KindName, Name: "recovery_factors"}
	ProveRecovery   = object.Method[ProveRecoveryIn, ProveRecoveryOut]{Kind: KindName, Name: "prove_recovery"}
	FinishRecovery  = object.Method[FinishRecoveryIn, FinishRecoveryOut]{Kind: KindName, Name: "finish_recovery"}
)

// BeginRecoveryIn opens a challenge for whoever has forgotten the password. Begun ones and guesses are counted, for a trusted device by
// themselves, so that strangers cannot keep the owner from it there. Who knows the password makes known devices without end.
type BeginRecoveryIn struct {
	Name   string     `json:"name"`             // as in BeginSigninIn
	Device *DeviceRef `json:"device,omitempty"` // as in BeginSigninIn
	ID     string     `json:"id"`               // NewID
	Kind   api.Proof  `json:"kind"`             // email, sms, call, totp, passkey or recovery
	Value  string     `json:"value,omitempty"`  // address or number, as a factor has it
	Hash   []byte     `json:"hash,omitempty"`   // MAC of the code that Mail carries
	// Mail is JSON for TopicMail, or TopicMailTrusted on a trusted device. It goes out if Value is one of the account's, and Nothing in its place if not.
	Mail    []byte `json:"mail,omitempty"`
	Nothing []byte `json:"nothing,omitempty"`
}

// BeginRecoveryOut is when it expires, unless too many were begun.
type BeginRecoveryOut struct {
	Expires    int64 `json:"expires"`
	RetryAfter int64 `json:"retry_after,omitempty"`
}

// RecoveryFactorsIn asks what an authenticator's code or a passkey's answer is to be verified with.
type RecoveryFactorsIn struct {
	Challenge string `json:"challenge"`
}

// RecoveryFactorsOut has the factors of the challenge's kind, none when it is spent.
type RecoveryFactorsOut struct {
	Factors []Factor `json:"factors"`
}

// ProveRecoveryIn answers the challenge. Whatever the caller has verified, the answer is counted before it is looked at.
type ProveRecoveryIn struct {
	Challenge string `json:"challenge"`
	Hash      []byte `json:"hash,omitempty"`   // as in ProveIn
	Factor    string `json:"factor,omitempty"` // which authenticator or passkey it was
	Verified  bool   `json:"verified,omitempty"`
	Counter   int64  `json:"counter,omitempty"`
	Next      string `json:"next"` // NewID: what FinishRecovery spends
}

// ProveRecoveryOut is the outcome. A wrong one was counted.
type ProveRecoveryOut struct {
	OK         bool   `json:"ok"`
	TriesLeft  int    `json:"tries_left"`
	Spent      bool   `json:"spent,omitempty"`
	RetryAfter int64  `json:"retry_after,omitempty"`
	Keeps      bool   `json:"keeps,omitempty"` // the same secret opens the vault
	UPN        string `json:"upn,omitempty"`
}

// FinishRecoveryIn spends a proved challenge (ErrSpent) for a new password record and a session, on a device that becomes trusted by the proof.
// All that the old password led to ends: sessions, attempts, proofs, grants that are good offline. If what
// proved it waits to be removed, it stays: who asked for that may have been a thief. All addresses are told.
type FinishRecoveryIn struct {
	Challenge string     `json:"challenge"`
	Record    []byte     `json:"record"`
	KSF       api.KSF    `json:"ksf"`
	KeyID     string     `json:"key_id"`
	Session   NewSession `json:"session"` // AMR is ignored
	Known     *DeviceRef `json:"known,omitempty"`
	Device    NewDevice  `json:"device"` // takes Known's place when that is not known
	Language  string     `json:"language,omitempty"`
}

// FinishRecoveryOut says which device it is, and whether it could be trusted.
type FinishRecoveryOut struct {
	Known   bool `json:"known,omitempty"`
	Trusted bool `json:"trusted,omitempty"`
}

// beginRecovery runs the same statements whatever is found.
func beginRecovery(tx *object.Tx, in BeginRecoveryIn) (BeginRecoveryOut, error) {
	b := new(bounds).id(in.Name).id(in.ID).text(string(in.Kind), 1, maxID).text(in.Value, 0, maxPayload).
		check(len(in.Mail) <= maxMail && len(in.Nothing) <= maxMail)
	if in.Hash != nil {
		b.hash(in.Hash)
	}
	if err := b.err(); err != nil {
		return BeginRecoveryOut{}, err
	}
	whose, topic := "", TopicMail
	if decoy(tx.Name()) {
		whose = ":" + in.Name
	}
	if d, found := loadDevice(tx, knownDevice(tx, in.Device)); found && d.Trusted > 0 {
		whose, topic = ":"+d.ID, TopicMailTrusted
	}
	if wait := count(tx, "recover"+whose, messagePolicy); wait > 0 {
		return BeginRecoveryOut{RetryAfter: wait}, nil
	}
	var factor string
	message := in.Nothing
	if tx.Row(`SELECT id FROM factor WHERE kind = ? AND value = ?`, string(factorKind(in.Kind)), in.Value).Scan(&factor) {
		message = in.Mail
	}
	expires := tx.Now().Unix() + api.CodeLifetime
	tx.Exec(`INSERT INTO challenge (id, purpose, session, factor, kind, value, hash, tries, expires) VALUES (?, ?, '', ?, ?, ?, ?, 0, ?)`,
		in.ID, string(purposeRecover), factor, string(in.Kind), "guess"+whose, blob(in.Hash), expires)
	sendMail(tx, topic, message)
	wakeBy(tx, expires)
	return BeginRecoveryOut{Expires: expires}, nil
}

func recoveryFactors(tx *object.Tx, in RecoveryFactorsIn) (RecoveryFactorsOut, error) {
	out := RecoveryFactorsOut{Factors: []Factor{}}
	c, good := loadChallenge(tx, in.Challenge, "", purposeRecover)
	for _, f := range loadFactors(tx) {
		if good && f.Kind == c.kind && (f.Kind == api.ProofTOTP || f.Kind == api.ProofPasskey) {
			out.Factors = append(out.Factors, f)
		}
	}
	return out, nil
}

func proveRecovery(tx *object.Tx, in ProveRecoveryIn) (ProveRecoveryOut, error) {
	b := new(bounds).id(in.Challenge).id(in.Next).text(in.Factor, 0, maxID).check(in.Counter >= 0 && in.Counter < 1<<40)
	if in.Hash != nil {
		b.hash(in.Hash)
	}
	if err := b.err(); err != nil {
		return ProveRecoveryOut{}, err
	}
	c, good := loadChallenge(tx, in.Challenge, "", purposeRecover)
	if !good {
		return ProveRecoveryOut{Spent: true}, nil
	}
	if wait := count(tx, c.value, DefaultLockPolicy); wait > 0 {
		return ProveRecoveryOut{RetryAfter: wait}, nil
	}
	f, ok := recoverBy(tx, c, in)
	if !ok {
		out := wrong(tx, c)
		return ProveRecoveryOut{TriesLeft: out.TriesLeft, Spent: out.Spent}, nil
	}
	tx.Exec(`DELETE FROM bucket WHERE id = ?`, c.value)
	tx.Exec(`DELETE FROM challenge WHERE id = ?`, c.id)
	tx.Exec(`UPDATE factor SET used = ?, counter = max(counter, ?) WHERE id = ?`, tx.Now(), in.Counter, f.ID)
	expires := tx.Now().Unix() + api.CodeLifetime
	tx.Exec(`INSERT INTO challenge (id, purpose, session, factor, kind, value, hash, tries, expires) VALUES (?, ?, '', ?, ?, '', x'', 0, ?)`,
		in.Next, string(purposeRecovered), f.ID, string(c.kind), expires)
	wakeBy(tx, expires)
	out := ProveRecoveryOut{OK: true, Keeps: f.PRF || f.current()}
	tx.Row(`SELECT upn FROM account`).Scan(&out.UPN)
	return out, nil
}

// recoverBy decides whether an answer is right, and by which factor. A code is only for the address that it went to.
func recoverBy(tx *object.Tx, c challenge, in ProveRecoveryIn) (Factor, bool) {
	p := ProveIn{Hash: in.Hash, Factor: in.Factor, Verified: in.Verified, Counter: in.Counter}
	switch c.kind {
	case api.ProofRecovery:
		return recoveryBy(tx, in.Hash)
	case api.ProofTOTP, api.ProofPasskey:
		return proved(tx, c, p)
	}
	p.Factor = "" // where the code went, or nowhere
	return proved(tx, c, p)
}

func finishRecovery(tx *object.Tx, in FinishRecoveryIn) (FinishRecoveryOut, error) {
	if err := new(bounds).id(in.Challenge).record(in.Record, in.KSF, in.KeyID).session(in.Session).device(&in.Device).
		text(in.Language, 0, maxNotice).err(); err != nil {
		return FinishRecoveryOut{}, err
	}
	var how, factor string
	var expires int64
	found := tx.Row(`DELETE FROM challenge WHERE id = ? AND purpose = ? RETURNING kind, factor, expires`, in.Challenge, string(purposeRecovered)).
		Scan(&how, &factor, &expires)
	if !found || tx.Now().Unix() >= expires {
		return FinishRecoveryOut{}, ErrSpent
	}
	replaceRecord(tx, in.Record, in.KSF, in.KeyID)
	endAllBut(tx, "")
	tx.Exec(`DELETE FROM access_grant WHERE offline = 1`)
	tx.Exec(`DELETE FROM challenge WHERE purpose <> ?`, string(purposeSigned)) // which must not be answered again
	known, fresh := knownDevice(tx, in.Known), &in.Device
	if known != "" {
		fresh = nil
	}
	device := arriveOn(tx, known, fresh, in.Session.Place)
	in.Session.AMR = amrOf(api.Proof(how))
	insertSession(tx, in.Session, device)
	err := trustDevice(tx, device, api.Proof(how))
	if err != nil && !errors.Is(err, ErrDevices) {
		return FinishRecoveryOut{}, err
	}
	var one int
	if tx.Row(`DELETE FROM waiting WHERE what = ? AND subject = ? RETURNING 1`, api.WaitRemove, factor).Scan(&one) {
		notify(tx, NoticeUndone, factorKind(api.Proof(how)), in.Language, "")
	}
	notify(tx, NoticePassword, api.Proof(how), in.Language, "")
	return FinishRecoveryOut{Known: known != "", Trusted: err == nil}, nil
}

// amrOf is how a proof is told to applications (RFC 8176 section 2).
func amrOf(how api.Proof) []string {
	switch how {
	case api.ProofSMS:
		return []string{"otp", "sms"}
	case api.ProofCall:
		return []string{"otp", "tel"}
	case api.ProofPasskey: // which has verified its person
		return []string{"pop", "mfa"}
	}
	return []string{"otp"}
}

// BeginRecovery opens a recovery, or says how long to wait. It has no errors of its own.
func (s *Service) BeginRecovery(ctx context.Context, id string, in BeginRecoveryIn) (BeginRecoveryOut, error) {
	return call(ctx, s, BeginRecovery, id, in)
}

// RecoveryFactors are the authenticators or passkeys that could answer a recovery. It has no errors of its own.
func (s *Service) RecoveryFactors(ctx context.Context, id string, in RecoveryFactorsIn) ([]Factor, error) {
	out, err := call(ctx, s, RecoveryFactors, id, in)
	return out.Factors, err
}

// ProveRecovery answers a recovery. A wrong answer is a result, because it was counted.
func (s *Service) ProveRecovery(ctx context.Context, id string, in ProveRecoveryIn) (ProveRecoveryOut, error) {
	return call(ctx, s, ProveRecovery, id, in)
}

// FinishRecovery sets a new password. ErrSpent.
func (s *Service) FinishRecovery(ctx context.Context, id string, in FinishRecoveryIn) (FinishRecoveryOut, error) {
	return call(ctx, s, FinishRecovery, id, in)
}
