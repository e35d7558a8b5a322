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
	// ErrInvalidApplication: an application that Parse would have refused. Nothing was changed.
	ErrInvalidApplication = object.NewError("tenant.invalid_application")
)

// The methods.
var (
	Put = object.Method[PutIn, Changes]{Kind: KindName, Name: "put_applications"}
	Get = object.Method[GetIn, Application]{Kind: KindName, Name: "application"}
)

// PutIn is a file of applications.
type PutIn struct {
	Applications []Application `json:"applications"`
	Remove       []string      `json:"remove"`
}

// GetIn names an application.
type GetIn struct {
	ClientID string `json:"client_id"`
}

// Changes says what Put did, by client id.
type Changes struct {
	Added     []string `json:"added"`
	Changed   []string `json:"changed"`
	Unchanged []string `json:"unchanged"`
	Removed   []string `json:"removed"`
}

var migrations = []string{
	`CREATE TABLE application (client_id TEXT PRIMARY KEY, data TEXT NOT NULL, changed INTEGER NOT NULL) STRICT`,
}

// New returns the kind of object.
func New() *object.Kind {
	k := &object.Kind{Name: KindName, Migrations: migrations}
	object.Handle(k, Put, put)
	object.Handle(k, Get, get)
	return k
}

// put takes all of a file or, with ErrInvalidApplication, nothing of it. Doing it again changes nothing.
func put(tx *object.Tx, in PutIn) (Changes, error) {
	out := Changes{Added: []string{}, Changed: []string{}, Unchanged: []string{}, Removed: []string{}}
	for _, app := range in.Applications {
		if len(check(app)) > 0 {
			return Changes{}, ErrInvalidApplication
		}
		data, err := json.Marshal(app)
		if err != nil {
			return Changes{}, err
		}
		var before string
		known := tx.Row(`SELECT data FROM application WHERE client_id = ?`, app.ClientID).Scan(&before)
		switch {
		case !known:
			out.Added = append(out.Added, app.ClientID)
		case before == string(data):
			out.Unchanged = append(out.Unchanged, app.ClientID)
			continue
		default:
			out.Changed = append(out.Changed, app.ClientID)
		}
		tx.Exec(`INSERT INTO application (client_id, data, changed) VALUES (?, ?, ?)
			ON CONFLICT (client_id) DO UPDATE SET data = excluded.data, changed = excluded.changed`,
			app.ClientID, string(data), tx.Now())
	}
	for _, id := range in.Remove {
		var gone int
		if tx.Row(`DELETE FROM application WHERE client_id = ? RETURNING 1`, id).Scan(&gone) {
			out.Removed = append(out.Removed, id)
		}
	}
	return out, nil
}

func get(tx *object.Tx, in GetIn) (Application, error) {
	var data string
	var app Application
	if !tx.Row(`SELECT data FROM application WHERE client_id = ?`, in.ClientID).Scan(&data) {
		return app, ErrUnknownApplication
	}
	return app, json.Unmarshal([]byte(data), &app)
}
