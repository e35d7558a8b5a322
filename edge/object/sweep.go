package object

import "time"

// Sweep deletes rows whose time is over, for a kind that has one table of them. Its Alarm method is the kind's alarm.
type Sweep struct {
	Table string        // has a column expires, in unix seconds, with an index; a constant of the program, never input
	Pause time.Duration // the shortest time between two alarms
}

// Alarm deletes what has expired and wakes again for the next row.
func (s Sweep) Alarm(tx *Tx) error {
	tx.Exec(`DELETE FROM `+s.Table+` WHERE expires <= ?`, tx.Now())
	var next time.Time
	if tx.Row(`SELECT min(expires) FROM ` + s.Table).Scan(&next); !next.IsZero() {
		if soonest := tx.Now().Add(s.Pause); next.Before(soonest) {
			next = soonest
		}
		tx.SetAlarm(next)
	}
	return nil
}

// By sees to an alarm within Pause of a row's end. Call it whenever a row is written.
func (s Sweep) By(tx *Tx, expires time.Time) {
	if at, set := expires.Add(s.Pause), tx.Alarm(); set.IsZero() || at.Before(set) {
		tx.SetAlarm(at)
	}
}
