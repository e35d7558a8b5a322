package account

import (
	"bytes"
	"slices"

	"github.com/latchkey-id/latchkey/edge/object"
)

// MaxGrants is how many grants an account has at most; for a further one the one not used for longest ends.
const MaxGrants = 200

// The methods on grants. A grant is what the tokens of one authorization stand for: they name it, and end with it.
var (
	GrantFacts  = object.Method[GrantIn, GrantFactsOut]{Kind: KindName, Name: "grant_facts"}
	RevokeGrant = object.Method[RevokeGrantIn, None]{Kind: KindName, Name: "revoke_grant"}
)

// GrantIn names a grant.
type GrantIn struct {
	GrantID     string `json:"grant_id"`
	RefreshHash []byte `json:"refresh_hash,omitempty"` // ErrGrant unless this is the present refresh token; nil: do not look
}

// GrantFactsOut is what a grant is.
type GrantFactsOut struct {
	ClientID      string   `json:"client_id"`
	Scope         string   `json:"scope"`
	SID           string   `json:"sid"`
	AuthTime      int64    `json:"auth_time"` // unix seconds
	AMR           []string `json:"amr,omitempty"`
	Resources     []string `json:"resources,omitempty"`
	Claims        Claims   `json:"claims"` // within Scope and ClaimsRequest
	ClaimsRequest string   `json:"claims_request,omitempty"`
	Binding       string   `json:"binding,omitempty"`
	Expires       int64    `json:"expires"` // unix seconds: of the refresh token when it was asked about, else of the grant
}

// RevokeGrantIn ends a grant (RFC 7009 section 2.1), if it is the application's. Whichever refresh token of the family is shown, an old
// one as well, the family ends.
type RevokeGrantIn struct {
	GrantID     string `json:"grant_id"`
	ClientID    string `json:"client_id"`
	RefreshHash []byte `json:"refresh_hash,omitempty"`
}

// authorization is what a person let an application do, as a code and later a grant have it.
type authorization struct {
	session, scope, claimsRequest string
	resources, amr                []string
	authTime                      int64
}

func (a authorization) offline() bool { return slices.Contains(words(a.scope), scopeOffline) }

// family is how the refresh tokens of a grant are to be. Without a hash there are none.
type family struct {
	hash                       []byte
	binding                    string
	access, lifetime, absolute int64 // seconds
}

// granted is a grant's row, with the person.
type granted struct {
	clientID, binding            string
	offline                      bool
	current, previous            []byte
	rotated, until, ends, expire int64
	authorization
	person
}

// loadGrant reads a grant that is live: it has not expired and, unless it is good offline, its session is live.
func loadGrant(tx *object.Tx, id string) (granted, bool) {
	var g granted
	var resources, amr string
	var sessionExpires int64
	found := tx.Row(`SELECT g.client_id, g.scope, g.session, g.offline, g.resources, g.claims_request, g.auth_time, g.amr, g.binding,
		g.refresh_hash, g.previous_hash, g.rotated, g.refresh_until, g.ends, g.expires, coalesce(s.expires, 0),
		a.upn, a.name, a.email, a.email_verified, a.created
		FROM access_grant g JOIN account a LEFT JOIN session s ON s.id = g.session WHERE g.id = +?`, id).
		Scan(&g.clientID, &g.scope, &g.session, &g.offline, &resources, &g.claimsRequest, &g.authTime, &amr, &g.binding,
			&g.current, &g.previous, &g.rotated, &g.until, &g.ends, &g.expire, &sessionExpires,
			&g.UPN, &g.Name, &g.Email, &g.EmailVerified, &g.UpdatedAt)
	now := tx.Now().Unix()
	if !found || now >= g.expire || !g.offline && now >= sessionExpires {
		return granted{}, false
	}
	g.resources = words(resources)
	fromText(amr, &g.amr)
	return g, true
}

// insertGrant writes a grant. The caller has made room for it (endOldest).
func insertGrant(tx *object.Tx, id, clientID string, a authorization, f family) {
	now := tx.Now().Unix()
	expires, until, ends := now+f.access, int64(0), int64(0)
	if f.hash != nil {
		ends = now + f.absolute
		until = min(now+f.lifetime, ends)
	}
	expires = max(expires, until)
	tx.Exec(`INSERT INTO access_grant (id, session, client_id, scope, expires, offline, resources, claims_request, auth_time, amr, binding,
		refresh_hash, refresh_until, ends, created, used, device_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce((SELECT device_id FROM session WHERE id = ?), ''))`,
		id, a.session, clientID, a.scope, expires, a.offline(), joined(a.resources), a.claimsRequest, a.authTime, jsonText(a.amr),
		f.binding, blob(f.hash), until, ends, now, now, a.session)
	wakeBy(tx, expires)
}

// endOldest ends, of n grants, those not used for longest, until there are no more than keep. Those without a refresh token go first: they
// end within minutes anyway, and a busy application must not end what another one needs once a day.
func endOldest(tx *object.Tx, n, keep int) {
	for ; n > keep; n-- { // by one, hardly ever by more
		tx.Exec(`DELETE FROM access_grant WHERE id = (SELECT id FROM access_grant ORDER BY refresh_hash <> x'', used, created, id DESC LIMIT 1)`)
	}
}

func deleteGrant(tx *object.Tx, id string) { tx.Exec(`DELETE FROM access_grant WHERE id = ?`, id) }

func grantFacts(tx *object.Tx, in GrantIn) (GrantFactsOut, error) {
	g, found := loadGrant(tx, in.GrantID)
	if !found {
		return GrantFactsOut{}, ErrGrant
	}
	expires := g.expire
	if in.RefreshHash != nil {
		if expires = g.until; tx.Now().Unix() >= g.until || !bytes.Equal(in.RefreshHash, g.current) {
			return GrantFactsOut{}, ErrGrant
		}
	}
	return GrantFactsOut{
		ClientID: g.clientID, Scope: g.scope, SID: g.session, AuthTime: g.authTime, AMR: g.amr, Resources: g.resources,
		Claims: g.within(g.scope, g.claimsRequest), ClaimsRequest: g.claimsRequest, Binding: g.binding, Expires: expires,
	}, nil
}

func revokeGrant(tx *object.Tx, in RevokeGrantIn) (None, error) {
	tx.Exec(`DELETE FROM access_grant WHERE id = ? AND client_id = ?`, in.GrantID, in.ClientID)
	return None{}, nil
}
