package account

import (
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
	EndSession   = object.Method[EndSessionIn, EndSessionOut]{Kind: KindName, Name: "end_session"}
	EndOthers    = object.Method[SessionRef, None]{Kind: KindName, Name: "end_others"}
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

// EndSessionIn ends a session of the account.
type EndSessionIn struct {
	Session SessionRef `json:"session"` // the asking session
	ID      string     `json:"id"`      // the one to end, "" for the asking one
}

// EndSessionOut tells what is left to do. Back-channel logouts are in the outbox (TopicLogout).
type EndSessionOut struct {
	Ended bool `json:"ended"` // false: there was no such session
	// FrontChannel has the front-channel logout URIs of the applications that were signed in to, each once, in the order of
	// signing in; only when the asking session itself ended, since no other browser can load them. The caller adds iss and sid.
	FrontChannel []string `json:"front_channel"`
}

// Logout is the payload of TopicLogout: one application to tell that a session has ended (OpenID Connect Back-Channel Logout
// 1.0 section 2.4). It comes at least once.
type Logout struct {
	Sub                  string `json:"sub"`
	SID                  string `json:"sid"`
	ClientID             string `json:"client_id"`
	BackchannelLogoutURI string `json:"backchannel_logout_uri"`
}
