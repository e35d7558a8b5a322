package account

import "github.com/latchkey-id/latchkey/edge/object"

// count takes a try from the bucket, or says how many seconds to wait for one.
func count(tx *object.Tx, bucket string, p LockPolicy) (wait int64) {
	if p.Tries <= 0 {
		p = DefaultLockPolicy
	}
	now := tx.Now().Unix()
	var tries int
	var lockedUntil, expires int64
	tx.Row(`SELECT tries, locked_until, expires FROM bucket WHERE id = ?`, bucket).Scan(&tries, &lockedUntil, &expires)
	if now < lockedUntil {
		return lockedUntil - now
	}
	if now >= expires {
		tries = 0
	}
	tries++
	lockedUntil = now + p.lock(tries)
	expires = lockedUntil + p.Forget
	tx.Exec(`INSERT INTO bucket (id, tries, locked_until, expires) VALUES (?, ?, ?, ?) ON CONFLICT (id)
		DO UPDATE SET tries = excluded.tries, locked_until = excluded.locked_until, expires = excluded.expires`,
		bucket, tries, lockedUntil, expires)
	return 0
}

// lock is how many seconds the bucket is locked after the given number of tries in a row.
func (p LockPolicy) lock(tries int) int64 {
	if tries < p.Tries {
		return 0
	}
	lock := min(p.First, p.Max)
	for i := p.Tries; i < tries && lock < p.Max; i++ {
		lock = min(2*lock, p.Max)
	}
	return lock
}

// attempt is a proof of the password under way: who gets its record and has not yet shown to know the password.
type attempt struct {
	id, purpose    string
	bucket, device string
}

// beginAttempt also wakes the object for the bucket, whose row outlives the attempt's.
func beginAttempt(tx *object.Tx, a attempt) {
	expires := tx.Now().Unix() + AttemptLifetime
	tx.Exec(`INSERT INTO attempt (id, purpose, bucket, device, expires) VALUES (?, ?, ?, ?, ?)`,
		a.id, a.purpose, a.bucket, a.device, expires)
	wakeBy(tx, expires)
}

// spendAttempt ends an attempt with success: it is gone, and its bucket starts anew. An attempt where there is no
// password, as in a decoy, is worth nothing; those at a former password went with it.
func spendAttempt(tx *object.Tx, id, purpose string) (attempt, error) {
	a := attempt{id: id, purpose: purpose}
	var expires int64
	var one int
	found := tx.Row(`DELETE FROM attempt WHERE id = ? AND purpose = ? RETURNING bucket, device, expires`, id, purpose).
		Scan(&a.bucket, &a.device, &expires)
	password := tx.Row(`SELECT one FROM credential`).Scan(&one)
	if !found || !password || tx.Now().Unix() >= expires {
		return a, ErrSpent
	}
	tx.Exec(`DELETE FROM bucket WHERE id = ?`, a.bucket)
	return a, nil
}
