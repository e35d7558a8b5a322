package names

import (
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

var lookup = object.Method[string, Owner]{Kind: KindName, Name: "lookup"}

// doLookup returns the owner of a committed name, or none.
func doLookup(tx *object.Tx, name string) (Owner, error) {
	if e, found := find(tx, name); found && e.committed {
		return e.owner, nil
	}
	return Owner{}, nil
}

var reserve = object.Method[claim, struct{}]{Kind: KindName, Name: "reserve"}

func doReserve(tx *object.Tx, c claim) (struct{}, error) {
	if err := c.check(); err != nil {
		return struct{}{}, err
	}
	known := c.Owner.Kind == Account || c.Owner.Kind == Client || c.Owner.Kind == Domain
	if !known || !within(c.Owner.ID, MaxOwner) || c.TTL < time.Second || c.TTL > MaxTTL {
		return struct{}{}, fmt.Errorf("%w: owner %q for %v", ErrBounds, c.Owner.Kind, c.TTL)
	}
	// The same token again is the same reservation again: a repeated call is no rival.
	if e, found := find(tx, c.Name); found && !e.free(tx.Now()) && (e.committed || !e.belongs(c.Token)) {
		return struct{}{}, ErrTaken
	}
	expires := tx.Now().Add(c.TTL)
	tx.Exec(`INSERT OR REPLACE INTO name (name, owner_kind, owner_id, token_hash, committed, expires) VALUES (?, ?, ?, ?, 0, ?)`,
		c.Name, c.Owner.Kind, c.Owner.ID, hashOf(c.Token), expires)
	wakeFor(tx, expires)
	return struct{}{}, nil
}

var renew = object.Method[claim, struct{}]{Kind: KindName, Name: "renew"}

// doRenew puts the end of a reservation off. A committed name has none.
func doRenew(tx *object.Tx, c claim) (struct{}, error) {
	if err := c.check(); err != nil {
		return struct{}{}, err
	}
	if c.TTL < time.Second || c.TTL > MaxTTL {
		return struct{}{}, ErrBounds
	}
	e, found := find(tx, c.Name)
	if !found || !e.belongs(c.Token) {
		return struct{}{}, ErrLost
	}
	if expires := tx.Now().Add(c.TTL); !e.committed && expires.After(e.expires) {
		tx.Exec(`UPDATE name SET expires = ? WHERE name = ?`, expires, c.Name)
	}
	return struct{}{}, nil
}

var commit = object.Method[claim, struct{}]{Kind: KindName, Name: "commit"}

// doCommit makes a reservation last. Repeating it changes nothing.
func doCommit(tx *object.Tx, c claim) (struct{}, error) {
	if err := c.check(); err != nil {
		return struct{}{}, err
	}
	e, found := find(tx, c.Name)
	if !found || !e.belongs(c.Token) {
		return struct{}{}, ErrLost
	}
	if !e.committed {
		tx.Exec(`UPDATE name SET committed = 1, expires = 0 WHERE name = ?`, c.Name)
	}
	return struct{}{}, nil
}

var release = object.Method[claim, struct{}]{Kind: KindName, Name: "release"}

// doRelease gives a reservation up. What is committed, or somebody else's, stays.
func doRelease(tx *object.Tx, c claim) (struct{}, error) {
	if err := c.check(); err != nil {
		return struct{}{}, err
	}
	if e, found := find(tx, c.Name); found && !e.committed && e.belongs(c.Token) {
		tx.Exec(`DELETE FROM name WHERE name = ?`, c.Name)
	}
	return struct{}{}, nil
}

// wakeFor has clean run once a reservation that ends at the given time is beyond its grace.
func wakeFor(tx *object.Tx, expires time.Time) {
	at := expires.Add(grace)
	if set := tx.Alarm(); set.IsZero() || at.Before(set) {
		tx.SetAlarm(at)
	}
}

// clean is the alarm: it drops abandoned reservations, at most once an hour.
func clean(tx *object.Tx) error {
	tx.Exec(`DELETE FROM name WHERE committed = 0 AND expires <= ?`, tx.Now().Add(-grace))
	var next time.Time
	if tx.Row(`SELECT min(expires) FROM name WHERE committed = 0`).Scan(&next); !next.IsZero() {
		next = next.Add(grace)
		if soonest := tx.Now().Add(time.Hour); next.Before(soonest) {
			next = soonest
		}
		tx.SetAlarm(next)
	}
	return nil
}
