package account

import (
	"crypto/subtle"

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
// transaction. It answers ErrSession, or ErrStale when the password was given before AuthAfter, or else what it says below.
type AuthorizeIn struct {
	Session     SessionRef `json:"session"`
	AuthAfter   int64      `json:"auth_after,omitempty"` // unix seconds (max_age, prompt=login); 0: any time will do
	CodeHash    []byte     `json:"code_hash,omitempty"`  // Hash of a NewSecret; nil: no code, only an ID token is asked for
	ClientID    string     `json:"client_id"`            // up to 128 bytes
	RedirectURI string     `json:"redirect_uri"`         // up to 2048 bytes, as all URIs
	Scope       string     `json:"scope"`                // granted, separated by spaces, up to 1024 bytes
	Nonce       string     `json:"nonce,omitempty"`      // up to 1024 bytes
	Challenge   string     `json:"challenge"`            // PKCE S256, 43 characters

	BackchannelLogoutURI  string `json:"backchannel_logout_uri,omitempty"`
	FrontchannelLogoutURI string `json:"frontchannel_logout_uri,omitempty"`

	ConsentNeeded bool `json:"consent_needed,omitempty"` // ErrConsent unless this person agreed to Terms and Resources before
	// Terms are what Scope means to the person, by Term for what is an API's own; nil: the words of Scope. 4096 bytes together.
	Terms []string `json:"terms,omitempty"`
	// Agreed: the person agreed to Terms and Resources just now. It is remembered in the same transaction, and ConsentNeeded is met.
	Agreed bool `json:"agreed,omitempty"`
	// AssignedTo: ErrAssignment unless the UPN is one of these, or one is *@ and its domain; nil: for everyone. An empty list is for
	// nobody, so it must survive the way here: no omitempty.
	AssignedTo    []string `json:"assigned_to"`
	KeptMaxAge    int64    `json:"kept_max_age,omitempty"`   // seconds; ErrStale when the session is a kept one and the password is older; 0: any
	ClaimsRequest string   `json:"claims_request,omitempty"` // the claims parameter, up to 1024 bytes
	Resources     []string `json:"resources,omitempty"`      // identifiers of APIs (RFC 8707), up to 8
	Lifetime      int64    `json:"lifetime,omitempty"`       // of the code, in seconds, at most an hour; 0: CodeLifetime
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

// Reason says why a code was not redeemed, or a refresh token not accepted. The application hears invalid_grant for all of them; the log is told.
type Reason string

// The reasons.
const (
	ReasonUnknown   Reason = "unknown"   // never issued here, its session has ended, or forgotten
	ReasonReplayed  Reason = "replayed"  // used before: what it had issued is revoked now
	ReasonExpired   Reason = "expired"   // older than CodeLifetime; a refresh token: unused for too long, or past its absolute end
	ReasonClient    Reason = "client"    // issued to another application
	ReasonRedirect  Reason = "redirect"  // issued for another redirect URI
	ReasonChallenge Reason = "challenge" // the verifier is not the one of the request
	ReasonBinding   Reason = "binding"   // bound to another key or certificate
	ReasonScope     Reason = "scope"     // a refresh asks for more scope than was granted; the token is still good
	ReasonResource  Reason = "resource"  // a refresh asks for an API that was not granted; the token is still good

	ReasonAssignment Reason = "assignment" // the application is not for this person any more; the token is good when it is again
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

// authorize has one gate after the other, and writes only when all are open.
func authorize(tx *object.Tx, in AuthorizeIn) (AuthorizeOut, error) {
	if err := in.bounds(); err != nil {
		return AuthorizeOut{}, err
	}
	s, err := checkSession(tx, in.Session)
	if err != nil {
		return AuthorizeOut{}, err
	}
	now := tx.Now().Unix()
	if s.authTime < in.AuthAfter || in.KeptMaxAge > 0 && s.keep && now-s.authTime >= in.KeptMaxAge {
		return AuthorizeOut{}, ErrStale
	}
	who, agreed, participates := loadPerson(tx, in)
	if !assigned(who.UPN, in.AssignedTo) {
		return AuthorizeOut{}, ErrAssignment
	}
	asked := agreement{in.ClientID, in.Terms, in.Resources}
	if in.Terms == nil {
		asked.scope = words(in.Scope)
	}
	switch {
	case in.Agreed:
		agreed.add(tx, asked)
	case in.ConsentNeeded && !agreed.covers(asked):
		return AuthorizeOut{}, ErrConsent
	default:
		agreed.use(tx)
	}
	insertCode(tx, in, now)
	if !participates {
		participate(tx, in)
	}
	return AuthorizeOut{SID: in.Session.ID, AuthTime: s.authTime, AMR: s.amr, Claims: who.within(in.Scope, in.ClaimsRequest)}, nil
}

func (in *AuthorizeIn) bounds() error {
	b := new(bounds).ref(in.Session).text(in.ClientID, 1, maxClientID).
		text(in.RedirectURI, 1, maxURI).text(in.Scope, 0, maxText).text(in.Nonce, 0, maxText).
		text(in.BackchannelLogoutURI, 0, maxURI).text(in.FrontchannelLogoutURI, 0, maxURI).
		resources(in.Resources).text(in.ClaimsRequest, 0, maxText).text(in.JKT, 0, maxID).
		check(in.Lifetime >= 0 && in.Lifetime <= 3600).text(joined(in.Terms), 0, MaxTerms)
	if in.CodeHash != nil {
		b.hash(in.CodeHash).text(in.Challenge, challengeLen, challengeLen)
	}
	return b.err()
}

func insertCode(tx *object.Tx, in AuthorizeIn, now int64) {
	if in.CodeHash == nil {
		return
	}
	until := now + CodeLifetime
	if in.Lifetime != 0 {
		until = now + in.Lifetime
	}
	tx.Exec(`INSERT INTO code (hash, session, client_id, redirect_uri, scope, nonce, challenge, valid_until, spent, access_grant,
		expires, resources, claims_request, jkt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?, ?, ?, ?)`,
		in.CodeHash, in.Session.ID, in.ClientID, in.RedirectURI, in.Scope, in.Nonce, in.Challenge, until,
		until, joined(in.Resources), in.ClaimsRequest, in.JKT)
	wakeBy(tx, until)
}

// participate remembers that the application was signed in to in the session, to tell it of the session's end. Most have been
// signed in to before, so it is asked first (loadPerson).
func participate(tx *object.Tx, in AuthorizeIn) {
	tx.Exec(`INSERT INTO participant (session, client_id, backchannel, frontchannel, since) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (session, client_id) DO UPDATE SET backchannel = excluded.backchannel, frontchannel = excluded.frontchannel`,
		in.Session.ID, in.ClientID, in.BackchannelLogoutURI, in.FrontchannelLogoutURI, tx.Now())
}

// issued is an authorization code's row, with what of the session and the person goes into tokens.
type issued struct {
	clientID, redirectURI, nonce, challenge, grant, jkt string
	validUntil, sessionExpires                          int64
	spent                                               bool
	grants                                              int // of the account
	authorization                                           // what the grant will be
	person
}

func loadCode(tx *object.Tx, hash []byte) (issued, bool) {
	var c issued
	var resources, amr string
	found := tx.Row(`SELECT c.session, c.client_id, c.redirect_uri, c.scope, c.nonce, c.challenge, c.valid_until, c.spent, c.access_grant,
		c.resources, c.claims_request, c.jkt, coalesce(s.auth_time, 0), coalesce(s.amr, '[]'), coalesce(s.expires, 0),
		(SELECT count(*) FROM access_grant), a.upn, a.name, a.email, a.email_verified, a.created
		FROM code c JOIN account a LEFT JOIN session s ON s.id = c.session WHERE c.hash = +?`, hash).
		Scan(&c.session, &c.clientID, &c.redirectURI, &c.scope, &c.nonce, &c.challenge, &c.validUntil, &c.spent, &c.grant,
			&resources, &c.claimsRequest, &c.jkt, &c.authTime, &amr, &c.sessionExpires, &c.grants,
			&c.UPN, &c.Name, &c.Email, &c.EmailVerified, &c.UpdatedAt)
	if found {
		c.resources = words(resources)
		fromText(amr, &c.amr)
	}
	return c, found
}

func redeem(tx *object.Tx, in RedeemIn) (RedeemOut, error) {
	if err := new(bounds).id(in.GrantID).seconds(in.AccessLifetime, day).family(in.family()).err(); err != nil {
		return RedeemOut{}, err
	}
	c, found := loadCode(tx, in.CodeHash)
	if !found {
		return RedeemOut{Reason: ReasonUnknown}, nil
	}
	if c.spent {
		deleteGrant(tx, c.grant)
		return RedeemOut{Reason: ReasonReplayed}, nil
	}
	spendCode(tx, in)
	if reason := c.refuse(in, tx.Now().Unix()); reason != "" {
		return RedeemOut{Reason: reason}, nil
	}
	endOldest(tx, c.grants, MaxGrants-1)
	insertGrant(tx, in.GrantID, in.ClientID, c.authorization, in.family())
	return RedeemOut{
		OK: true, SID: c.session, Scope: c.scope, Nonce: c.nonce, AuthTime: c.authTime, AMR: c.amr, Claims: c.within(c.scope, c.claimsRequest),
		ClaimsRequest: c.claimsRequest, Resources: c.resources, Refresh: in.RefreshHash != nil,
	}, nil
}

// spendCode comes before anything is issued for the code. The row stays as long as the code can be opened (edge/token seals it for the
// life of both), to recognise a replay.
func spendCode(tx *object.Tx, in RedeemIn) {
	tx.Exec(`UPDATE code SET spent = 1, redirect_uri = '', scope = '', nonce = '', challenge = '', resources = '', claims_request = '',
		jkt = '', access_grant = ?, expires = ? WHERE hash = ?`, in.GrantID, tx.Now().Unix()+CodeLifetime+in.AccessLifetime, in.CodeHash)
}

// refuse says why the code is not good for this request, "" when it is. A code that was asked for with a key is redeemed with that
// key (RFC 9449 section 10).
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
	case c.jkt != "" && c.jkt != in.JKT:
		return ReasonBinding
	case now >= c.sessionExpires:
		return ReasonUnknown
	}
	return ""
}

func (in *RedeemIn) family() family {
	return family{in.RefreshHash, in.Binding, in.AccessLifetime, in.RefreshLifetime, in.RefreshAbsolute}
}
