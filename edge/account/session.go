package account

import (
	"crypto/subtle"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// Limits of sessions.
const (
	MaxSessions = 50  // live sessions of an account; a further one ends the one not used for longest
	TouchEvery  = 300 // seconds: the last use is written at most this often, so idle time is measured this coarsely
)

// The methods on sessions.
var (
	TouchSession = object.Method[SessionRef, TouchSessionOut]{Kind: KindName, Name: "touch_session"}
	Profile      = object.Method[SessionRef, ProfileOut]{Kind: KindName, Name: "profile"}
	Sessions     = object.Method[SessionRef, SessionsOut]{Kind: KindName, Name: "sessions"}
)

// NewSession is a session to be made. It ends when it was not used for Idle, and Absolute after its making in any case.
type NewSession struct {
	ID         string   `json:"id"`          // NewID; not secret: it is the `sid` that applications see
	SecretHash []byte   `json:"secret_hash"` // Hash of a NewSecret, which is in the session cookie
	Device     string   `json:"device"`      // "Firefox on Linux", cut to 128 bytes
	Place      string   `json:"place"`       // "Berlin, DE" or "", cut to 128 bytes
	Keep       bool     `json:"keep"`        // "keep me signed in"
	Idle       int64    `json:"idle"`        // seconds; well above TouchEvery
	Absolute   int64    `json:"absolute"`    // seconds
	AMR        []string `json:"amr"`         // RFC 8176: "pwd"; up to 8
}

// SessionRef is a browser's claim to a session. Methods that take one check it first and answer ErrSession; they count as use.
type SessionRef struct {
	ID         string `json:"id"`
	SecretHash []byte `json:"secret_hash"` // Hash of the secret in the session cookie
}

// TouchSessionOut is what a page may depend on. The times are unix seconds.
type TouchSessionOut struct {
	AuthTime int64    `json:"auth_time"` // when the password was given
	AMR      []string `json:"amr"`
	Keep     bool     `json:"keep"`
	Expires  int64    `json:"expires"` // absolute end
}

// ProfileOut is what the owner sees of the account.
type ProfileOut struct {
	UPN           string `json:"upn"`
	Name          string `json:"name"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Created       int64  `json:"created"`
}

// SessionsOut lists the live sessions, newest use first; Current marks the asking one.
type SessionsOut struct {
	Sessions []api.Session `json:"sessions"`
}

// live is what is read of a session's row when it is checked.
type live struct {
	amr                      []string
	keep                     bool
	device                   string // id, "" for a session of before there were any
	authTime, lastUsed, idle int64
	ends, expires            int64
	confirmed                int64 // until when there is a recent proof
}

// checkSession is the one gate to everything that needs a session. It notes the use.
func checkSession(tx *object.Tx, ref SessionRef) (live, error) {
	var s live
	var hash []byte
	var amr string
	now := tx.Now().Unix()
	found := tx.Row(`SELECT secret_hash, amr, keep, device_id, auth_time, last_used, idle, ends, expires, confirmed FROM session WHERE id = ?`, ref.ID).
		Scan(&hash, &amr, &s.keep, &s.device, &s.authTime, &s.lastUsed, &s.idle, &s.ends, &s.expires, &s.confirmed)
	if !found || subtle.ConstantTimeCompare(hash, ref.SecretHash) != 1 || now >= s.expires {
		return live{}, ErrSession
	}
	fromText(amr, &s.amr)
	if now-s.lastUsed >= TouchEvery {
		tx.Exec(`UPDATE session SET last_used = ?, expires = ? WHERE id = ?`, now, min(now+s.idle, s.ends), ref.ID)
	}
	return s, nil
}

// insertSession makes a session on a device. Those beyond MaxSessions end.
func insertSession(tx *object.Tx, s NewSession, device string) {
	for row := range tx.Rows(`SELECT id FROM session ORDER BY last_used DESC, created DESC, id LIMIT -1 OFFSET ?`, MaxSessions-1) {
		var id string
		row.Scan(&id)
		end(tx, id)
	}
	writeSession(tx, s, device)
}

// renewSession puts a new secret, new times, a new place and the device in the browser's present session. One that has ended is not revived:
// applications were told that its id is over, or are about to be.
func renewSession(tx *object.Tx, ref SessionRef, s NewSession, device string) error {
	if _, err := checkSession(tx, ref); err != nil {
		return err
	}
	writeSession(tx, s, device)
	return nil
}

func writeSession(tx *object.Tx, s NewSession, device string) {
	now := tx.Now().Unix()
	ends := now + s.Absolute
	expires := min(now+s.Idle, ends)
	if s.AMR == nil {
		s.AMR = []string{}
	}
	tx.Exec(`INSERT INTO session (id, secret_hash, device, place, keep, amr, auth_time, created, last_used, idle, ends, expires, device_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET secret_hash = excluded.secret_hash, device = excluded.device, place = excluded.place,
		keep = excluded.keep, amr = excluded.amr, auth_time = excluded.auth_time, last_used = excluded.last_used,
		idle = excluded.idle, ends = excluded.ends, expires = excluded.expires, device_id = excluded.device_id`,
		s.ID, s.SecretHash, clip(s.Device), clip(s.Place), s.Keep, jsonText(s.AMR), now, now, now, s.Idle, ends, expires, device)
	wakeBy(tx, expires)
}

func touchSession(tx *object.Tx, ref SessionRef) (TouchSessionOut, error) {
	s, err := checkSession(tx, ref)
	return TouchSessionOut{AuthTime: s.authTime, AMR: s.amr, Keep: s.keep, Expires: s.ends}, err
}

func profile(tx *object.Tx, ref SessionRef) (ProfileOut, error) {
	var out ProfileOut
	if _, err := checkSession(tx, ref); err != nil {
		return out, err
	}
	tx.Row(`SELECT upn, name, email, email_verified, created FROM account`).
		Scan(&out.UPN, &out.Name, &out.Email, &out.EmailVerified, &out.Created)
	return out, nil
}

func sessions(tx *object.Tx, ref SessionRef) (SessionsOut, error) {
	out := SessionsOut{Sessions: []api.Session{}}
	if _, err := checkSession(tx, ref); err != nil {
		return out, err
	}
	for row := range tx.Rows(`SELECT id, device, place, created, last_used, keep FROM session WHERE expires > ?
		ORDER BY last_used DESC, created DESC, id`, tx.Now()) {
		var s api.Session
		row.Scan(&s.ID, &s.Device, &s.Place, &s.Created, &s.LastUsed, &s.Keep)
		s.Current = s.ID == ref.ID
		out.Sessions = append(out.Sessions, s)
	}
	return out, nil
}
