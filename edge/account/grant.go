package account

import "github.com/latchkey-id/latchkey/edge/object"

// The methods on access grants: the records of authorizations. A grant is what access and refresh tokens stand for; they name it.
var (
	Userinfo    = object.Method[UserinfoIn, UserinfoOut]{Kind: KindName, Name: "userinfo"}
	GrantFacts  = object.Method[GrantIn, GrantFactsOut]{Kind: KindName, Name: "grant_facts"}
	RevokeGrant = object.Method[RevokeGrantIn, None]{Kind: KindName, Name: "revoke_grant"}
	Refresh     = object.Method[RefreshIn, RefreshOut]{Kind: KindName, Name: "refresh"}
)

// Claims are what an application may know of the person. Those that neither the granted scope (OpenID Connect Core 1.0 section 5.4) nor
// the claims request (section 5.5) covers are empty.
type Claims struct {
	UPN           string `json:"upn,omitempty"`
	Name          string `json:"name,omitempty"`
	UpdatedAt     int64  `json:"updated_at,omitempty"` // of the profile, unix seconds
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
}

// UserinfoIn asks for the claims of a grant; ErrGrant when it is not there any more.
type UserinfoIn struct {
	GrantID string `json:"grant_id"`
}

// UserinfoOut has the claims; `sub` is the account's id.
type UserinfoOut struct {
	ClientID string `json:"client_id"`
	Claims   Claims `json:"claims"`
}

// GrantIn asks about a grant: ErrGrant when it is not there any more.
type GrantIn struct {
	GrantID     string `json:"grant_id"`
	RefreshHash []byte `json:"refresh_hash,omitempty"` // ErrGrant unless this refresh token is the present one; nil: whichever
}

// GrantFactsOut is what introspection, userinfo and token exchange need of a grant.
type GrantFactsOut struct {
	ClientID      string   `json:"client_id"`
	Scope         string   `json:"scope"`
	SID           string   `json:"sid,omitempty"`
	AuthTime      int64    `json:"auth_time"` // unix seconds
	AMR           []string `json:"amr,omitempty"`
	Resources     []string `json:"resources,omitempty"`
	Claims        Claims   `json:"claims"`
	ClaimsRequest string   `json:"claims_request,omitempty"`
	Binding       string   `json:"binding,omitempty"` // of its refresh tokens
	Expires       int64    `json:"expires"`           // of its present refresh token, else of the grant; unix seconds
}

// RevokeGrantIn ends a grant of an application with all its tokens. One that is not there, or another application's, is no error.
type RevokeGrantIn struct {
	GrantID     string `json:"grant_id"`
	ClientID    string `json:"client_id"`
	RefreshHash []byte `json:"refresh_hash,omitempty"` // when a refresh token asks for it; one that was replaced ends the grant as well
}

// RefreshIn spends a refresh token and puts its successor in its place (RFC 6749 section 6).
type RefreshIn struct {
	GrantID         string   `json:"grant_id"`
	Presented       []byte   `json:"presented"` // Hash of the secret that was sent
	Next            []byte   `json:"next"`      // Hash of its successor's
	ClientID        string   `json:"client_id"` // authenticated by the caller
	Binding         string   `json:"binding,omitempty"`
	Scope           string   `json:"scope,omitempty"`     // within what was granted; "" for all of it
	Resources       []string `json:"resources,omitempty"` // within what was granted; nil for all of them
	AccessLifetime  int64    `json:"access_lifetime"`     // seconds
	RefreshLifetime int64    `json:"refresh_lifetime"`    // seconds the successor is good for unused
	Grace           int64    `json:"grace"`               // seconds in which the one before may come again because an answer was lost
}

// RefreshOut has, when OK, what goes into the tokens.
type RefreshOut = RedeemOut

// Reasons of Refresh besides those of Redeem.
const (
	ReasonBinding  Reason = "binding"  // bound to another key or certificate
	ReasonScope    Reason = "scope"    // more scope than was granted
	ReasonResource Reason = "resource" // an API that was not granted
)

func userinfo(tx *object.Tx, in UserinfoIn) (UserinfoOut, error) {
	out, err := grantFacts(tx, GrantIn{GrantID: in.GrantID})
	return UserinfoOut{ClientID: out.ClientID, Claims: out.Claims}, err
}

func grantFacts(tx *object.Tx, in GrantIn) (GrantFactsOut, error) {
	var out GrantFactsOut
	var amr string
	if in.RefreshHash != nil {
		return out, ErrGrant // there are none
	}
	if !tx.Row(`SELECT g.client_id, g.scope, g.session, g.expires, s.auth_time, s.amr FROM access_grant g JOIN session s ON s.id = g.session
		WHERE g.id = ? AND g.expires > ?`, in.GrantID, tx.Now()).
		Scan(&out.ClientID, &out.Scope, &out.SID, &out.Expires, &out.AuthTime, &amr) {
		return out, ErrGrant
	}
	fromText(amr, &out.AMR)
	out.Claims = claims(tx, out.Scope)
	return out, nil
}

func revokeGrant(tx *object.Tx, in RevokeGrantIn) (None, error) {
	tx.Exec(`DELETE FROM access_grant WHERE id = ? AND client_id = ?`, in.GrantID, in.ClientID)
	return None{}, nil
}
