package tenant

import (
	"crypto/subtle"
	"encoding/json"
	"strings"

	"github.com/latchkey-id/latchkey/edge/object"
)

const (
	// dynamicPrefix begins the ids of applications that registered themselves, and no others.
	dynamicPrefix = "dynamic."
	// maxDynamic bounds how many there are. An operator makes room (Remove, RevokeInitialToken).
	maxDynamic = 10_000
)

func dynamicID(id string) bool { return strings.HasPrefix(id, dynamicPrefix) }

// Methods of dynamic registration (RFC 7591, RFC 7592).
var (
	Register     = object.Method[RegisterIn, Registered]{Kind: KindName, Name: "register"}
	Registration = object.Method[ManageIn, Registered]{Kind: KindName, Name: "registration"}
	Update       = object.Method[UpdateIn, Registered]{Kind: KindName, Name: "update"}
	Unregister   = object.Method[ManageIn, None]{Kind: KindName, Name: "unregister"}
)

// RegisterIn is an application that registers itself.
type RegisterIn struct {
	Token       []byte      `json:"token"`      // hash of the initial access token, which it uses up once
	Management  []byte      `json:"management"` // hash of its registration access token
	Application Application `json:"application"`
}

// ManageIn is an application that shows its registration access token.
type ManageIn struct {
	ClientID   string `json:"client_id"`
	Management []byte `json:"management"` // the token's hash
}

// UpdateIn replaces a registration and its registration access token.
type UpdateIn struct {
	ManageIn
	Next        []byte      `json:"next"` // hash of the new token
	Application Application `json:"application"`
}

// Registered is an application that registered itself.
type Registered struct {
	Application Application `json:"application"`
	Created     int64       `json:"created"` // unix seconds
}

// register uses the initial access token up and keeps the application, under the token's terms. ErrInitialToken, ErrTooMany,
// ErrInvalidApplication: nothing was changed.
func register(tx *object.Tx, in RegisterIn) (Registered, error) {
	origin, terms, err := goodToken(tx, in.Token)
	if err != nil {
		return Registered{}, err
	}
	tx.Exec(`UPDATE initial_token SET uses = uses - 1 WHERE id = ?`, origin)
	var n int
	if tx.Row(`SELECT count(*) FROM registration`).Scan(&n); n >= maxDynamic {
		return Registered{}, ErrTooMany
	}
	app := terms.apply(in.Application)
	if len(in.Management) != 32 || len(check(app)) > 0 || tx.Row(`SELECT 1 FROM application WHERE client_id = ?`, app.ClientID).Scan(&n) {
		return Registered{}, ErrInvalidApplication
	}
	tx.Exec(`INSERT INTO registration (client_id, hash, origin, created) VALUES (?, ?, ?, ?)`, app.ClientID, in.Management, origin, tx.Now())
	return Registered{app.settled(), tx.Now().Unix()}, store(tx, app)
}

func store(tx *object.Tx, app Application) error {
	data, err := json.Marshal(app)
	if err != nil {
		return err
	}
	tx.Exec(`INSERT INTO application (client_id, data, changed) VALUES (?, ?, ?)
		ON CONFLICT (client_id) DO UPDATE SET data = excluded.data, changed = excluded.changed`, app.ClientID, string(data), tx.Now())
	return nil
}

// manage finds the application whose registration access token is presented. ErrManagement otherwise.
//
// A token is replaced at every update. The answer with the new one may be lost, so the one before stays good until the new one is used
// for the first time, and no longer: before reports that it was that one.
func manage(tx *object.Tx, in ManageIn) (r Registered, before bool, err error) {
	var hash, previous []byte
	found := tx.Row(`SELECT hash, before, created FROM registration WHERE client_id = ?`, in.ClientID).Scan(&hash, &previous, &r.Created)
	current := subtle.ConstantTimeCompare(in.Management, hash) == 1
	before = subtle.ConstantTimeCompare(in.Management, previous) == 1
	if !found || len(in.Management) != 32 || !current && !before {
		return Registered{}, false, ErrManagement
	}
	if current && previous != nil {
		tx.Exec(`UPDATE registration SET before = NULL WHERE client_id = ?`, in.ClientID)
	}
	r.Application, err = get(tx, GetIn{in.ClientID})
	return r, before, err
}

func registration(tx *object.Tx, in ManageIn) (Registered, error) {
	r, _, err := manage(tx, in)
	return r, err
}

// KeepsSubjects reports whether people are called the same at next, the application's registration after a change. One that registered
// itself must: it has tokens of people already, by which it would learn what another host's applications call them.
func (a Application) KeepsSubjects(next Application) bool {
	return a.settled().SubjectType == next.settled().SubjectType && a.Sector == next.Sector
}

// update replaces what the application may say about itself. What its initial access token said stays.
func update(tx *object.Tx, in UpdateIn) (Registered, error) {
	r, before, err := manage(tx, in.ManageIn)
	if err != nil {
		return Registered{}, err
	}
	old := r.Application
	r.Application = Terms{Resources: old.Resources, Introspects: old.Introspects, Exchange: old.Exchange}.apply(in.Application)
	if r.Application.ClientID != old.ClientID || !old.KeepsSubjects(r.Application) || len(in.Next) != 32 || len(check(r.Application)) > 0 {
		return Registered{}, ErrInvalidApplication
	}
	if before {
		tx.Exec(`UPDATE registration SET hash = ? WHERE client_id = ?`, in.Next, in.ClientID)
	} else {
		tx.Exec(`UPDATE registration SET hash = ?, before = ? WHERE client_id = ?`, in.Next, in.Management, in.ClientID)
	}
	r.Application = r.Application.settled()
	return r, store(tx, r.Application)
}

// unregister forgets the application, and with it everything that it could do: each use of a token of its looks it up.
func unregister(tx *object.Tx, in ManageIn) (None, error) {
	if _, _, err := manage(tx, in); err != nil {
		return None{}, err
	}
	return remove(tx, GetIn{in.ClientID})
}
