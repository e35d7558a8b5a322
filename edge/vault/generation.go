package vault

import (
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// generation is one vault. The present one is that which is not kept.
type generation struct {
	number, newest       int64 // newest of all there ever were: numbers are not used again
	first, cursor        int64 // of the changes before and at its last one; cursors go on from one generation to the next
	records, bytes       int64
	history              int64 // bytes, with api.VaultRecordCost for each
	keys                 int64 // version of its keys
	keptSince, keptUntil int64
}

const columns = `number, newest, first, cursor, records, bytes, history, keys, kept_since, kept_until`

func (g *generation) scan(row object.Row) bool {
	return row.Scan(&g.number, &g.newest, &g.first, &g.cursor, &g.records, &g.bytes, &g.history, &g.keys, &g.keptSince, &g.keptUntil)
}

// present finds the present generation, or ErrMissing.
func present(tx *object.Tx) (g generation, err error) {
	if !g.scan(tx.Row(`SELECT ` + columns + ` FROM generation WHERE kept_until = 0`)) {
		return g, ErrMissing
	}
	return g, nil
}

// expect is present for a caller who knows which it is, or thinks so.
func expect(tx *object.Tx, number int64) (generation, error) {
	g, err := present(tx)
	if err == nil && g.number != number {
		err = ErrReplaced
	}
	return g, err
}

// begin makes a generation the present one, with its first keys.
func begin(tx *object.Tx, g generation, k Keys) int64 {
	tx.Exec(`INSERT INTO generation (number, newest, first, cursor, records, bytes, keys, created, kept_since, kept_until)
		VALUES (?, ?, ?, ?, 0, 0, 1, ?, 0, 0)`, g.number, g.newest, g.cursor, g.cursor, tx.Now())
	keep(tx, g.number, k)
	g.keys = 1
	notify(tx, g)
	return g.number
}

// ResetIn puts the present generation aside and begins another one with keys of its own.
type ResetIn struct {
	Generation int64 `json:"generation"`
	Keys       Keys  `json:"keys"`
}

func (in ResetIn) check() error { return PutKeysIn{Keys: in.Keys}.check() }

var reset = object.Method[ResetIn, int64]{Kind: KindName, Name: "reset"}

// doReset returns the new generation. The same again finds its keys and changes nothing.
func doReset(tx *object.Tx, in ResetIn) (int64, error) {
	if err := in.check(); err != nil {
		return 0, err
	}
	g, err := present(tx)
	if err == nil && g.number != in.Generation && keysOf(tx, g).equal(in.Keys) {
		return g.number, nil
	}
	if g, err = expect(tx, in.Generation); err != nil {
		return 0, err
	}
	var count int
	tx.Row(`SELECT count(*) FROM generation WHERE kept_until > ?`, tx.Now()).Scan(&count)
	if g.records > 0 && count >= api.MaxVaultKept {
		return 0, ErrKept
	}
	putAside(tx, g)
	return begin(tx, generation{number: g.newest + 1, newest: g.newest + 1, cursor: g.cursor}, in.Keys), nil
}

// putAside keeps a generation for a while, unless nothing was ever in it.
func putAside(tx *object.Tx, g generation) {
	until := tx.Now()
	if g.records > 0 {
		until = until.Add(api.VaultKeptFor * time.Second)
	}
	tx.Exec(`UPDATE generation SET kept_since = ?, kept_until = ? WHERE number = ?`, tx.Now(), until, g.number)
	wake(tx, until)
}

// wake sets the alarm, unless it rings earlier.
func wake(tx *object.Tx, at time.Time) {
	if set := tx.Alarm(); set.IsZero() || at.Before(set) {
		tx.SetAlarm(at)
	}
}

// Earlier is a generation that is kept.
type Earlier struct {
	Generation int64 `json:"generation"`
	Since      int64 `json:"since"` // unix seconds, as is Until
	Until      int64 `json:"until"`
	Records    int64 `json:"records"`
	Bytes      int64 `json:"bytes"`
	Keys       Keys  `json:"keys"`
}

var kept = object.Method[struct{}, []Earlier]{Kind: KindName, Name: "kept"}

// doKept lists what can be restored, newest first.
func doKept(tx *object.Tx, _ struct{}) ([]Earlier, error) {
	list := []Earlier{}
	for row := range tx.Rows(`SELECT `+columns+` FROM generation WHERE kept_until > ? ORDER BY number DESC`, tx.Now()) {
		var g generation
		g.scan(row)
		list = append(list, Earlier{g.number, g.keptSince, g.keptUntil, g.records, g.bytes, keysOf(tx, g)})
	}
	return list, nil
}

// RestoreIn brings back a generation that is kept, in the place of the present one.
type RestoreIn struct {
	Generation int64 `json:"generation"`
	Restore    int64 `json:"restore"`
}

var restore = object.Method[RestoreIn, int64]{Kind: KindName, Name: "restore"}

// doRestore returns the generation that is the present one now. The same again changes nothing.
func doRestore(tx *object.Tx, in RestoreIn) (int64, error) {
	g, err := present(tx)
	if err == nil && g.number == in.Restore && g.number != in.Generation {
		return g.number, nil
	}
	if g, err = expect(tx, in.Generation); err != nil {
		return 0, err
	}
	var one int
	if !possible(in.Restore) || !tx.Row(`SELECT 1 FROM generation WHERE number = ? AND kept_until > ?`, in.Restore, tx.Now()).Scan(&one) {
		return 0, ErrUnknown
	}
	putAside(tx, g)
	tx.Exec(`UPDATE generation SET kept_since = 0, kept_until = 0, cursor = ?, newest = ? WHERE number = ?`, g.cursor, g.newest, in.Restore)
	if g, err = present(tx); err != nil {
		return 0, err
	}
	notify(tx, g)
	return in.Restore, nil
}

var erase = object.Method[int64, struct{}]{Kind: KindName, Name: "erase"}

// doErase ends the keeping of a generation. One that is not kept is erased already.
func doErase(tx *object.Tx, number int64) (struct{}, error) {
	g, err := present(tx)
	if err != nil {
		return struct{}{}, err
	}
	if g.number == number || !possible(number) {
		return struct{}{}, ErrUnknown
	}
	tx.Exec(`UPDATE generation SET kept_until = ? WHERE number = ? AND kept_until > ?`, tx.Now(), number, tx.Now())
	wake(tx, tx.Now())
	return struct{}{}, nil
}

// possible reports whether a number can be asked for in SQL.
func possible(number int64) bool { return number > 0 && number < maxCursor }

// sweep is the alarm: it erases generations and earlier bodies whose time is over, so many at a time.
func sweep(tx *object.Tx) error {
	var number int64
	over := tx.Row(`SELECT number FROM generation WHERE kept_until > 0 AND kept_until <= ? LIMIT 1`, tx.Now()).Scan(&number)
	if over {
		tx.Exec(`DELETE FROM record WHERE cursor IN (SELECT cursor FROM record WHERE generation = ? LIMIT ?)`, number, swept)
		tx.Exec(`DELETE FROM history WHERE cursor IN (SELECT cursor FROM history WHERE generation = ? LIMIT ?)`, number, swept)
		var left int
		if tx.Row(`SELECT EXISTS (SELECT 1 FROM record WHERE generation = ?) + EXISTS (SELECT 1 FROM history WHERE generation = ?)`,
			number, number).Scan(&left); left == 0 {
			forget(tx, number)
			endAll(tx, number)
			tx.Exec(`DELETE FROM generation WHERE number = ?`, number)
		}
	}
	next := sweepHistory(tx)
	var until time.Time
	if tx.Row(`SELECT min(kept_until) FROM generation WHERE kept_until > 0`).Scan(&until); next.IsZero() || !until.IsZero() && until.Before(next) {
		next = until
	}
	if !next.IsZero() {
		if soonest := tx.Now().Add(time.Second); next.Before(soonest) {
			next = soonest
		}
		tx.SetAlarm(next)
	}
	return nil
}
