package account

import (
	"bytes"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// The methods by which a trusted device approves a new one. The object carries what the two show each other, once and in order: the new
// device's commitment, the trusted one's nonce, the nonce of the commitment, the answer. What it all means is between the devices
// (site/src/docs/protocol.md), so that a hostile service could not approve a key of its own by more than a guess.
var (
	BeginApproval  = object.Method[BeginApprovalIn, BeginApprovalOut]{Kind: KindName, Name: "begin_approval"}
	PollApproval   = object.Method[PollApprovalIn, PollApprovalOut]{Kind: KindName, Name: "poll_approval"}
	Approvals      = object.Method[SessionRef, ApprovalsOut]{Kind: KindName, Name: "approvals"}
	TakeApproval   = object.Method[TakeApprovalIn, None]{Kind: KindName, Name: "take_approval"}
	LookApproval   = object.Method[LookApprovalIn, api.Approval]{Kind: KindName, Name: "look_approval"}
	DecideApproval = object.Method[DecideApprovalIn, None]{Kind: KindName, Name: "decide_approval"}
)

// openStates are those in which an approval has not been answered.
const openStates = `'waiting', 'taken', 'revealed'`

// approvalLock is how often the trusted devices are bothered in a row without approving. Who can ask knows the password, and so could keep
// an owner from asking; every other second proof still works then.
var approvalLock = LockPolicy{Tries: 10, First: 600, Max: 6 * 3600, Forget: day}

// BeginApprovalIn asks for an approval of the session's device. It takes the place of what that device asked before.
type BeginApprovalIn struct {
	Session    SessionRef `json:"session"`
	ID         string     `json:"id"` // NewID
	Commitment []byte     `json:"commitment"`
}

// BeginApprovalOut says until when it waits, or, when RetryAfter is not 0, that too many were asked for.
type BeginApprovalOut struct {
	Expires    int64 `json:"expires"`
	RetryAfter int64 `json:"retry_after"` // seconds
}

// PollApprovalIn asks how far it is.
type PollApprovalIn struct {
	Session SessionRef `json:"session"`
	ID      string     `json:"id"`
	Reveal  []byte     `json:"reveal,omitempty"` // nonce of the commitment; ErrBounds unless the approval is taken
}

// PollApprovalOut is how far it is. One that is not there any more has expired.
type PollApprovalOut struct {
	State       api.ApprovalStatus `json:"state"`
	Nonce       []byte             `json:"nonce"`
	Fingerprint []byte             `json:"fingerprint"`
}

// ApprovalsOut lists what waits for an answer, newest first.
type ApprovalsOut struct {
	Approvals []api.Approval `json:"approvals"`
}

// TakeApprovalIn begins to answer: the first device to call has it. The same call again is the same answer; any other is ErrTaken.
type TakeApprovalIn struct {
	Session     SessionRef `json:"session"`
	ID          string     `json:"id"`
	Nonce       []byte     `json:"nonce"`
	Fingerprint []byte     `json:"fingerprint"`
}

// LookApprovalIn asks about one request.
type LookApprovalIn struct {
	Session SessionRef `json:"session"`
	ID      string     `json:"id"`
}

// DecideApprovalIn answers. To allow, the asking device must have taken it and the nonce must have been revealed; to deny, any trusted device
// will do. The same answer again does nothing; any other to an answered request is ErrTaken.
type DecideApprovalIn struct {
	Session SessionRef `json:"session"`
	ID      string     `json:"id"`
	Allow   bool       `json:"allow"`
}

// approval is a row.
type approval struct {
	api.Approval
	device, approver   string
	nonce, fingerprint []byte
}

const approvalColumns = `a.id, a.device, a.commitment, a.approver, a.nonce, a.fingerprint, a.reveal, a.state, a.created, a.expires`

func (a *approval) into() []any {
	return []any{&a.ID, &a.device, (*[]byte)(&a.Commit), &a.approver, &a.nonce, &a.fingerprint, (*[]byte)(&a.Reveal), (*string)(&a.State), &a.Created, &a.Expires}
}

// loadApproval reads an approval, unless its time is over.
func loadApproval(tx *object.Tx, id string) (a approval, found bool) {
	found = tx.Row(`SELECT `+approvalColumns+` FROM approval a WHERE a.id = ? AND a.expires > ?`, id, tx.Now()).Scan(a.into()...)
	return a, found
}

func (a approval) is(states ...api.ApprovalStatus) bool {
	for _, s := range states {
		if a.State == s {
			return true
		}
	}
	return false
}

func (a approval) open() bool {
	return a.is(api.ApprovalWaiting, api.ApprovalTaken, api.ApprovalRevealed)
}

func (a *approval) become(tx *object.Tx, s api.ApprovalStatus) {
	a.State = s
	tx.Exec(`UPDATE approval SET state = ? WHERE id = ?`, string(s), a.ID)
}

func beginApproval(tx *object.Tx, in BeginApprovalIn) (BeginApprovalOut, error) {
	var none BeginApprovalOut
	if err := new(bounds).ref(in.Session).id(in.ID).check(len(in.Commitment) == api.ApprovalCommit).err(); err != nil {
		return none, err
	}
	d, err := approvable(tx, in.Session)
	if err != nil {
		return none, err
	}
	now := tx.Now().Unix()
	if wait := approvalWait(tx, d.ID); wait > 0 {
		return BeginApprovalOut{RetryAfter: wait}, nil
	}
	expires := now + api.ApprovalLifetime
	tx.Exec(`DELETE FROM approval WHERE device = ?`, d.ID)
	tx.Exec(`INSERT INTO approval (id, device, commitment, approver, nonce, fingerprint, reveal, state, created, expires)
		VALUES (?, ?, ?, '', x'', x'', x'', ?, ?, ?)`, in.ID, d.ID, in.Commitment, string(api.ApprovalWaiting), now, expires)
	wakeBy(tx, expires)
	return BeginApprovalOut{Expires: expires}, nil
}

// approvable is the session's device if another one could approve it.
func approvable(tx *object.Tx, ref SessionRef) (device, error) {
	d, err := deviceOf(tx, ref)
	switch {
	case err != nil:
		return d, err
	case d.Trusted > 0:
		return d, ErrTrusted
	case !d.enrolled():
		return d, ErrKeyless
	}
	var one int
	if !tx.Row(`SELECT 1 FROM device WHERE trusted > 0 AND length(public) > 0 AND expires > ? LIMIT 1`, tx.Now()).Scan(&one) {
		return d, ErrApprover
	}
	return d, nil
}

// approvalWait counts a request and is 0, or says how many seconds to wait until another one may be made.
func approvalWait(tx *object.Tx, device string) int64 {
	var n int
	var first int64
	now := tx.Now().Unix()
	tx.Row(`SELECT count(*), coalesce(min(expires), 0) FROM approval WHERE device <> ? AND expires > ? AND state IN (`+openStates+`)`, device, now).
		Scan(&n, &first)
	if n >= api.MaxApprovals {
		return first - now
	}
	return count(tx, "approval", approvalLock)
}

func pollApproval(tx *object.Tx, in PollApprovalIn) (PollApprovalOut, error) {
	if err := new(bounds).ref(in.Session).id(in.ID).check(in.Reveal == nil || len(in.Reveal) == api.ApprovalNonce).err(); err != nil {
		return PollApprovalOut{}, err
	}
	d, err := deviceOf(tx, in.Session)
	if err != nil {
		return PollApprovalOut{}, err
	}
	a, found := loadApproval(tx, in.ID)
	if !found || a.device != d.ID {
		return PollApprovalOut{State: api.ApprovalExpired}, nil
	}
	if in.Reveal != nil && a.is(api.ApprovalWaiting) { // it must not be known before the other nonce is
		return PollApprovalOut{}, ErrBounds
	}
	if in.Reveal != nil && a.is(api.ApprovalTaken) {
		tx.Exec(`UPDATE approval SET reveal = ? WHERE id = ?`, in.Reveal, a.ID)
		a.become(tx, api.ApprovalRevealed)
	}
	return PollApprovalOut{State: a.State, Nonce: a.nonce, Fingerprint: a.fingerprint}, nil
}

func approvals(tx *object.Tx, ref SessionRef) (ApprovalsOut, error) {
	out := ApprovalsOut{Approvals: []api.Approval{}}
	here, err := trustedDeviceOf(tx, ref)
	if err != nil {
		return out, err
	}
	for row := range tx.Rows(`SELECT `+approvalColumns+` FROM approval a WHERE a.expires > ? AND a.state IN (`+openStates+`)
		ORDER BY a.created DESC, a.id`, tx.Now()) {
		var a approval
		row.Scan(a.into()...)
		out.Approvals = append(out.Approvals, a.seenBy(tx, here))
	}
	return out, nil
}

// seenBy is an approval as a trusted device sees it.
func (a approval) seenBy(tx *object.Tx, here device) api.Approval {
	d, _ := loadDevice(tx, a.device)
	a.Device, a.Mine = d.Device, a.approver == here.ID
	return a.Approval
}

// answerable is the device of a session and what it may answer. ErrSpent when nobody waits any more.
func answerable(tx *object.Tx, ref SessionRef, id string) (device, approval, error) {
	here, err := trustedDeviceOf(tx, ref)
	if err != nil {
		return here, approval{}, err
	}
	a, found := loadApproval(tx, id)
	if !found {
		return here, a, ErrSpent
	}
	return here, a, nil
}

func takeApproval(tx *object.Tx, in TakeApprovalIn) (None, error) {
	if err := new(bounds).ref(in.Session).id(in.ID).check(len(in.Nonce) == api.ApprovalNonce).
		check(len(in.Fingerprint) == api.ApprovalVaultSize).err(); err != nil {
		return None{}, err
	}
	here, a, err := answerable(tx, in.Session, in.ID)
	switch {
	case err != nil:
		return None{}, err
	case a.is(api.ApprovalWaiting):
		tx.Exec(`UPDATE approval SET approver = ?, nonce = ?, fingerprint = ? WHERE id = ?`, here.ID, in.Nonce, in.Fingerprint, a.ID)
		a.become(tx, api.ApprovalTaken)
		return None{}, nil
	case a.open() && a.approver == here.ID && bytes.Equal(a.nonce, in.Nonce) && bytes.Equal(a.fingerprint, in.Fingerprint):
		return None{}, nil // the answer was lost
	}
	return None{}, ErrTaken
}

func lookApproval(tx *object.Tx, in LookApprovalIn) (api.Approval, error) {
	here, a, err := answerable(tx, in.Session, in.ID)
	if err != nil {
		return api.Approval{}, err
	}
	return a.seenBy(tx, here), nil
}

func decideApproval(tx *object.Tx, in DecideApprovalIn) (None, error) {
	here, a, err := answerable(tx, in.Session, in.ID)
	if err != nil {
		return None{}, err
	}
	mine := a.approver == here.ID
	switch {
	case in.Allow && mine && a.is(api.ApprovalRevealed):
		a.become(tx, api.ApprovalApproved)
		tx.Exec(`DELETE FROM bucket WHERE id = 'approval'`)
		return None{}, gone(trustDevice(tx, a.device, api.ProofApproval))
	case !in.Allow && a.open():
		a.become(tx, api.ApprovalDenied)
		return None{}, nil
	case in.Allow && mine && a.is(api.ApprovalApproved), !in.Allow && a.is(api.ApprovalDenied):
		return None{}, nil
	}
	return None{}, ErrTaken
}

// gone is err, but not about the device of the session: the one that was to be approved is not there any more.
func gone(err error) error {
	if err == ErrDevice {
		return ErrGone
	}
	return err
}
