package account

import (
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// DefaultWait is how long a risky change waits, in seconds.
const DefaultWait = 7 * day

// The methods on what waits.
var (
	WaitTrust   = object.Method[WaitTrustIn, api.SecurityWaiting]{Kind: KindName, Name: "wait_trust"}
	UndoWaiting = object.Method[UndoWaitingIn, None]{Kind: KindName, Name: "undo_waiting"}
)

// WaitTrustIn asks that the device of the session become trusted when nobody undoes it. ErrOtherwise when the account has a factor or
// a trusted device, ErrTrusted.
type WaitTrustIn struct {
	Session  SessionRef `json:"session"`
	ID       string     `json:"id"` // NewID
	Language string     `json:"language"`
}

// UndoWaitingIn stops what waits: a removal on any trusted device, without a recent proof; the trust of a device in any session.
type UndoWaitingIn struct {
	Session SessionRef `json:"session"`
	ID      string     `json:"id"`
}

// What a notice is about.
const (
	NoticeAdded    = "added"    // a factor
	NoticeRemoved  = "removed"  // a factor
	NoticeRemoving = "removing" // a factor, when it is due
	NoticeUndone   = "undone"   // the removal of a factor
	NoticeTrusted  = "trusted"  // a device, by a factor
	NoticePassword = "password" // it was set anew, by a factor
)

// Notice is the payload of TopicNotice: a person is to hear of a change that they may not have made themselves.
type Notice struct {
	To       string    `json:"to"` // address or number
	Phone    bool      `json:"phone,omitempty"`
	What     string    `json:"what"`
	Kind     api.Proof `json:"kind"` // of factor
	Language string    `json:"language"`
}

// notify tells all addresses, but for one factor. What cannot be taken back so easily is told to phones too.
func notify(tx *object.Tx, what string, kind api.Proof, language, except string) {
	for _, f := range loadFactors(tx) {
		if f.ID == except || f.Kind != api.ProofEmail && (f.Kind != api.KindPhone || what != NoticeRemoving) {
			continue
		}
		tx.Later(TopicNotice, Notice{To: f.Value, Phone: f.Kind == api.KindPhone, What: what, Kind: kind, Language: language})
	}
}

// wait notes a change that is due later. One that waits already goes on as it does.
func wait(tx *object.Tx, w api.SecurityWaiting, language string, seconds int64) (_ api.SecurityWaiting, fresh bool) {
	if tx.Row(`SELECT id, due FROM waiting WHERE what = ? AND subject = ?`, w.What, w.Subject).Scan(&w.ID, &w.Due) {
		return w, false
	}
	w.Due = tx.Now().Unix() + seconds
	tx.Exec(`INSERT INTO waiting (id, what, subject, language, due) VALUES (?, ?, ?, ?, ?)`, w.ID, w.What, w.Subject, language, w.Due)
	wakeBy(tx, w.Due)
	return w, true
}

func loadWaiting(tx *object.Tx) []api.SecurityWaiting {
	out := []api.SecurityWaiting{}
	for row := range tx.Rows(`SELECT id, what, subject, due FROM waiting ORDER BY due, id`) {
		var w api.SecurityWaiting
		row.Scan(&w.ID, &w.What, &w.Subject, &w.Due)
		out = append(out, w)
	}
	return out
}

func (d Deps) waitTrust(tx *object.Tx, in WaitTrustIn) (api.SecurityWaiting, error) {
	if err := new(bounds).ref(in.Session).id(in.ID).text(in.Language, 0, maxNotice).err(); err != nil {
		return api.SecurityWaiting{}, err
	}
	here, err := deviceOf(tx, in.Session)
	if err != nil {
		return api.SecurityWaiting{}, err
	}
	if here.Trusted > 0 {
		return api.SecurityWaiting{}, ErrTrusted
	}
	if otherwise(tx) {
		return api.SecurityWaiting{}, ErrOtherwise
	}
	w, _ := wait(tx, api.SecurityWaiting{ID: in.ID, What: api.WaitTrust, Subject: here.ID}, in.Language, d.Wait)
	return w, nil
}

// otherwise reports whether there is anything that a device can be trusted by without waiting.
func otherwise(tx *object.Tx) bool {
	var n int
	tx.Row(`SELECT (SELECT count(*) FROM factor) + (SELECT count(*) FROM device WHERE trusted > 0 AND expires > ?)`, tx.Now()).Scan(&n)
	return n > 0
}

func undoWaiting(tx *object.Tx, in UndoWaitingIn) (None, error) {
	if err := new(bounds).ref(in.Session).id(in.ID).err(); err != nil {
		return None{}, err
	}
	s, err := checkSession(tx, in.Session)
	if err != nil {
		return None{}, err
	}
	var what, subject, language string
	if !tx.Row(`SELECT what, subject, language FROM waiting WHERE id = ?`, in.ID).Scan(&what, &subject, &language) {
		return None{}, ErrFactor
	}
	if d, _ := loadDevice(tx, s.device); what == api.WaitRemove && d.Trusted == 0 {
		return None{}, ErrUntrusted
	}
	tx.Exec(`DELETE FROM waiting WHERE id = ?`, in.ID)
	if f, found := loadFactor(tx, subject); found {
		notify(tx, NoticeUndone, f.Kind, language, "")
	}
	return None{}, nil
}

// carryOut does what is due, and returns when the next of it is, 0 for never. A device that is gone by then, or an account that has got
// another way meanwhile, leaves nothing to do.
func carryOut(tx *object.Tx) (next int64) {
	for row := range tx.Rows(`SELECT what, subject, language FROM waiting WHERE due <= ?`, tx.Now()) {
		var what, subject, language string
		row.Scan(&what, &subject, &language)
		switch f, found := loadFactor(tx, subject); {
		case what == api.WaitRemove && found:
			notify(tx, NoticeRemoved, f.Kind, language, "")
			dropFactors(tx, `id = ?`, subject)
		case what == api.WaitTrust && !otherwise(tx):
			_ = trustDevice(tx, subject, api.ProofWaiting) // ErrDevice: it was revoked
		}
	}
	tx.Exec(`DELETE FROM waiting WHERE due <= ?`, tx.Now())
	tx.Row(`SELECT coalesce(min(due), 0) FROM waiting`).Scan(&next)
	return next
}
