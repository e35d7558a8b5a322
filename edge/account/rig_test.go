//go:build !js

package account_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the engine of object.Native

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/object"
)

// rig is a host for looking inside: one object, whose database it counts statements of and reads the rows of.
type rig struct {
	t  *testing.T
	db *sql.DB
	d  *object.Dispatcher

	statements []string // since the last call of reset
	calls      int      // transactions
}

func drop(context.Context, object.Delivery) error { return nil }

// newRig keeps the clock of w.
func newRig(w *world) (*rig, *account.Service) {
	w.t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	must(w.t, err)
	db.SetMaxOpenConns(1)
	w.t.Cleanup(func() { db.Close() })
	kind := account.New(account.Deps{Effects: map[string]object.Effect{
		account.TopicMail: drop, account.TopicMailTrusted: drop, account.TopicNamesCommit: drop, account.TopicLogout: drop, account.TopicDisconnect: drop, account.TopicNotice: drop,
	}})
	r := &rig{t: w.t, db: db, d: object.NewDispatcher(w.clock.Now, slog.New(slog.DiscardHandler), kind)}
	return r, account.NewService(r)
}

// Exec implements object.SQL.
func (r *rig) Exec(query string, args []any) ([][]any, error) {
	r.statements = append(r.statements, strings.Join(strings.Fields(query), " "))
	rows, err := r.db.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out [][]any
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, values)
	}
	return out, rows.Err()
}

// Call implements object.Host.
func (r *rig) Call(_ context.Context, kind, name, method string, in []byte) (out []byte, err error) {
	r.calls++
	r.transaction(func() error {
		out, _, err = r.d.Invoke(r, kind, name, method, in)
		return err
	})
	return out, err
}

func (r *rig) transaction(f func() error) {
	_, err := r.db.Exec("BEGIN")
	must(r.t, err)
	end := "COMMIT"
	if f() != nil {
		end = "ROLLBACK"
	}
	_, err = r.db.Exec(end)
	must(r.t, err)
}

// wake does what a host does when the object's alarm rings: the outbox first, then the alarm if it is due.
func (r *rig) wake(name string) {
	for {
		var due []byte
		var err error
		r.transaction(func() error {
			due, _, err = r.d.Collect(r, account.KindName, name)
			return err
		})
		must(r.t, err)
		if due == nil {
			return
		}
		outcome := r.d.Deliver(r.t.Context(), account.KindName, due)
		r.transaction(func() error {
			_, err = r.d.Settle(r, account.KindName, name, outcome)
			return err
		})
		must(r.t, err)
	}
}

func (r *rig) reset() { r.statements, r.calls = nil, 0 }

// cost is how many statements ran and how many rows they changed since the last reset and the given count of changes.
func (r *rig) cost(changed int) string {
	return fmt.Sprintf("%d statements, %d rows\n%s", len(r.statements), r.changes()-changed, strings.Join(r.statements, "\n"))
}

func (r *rig) changes() (n int) {
	must(r.t, r.db.QueryRow(`SELECT total_changes()`).Scan(&n))
	return n
}

// tables are the account's own tables, not those of edge/object.
var tables = []string{"account", "credential", "signup", "bucket", "attempt", "device", "session", "participant", "proof", "code",
	"access_grant", "consent", "approval", "factor", "challenge", "waiting"}

func (r *rig) count(table string) (n int) {
	must(r.t, r.db.QueryRow(`SELECT count(*) FROM `+table).Scan(&n))
	return n
}

func (r *rig) empty() {
	r.t.Helper()
	for _, table := range tables {
		if n := r.count(table); n != 0 {
			r.t.Errorf("%s has %d rows left", table, n)
		}
	}
}

func wants(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error %v, want %v", got, want)
	}
}

// activateOn makes an account in the rig behind s.
func activateOn(t *testing.T, s *account.Service) string {
	t.Helper()
	id := account.NewID()
	must(t, s.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "ada@example.org", TTL: 3600}))
	in, _ := activation()
	must(t, s.Activate(t.Context(), id, in))
	return id
}
