// Package throttle counts what may happen only so often: sign-ups by address, sign-in attempts by address and by name.
//
// A bucket is any text that the caller counts by. What is kept of it is the times at which something was taken, as long as they
// count, in one of 4,096 objects by hash: enough for any load, few enough that addresses that come once leave nothing behind
// but rows, which delete themselves. Refusals only read. Services call it; it calls nothing.
package throttle

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// KindName is the name of the kind of object.
const KindName = "throttle"

// ErrLimit says that a limit is out of bounds: a mistake of configuration.
var ErrLimit = object.NewError("throttle: limit out of bounds")

// cleanPause is the shortest time between two alarms.
const cleanPause = 10 * time.Minute

// migrations of the object. key is the SHA-256 of the bucket; taken is a JSON list of [unix second, how many], oldest first.
var migrations = []string{
	`CREATE TABLE bucket (key BLOB PRIMARY KEY, taken TEXT NOT NULL, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
}

// New returns the kind of object.
func New() *object.Kind {
	k := &object.Kind{Name: KindName, Migrations: migrations, Alarm: clean.Alarm}
	object.Handle(k, take, doTake)
	object.Handle(k, give, doGive)
	return k
}

type takeIn struct {
	Key   []byte `json:"key"`
	Limit Limit  `json:"limit"`
	Peek  bool   `json:"peek,omitempty"`
}

type takeOut struct {
	OK    bool          `json:"ok"`
	Retry time.Duration `json:"retry,omitempty"`
}

var take = object.Method[takeIn, takeOut]{Kind: KindName, Name: "take"}

// doTake takes one from the bucket, or says how long until it can. A Peek only looks.
func doTake(tx *object.Tx, in takeIn) (takeOut, error) {
	if err := in.Limit.check(); err != nil {
		return takeOut{}, err
	}
	l, err := read(tx, in.Key)
	if err != nil {
		return takeOut{}, err
	}
	now := tx.Now().Unix()
	window := int64(in.Limit.Window / time.Second)
	l = l.since(now - window)
	if over := l.total() - in.Limit.Count; over >= 0 {
		wait := min(l.nth(over)+window-now, window) // more only when the clock went back
		return takeOut{Retry: time.Duration(wait) * time.Second}, nil
	}
	if !in.Peek {
		write(tx, in.Key, l.add(now), tx.Now().Add(in.Limit.Window))
	}
	return takeOut{OK: true}, nil
}

var give = object.Method[[]byte, struct{}]{Kind: KindName, Name: "give"}

// doGive undoes the newest take, if it still counts.
func doGive(tx *object.Tx, key []byte) (struct{}, error) {
	l, err := read(tx, key)
	if err != nil || len(l) == 0 {
		return struct{}{}, err
	}
	last := &l[len(l)-1]
	if last[1]--; last[1] == 0 {
		l = l[:len(l)-1]
	}
	if len(l) == 0 {
		tx.Exec(`DELETE FROM bucket WHERE key = ?`, key)
		return struct{}{}, nil
	}
	tx.Exec(`UPDATE bucket SET taken = ? WHERE key = ?`, l.encode(), key)
	return struct{}{}, nil
}

// clean deletes the buckets that count for nothing any more.
var clean = object.Sweep{Table: "bucket", Pause: cleanPause}

func read(tx *object.Tx, key []byte) (taken, error) {
	var text string
	var l taken
	if tx.Row(`SELECT taken FROM bucket WHERE key = ?`, key).Scan(&text) {
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			return nil, fmt.Errorf("throttle: bucket: %w", err)
		}
	}
	return l, nil
}

func write(tx *object.Tx, key []byte, l taken, expires time.Time) {
	tx.Exec(`INSERT INTO bucket (key, taken, expires) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET taken = excluded.taken, expires = max(expires, excluded.expires)`, key, l.encode(), expires)
	clean.By(tx, expires)
}

// taken is when something was taken from a bucket: unix second and how many, oldest first.
type taken [][2]int64

// since drops what is at or before the given second.
func (l taken) since(start int64) taken {
	for len(l) > 0 && l[0][0] <= start {
		l = l[1:]
	}
	return l
}

func (l taken) total() (n int) {
	for _, t := range l {
		n += int(t[1])
	}
	return n
}

// nth returns the second of the n-th oldest, from 0. There must be more than n.
func (l taken) nth(n int) int64 {
	for _, t := range l {
		if n -= int(t[1]); n < 0 {
			return t[0]
		}
	}
	panic("throttle: count out of range")
}

// add takes one at the given second. A clock that went back counts for the newest second known.
func (l taken) add(now int64) taken {
	if n := len(l); n > 0 && l[n-1][0] >= now {
		l[n-1][1]++
		return l
	}
	return append(l, [2]int64{now, 1})
}

func (l taken) encode() string {
	data, err := json.Marshal(l)
	if err != nil {
		panic(err) // integers always encode
	}
	return string(data)
}
