package account

import (
	"crypto/subtle"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/object"
)

// CodeLifetime is the life of an authorization code, in seconds (RFC 6749 section 4.1.2 asks for ten minutes at most).
const CodeLifetime = 60

// The methods on authorization codes (RFC 6749 section 4.1, RFC 7636).
var (
	Authorize = object.Method[AuthorizeIn, AuthorizeOut]{Kind: KindName, Name: "authorize"}
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

	ConsentNeeded bool     `json:"consent_needed,omitempty"` // ErrConsent unless this person agreed to Scope and Resources before
	AssignedTo    []string `json:"assigned_to,omitempty"`    // ErrAssignment unless the UPN is one of these, or *@domain; nil: everyone
	KeptMaxAge    int64    `json:"kept_max_age,omitempty"`   // seconds; ErrStale when the session is a kept one and the password is older; 0: any
	ClaimsRequest string   `json:"claims_request,omitempty"` // the claims parameter, up to 1024 bytes
	Resources     []string `json:"resources,omitempty"`      // up to 8
	JKT           string   `json:"jkt,omitempty"`            // dpop_jkt: thumbprint that the code is bound to (RFC 9449 section 10)
}

// AuthorizeOut is what an ID token in the front channel says.
type AuthorizeOut struct {
	SID      string   `json:"sid"`
	AuthTime int64    `json:"auth_time"` // unix seconds
	AMR      []string `json:"amr"`
	Claims   Claims   `json:"claims"`
}

// RedeemIn spends a code. Whatever comes out, the code cannot be used again.
type RedeemIn struct {
	CodeHash       []byte `json:"code_hash"`
	ClientID       string `json:"client_id"` // authenticated by the caller
	RedirectURI    string `json:"redirect_uri"`
	Challenge      string `json:"challenge"`       // S256 of the verifier that was sent
	GrantID        string `json:"grant_id"`        // a new id (NewID) of the access grant
	AccessLifetime int64  `json:"access_lifetime"` // seconds the grant lives, at most a day

	RefreshHash     []byte `json:"refresh_hash,omitempty"`     // Hash of the first refresh token's secret; nil: no refresh token
	RefreshLifetime int64  `json:"refresh_lifetime,omitempty"` // seconds a refresh token is good for unused
	RefreshAbsolute int64  `json:"refresh_absolute,omitempty"` // seconds after which the person must come back
	Binding         string `json:"binding,omitempty"`          // what refresh tokens are bound to: "jkt:…", "x5t:…" or ""
	JKT             string `json:"jkt,omitempty"`              // of the DPoP proof that came with the code
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

	ClaimsRequest string   `json:"claims_request,omitempty"`
	Resources     []string `json:"resources,omitempty"`
	Refresh       bool     `json:"refresh,omitempty"` // RefreshHash was kept
}

func authorize(tx *object.Tx, in AuthorizeIn) (AuthorizeOut, error) {
	if err := new(bounds).ref(in.Session).hash(in.CodeHash).text(in.ClientID, 1, maxClientID).
		text(in.RedirectURI, 1, maxURI).text(in.Scope, 0, maxText).text(in.Nonce, 0, maxText).
		text(in.Challenge, challengeLen, challengeLen).
		text(in.BackchannelLogoutURI, 0, maxURI).
		text(in.FrontchannelLogoutURI, 0, maxURI).err(); err != nil {
		return AuthorizeOut{}, err
	}
	s, err := checkSession(tx, in.Session)
	if err != nil {
		return AuthorizeOut{}, err
	}
	if s.authTime < in.AuthAfter {
		return AuthorizeOut{}, ErrStale
	}
	now := tx.Now().Unix()
	until := now + CodeLifetime
	tx.Exec(`INSERT INTO code (hash, session, client_id, redirect_uri, scope, nonce, challenge, valid_until, spent, access_grant,
		expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?)`,
		in.CodeHash, in.Session.ID, in.ClientID, in.RedirectURI, in.Scope, in.Nonce, in.Challenge, until, until)
	tx.Exec(`INSERT INTO participant (session, client_id, backchannel, frontchannel, since) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (session, client_id) DO UPDATE SET backchannel = excluded.backchannel, frontchannel = excluded.frontchannel`,
		in.Session.ID, in.ClientID, in.BackchannelLogoutURI, in.FrontchannelLogoutURI, now)
	wakeBy(tx, until)
	return AuthorizeOut{SID: in.Session.ID, AuthTime: s.authTime, AMR: s.amr, Claims: claims(tx, in.Scope)}, nil
}

// issued is an authorization code's row.
type issued struct {
	session, clientID, redirectURI, scope, nonce, challenge, grant string
	validUntil                                                     int64
	spent                                                          bool
}

func redeem(tx *object.Tx, in RedeemIn) (RedeemOut, error) {
	if err := new(bounds).id(in.GrantID).seconds(in.AccessLifetime, day).err(); err != nil {
		return RedeemOut{}, err
	}
	var c issued
	found := tx.Row(`SELECT session, client_id, redirect_uri, scope, nonce, challenge, valid_until, spent, access_grant FROM code
		WHERE hash = ?`, in.CodeHash).
		Scan(&c.session, &c.clientID, &c.redirectURI, &c.scope, &c.nonce, &c.challenge, &c.validUntil, &c.spent, &c.grant)
	if !found {
		return RedeemOut{Reason: ReasonUnknown}, nil
	}
	if c.spent {
		tx.Exec(`DELETE FROM access_grant WHERE id = ?`, c.grant)
		return RedeemOut{Reason: ReasonReplayed}, nil
	}
	spendCode(tx, in)
	if reason := c.refuse(in, tx.Now().Unix()); reason != "" {
		return RedeemOut{Reason: reason}, nil
	}
	return issueGrant(tx, c, in)
}

// spendCode comes before anything is issued for the code. The row stays as long as the grant it may lead to, to recognise a replay.
func spendCode(tx *object.Tx, in RedeemIn) {
	tx.Exec(`UPDATE code SET spent = 1, redirect_uri = '', scope = '', nonce = '', challenge = '', access_grant = ?, expires = ?
		WHERE hash = ?`, in.GrantID, tx.Now().Unix()+in.AccessLifetime, in.CodeHash)
}

// refuse says why the code is not good for this request, "" when it is.
func (c issued) refuse(in RedeemIn, now int64) Reason {
	switch {
	case now >= c.validUntil:
		return ReasonExpired
	case c.clientID != in.ClientID:
		return ReasonClient
	case c.redirectURI != in.RedirectURI:
		return ReasonRedirect
	case subtle.ConstantTimeCompare([]byte(c.challenge), []byte(in.Challenge)) != 1:
		return ReasonChallenge
	}
	return ""
}

func issueGrant(tx *object.Tx, c issued, in RedeemIn) (RedeemOut, error) {
	out := RedeemOut{OK: true, SID: c.session, Scope: c.scope, Nonce: c.nonce}
	var amr string
	now := tx.Now().Unix()
	if !tx.Row(`SELECT auth_time, amr FROM session WHERE id = ? AND expires > ?`, c.session, now).Scan(&out.AuthTime, &amr) {
		return RedeemOut{Reason: ReasonUnknown}, nil
	}
	fromText(amr, &out.AMR)
	out.Claims = claims(tx, c.scope)
	expires := now + in.AccessLifetime
	tx.Exec(`INSERT INTO access_grant (id, session, client_id, scope, expires) VALUES (?, ?, ?, ?, ?)`,
		in.GrantID, c.session, c.clientID, c.scope, expires)
	wakeBy(tx, expires)
	return out, nil
}

// claims are those of the person that scope covers.
func claims(tx *object.Tx, scope string) Claims {
	var all, out Claims
	tx.Row(`SELECT upn, name, email, email_verified FROM account`).Scan(&all.UPN, &all.Name, &all.Email, &all.EmailVerified)
	granted := strings.Fields(scope)
	if slices.Contains(granted, "profile") {
		out.UPN, out.Name = all.UPN, all.Name
	}
	if slices.Contains(granted, "email") {
		out.Email, out.EmailVerified = all.Email, all.EmailVerified
	}
	return out
}
