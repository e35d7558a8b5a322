package objecttest

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/object"
)

// KindName is the name of the only kind that the suite needs.
const KindName = "probe"

// ErrRefused is the sentinel of the suite.
var ErrRefused = object.NewError("objecttest: refused")

// Options are what the test kinds need of the program they are in.
type Options struct {
	Host    func() object.Host // for effects that call objects; called when one runs
	Version int                // 2 appends a migration; 0 and 1 do not
}

// Kinds returns the kinds that the host under test must have.
func Kinds(o Options) []*object.Kind {
	k := &object.Kind{Name: KindName, Migrations: migrations[:2], Alarm: ring}
	if o.Version >= 2 {
		k.Migrations = migrations
	}
	k.Effects = map[string]object.Effect{"tell": func(ctx context.Context, d object.Delivery) error {
		return tell(ctx, o.Host(), d)
	}}
	object.Handle(k, add, doAdd)
	object.Handle(k, redeem, doRedeem)
	object.Handle(k, store, doStore)
	object.Handle(k, load, doLoad)
	object.Handle(k, state, doState)
	object.Handle(k, setAlarm, doSetAlarm)
	object.Handle(k, send, doSend)
	object.Handle(k, receive, doReceive)
	object.Handle(k, shout, doShout)
	return []*object.Kind{k}
}

var migrations = []string{
	`-- a comment; with a semicolon
	CREATE TABLE counter (id INTEGER PRIMARY KEY CHECK (id = 1), n INTEGER NOT NULL) STRICT;
	INSERT INTO counter (id, n) VALUES (1, 0);
	CREATE TABLE note (text TEXT NOT NULL) STRICT; /* and; another */
	CREATE TRIGGER noted AFTER INSERT ON note BEGIN
		UPDATE counter SET n = n + CASE WHEN new.text = 'count; me' THEN 1 ELSE 0 END;
		UPDATE counter SET n = n + 0;
	END;
	CREATE TABLE token (token TEXT PRIMARY KEY, spent INTEGER NOT NULL) STRICT;
	CREATE TABLE value (id TEXT PRIMARY KEY, t TEXT, b BLOB, i INTEGER, n INTEGER, r REAL, yes INTEGER, at INTEGER, none TEXT) STRICT;
	CREATE TABLE rung (at INTEGER NOT NULL) STRICT;
	CREATE TABLE receipt (id TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, times INTEGER NOT NULL, body TEXT NOT NULL, sender TEXT NOT NULL) STRICT`,
	`ALTER TABLE counter ADD COLUMN step INTEGER NOT NULL DEFAULT 1;
	CREATE TABLE plan (id INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;
	INSERT INTO note (text) VALUES ('it''s; two'), ('count; me');
	UPDATE counter SET n = 0;`,
	`CREATE TABLE later (n INTEGER NOT NULL) STRICT;
	INSERT INTO later (n) SELECT n FROM counter;`,
}

// How a method ends.
const (
	endWell      = ""
	endSentinel  = "sentinel"
	endWrapped   = "wrapped"
	endPlain     = "plain"
	endPanic     = "panic"
	endStatement = "statement"
)

func end(tx *object.Tx, how string) error {
	switch how {
	case endSentinel:
		return ErrRefused
	case endWrapped:
		return fmt.Errorf("wrapped: %w", ErrRefused)
	case endPlain:
		return errors.New("objecttest: a detail that is not for callers")
	case endPanic:
		panic("objecttest: a panic on purpose")
	case endStatement:
		tx.Exec(`INSERT INTO counter (id, n) VALUES (2, 0)`)
	}
	return nil
}

type addIn struct {
	By  int    `json:"by"`
	End string `json:"end"`
}

var add = object.Method[addIn, int]{Kind: KindName, Name: "add"}

func doAdd(tx *object.Tx, in addIn) (int, error) {
	var n int
	tx.Row(`UPDATE counter SET n = n + ? RETURNING n`, in.By).Scan(&n)
	return n, end(tx, in.End)
}

var redeem = object.Method[string, bool]{Kind: KindName, Name: "redeem"}

func doRedeem(tx *object.Tx, token string) (bool, error) {
	var one int
	if tx.Row(`SELECT 1 FROM token WHERE token = ?`, token).Scan(&one) {
		return false, nil
	}
	tx.Exec(`INSERT INTO token (token, spent) VALUES (?, ?)`, token, tx.Now())
	return true, nil
}
