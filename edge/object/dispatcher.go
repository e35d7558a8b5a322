package object

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// Bounds of what passes between callers, objects and effects.
const (
	MaxMessage = 4<<20 + 64<<10 // bytes of a method's input and of its result: a vault's largest batch with its ids
	MaxPayload = 128 << 10      // bytes of an outbox entry's payload
)

// alarmRetry is the pause before an alarm that failed is tried again.
const alarmRetry = time.Minute

// Dispatcher runs methods, alarms and effects of a set of kinds. Hosts bring the database and the transaction around it;
// everything else about objects is here, so that it is the same on all of them. It is safe for concurrent use.
//
// A host keeps this order: Invoke in a transaction, committed when it returns no error, whose alarm it then sets. When an
// alarm rings: Collect in a transaction; when that yields something due, Deliver outside of it and Settle in another; then
// it sets the alarm that the last of them returned. At most one such ringing at a time per object.
type Dispatcher struct {
	now   func() time.Time
	log   *slog.Logger
	kinds map[string]*Kind
	want  map[string]string // by kind: the fingerprint of its migrations
}

// NewDispatcher returns a Dispatcher for the kinds. A nil now is time.Now, a nil log discards. It panics when two kinds have
// the same name.
func NewDispatcher(now func() time.Time, log *slog.Logger, kinds ...*Kind) *Dispatcher {
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	d := &Dispatcher{now: now, log: log, kinds: map[string]*Kind{}, want: map[string]string{}}
	for _, k := range kinds {
		if d.kinds[k.Name] != nil {
			panic("object: kind " + k.Name + " is there twice")
		}
		d.kinds[k.Name], d.want[k.Name] = k, fingerprint(k.Migrations)
	}
	return d
}

// Invoke runs a method in a transaction that the host has opened. The host commits when err is nil, and then has the object's
// alarm ring at the time returned (zero: never); it rolls back otherwise and leaves the alarm alone. Errors are sentinels
// already, fit for EncodeError.
func (d *Dispatcher) Invoke(sql SQL, kind, object, method string, in []byte) (out []byte, alarm time.Time, err error) {
	k := d.kinds[kind]
	if k == nil || k.methods[method].run == nil {
		d.log.Error("object: unknown method", "kind", kind, "method", method)
		return nil, time.Time{}, ErrUnknown
	}
	if object == "" || len(in) > MaxMessage {
		d.log.Error("object: call refused", "kind", kind, "object", object, "method", method, "bytes", len(in))
		return nil, time.Time{}, ErrInternal
	}
	alarm, err = d.run(sql, k, object, method, func(tx *Tx) error {
		var err error
		if out, err = k.methods[method].invoke(tx, in); err == nil && len(out) > MaxMessage {
			err = fmt.Errorf("object: result has %d bytes", len(out))
		}
		return err
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	return out, alarm, nil
}

// run does one thing in the host's transaction and returns the object's next alarm. A panic becomes an error; what was not a
// sentinel is logged and becomes ErrInternal.
func (d *Dispatcher) run(sql SQL, k *Kind, object, what string, f func(*Tx) error) (alarm time.Time, err error) {
	var tx *Tx
	defer func() {
		if tx != nil {
			tx.sql = nil
		}
		if r := recover(); r != nil {
			d.log.Error("object: panic", "kind", k.Name, "object", object, "method", what,
				"error", fmt.Sprint(r), "stack", string(debug.Stack()))
			alarm, err = time.Time{}, ErrInternal
		}
	}()
	tx = begin(sql, k, object, d.now(), d.want[k.Name])
	if err := f(tx); err != nil {
		if outside(err).(*codeError).Is(ErrInternal) {
			d.log.Error("object: failed", "kind", k.Name, "object", object, "method", what, "error", err)
		}
		return time.Time{}, outside(err)
	}
	return tx.finish(), nil
}

// finish stores what changed in the bookkeeping and returns the next alarm.
func (tx *Tx) finish() time.Time {
	if tx.alarm != tx.savedAlarm {
		tx.Exec(`UPDATE _object_state SET alarm = ?`, tx.alarm)
	}
	if host, ok := tx.sql.(Recalling); ok {
		host.Keep(tx.alarm, tx.due)
	}
	if host, ok := tx.sql.(Signalling); ok && len(tx.signals) > 0 {
		host.Signal(tx.signals)
	}
	if tx.due != 0 && (tx.alarm == 0 || tx.due < tx.alarm) {
		return fromUnix(tx.due)
	}
	return fromUnix(tx.alarm)
}
