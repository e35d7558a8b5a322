package account

import (
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Scope values that this package knows (OpenID Connect Core 1.0 sections 5.4 and 11). The others are the callers' business.
const (
	scopeProfile = "profile"
	scopeEmail   = "email"
	scopeOffline = "offline_access"
)

// Claims are what an application may know of the person. Those outside the granted scope are empty (OpenID Connect Core 1.0
// section 5.4): UPN, Name and UpdatedAt need profile, Email and EmailVerified need email, or to be asked for by name (section 5.5).
type Claims struct {
	UPN           string `json:"upn,omitempty"`
	Name          string `json:"name,omitempty"`
	UpdatedAt     int64  `json:"updated_at,omitempty"` // unix seconds; when UPN and Name were set last
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
}

// person is all that there is to know.
type person struct{ Claims }

// within are the claims that scope covers, and those that the claims request names: their names are in it as JSON strings, and
// whoever keeps the request has left out of it what the application may not have.
func (p person) within(scope, claimsRequest string) Claims {
	granted := words(scope)
	may := func(cover, claim string) bool {
		return slices.Contains(granted, cover) || strings.Contains(claimsRequest, `"`+claim+`"`)
	}
	var out Claims
	if may(scopeProfile, "preferred_username") {
		out.UPN = p.UPN
	}
	if may(scopeProfile, "name") {
		out.Name = p.Name
	}
	if may(scopeProfile, "updated_at") {
		out.UpdatedAt = p.UpdatedAt
	}
	if may(scopeEmail, "email") {
		out.Email = p.Email
	}
	if may(scopeEmail, "email_verified") {
		out.EmailVerified = p.EmailVerified
	}
	return out
}

// loadPerson reads, in one statement, the person, what the person agreed to for an application, and whether participate has nothing to write.
func loadPerson(tx *object.Tx, in AuthorizeIn) (p person, c consent, participates bool) {
	c.clientID = in.ClientID
	var scope, resources string
	tx.Row(`SELECT a.upn, a.name, a.email, a.email_verified, a.created, c.client_id IS NOT NULL, c.scope, c.resources, c.since, c.last_used,
		coalesce(p.backchannel = ? AND p.frontchannel = ?, 0)
		FROM account a LEFT JOIN consent c ON c.client_id = +? LEFT JOIN participant p ON p.session = +? AND p.client_id = +?`,
		in.BackchannelLogoutURI, in.FrontchannelLogoutURI, in.ClientID, in.Session.ID, in.ClientID).
		Scan(&p.UPN, &p.Name, &p.Email, &p.EmailVerified, &p.UpdatedAt, &c.given, &scope, &resources, &c.since, &c.lastUsed, &participates)
	c.scope, c.resources = words(scope), words(resources)
	return p, c, participates
}

// assigned is Assigned, but nil is for everyone.
func assigned(upn string, list []string) bool { return list == nil || Assigned(upn, list) }

// Assigned reports whether a list has the person: the name itself, or *@ and its domain.
func Assigned(upn string, list []string) bool {
	_, domain, _ := strings.Cut(upn, "@")
	return slices.Contains(list, upn) || slices.Contains(list, "*@"+domain)
}

// words and joined are lists as they are stored: separated by spaces, which neither scope values nor URIs have.
func words(text string) []string { return strings.Fields(text) }

func joined(list []string) string { return strings.Join(list, " ") }

// within reports whether all of part is in whole.
func within(part, whole []string) bool {
	return !slices.ContainsFunc(part, func(one string) bool { return !slices.Contains(whole, one) })
}
