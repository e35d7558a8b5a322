package tenant

import (
	"encoding/json"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Bounds of initial access tokens (RFC 7591 section 3).
const (
	maxInitialTokens = 100
	MaxInitialUses   = 1000                // registrations with one token
	MaxInitialLife   = 90 * 24 * time.Hour // of one token
	maxNote          = 128                 // bytes
)

// Methods about initial access tokens: who has one may register applications.
var (
	AddInitialToken    = object.Method[AddInitialTokenIn, None]{Kind: KindName, Name: "add_initial_token"}
	InitialTokens      = object.Method[None, []InitialToken]{Kind: KindName, Name: "initial_tokens"}
	RevokeInitialToken = object.Method[RevokeInitialTokenIn, RevokeInitialTokenOut]{Kind: KindName, Name: "revoke_initial_token"}
	TermsOf            = object.Method[TermsIn, Terms]{Kind: KindName, Name: "initial_token_terms"}
)

// Terms are what applications that are registered with an initial access token get beside what they ask for themselves.
type Terms struct {
	Resources   []string        `json:"resources,omitempty"`   // APIs they may have tokens for
	Introspects []string        `json:"introspects,omitempty"` // APIs they are
	Exchange    *ExchangePolicy `json:"exchange,omitempty"`    // nil: no token exchange
}

// apply puts the terms over whatever an application says of itself: each person is asked, and nothing is reached but what the operator
// allowed. It also says how an application is called that registered itself.
func (t Terms) apply(app Application) Application {
	app.Dynamic, app.Consent, app.Profile = true, ConsentRequired, ""
	app.AssignmentRequired, app.AssignedTo, app.SignInFrequency, app.NoKeptSessions = false, nil, 0, false
	app.Resources, app.Introspects, app.Exchange = t.Resources, nil, nil
	if !app.Public() {
		app.Introspects = t.Introspects
	}
	if app.MayUse(GrantExchange) {
		app.Exchange = t.Exchange
	}
	return app
}

// InitialToken is what an operator sees of one.
type InitialToken struct {
	ID      string `json:"id"`
	Note    string `json:"note,omitempty"`
	Uses    int64  `json:"uses"` // that are left
	Terms   Terms  `json:"terms,omitzero"`
	Created int64  `json:"created"` // unix seconds, as Expires
	Expires int64  `json:"expires"`
}

// AddInitialTokenIn is a new token. ID names it to the operator; Hash is its SHA-256.
type AddInitialTokenIn struct {
	ID    string        `json:"id"`
	Hash  []byte        `json:"hash"`
	Note  string        `json:"note"`
	Uses  int64         `json:"uses"`
	Life  time.Duration `json:"life"`
	Terms Terms         `json:"terms"`
}

// RevokeInitialTokenIn names a token; Applications says to forget what was registered with it, too.
type RevokeInitialTokenIn struct {
	ID           string `json:"id"`
	Applications bool   `json:"applications"`
}

// RevokeInitialTokenOut says which applications were forgotten.
type RevokeInitialTokenOut struct {
	Applications []string `json:"applications"`
}

// TermsIn presents a token.
type TermsIn struct {
	Hash []byte `json:"hash"`
}

// addInitialToken keeps a token. ErrTooMany: a hundred are good already. ErrInvalidApplication: it is outside the bounds.
func addInitialToken(tx *object.Tx, in AddInitialTokenIn) (None, error) {
	bounds := in.ID != "" && len(in.Hash) == 32 && in.Uses > 0 && in.Uses <= MaxInitialUses && in.Life >= time.Second && in.Life <= MaxInitialLife
	if !bounds || len(in.Note) > maxNote || len(in.Terms.faults()) > 0 {
		return None{}, ErrInvalidApplication
	}
	tx.Exec(`DELETE FROM initial_token WHERE expires <= ? OR uses <= 0`, tx.Now())
	var n int
	if tx.Row(`SELECT count(*) FROM initial_token`).Scan(&n); n >= maxInitialTokens {
		return None{}, ErrTooMany
	}
	terms, err := json.Marshal(in.Terms)
	if err != nil {
		return None{}, err
	}
	expires := tx.Now().Add(in.Life)
	tx.Exec(`INSERT INTO initial_token (id, hash, note, uses, terms, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		in.ID, in.Hash, in.Note, in.Uses, string(terms), tx.Now(), expires)
	forgetInitialTokens.By(tx, expires)
	return None{}, nil
}

// forgetInitialTokens erases tokens that have expired: of a hundred at most, so expires needs no index.
var forgetInitialTokens = object.Sweep{Table: "initial_token"}

func initialTokens(tx *object.Tx, _ None) ([]InitialToken, error) {
	tokens := []InitialToken{}
	for row := range tx.Rows(`SELECT id, note, uses, terms, created, expires FROM initial_token WHERE expires > ? AND uses > 0
		ORDER BY created, id LIMIT ?`, tx.Now(), maxInitialTokens) {
		var t InitialToken
		var terms string
		row.Scan(&t.ID, &t.Note, &t.Uses, &terms, &t.Created, &t.Expires)
		if err := json.Unmarshal([]byte(terms), &t.Terms); err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
	}
	return tokens, nil
}

// revokeInitialToken ends a token, also one that is spent, for the sake of its applications. Doing it again changes nothing.
func revokeInitialToken(tx *object.Tx, in RevokeInitialTokenIn) (RevokeInitialTokenOut, error) {
	out := RevokeInitialTokenOut{Applications: []string{}}
	tx.Exec(`DELETE FROM initial_token WHERE id = ?`, in.ID)
	if !in.Applications {
		return out, nil
	}
	for row := range tx.Rows(`DELETE FROM registration WHERE origin = ? RETURNING client_id`, in.ID) {
		var id string
		row.Scan(&id)
		tx.Exec(`DELETE FROM application WHERE client_id = ?`, id)
		out.Applications = append(out.Applications, id)
	}
	return out, nil
}

// termsOf is ErrInitialToken unless the token is good for another registration. It takes nothing of it.
func termsOf(tx *object.Tx, in TermsIn) (Terms, error) {
	_, terms, err := goodToken(tx, in.Hash)
	return terms, err
}

func goodToken(tx *object.Tx, hash []byte) (id string, terms Terms, err error) {
	var data string
	// looked up by the hash of a random secret: how long that takes says nothing of use
	if !tx.Row(`SELECT id, terms FROM initial_token WHERE hash = ? AND uses > 0 AND expires > ?`, hash, tx.Now()).Scan(&id, &data) {
		return "", Terms{}, ErrInitialToken
	}
	return id, terms, json.Unmarshal([]byte(data), &terms)
}

// faults are those of an application with these terms.
func (t Terms) faults() (faults Faults) {
	app := Application{Resources: t.Resources, Introspects: t.Introspects, Exchange: t.Exchange}
	if t.Exchange != nil {
		app.GrantTypes = []string{GrantExchange}
	}
	checkReach(app, func(field, fault string) {
		if fault != "" {
			faults = append(faults, Fault{Field: field, Fault: fault})
		}
	})
	return faults
}
