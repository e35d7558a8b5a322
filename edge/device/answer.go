package device

import (
	"crypto/subtle"

	"github.com/latchkey-id/latchkey/edge/object"
)

var look = object.Method[[]byte, Request]{Kind: KindName, Name: "look"}

// doLook tells what waits for an answer. It writes nothing, so that guesses leave nothing.
func doLook(tx *object.Tx, key []byte) (Request, error) {
	r, found := find(tx, key)
	if !found || !r.waiting(tx) {
		return Request{}, ErrUnknown
	}
	return r.Request, nil
}

// waiting reports whether a person can still answer.
func (r row) waiting(tx *object.Tx) bool {
	return r.state == Pending && tx.Now().Unix() < r.answerUntil
}

// Person is who answered: an account in one of its sessions. Whether the session is live is the account object's answer.
type Person struct {
	Account string `json:"account"`
	Session string `json:"session"`
}

type decideIn struct {
	Key    []byte `json:"key"`
	Person Person `json:"person"`
	Permit string `json:"permit"` // "": no
}

var decide = object.Method[decideIn, struct{}]{Kind: KindName, Name: "decide"}

// doDecide answers a request, once. The same answer of the same person again changes nothing, the permit included: the first may
// have been lost.
func doDecide(tx *object.Tx, in decideIn) (struct{}, error) {
	p := in.Person
	if p.Account == "" || p.Session == "" || len(p.Account) > maxClientID || len(p.Session) > maxClientID || len(in.Permit) > maxPermit {
		return struct{}{}, ErrBounds
	}
	to := Denied
	if in.Permit != "" {
		to = Approved
	}
	r, found := find(tx, in.Key)
	if found && r.state == to && p == (Person{r.account, r.session}) {
		return struct{}{}, nil
	}
	if !found || !r.waiting(tx) {
		return struct{}{}, ErrUnknown
	}
	tx.Exec(`UPDATE pairing SET state = ?, account = ?, session = ?, permit = ? WHERE code = ?`,
		string(to), p.Account, p.Session, in.Permit, in.Key)
	return struct{}{}, nil
}

// PollIn is a device asking whether there is an answer.
type PollIn struct {
	Key        []byte `json:"key"`
	SecretHash []byte `json:"secret_hash"`
	ClientID   string `json:"client_id"` // authenticated by the caller
	Binding    string `json:"binding"`   // key that the poll proved, "" for none
}

// PollOut is the answer. Permit is there when State is Approved.
type PollOut struct {
	State  State  `json:"state"`
	Permit string `json:"permit,omitempty"`
}

var poll = object.Method[PollIn, PollOut]{Kind: KindName, Name: "poll"}

// doPoll answers a device. An approval is spent by the poll that hears of it. A poll with a wrong secret, of another
// application or with another key learns and changes nothing.
func doPoll(tx *object.Tx, in PollIn) (PollOut, error) {
	r, found := find(tx, in.Key)
	if !found || !r.belongs(in) {
		return PollOut{State: Unknown}, nil
	}
	switch {
	case r.state == Approved:
		tx.Exec(`UPDATE pairing SET state = ?, account = '', session = '', permit = '' WHERE code = ?`, string(consumed), in.Key)
		return PollOut{State: Approved, Permit: r.permit}, nil
	case r.state == Denied:
		return PollOut{State: Denied}, nil
	case r.waiting(tx):
		return PollOut{State: r.paced(tx, in.Key)}, nil
	case r.state == Pending:
		return PollOut{State: Expired}, nil
	}
	return PollOut{State: Unknown}, nil
}

func (r row) belongs(in PollIn) bool {
	return subtle.ConstantTimeCompare(r.SecretHash, in.SecretHash) == 1 && r.ClientID == in.ClientID &&
		(r.Binding == "" || r.Binding == in.Binding)
}

// paced notes the poll. One that came too soon makes the interval longer for all that follow (RFC 8628 section 3.5).
func (r row) paced(tx *object.Tx, key []byte) State {
	now, state := tx.Now().Unix(), Pending
	if r.polled != 0 && now-r.polled < r.pause {
		state, r.pause = TooSoon, min(r.pause+Slower, maxInterval)
	}
	tx.Exec(`UPDATE pairing SET polled = ?, pause = ? WHERE code = ?`, now, r.pause, key)
	return state
}
