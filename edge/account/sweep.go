package account

import (
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

const (
	// sweepGrain: rows vanish at the first full quarter of an hour after they have expired, so that a busy object wakes four
	// times an hour and not once a row. Nothing relies on it: every use of a row looks at its time.
	sweepGrain = 900
	// maxBuckets bounds a decoy object, the only kind that has a bucket for every name somebody made up.
	maxBuckets = 20000
)

// expiring are the tables whose rows go when their column expires has come.
var expiring = []string{"signup", "bucket", "attempt", "device", "session", "proof", "code", "access_grant", "approval", "challenge"}

// wakeBy sees to it that the object sweeps soon after t, unless it wakes earlier anyway.
func wakeBy(tx *object.Tx, t int64) {
	at := time.Unix((t+sweepGrain-1)/sweepGrain*sweepGrain, 0)
	if next := tx.Alarm(); next.IsZero() || at.Before(next) {
		tx.SetAlarm(at)
	}
}

// sweep is the object's alarm: it erases what has expired and sets the next alarm. An idle decoy and a sign-up that was given
// up are left without a row. The alarm that rang is cleared already. Applications are not told of sessions that only ran out, as
// their own run out as well.
func sweep(tx *object.Tx) error {
	now := tx.Now()
	tx.Exec(`DELETE FROM participant WHERE session IN (SELECT id FROM session WHERE expires <= ?)`, now)
	tx.Exec(`DELETE FROM access_grant WHERE offline = 0 AND session IN (SELECT id FROM session WHERE expires <= ?)`, now)
	next := carryOut(tx)
	for _, table := range expiring {
		tx.Exec(`DELETE FROM `+table+` WHERE expires <= ?`, now)
	}
	tx.Exec(`DELETE FROM bucket WHERE id IN (SELECT id FROM bucket ORDER BY expires DESC LIMIT -1 OFFSET ?)`, maxBuckets)
	for _, table := range expiring {
		var first int64
		tx.Row(`SELECT coalesce(min(expires), 0) FROM ` + table).Scan(&first)
		if first != 0 && (next == 0 || first < next) {
			next = first
		}
	}
	if next != 0 {
		wakeBy(tx, next)
	}
	return nil
}
