package account

import (
	"crypto/subtle"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Refresh is the method on refresh tokens (RFC 6749 section 6).
var Refresh = object.Method[RefreshIn, RefreshOut]{Kind: KindName, Name: "refresh"}

// RefreshIn shows a refresh token of a grant. On success its successor takes its place and it is worth nothing any more.
type RefreshIn struct {
	GrantID   string   `json:"grant_id"`
	Presented []byte   `json:"presented"`           // Hash of the secret in the token, which the caller knows to be one of ours
	Next      []byte   `json:"next"`                // Hash of the successor's; Presented again: the token stays (FAPI 2.0 section 5.3.2.1)
	ClientID  string   `json:"client_id"`           // authenticated by the caller
	Binding   string   `json:"binding,omitempty"`   // as in RedeemIn, of this request
	Scope     string   `json:"scope,omitempty"`     // for the new access token; "": as granted
	Resources []string `json:"resources,omitempty"` // for the new access token; nil: as granted
	// AssignedTo is that of AuthorizeIn, as it is today: who was taken off the list gets nothing more.
	AssignedTo []string `json:"assigned_to"`

	AccessLifetime  int64 `json:"access_lifetime"`  // seconds, at most a day
	RefreshLifetime int64 `json:"refresh_lifetime"` // seconds the successor is good for unused
	Grace           int64 `json:"grace"`            // seconds in which the predecessor may be shown again, at most 60
}

// RefreshOut has, when OK, what goes into the tokens. Nonce is empty (OpenID Connect Core 1.0 section 12.2), AuthTime that of the
// authorization.
type RefreshOut = RedeemOut

// refresh decides about a refresh token in one transaction, so that two presentations are always one after the other.
//
//	shown                                         then
//	the present token                             its successor takes its place; it is the predecessor now
//	the predecessor, within Grace                 a new successor takes the place of the unused one: the answer was lost
//	the predecessor later, or any older or        somebody has a copy: the whole grant is revoked (RFC 9700 section 4.14.2)
//	replaced token
//
// Of a hundred simultaneous presentations all may get an answer, but only the last successor is good: whoever shows another one
// ends the family. That the predecessor's successor was used is seen from its having become the predecessor itself.
//
// Only the application that the token was issued to, with the key it is bound to, gets as far as that. Everybody else is refused and
// changes nothing: the token was of no use to them, and whoever finds one must not be able to sign the person out. A scope or an API beyond
// what was granted is refused as well, and the token stays good.
func refresh(tx *object.Tx, in RefreshIn) (RefreshOut, error) {
	if err := new(bounds).hash(in.Presented).hash(in.Next).text(in.Scope, 0, maxText).resources(in.Resources).
		seconds(in.AccessLifetime, day).seconds(in.RefreshLifetime, maxLifetime).check(in.Grace >= 0 && in.Grace <= maxGrace).
		err(); err != nil {
		return RefreshOut{}, err
	}
	g, found := loadGrant(tx, in.GrantID)
	if !found {
		return RefreshOut{Reason: ReasonUnknown}, nil
	}
	if reason := g.foreign(in); reason != "" {
		return RefreshOut{Reason: reason}, nil
	}
	now := tx.Now().Unix()
	current := equal(in.Presented, g.current)
	if !current && !(equal(in.Presented, g.previous) && now < g.rotated+in.Grace) {
		deleteGrant(tx, in.GrantID)
		return RefreshOut{Reason: ReasonReplayed}, nil
	}
	if reason := g.refuse(in, now); reason != "" {
		return RefreshOut{Reason: reason}, nil
	}
	if current {
		g.previous, g.rotated = g.current, now
	}
	return g.rotate(tx, in), nil
}

// foreign says why a token is none of the caller's.
func (g granted) foreign(in RefreshIn) Reason {
	switch {
	case len(g.current) == 0:
		return ReasonUnknown
	case g.clientID != in.ClientID:
		return ReasonClient
	case g.binding != in.Binding:
		return ReasonBinding
	}
	return ""
}

// refuse says why a good token is not good for this request.
func (g granted) refuse(in RefreshIn, now int64) Reason {
	switch {
	case now >= g.until:
		return ReasonExpired
	case !assigned(g.UPN, in.AssignedTo):
		return ReasonAssignment
	case !within(words(in.Scope), words(g.scope)):
		return ReasonScope
	case !within(in.Resources, g.resources):
		return ReasonResource
	}
	return ""
}

// rotate writes the successor, which has the whole scope (RFC 6749 section 6) and the family's absolute end.
func (g granted) rotate(tx *object.Tx, in RefreshIn) RefreshOut {
	now := tx.Now().Unix()
	until := min(now+in.RefreshLifetime, g.ends)
	expires := max(now+in.AccessLifetime, until)
	tx.Exec(`UPDATE access_grant SET refresh_hash = ?, previous_hash = ?, rotated = ?, refresh_until = ?, expires = ?, used = ? WHERE id = ?`,
		in.Next, g.previous, g.rotated, until, expires, now, in.GrantID)
	wakeBy(tx, expires)
	out := RefreshOut{
		OK: true, SID: g.session, Scope: g.scope, AuthTime: g.authTime, AMR: g.amr,
		ClaimsRequest: g.claimsRequest, Resources: g.resources, Refresh: true,
	}
	byName := g.claimsRequest
	if in.Scope != "" { // who asks for less means it
		out.Scope, byName = in.Scope, ""
	}
	if in.Resources != nil {
		out.Resources = in.Resources
	}
	out.Claims = g.within(out.Scope, byName)
	return out
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
