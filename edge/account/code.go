package account

import (
	"github.com/latchkey-id/latchkey/edge/object"
)

// CodeLifetime is the life of an authorization code, in seconds (RFC 6749 section 4.1.2 asks for ten minutes at most).
const CodeLifetime = 60

// The methods on authorization codes (RFC 6749 section 4.1, RFC 7636).
var (
	Authorize = object.Method[AuthorizeIn, None]{Kind: KindName, Name: "authorize"}
	Redeem    = object.Method[RedeemIn, RedeemOut]{Kind: KindName, Name: "redeem"}
)

// AuthorizeIn checks the session, writes the code and remembers for the session's end that the application was signed in to: one
// transaction. It answers ErrSession, or ErrStale when the password was given before AuthAfter.
type AuthorizeIn struct {
	Session     SessionRef `json:"session"`
	AuthAfter   int64      `json:"auth_after,omitempty"` // unix seconds (max_age, prompt=login); 0: any time will do
	CodeHash    []byte     `json:"code_hash"`            // Hash of a NewSecret
	ClientID    string     `json:"client_id"`            // up to 128 bytes
	RedirectURI string     `json:"redirect_uri"`         // up to 2048 bytes, as all URIs
	Scope       string     `json:"scope"`                // granted, separated by spaces, up to 1024 bytes
	Nonce       string     `json:"nonce,omitempty"`      // up to 1024 bytes
	Challenge   string     `json:"challenge"`            // PKCE S256, 43 characters

	BackchannelLogoutURI  string `json:"backchannel_logout_uri,omitempty"`
	FrontchannelLogoutURI string `json:"frontchannel_logout_uri,omitempty"`
}

// RedeemIn spends a code. Whatever comes out, the code cannot be used again.
type RedeemIn struct {
	CodeHash       []byte `json:"code_hash"`
	ClientID       string `json:"client_id"` // authenticated by the caller
	RedirectURI    string `json:"redirect_uri"`
	Challenge      string `json:"challenge"`       // S256 of the verifier that was sent
	GrantID        string `json:"grant_id"`        // a new id (NewID) of the access grant
	AccessLifetime int64  `json:"access_lifetime"` // seconds the grant lives, at most a day
}

// Reason says why a code was not redeemed. The application hears invalid_grant for all of them; the log is told.
type Reason string

// The reasons.
const (
	ReasonUnknown   Reason = "unknown"   // never issued here, its session has ended, or forgotten
	ReasonReplayed  Reason = "replayed"  // used before: what it had issued is revoked now
	ReasonExpired   Reason = "expired"   // older than CodeLifetime
	ReasonClient    Reason = "client"    // issued to another application
	ReasonRedirect  Reason = "redirect"  // issued for another redirect URI
	ReasonChallenge Reason = "challenge" // the verifier is not the one of the request
)

// RedeemOut has, when OK, what goes into the tokens.
type RedeemOut struct {
	OK       bool     `json:"ok"`
	Reason   Reason   `json:"reason,omitempty"` // when not OK
	SID      string   `json:"sid,omitempty"`
	Scope    string   `json:"scope,omitempty"`
	Nonce    string   `json:"nonce,omitempty"`
	AuthTime int64    `json:"auth_time,omitempty"` // unix seconds
	AMR      []string `json:"amr,omitempty"`
	Claims   Claims   `json:"claims"`
}
