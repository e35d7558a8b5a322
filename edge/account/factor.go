package account

import (
	"crypto/subtle"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

const (
	factorSignup = "signup"  // id of the address that was proved at sign-up
	maxKey       = 1024      // bytes of a passkey's public key and credential id
	maxPayload   = 254       // bytes of an address
	maxNotice    = 35        // bytes of a language tag
	maxOpen      = 20        // challenges of a session under way; a further one takes the place of its oldest
	settled      = 7 * day   // seconds after which a factor is not new any more
	bucketProve  = "prove"   // guesses
	bucketSend   = "message" // messages with codes
)

// The methods on factors. All take a session; what changes them also takes a trusted device and a recent proof, or answers ErrUntrusted or
// ErrUnconfirmed.
var (
	Security     = object.Method[SessionRef, SecurityOut]{Kind: KindName, Name: "security"}
	Confirm      = object.Method[ConfirmIn, ConfirmOut]{Kind: KindName, Name: "confirm"}
	PutRecovery  = object.Method[PutRecoveryIn, None]{Kind: KindName, Name: "put_recovery"}
	RemoveFactor = object.Method[RemoveFactorIn, RemoveFactorOut]{Kind: KindName, Name: "remove_factor"}
)

// Factor is something to prove oneself by.
type Factor struct {
	ID      string    `json:"id"`
	Kind    api.Proof `json:"kind"`  // email, phone, totp, passkey or recovery
	Value   string    `json:"value"` // address, number, or credential id in base64url; "" for the others
	Name    string    `json:"name"`
	Key     []byte    `json:"key"`     // of a passkey: COSE key; of a recovery code: what its proof's Hash must be
	Counter int64     `json:"counter"` // of a passkey: its signature counter; of an authenticator: the last time step (RFC 6238 section 5.2)
	PRF     bool      `json:"prf"`
	Created int64     `json:"created"`
	Used    int64     `json:"used"`
}

// SecurityOut is what a person has registered, and where the asking session stands.
type SecurityOut struct {
	Factors   []Factor              `json:"factors"` // oldest first
	Waiting   []api.SecurityWaiting `json:"waiting"`
	Confirmed int64                 `json:"confirmed"` // until when the session has a recent proof; 0 or past: it has none
	Trusted   bool                  `json:"trusted"`   // the device of the session
	UPN       string                `json:"upn"`
	Name      string                `json:"name"`
}

// ConfirmIn spends a proof of the password (BeginProof).
type ConfirmIn struct {
	Session   SessionRef `json:"session"`
	ProofHash []byte     `json:"proof_hash"`
}

// ConfirmOut says until when the session has a recent proof.
type ConfirmOut struct {
	Until int64 `json:"until"`
}

// PutRecoveryIn registers a recovery code, in the place of a former one. That one goes as RemoveFactor has it: the last one that is not new
// waits, and still proves.
type PutRecoveryIn struct {
	Session  SessionRef `json:"session"`
	ID       string     `json:"id"` // NewID
	Hash     []byte     `json:"hash"`
	Language string     `json:"language"` // of notices
}

// RemoveFactorIn removes a factor. It is gone at once when another one stays that is no newer, or not new at all: what a thief has just
// added does not count. Otherwise it waits.
type RemoveFactorIn struct {
	Session  SessionRef `json:"session"`
	ID       string     `json:"id"`
	Waiting  string     `json:"waiting"` // NewID, of the row if there is one
	Language string     `json:"language"`
}

// RemoveFactorOut says when it goes.
type RemoveFactorOut struct {
	Waiting *api.SecurityWaiting `json:"waiting,omitempty"` // nil: it is gone
}

const factorColumns = `id, kind, value, name, key, counter, prf, created, used`

func (f *Factor) into() []any {
	return []any{&f.ID, (*string)(&f.Kind), &f.Value, &f.Name, &f.Key, &f.Counter, &f.PRF, &f.Created, &f.Used}
}

func loadFactor(tx *object.Tx, id string) (f Factor, found bool) {
	found = tx.Row(`SELECT `+factorColumns+` FROM factor WHERE id = ?`, id).Scan(f.into()...)
	return f, found
}

func loadFactors(tx *object.Tx) []Factor {
	out := []Factor{}
	for row := range tx.Rows(`SELECT ` + factorColumns + ` FROM factor ORDER BY created, id`) {
		var f Factor
		row.Scan(f.into()...)
		out = append(out, f)
	}
	return out
}

// insertFactor adds a factor that was proved just now.
func insertFactor(tx *object.Tx, f Factor) {
	tx.Exec(`INSERT INTO factor (`+factorColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		f.ID, string(f.Kind), f.Value, f.Name, blob(f.Key), f.Counter, f.PRF, tx.Now())
}

// mayAdd answers ErrFactorExists or ErrFactors.
func mayAdd(tx *object.Tx, kind api.Proof, value string) error {
	all, passkeys := 0, 0
	for _, f := range loadFactors(tx) {
		if f.Kind == kind && f.Value == value {
			return ErrFactorExists
		}
		all++
		if f.Kind == api.ProofPasskey {
			passkeys++
		}
	}
	if all >= api.MaxFactors || kind == api.ProofPasskey && passkeys >= api.MaxPasskeys {
		return ErrFactors
	}
	return nil
}

// confirmedUntil is until when a session has a recent proof. The password that it was made with is one.
func (s live) confirmedUntil() int64 { return max(s.confirmed, s.authTime+api.ConfirmLifetime) }

// mayChange is the gate to everything that changes security information: a session with a recent proof, on a trusted device.
func mayChange(tx *object.Tx, ref SessionRef) (device, error) {
	s, err := checkSession(tx, ref)
	if err != nil {
		return device{}, err
	}
	d, found := loadDevice(tx, s.device)
	switch {
	case !found:
		return d, ErrDevice
	case d.Trusted == 0:
		return d, ErrUntrusted
	case tx.Now().Unix() >= s.confirmedUntil():
		return d, ErrUnconfirmed
	}
	return d, nil
}

func securityFacts(tx *object.Tx, ref SessionRef) (SecurityOut, error) {
	s, err := checkSession(tx, ref)
	if err != nil {
		return SecurityOut{}, err
	}
	d, _ := loadDevice(tx, s.device)
	out := SecurityOut{Factors: loadFactors(tx), Waiting: loadWaiting(tx), Confirmed: s.confirmedUntil(), Trusted: d.Trusted > 0}
	tx.Row(`SELECT upn, name FROM account`).Scan(&out.UPN, &out.Name)
	return out, nil
}

func confirm(tx *object.Tx, in ConfirmIn) (ConfirmOut, error) {
	if err := new(bounds).ref(in.Session).hash(in.ProofHash).err(); err != nil {
		return ConfirmOut{}, err
	}
	if _, err := checkSession(tx, in.Session); err != nil {
		return ConfirmOut{}, err
	}
	var expires int64
	found := tx.Row(`DELETE FROM proof WHERE hash = ? AND session = ? AND upgrade = 0 RETURNING expires`, in.ProofHash, in.Session.ID).Scan(&expires)
	if !found || tx.Now().Unix() >= expires {
		return ConfirmOut{}, ErrSpent
	}
	return ConfirmOut{Until: confirmSession(tx, in.Session.ID)}, nil
}

func confirmSession(tx *object.Tx, session string) (until int64) {
	until = tx.Now().Unix() + api.ConfirmLifetime
	tx.Exec(`UPDATE session SET confirmed = ? WHERE id = ?`, until, session)
	return until
}

func (d Deps) putRecovery(tx *object.Tx, in PutRecoveryIn) (None, error) {
	if err := new(bounds).ref(in.Session).id(in.ID).hash(in.Hash).text(in.Language, 0, maxNotice).err(); err != nil {
		return None{}, err
	}
	if _, err := mayChange(tx, in.Session); err != nil {
		return None{}, err
	}
	for _, f := range loadFactors(tx) {
		switch {
		case f.current() && subtle.ConstantTimeCompare(f.Key, in.Hash) == 1: // asked again
			return None{}, nil
		case f.current():
			d.replaceRecovery(tx, f, in)
		}
	}
	if err := mayAdd(tx, api.ProofRecovery, ""); err != nil {
		return None{}, err
	}
	insertFactor(tx, Factor{ID: in.ID, Kind: api.ProofRecovery, Key: in.Hash})
	notify(tx, NoticeAdded, api.ProofRecovery, in.Language, "")
	return None{}, nil
}

// current reports whether f is the recovery code that there is, and not a former one that is still to go, which has its id for a value.
func (f Factor) current() bool { return f.Kind == api.ProofRecovery && f.Value == "" }

// replaceRecovery makes room for a new recovery code.
func (d Deps) replaceRecovery(tx *object.Tx, old Factor, in PutRecoveryIn) {
	if stays(tx, old) {
		dropFactors(tx, `id = ?`, old.ID)
		return
	}
	tx.Exec(`UPDATE factor SET value = id WHERE id = ?`, old.ID)
	if _, fresh := wait(tx, api.SecurityWaiting{ID: in.ID, What: api.WaitRemove, Subject: old.ID}, in.Language, d.Wait); fresh {
		notify(tx, NoticeRemoving, old.Kind, in.Language, "")
	}
}

// recoveryBy finds the recovery code that a proof is of, a former one too.
func recoveryBy(tx *object.Tx, hash []byte) (Factor, bool) {
	for _, f := range loadFactors(tx) {
		if f.Kind == api.ProofRecovery && subtle.ConstantTimeCompare(f.Key, hash) == 1 {
			return f, true
		}
	}
	return Factor{}, false
}

func (d Deps) removeFactor(tx *object.Tx, in RemoveFactorIn) (RemoveFactorOut, error) {
	if err := new(bounds).ref(in.Session).id(in.ID).id(in.Waiting).text(in.Language, 0, maxNotice).err(); err != nil {
		return RemoveFactorOut{}, err
	}
	if _, err := mayChange(tx, in.Session); err != nil {
		return RemoveFactorOut{}, err
	}
	gone, found := loadFactor(tx, in.ID)
	if !found {
		return RemoveFactorOut{}, ErrFactor
	}
	if !stays(tx, gone) {
		w, fresh := wait(tx, api.SecurityWaiting{ID: in.Waiting, What: api.WaitRemove, Subject: in.ID}, in.Language, d.Wait)
		if fresh {
			notify(tx, NoticeRemoving, gone.Kind, in.Language, "")
		}
		return RemoveFactorOut{Waiting: &w}, nil
	}
	notify(tx, NoticeRemoved, gone.Kind, in.Language, "")
	dropFactors(tx, `id = ?`, in.ID)
	return RemoveFactorOut{}, nil
}

// stays reports whether a factor is left when one goes that the owner has had for as long, or for long.
func stays(tx *object.Tx, gone Factor) bool {
	var one int
	return tx.Row(`SELECT 1 FROM factor WHERE id <> ? AND (created <= ? OR created <= ?)
		AND id NOT IN (SELECT subject FROM waiting WHERE what = ?)`,
		gone.ID, gone.Created, tx.Now().Unix()-settled, api.WaitRemove).Scan(&one)
}

// dropFactors removes the factors of a condition, and what was begun with them. What has signed somebody in stays: the same passkey may come
// back, and the answer must not count again.
func dropFactors(tx *object.Tx, where string, arg string) {
	tx.Exec(`DELETE FROM challenge WHERE purpose <> ? AND factor IN (SELECT id FROM factor WHERE `+where+`)`, string(purposeSigned), arg)
	tx.Exec(`DELETE FROM waiting WHERE what = 'remove' AND subject IN (SELECT id FROM factor WHERE `+where+`)`, arg)
	tx.Exec(`DELETE FROM factor WHERE `+where, arg)
}

func (b *bounds) factorName(name string) *bounds {
	return b.text(name, 0, 4*api.MaxFactorName).check(utf8.RuneCountInString(name) <= api.MaxFactorName)
}

// factorKind takes the kinds that a challenge can add.
func (b *bounds) factorKind(kind api.Proof, value string) *bounds {
	switch kind {
	case api.ProofEmail:
		return b.text(value, 3, maxPayload).check(strings.Contains(value, "@"))
	case api.KindPhone:
		return b.text(value, 2, api.MaxPhone).check(strings.HasPrefix(value, "+"))
	}
	return b.check(value == "" && (kind == api.ProofTOTP || kind == api.ProofPasskey))
}
