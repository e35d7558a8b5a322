package account

import "github.com/latchkey-id/latchkey/edge/object"

// Userinfo is the method on access grants. A grant is what an access token stands for; the token names it.
var Userinfo = object.Method[UserinfoIn, UserinfoOut]{Kind: KindName, Name: "userinfo"}

// Claims are what an application may know of the person. Those outside the granted scope are empty (OpenID Connect Core 1.0
// section 5.4): UPN and Name need profile, Email and EmailVerified need email.
type Claims struct {
	UPN           string `json:"upn,omitempty"`
	Name          string `json:"name,omitempty"`
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

func userinfo(tx *object.Tx, in UserinfoIn) (UserinfoOut, error) {
	var out UserinfoOut
	var scope string
	if !tx.Row(`SELECT client_id, scope FROM access_grant WHERE id = ? AND expires > ?`, in.GrantID, tx.Now()).
		Scan(&out.ClientID, &scope) {
		return out, ErrGrant
	}
	out.Claims = claims(tx, scope)
	return out, nil
}
