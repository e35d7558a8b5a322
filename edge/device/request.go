package device

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Request is what a device asked for.
type Request struct {
	ClientID  string   `json:"client_id"`
	Scope     string   `json:"scope"`               // separated by spaces
	Resources []string `json:"resources,omitempty"` // identifiers of APIs (RFC 8707)
	Binding   string   `json:"binding,omitempty"`   // key that polls must prove, "" for any
	Place     string   `json:"place,omitempty"`     // "Berlin, DE", where it asked from; cut to 128 bytes
	Network   []byte   `json:"network,omitempty"`   // MAC of the network it asked from
	Created   int64    `json:"created"`             // unix seconds; set by Begin
	// SecretHash is that of the secret in the device code. A permit that is bound to it serves nobody else.
	SecretHash []byte `json:"secret_hash"`
}

type beginIn struct {
	Key     []byte  `json:"key"`
	Request Request `json:"request"`
}

var begin = object.Method[beginIn, struct{}]{Kind: KindName, Name: "begin"}

// doBegin keeps a request. A code is free again when its request was forgotten, not before.
func doBegin(tx *object.Tx, in beginIn) (struct{}, error) {
	r := in.Request
	resources, err := json.Marshal(r.Resources)
	if err != nil {
		return struct{}{}, err
	}
	if len(in.Key) != keySize || len(r.SecretHash) != keySize || r.ClientID == "" || len(r.ClientID) > maxClientID ||
		len(r.Scope) > maxText || len(resources) > maxText || len(r.Binding) > maxText || len(r.Network) > keySize {
		return struct{}{}, ErrBounds
	}
	now := tx.Now()
	var one int
	if tx.Row(`SELECT 1 FROM pairing WHERE code = ? AND expires > ?`, in.Key, now).Scan(&one) {
		return struct{}{}, ErrTaken
	}
	expires := now.Add((Lifetime + Grace) * time.Second)
	tx.Exec(`INSERT OR REPLACE INTO pairing (code, secret_hash, client_id, scope, resources, binding, place, network, state, account,
		session, permit, pause, polled, created, answer_until, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '', ?, 0, ?, ?, ?)`,
		in.Key, r.SecretHash, r.ClientID, r.Scope, string(resources), r.Binding, clip(r.Place), blob(r.Network), string(Pending),
		Interval, now, now.Add(Lifetime*time.Second), expires)
	clean.By(tx, expires)
	return struct{}{}, nil
}

// row is a request as it is kept.
type row struct {
	Request
	state                               State
	account, session, permit            string
	pause, polled, answerUntil, expires int64
}

// find returns the request of a key unless it is to be forgotten.
func find(tx *object.Tx, key []byte) (r row, found bool) {
	var resources, state string
	found = tx.Row(`SELECT secret_hash, client_id, scope, resources, binding, place, network, state, account, session, permit,
		pause, polled, created, answer_until, expires FROM pairing WHERE code = ?`, key).
		Scan(&r.SecretHash, &r.ClientID, &r.Scope, &resources, &r.Binding, &r.Place, &r.Network, &state, &r.account, &r.session,
			&r.permit, &r.pause, &r.polled, &r.Created, &r.answerUntil, &r.expires)
	if !found || tx.Now().Unix() >= r.expires {
		return row{}, false
	}
	if err := json.Unmarshal([]byte(resources), &r.Resources); err != nil {
		panic(fmt.Errorf("device: resources: %w", err)) // we wrote them
	}
	r.state = State(state)
	return r, true
}

// clip cuts what only people read to its bound, at the border of a character.
func clip(s string) string {
	if len(s) > maxPlace {
		s = s[:maxPlace]
	}
	return strings.ToValidUTF8(s, "")
}

// blob keeps nil out of columns that are NOT NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
