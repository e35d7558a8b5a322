package object

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// The bookkeeping of an object lives in its own database, so it is right after a rollback, a restart, a restored backup and
// a deletion alike. One read at the start of a transaction gets all of it, or none when the host has kept it (Recalling): what is kept
// was read, and the schema brought up to date, by this program.
const (
	createState     = `CREATE TABLE _object_state (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, schema TEXT NOT NULL, alarm INTEGER NOT NULL) STRICT`
	createMigration = `CREATE TABLE _object_migration (number INTEGER PRIMARY KEY, hash TEXT NOT NULL, applied INTEGER NOT NULL) STRICT`
	createOutbox    = `CREATE TABLE _object_outbox (seq INTEGER PRIMARY KEY, due INTEGER NOT NULL, try INTEGER NOT NULL, created INTEGER NOT NULL, id TEXT NOT NULL, topic TEXT NOT NULL, payload TEXT NOT NULL) STRICT`
	readState       = `SELECT name, schema, alarm, (SELECT min(due) FROM _object_outbox) FROM _object_state`
)

// begin opens the bookkeeping of the object and brings its schema up to what has the given fingerprint.
func begin(sql SQL, k *Kind, object string, now time.Time, want string) *Tx {
	tx := &Tx{sql: sql, kind: k, object: object, now: now.Truncate(time.Second).UTC()}
	if tx.recall() {
		return tx
	}
	rows, err := sql.Exec(readState, nil)
	if err != nil || len(rows) == 0 {
		// A new object. Should the reason have been another one, these statements fail as well and say so.
		tx.Exec(createState)
		tx.Exec(createMigration)
		tx.Exec(createOutbox)
		tx.Exec(`INSERT INTO _object_state (id, name, schema, alarm) VALUES (1, ?, '', 0)`, object)
		rows = [][]any{{object, "", int64(0), nil}}
	}
	var name, schema string
	Row{query: readState, values: rows[0]}.Scan(&name, &schema, &tx.alarm, &tx.due)
	tx.savedAlarm = tx.alarm
	if tx.object == "" {
		tx.object = name
	}
	if schema != want {
		tx.migrate()
		tx.Exec(`UPDATE _object_state SET schema = ?`, want)
	}
	return tx
}

// recall takes the bookkeeping from the host's memory.
func (tx *Tx) recall() bool {
	host, ok := tx.sql.(Recalling)
	if !ok || tx.object == "" {
		return false
	}
	tx.alarm, tx.due, ok = host.Recall()
	tx.savedAlarm = tx.alarm
	return ok
}

// migrate applies the migrations that the object has not seen yet.
func (tx *Tx) migrate() {
	applied := 0
	for row := range tx.Rows(`SELECT number, hash FROM _object_migration ORDER BY number`) {
		var number int
		var hash string
		row.Scan(&number, &hash)
		applied++
		switch {
		case number > len(tx.kind.Migrations):
			panic(fmt.Errorf("object: %s %q has migration %d, this program only %d: the database is of a newer version",
				tx.kind.Name, tx.object, number, len(tx.kind.Migrations)))
		case number != applied || hash != digest(tx.kind.Migrations[number-1]):
			panic(fmt.Errorf("object: migration %d of kind %s was edited after it had been applied to %q: undo that and append a new one",
				number, tx.kind.Name, tx.object))
		}
	}
	for i := applied; i < len(tx.kind.Migrations); i++ {
		for _, statement := range statements(tx.kind.Migrations[i]) {
			tx.Exec(statement)
		}
		tx.Exec(`INSERT INTO _object_migration (number, hash, applied) VALUES (?, ?, ?)`, i+1, digest(tx.kind.Migrations[i]), tx.now)
	}
}

// digest identifies the text of a migration. Space around it does not count.
func digest(migration string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(migration)))
	return hex.EncodeToString(sum[:])
}

// fingerprint identifies a list of migrations.
func fingerprint(migrations []string) string {
	h := sha256.New()
	for _, m := range migrations {
		h.Write([]byte(digest(m)))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
