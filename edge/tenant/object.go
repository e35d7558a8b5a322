package tenant

import (
	"encoding/json"

	"github.com/latchkey-id/latchkey/edge/object"
)

const (
	// KindName is the name of the kind of object.
	KindName = "tenant"
	// Consumers is the name of the object of the built-in tenant.
	Consumers = "consumers"
)

// Errors of the object's methods.
var (
	// ErrUnknownApplication: there is no application with this client id.
	ErrUnknownApplication = object.NewError("tenant.unknown_application")
	// ErrUnknownResource: there is no resource with this identifier.
	ErrUnknownResource = object.NewError("tenant.unknown_resource")
	// ErrInvalidApplication: an application or resource that Parse would have refused. Nothing was changed.
	ErrInvalidApplication = object.NewError("tenant.invalid_application")
	// ErrInitialToken: an initial access token that there is not, any more perhaps.
	ErrInitialToken = object.NewError("tenant.initial_token")
	// ErrTooMany: there are as many initial access tokens, or applications that registered themselves, as there may be.
	ErrTooMany = object.NewError("tenant.too_many")
	// ErrManagement: a registration access token that is not the application's, or no such application.
	ErrManagement = object.NewError("tenant.management")
)

// The methods.
var (
	Put         = object.Method[PutIn, Changes]{Kind: KindName, Name: "put_applications"}
	Get         = object.Method[GetIn, Application]{Kind: KindName, Name: "application"}
	GetResource = object.Method[GetResourceIn, Resource]{Kind: KindName, Name: "resource"}
	List        = object.Method[ListIn, []Application]{Kind: KindName, Name: "list"}
	Remove      = object.Method[GetIn, None]{Kind: KindName, Name: "remove"}
)

// None is the answer of a method that has nothing to say.
type None struct{}

// PutIn is a file of applications.
type PutIn struct {
	Applications []Application `json:"applications"`
	Remove       []string      `json:"remove"`

	Resources       []Resource `json:"resources,omitempty"`
	RemoveResources []string   `json:"remove_resources,omitempty"`
}

// GetIn names an application.
type GetIn struct {
	ClientID string `json:"client_id"`
}

// GetResourceIn names an API.
type GetResourceIn struct {
	Identifier string `json:"identifier"`
}

// ListIn asks for a page of applications.
type ListIn struct {
	After   string `json:"after"`   // client id that the page begins after; "" for the first
	Dynamic bool   `json:"dynamic"` // also those that registered themselves
}

// ListPage is how many applications a page has at most.
const ListPage = 100

// Changes says what Put did, by client id, and by identifier for resources.
type Changes struct {
	Added     []string `json:"added"`
	Changed   []string `json:"changed"`
	Unchanged []string `json:"unchanged"`
	Removed   []string `json:"removed"`
}

var migrations = []string{
	`CREATE TABLE application (client_id TEXT PRIMARY KEY, data TEXT NOT NULL, changed INTEGER NOT NULL) STRICT`,
	`CREATE TABLE resource (identifier TEXT PRIMARY KEY, data TEXT NOT NULL, changed INTEGER NOT NULL) STRICT;
	CREATE TABLE initial_token (id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, note TEXT NOT NULL, uses INTEGER NOT NULL, terms TEXT NOT NULL,
		created INTEGER NOT NULL, expires INTEGER NOT NULL) STRICT;
	CREATE TABLE registration (client_id TEXT PRIMARY KEY, hash BLOB NOT NULL, before BLOB, origin TEXT NOT NULL, created INTEGER NOT NULL) STRICT;
	CREATE INDEX registration_by_origin ON registration (origin)`,
}

// New returns the kind of object.
func New() *object.Kind {
	k := &object.Kind{Name: KindName, Migrations: migrations, Alarm: forgetInitialTokens.Alarm}
	object.Handle(k, Put, put)
	object.Handle(k, Get, get)
	object.Handle(k, GetResource, getResource)
	object.Handle(k, List, list)
	object.Handle(k, Remove, remove)
	object.Handle(k, AddInitialToken, addInitialToken)
	object.Handle(k, InitialTokens, initialTokens)
	object.Handle(k, RevokeInitialToken, revokeInitialToken)
	object.Handle(k, TermsOf, termsOf)
	object.Handle(k, Register, register)
	object.Handle(k, Registration, registration)
	object.Handle(k, Update, update)
	object.Handle(k, Unregister, unregister)
	return k
}

// put takes all of a file or, with ErrInvalidApplication, nothing of it. Doing it again changes nothing. Applications that registered
// themselves are not the file's to touch: their ids, which begin with dynamicPrefix, are not valid in it.
func put(tx *object.Tx, in PutIn) (Changes, error) {
	out := Changes{Added: []string{}, Changed: []string{}, Unchanged: []string{}, Removed: []string{}}
	for _, app := range in.Applications {
		if app.Dynamic || len(check(app)) > 0 {
			return Changes{}, ErrInvalidApplication
		}
		if err := out.keep(tx, "application", "client_id", app.ClientID, app); err != nil {
			return Changes{}, err
		}
	}
	for _, r := range in.Resources {
		if len(checkResource(r)) > 0 {
			return Changes{}, ErrInvalidApplication
		}
		if err := out.keep(tx, "resource", "identifier", r.Identifier, r); err != nil {
			return Changes{}, err
		}
	}
	for _, id := range in.Remove {
		if dynamicID(id) {
			return Changes{}, ErrInvalidApplication
		}
		out.drop(tx, "application", "client_id", id)
	}
	for _, id := range in.RemoveResources {
		out.drop(tx, "resource", "identifier", id)
	}
	return out, nil
}

// keep writes one row, and notes what that changed.
func (c *Changes) keep(tx *object.Tx, table, key, id string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var before string
	known := tx.Row(`SELECT data FROM `+table+` WHERE `+key+` = ?`, id).Scan(&before)
	switch {
	case !known:
		c.Added = append(c.Added, id)
	case before == string(data):
		c.Unchanged = append(c.Unchanged, id)
		return nil
	default:
		c.Changed = append(c.Changed, id)
	}
	tx.Exec(`INSERT INTO `+table+` (`+key+`, data, changed) VALUES (?, ?, ?)
		ON CONFLICT (`+key+`) DO UPDATE SET data = excluded.data, changed = excluded.changed`, id, string(data), tx.Now())
	return nil
}

func (c *Changes) drop(tx *object.Tx, table, key, id string) {
	var gone int
	if tx.Row(`DELETE FROM `+table+` WHERE `+key+` = ? RETURNING 1`, id).Scan(&gone) {
		c.Removed = append(c.Removed, id)
	}
}

func get(tx *object.Tx, in GetIn) (Application, error) {
	var data string
	var app Application
	if !tx.Row(`SELECT data FROM application WHERE client_id = ?`, in.ClientID).Scan(&data) {
		return app, ErrUnknownApplication
	}
	err := json.Unmarshal([]byte(data), &app)
	return app.settled(), err
}

func getResource(tx *object.Tx, in GetResourceIn) (Resource, error) {
	var data string
	var r Resource
	if !tx.Row(`SELECT data FROM resource WHERE identifier = ?`, in.Identifier).Scan(&data) {
		return r, ErrUnknownResource
	}
	return r, json.Unmarshal([]byte(data), &r)
}

// list returns a page of applications in the order of their ids.
func list(tx *object.Tx, in ListIn) ([]Application, error) {
	apps := []Application{}
	for row := range tx.Rows(`SELECT data FROM application WHERE client_id > ? AND (? OR client_id NOT IN (SELECT client_id FROM registration))
		ORDER BY client_id LIMIT ?`, in.After, in.Dynamic, ListPage) {
		var data string
		var app Application
		row.Scan(&data)
		if err := json.Unmarshal([]byte(data), &app); err != nil {
			return nil, err
		}
		apps = append(apps, app.settled())
	}
	return apps, nil
}

// remove forgets an application, however it was registered. Doing it again changes nothing.
func remove(tx *object.Tx, in GetIn) (None, error) {
	tx.Exec(`DELETE FROM application WHERE client_id = ?`, in.ClientID)
	tx.Exec(`DELETE FROM registration WHERE client_id = ?`, in.ClientID)
	return None{}, nil
}
