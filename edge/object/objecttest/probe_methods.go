package objecttest

import (
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

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
