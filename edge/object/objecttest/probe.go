package objecttest

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// values has one of each type.
type values struct {
	ID      string    `json:"id"`
	Text    string    `json:"text"`
	Blob    []byte    `json:"blob"`
	Integer int64     `json:"integer"`
	Int     int       `json:"int"`
	Real    float64   `json:"real"`
	Bool    bool      `json:"bool"`
	Time    time.Time `json:"time"`
}

var store = object.Method[values, struct{}]{Kind: KindName, Name: "store"}

func doStore(tx *object.Tx, v values) (struct{}, error) {
	tx.Exec(`INSERT OR REPLACE INTO value (id, t, b, i, n, r, yes, at, none) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		v.ID, v.Text, v.Blob, v.Integer, v.Int, v.Real, v.Bool, v.Time, nil)
	return struct{}{}, nil
}

var load = object.Method[string, values]{Kind: KindName, Name: "load"}

func doLoad(tx *object.Tx, id string) (values, error) {
	nothing := "something"
	v := values{ID: id}
	if !tx.Row(`SELECT t, b, i, n, r, yes, at, none FROM value WHERE id = ?`, id).
		Scan(&v.Text, &v.Blob, &v.Integer, &v.Int, &v.Real, &v.Bool, &v.Time, &nothing) {
		return values{}, ErrRefused
	}
	if nothing != "" {
		return values{}, errors.New("NULL is not the empty string")
	}
	return v, nil
}

// stateOut is all that can be seen of a probe.
type stateOut struct {
	Name       string    `json:"name"`
	Now        time.Time `json:"now"`
	Count      int       `json:"count"`
	Alarm      time.Time `json:"alarm"`
	Rung       []int64   `json:"rung"` // unix seconds
	Receipts   []receipt `json:"receipts"`
	Migrations []int     `json:"migrations"`
	Later      []int     `json:"later"` // rows of the table that Version 2 adds
}

// receipt says how often and on which tries an outbox entry arrived.
type receipt struct {
	ID     string `json:"id"`
	First  int    `json:"first"`
	Last   int    `json:"last"`
	Times  int    `json:"times"`
	Body   string `json:"body"`
	Sender string `json:"sender"`
}

var state = object.Method[struct{}, stateOut]{Kind: KindName, Name: "state"}

func doState(tx *object.Tx, _ struct{}) (stateOut, error) {
	s := stateOut{Name: tx.Name(), Now: tx.Now(), Alarm: tx.Alarm()}
	tx.Row(`SELECT n FROM counter`).Scan(&s.Count)
	for row := range tx.Rows(`SELECT at FROM rung ORDER BY at`) {
		var at int64
		row.Scan(&at)
		s.Rung = append(s.Rung, at)
	}
	for row := range tx.Rows(`SELECT id, first, last, times, body, sender FROM receipt ORDER BY body, id`) {
		var r receipt
		row.Scan(&r.ID, &r.First, &r.Last, &r.Times, &r.Body, &r.Sender)
		s.Receipts = append(s.Receipts, r)
	}
	for row := range tx.Rows(`SELECT number FROM _object_migration ORDER BY number`) {
		var n int
		row.Scan(&n)
		s.Migrations = append(s.Migrations, n)
	}
	if len(s.Migrations) > 2 {
		for row := range tx.Rows(`SELECT n FROM later`) {
			var n int
			row.Scan(&n)
			s.Later = append(s.Later, n)
		}
	}
	return s, nil
}

type alarmIn struct {
	At   time.Time `json:"at"` // zero clears
	Plan []string  `json:"plan"`
	End  string    `json:"end"`
}

var setAlarm = object.Method[alarmIn, struct{}]{Kind: KindName, Name: "set_alarm"}

func doSetAlarm(tx *object.Tx, in alarmIn) (struct{}, error) {
	tx.SetAlarm(in.At)
	for _, what := range in.Plan {
		tx.Exec(`INSERT INTO plan (what) VALUES (?)`, what)
	}
	return struct{}{}, end(tx, in.End)
}

// ring is the alarm: it writes down that it rang and follows one entry of the plan: "again", or the name of an object to tell.
func ring(tx *object.Tx) error {
	tx.Exec(`INSERT INTO rung (at) VALUES (?)`, tx.Now())
	var id int
	var what string
	if !tx.Row(`SELECT id, what FROM plan ORDER BY id LIMIT 1`).Scan(&id, &what) {
		return nil
	}
	tx.Exec(`DELETE FROM plan WHERE id = ?`, id)
	if what == "again" {
		tx.SetAlarm(tx.Now().Add(time.Second))
		return nil
	}
	tx.Later("tell", message{To: what, Body: "from an alarm"})
	return nil
}

// message goes through the outbox to another probe. Its first tries arrive and fail all the same.
type message struct {
	To     string `json:"to"`
	Body   string `json:"body"`
	Fails  int    `json:"fails"`
	Panics int    `json:"panics"`
}

type sendIn struct {
	Messages []message `json:"messages"`
	End      string    `json:"end"`
}

var send = object.Method[sendIn, struct{}]{Kind: KindName, Name: "send"}

func doSend(tx *object.Tx, in sendIn) (struct{}, error) {
	for _, m := range in.Messages {
		tx.Later("tell", m)
	}
	return struct{}{}, end(tx, in.End)
}

type receiveIn struct {
	ID     string `json:"id"`
	Try    int    `json:"try"`
	Body   string `json:"body"`
	Sender string `json:"sender"`
}

var receive = object.Method[receiveIn, struct{}]{Kind: KindName, Name: "receive"}

func doReceive(tx *object.Tx, in receiveIn) (struct{}, error) {
	tx.Exec(`INSERT INTO receipt (id, first, last, times, body, sender) VALUES (?, ?, ?, 1, ?, ?)
		ON CONFLICT DO UPDATE SET last = excluded.last, times = times + 1`, in.ID, in.Try, in.Try, in.Body, in.Sender)
	return struct{}{}, nil
}
