package account

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/object"
)

// MaxConsents is how many applications an account remembers consent for; for a further one the one not used for longest is forgotten.
const MaxConsents = 200

// The methods on consent: what the person agreed that an application may do. Authorize adds to it (AuthorizeIn.Agreed).
var (
	Consents      = object.Method[SessionRef, ConsentsOut]{Kind: KindName, Name: "consents"}
	RevokeConsent = object.Method[RevokeConsentIn, None]{Kind: KindName, Name: "revoke_consent"}
)

// Consent is what one application may do. The times are unix seconds.
type Consent struct {
	ClientID  string   `json:"client_id"`
	Agreed    bool     `json:"agreed"`    // by the person; false: the operator agreed for everyone
	Scope     string   `json:"scope"`     // what it was agreed to and what live grants have
	Resources []string `json:"resources"` // the same
	Since     int64    `json:"since"`
	LastUsed  int64    `json:"last_used"`
	Grants    int      `json:"grants"`  // live ones
	Offline   bool     `json:"offline"` // one of them outlives the person's session
}

// ConsentsOut lists the applications that the person agreed to, that have a live grant or that are signed in to, newest use first.
type ConsentsOut struct {
	Consents []Consent `json:"consents"`
}

// RevokeConsentIn takes from an application all that it may do: the consent is forgotten, its codes and grants end with all their
// tokens, and it is told by the back channel that it is signed out. ErrSession.
type RevokeConsentIn struct {
	Session  SessionRef `json:"session"`
	ClientID string     `json:"client_id"`
}

// MaxTerms bounds what a person is asked to agree to at once, in bytes, with a space between terms.
const MaxTerms = 4 << 10

// termMark stands between a scope value and its API in a term. No scope value has it (RFC 6749 section 3.3).
const termMark = `"`

// Term is a scope value of an API as a person agrees to it. Two APIs may have the same word, and mean something else by it. Without a
// word it is something else that is agreed to.
func Term(word, resource string) string {
	sum := sha256.Sum256([]byte(resource))
	return word + termMark + base64.RawURLEncoding.EncodeToString(sum[:9])
}

// wordsOf are the scope values of terms.
func wordsOf(terms []string) []string {
	var out []string
	for _, term := range terms {
		if word, _, _ := strings.Cut(term, termMark); word != "" {
			out = append(out, word)
		}
	}
	return union(nil, out)
}

// agreement is what somebody may do.
type agreement struct {
	clientID         string
	scope, resources []string
}

// consent is a row, or none when it was not given.
type consent struct {
	agreement
	given           bool
	since, lastUsed int64
}

func (c consent) covers(a agreement) bool {
	return c.given && within(a.scope, c.scope) && within(a.resources, c.resources)
}

// add remembers a in addition to c. When both together are too long to be kept, only a is.
func (c consent) add(tx *object.Tx, a agreement) {
	now := tx.Now().Unix()
	if !c.given {
		tx.Exec(`DELETE FROM consent WHERE client_id IN (SELECT client_id FROM consent ORDER BY last_used DESC, client_id LIMIT -1 OFFSET ?)`,
			MaxConsents-1)
		c.since = now
	}
	scope, resources := joined(union(c.scope, a.scope)), joined(union(c.resources, a.resources))
	if len(scope) > maxConsent || len(resources) > maxConsent {
		scope, resources = joined(a.scope), joined(a.resources)
	}
	tx.Exec(`INSERT INTO consent (client_id, scope, resources, since, last_used) VALUES (?, ?, ?, ?, ?) ON CONFLICT (client_id)
		DO UPDATE SET scope = excluded.scope, resources = excluded.resources, last_used = excluded.last_used`,
		a.clientID, scope, resources, c.since, now)
}

// use notes the use of a consent, as coarsely as that of a session.
func (c consent) use(tx *object.Tx) {
	if now := tx.Now().Unix(); c.given && now-c.lastUsed >= TouchEvery {
		tx.Exec(`UPDATE consent SET last_used = ? WHERE client_id = ?`, now, c.clientID)
	}
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, one := range b {
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

// consents puts together what three tables know of the applications.
func consents(tx *object.Tx, ref SessionRef) (ConsentsOut, error) {
	if _, err := checkSession(tx, ref); err != nil {
		return ConsentsOut{}, err
	}
	now := tx.Now()
	list := ConsentsOut{Consents: []Consent{}}
	for row := range tx.Rows(`SELECT client_id, 1, scope, resources, since, last_used, 0, 0 FROM consent
		UNION ALL SELECT g.client_id, 0, g.scope, g.resources, g.created, g.used, 1, g.offline FROM access_grant g
			LEFT JOIN session s ON s.id = g.session WHERE g.expires > ? AND (g.offline = 1 OR s.expires > ?)
		UNION ALL SELECT p.client_id, 0, '', '', p.since, p.since, 0, 0 FROM participant p
			JOIN session s ON s.id = p.session WHERE s.expires > ?`, now, now, now) {
		var c Consent
		var resources string
		row.Scan(&c.ClientID, &c.Agreed, &c.Scope, &resources, &c.Since, &c.LastUsed, &c.Grants, &c.Offline)
		c.Resources, c.Scope = words(resources), joined(wordsOf(words(c.Scope)))
		list.add(c)
	}
	slices.SortFunc(list.Consents, func(a, b Consent) int { return int(b.LastUsed - a.LastUsed) })
	return list, nil
}

// add merges what is known of one application.
func (l *ConsentsOut) add(c Consent) {
	i := slices.IndexFunc(l.Consents, func(known Consent) bool { return known.ClientID == c.ClientID })
	if i < 0 {
		l.Consents = append(l.Consents, c)
		return
	}
	known := &l.Consents[i]
	known.Agreed, known.Offline, known.Grants = known.Agreed || c.Agreed, known.Offline || c.Offline, known.Grants+c.Grants
	known.Scope = joined(union(words(known.Scope), words(c.Scope)))
	known.Resources = union(known.Resources, c.Resources)
	known.Since, known.LastUsed = min(known.Since, c.Since), max(known.LastUsed, c.LastUsed)
}

func revokeConsent(tx *object.Tx, in RevokeConsentIn) (None, error) {
	if _, err := checkSession(tx, in.Session); err != nil {
		return None{}, err
	}
	for row := range tx.Rows(`DELETE FROM participant WHERE client_id = ? RETURNING session, backchannel`, in.ClientID) {
		out := Logout{Sub: tx.Name(), ClientID: in.ClientID}
		if row.Scan(&out.SID, &out.BackchannelLogoutURI); out.BackchannelLogoutURI != "" {
			tx.Later(TopicLogout, out)
		}
	}
	for _, table := range []string{"consent", "code", "access_grant"} {
		tx.Exec(`DELETE FROM `+table+` WHERE client_id = ?`, in.ClientID)
	}
	return None{}, nil
}
