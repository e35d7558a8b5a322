package object

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Rules of the outbox.
const (
	leaseTime   = time.Minute        // an entry whose delivery was never settled is due again after this
	firstPause  = 5 * time.Second    // after the first failed try; doubles with each
	longestWait = time.Hour          // between two tries
	giveUpAfter = 7 * 24 * time.Hour // since the entry was made
	batch       = 16                 // entries of one Collect
)

// due is what Collect hands to Deliver; outcome is what Deliver hands to Settle.
type due struct {
	Entries []entry `json:"entries"`
}

type entry struct {
	Seq int64 `json:"seq"`
	Delivery
}

type outcome struct {
	Entries []result `json:"entries"`
}

type result struct {
	Seq    int64  `json:"seq"`
	ID     string `json:"id"`
	Try    int    `json:"try"`
	Topic  string `json:"topic"`
	Failed bool   `json:"failed,omitempty"`
}

func (tx *Tx) enqueue(topic string, payload []byte) {
	tx.Exec(`INSERT INTO _object_outbox (due, try, created, id, topic, payload) VALUES (?, 0, ?, ?, ?, ?)`,
		tx.now, tx.now, rand.Text(), topic, string(payload))
	if tx.due == 0 || tx.due > tx.now.Unix() {
		tx.due = tx.now.Unix()
	}
}

// Collect is what a host runs, in a transaction, when an object's alarm rings. It leases due outbox entries, for Deliver to
// take outside the transaction, or, when there are none, runs the kind's Alarm if its time has come. It is harmless when
// nothing is due. A host that has lost the object's name passes "". When it fails, the host rolls back and rings again at the
// time returned.
func (d *Dispatcher) Collect(sql SQL, kind, object string) (dueEntries []byte, alarm time.Time, err error) {
	k := d.kinds[kind]
	if k == nil {
		d.log.Error("object: alarm of unknown kind", "kind", kind, "object", object)
		return nil, d.now().Add(longestWait), ErrUnknown
	}
	var leased due
	alarm, err = d.run(sql, k, object, "alarm", func(tx *Tx) error {
		leased.Entries = tx.lease()
		if len(leased.Entries) > 0 || tx.alarm == 0 || tx.alarm > tx.now.Unix() {
			return nil
		}
		tx.alarm = 0
		if k.Alarm != nil {
			if err := k.Alarm(tx); err != nil {
				return fmt.Errorf("object: alarm: %w: %w", ErrInternal, err)
			}
		}
		leased.Entries = tx.lease()
		return nil
	})
	if err != nil {
		return nil, d.now().Add(alarmRetry).Truncate(time.Second), err
	}
	if len(leased.Entries) > 0 {
		if dueEntries, err = json.Marshal(leased); err != nil {
			return nil, d.now().Add(alarmRetry).Truncate(time.Second), ErrInternal
		}
	}
	return dueEntries, alarm, nil
}

// lease takes entries that are due and puts them off, so that a crash before they are settled has them delivered again.
func (tx *Tx) lease() []entry {
	if tx.due == 0 || tx.due > tx.now.Unix() {
		return nil
	}
	var list []entry
	for row := range tx.Rows(`UPDATE _object_outbox SET due = ?, try = try + 1 WHERE seq IN
		(SELECT seq FROM _object_outbox WHERE due <= ? ORDER BY due, seq LIMIT ?) RETURNING seq, id, topic, payload, try`,
		tx.now.Add(leaseTime), tx.now, batch) {
		e := entry{Delivery: Delivery{Object: tx.object}}
		var payload string
		row.Scan(&e.Seq, &e.ID, &e.Topic, &payload, &e.Try)
		e.Payload = json.RawMessage(payload)
		list = append(list, e)
	}
	tx.readDue()
	return list
}

func (tx *Tx) readDue() { tx.Row(`SELECT min(due) FROM _object_outbox`).Scan(&tx.due) }

// Deliver runs the effects of what Collect returned, outside any transaction, and returns what became of them, for Settle. An
// effect that fails or panics, or whose topic is not known any more, is a failed try.
func (d *Dispatcher) Deliver(ctx context.Context, kind string, dueEntries []byte) []byte {
	var leased due
	if err := json.Unmarshal(dueEntries, &leased); err != nil {
		d.log.Error("object: unreadable outbox entries", "kind", kind, "error", err)
		return nil // nothing to settle: the leases run out
	}
	out := outcome{Entries: make([]result, len(leased.Entries))}
	var all sync.WaitGroup
	for i, e := range leased.Entries {
		all.Go(func() {
			r := result{Seq: e.Seq, ID: e.ID, Try: e.Try, Topic: e.Topic}
			if err := d.deliver(ctx, kind, e.Delivery); err != nil {
				r.Failed = true
				d.log.Warn("object: effect failed", "kind", kind, "object", e.Object, "topic", e.Topic, "id", e.ID, "try", e.Try, "error", err)
			}
			out.Entries[i] = r
		})
	}
	all.Wait()
	data, err := json.Marshal(out)
	if err != nil {
		d.log.Error("object: outcome of effects", "kind", kind, "error", err)
	}
	return data
}

func (d *Dispatcher) deliver(ctx context.Context, kind string, e Delivery) (err error) {
	defer func() {
		if r := recover(); r != nil {
			d.log.Error("object: panic in an effect", "kind", kind, "object", e.Object, "topic", e.Topic,
				"error", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = errors.New("object: effect panicked")
		}
	}()
	k := d.kinds[kind]
	if k == nil || k.Effects[e.Topic] == nil {
		return ErrUnknown
	}
	return k.Effects[e.Topic](ctx, e)
}

// Settle writes down, in a transaction, what became of the entries: delivered ones go, failed ones are put off, and those
// that have failed for a week are dropped and logged. The host sets the alarm as after Invoke; when it fails the host rolls
// back and leaves the alarm that Collect returned.
func (d *Dispatcher) Settle(sql SQL, kind, object string, outcomes []byte) (alarm time.Time, err error) {
	k := d.kinds[kind]
	if k == nil {
		return time.Time{}, ErrUnknown
	}
	var out outcome
	if len(outcomes) > 0 {
		if err := json.Unmarshal(outcomes, &out); err != nil {
			d.log.Error("object: unreadable outcome", "kind", kind, "object", object, "error", err)
			return time.Time{}, ErrInternal
		}
	}
	return d.run(sql, k, object, "settle", func(tx *Tx) error {
		for _, r := range out.Entries {
			if r.Failed {
				d.putOff(tx, r)
			} else {
				tx.Exec(`DELETE FROM _object_outbox WHERE seq = ? AND id = ?`, r.Seq, r.ID)
			}
		}
		tx.readDue()
		return nil
	})
}

// putOff reschedules a failed entry, unless it was leased again meanwhile (another try) or is too old.
func (d *Dispatcher) putOff(tx *Tx, r result) {
	var created time.Time
	if !tx.Row(`SELECT created FROM _object_outbox WHERE seq = ? AND id = ? AND try = ?`, r.Seq, r.ID, r.Try).Scan(&created) {
		return
	}
	if tx.now.Sub(created) >= giveUpAfter {
		tx.Exec(`DELETE FROM _object_outbox WHERE seq = ?`, r.Seq)
		d.log.Error("object: effect given up", "kind", tx.kind.Name, "object", tx.object, "topic", r.Topic, "id", r.ID, "tries", r.Try)
		return
	}
	tx.Exec(`UPDATE _object_outbox SET due = ? WHERE seq = ?`, tx.now.Add(pause(r.Try)), r.Seq)
}

// pause returns how long to wait after a failed try (1 for the first).
func pause(try int) time.Duration {
	if try > 10 {
		return longestWait
	}
	return min(firstPause<<max(try-1, 0), longestWait)
}
