// Package vault keeps the sealed settings of a person: records that it cannot read, the manifests of their collections, and the
// keys to all of it, which it cannot open either.
//
//	device ──PutKeys──► vault, generation 1 ──Reset──► generation 2 ──► …
//	  ▲  Push: compare-and-swap of each record and   └─► generation 1, kept for 30 days ──Restore──► the present one again
//	  │        of the manifest, all or none
//	  ├─ Pull: what has changed since a cursor
//	  └─ History: what a record was before
//
// What a device sends is ciphertext under keys that never come here, and ids are MACs under such keys as well. A deletion is a record
// like any other: only a device can tell. So all the object can do, and does, is to count: the version of each record, the changes of
// the vault, and bytes. It writes nothing to the log.
//
// A manifest is kept as the record of its collection whose id is empty, so that one rule holds for both.
//
// There is one object an account, by the account's id, and one for each application that keeps something for the person. A generation is one vault with keys of its own; it is a number, so that a device
// that still has another one in mind writes nothing into it. The service edge/sync calls it, after it has made sure that a trusted device
// asks.
package vault

import (
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// KindName is the name of the kind of object.
const KindName = "vault"

const (
	maxCursor = 1 << 52 // far beyond what is ever reached, and what every host can count to
	maxWrapID = 64
	swept     = 1000 // records that one alarm erases at most: an alarm is one transaction
)

// Errors of the methods. They rolled back.
var (
	ErrMissing    = object.NewError("vault: there is none")
	ErrExists     = object.NewError("vault: there is one already")
	ErrReplaced   = object.NewError("vault: another generation is the present one")
	ErrCursor     = object.NewError("vault: cursor of the future")
	ErrFull       = object.NewError("vault: quota used up")
	ErrRecordSize = object.NewError("vault: record too large")
	ErrBatchSize  = object.NewError("vault: batch too large")
	ErrKeys       = object.NewError("vault: the keys have another version")
	ErrKept       = object.NewError("vault: too many earlier ones are kept")
	ErrUnknown    = object.NewError("vault: no such earlier one")
	ErrBounds     = object.NewError("vault: argument out of bounds")
)

// migrations of the object. Every column is described in site/src/docs/storage-schema.md; TestSchemaIsDocumented holds the two together.
//
// Changes are the order of the table of records: a record that is written moves to its end. So to page through the changes is to read
// the table from some place on, and to write is a look-up by name, a step at the end of the table and one in the index, however many
// records there are.
var migrations = []string{
	`CREATE TABLE generation (
		number         INTEGER PRIMARY KEY,
		newest         INTEGER NOT NULL,
		first          INTEGER NOT NULL,
		cursor         INTEGER NOT NULL,
		records        INTEGER NOT NULL,
		bytes          INTEGER NOT NULL,
		keys           INTEGER NOT NULL,
		created        INTEGER NOT NULL,
		kept_since     INTEGER NOT NULL,
		kept_until     INTEGER NOT NULL
	) STRICT;
	CREATE TABLE record (
		cursor         INTEGER PRIMARY KEY,
		generation     INTEGER NOT NULL,
		collection     BLOB    NOT NULL,
		id             BLOB    NOT NULL,
		version        INTEGER NOT NULL,
		body           BLOB    NOT NULL
	) STRICT;
	CREATE UNIQUE INDEX record_name ON record (generation, collection, id);
	CREATE TABLE ring (
		generation     INTEGER PRIMARY KEY,
		ring           BLOB    NOT NULL
	) STRICT;
	CREATE TABLE wrap (
		generation     INTEGER NOT NULL,
		place          INTEGER NOT NULL,
		id             TEXT    NOT NULL,
		kind           TEXT    NOT NULL,
		body           BLOB    NOT NULL,
		PRIMARY KEY (generation, place)
	) STRICT, WITHOUT ROWID;`,
	`ALTER TABLE generation ADD COLUMN history INTEGER NOT NULL DEFAULT 0;
	CREATE TABLE history (
		cursor         INTEGER PRIMARY KEY,
		generation     INTEGER NOT NULL,
		collection     BLOB    NOT NULL,
		id             BLOB    NOT NULL,
		version        INTEGER NOT NULL,
		until          INTEGER NOT NULL,
		body           BLOB    NOT NULL
	) STRICT;
	CREATE UNIQUE INDEX history_name ON history (generation, collection, id, version);`,
	`ALTER TABLE generation ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
	CREATE TABLE application (
		number         INTEGER PRIMARY KEY,
		generation     INTEGER NOT NULL,
		client         TEXT    NOT NULL,
		key            TEXT    NOT NULL,
		since          INTEGER NOT NULL,
		erased         INTEGER NOT NULL
	) STRICT;
	CREATE INDEX application_client ON application (client);`,
}

// Limits are what an operator may choose.
type Limits struct {
	Quota  int64 // bytes of an account's present vault and its history, api.VaultRecordCost for each record among them; zero: api.VaultQuota
	Record int   // bytes of a record's body, api.MaxVaultRecord at most; zero: that
}

// kind has the methods that depend on the limits.
type kind struct{ Limits }

// New returns the kind of object. erasing is Erasing of a Service.
func New(l Limits, erasing object.Effect) *object.Kind {
	if l.Quota == 0 {
		l.Quota = api.VaultQuota
	}
	if l.Record <= 0 || l.Record > api.MaxVaultRecord {
		l.Record = api.MaxVaultRecord
	}
	c := kind{l}
	k := &object.Kind{Name: KindName, Migrations: migrations, Alarm: sweep, Effects: map[string]object.Effect{topicErasing: erasing}}
	object.Handle(k, push, c.doPush)
	object.Handle(k, pull, c.doPull)
	object.Handle(k, history, doHistory)
	object.Handle(k, getKeys, doKeys)
	object.Handle(k, putKeys, doPutKeys)
	object.Handle(k, kept, doKept)
	object.Handle(k, reset, doReset)
	object.Handle(k, restore, doRestore)
	object.Handle(k, erase, doErase)
	object.Handle(k, disconnect, doDisconnect)
	object.Handle(k, applications, doApplications)
	object.Handle(k, findApplication, doFindApplication)
	object.Handle(k, beginApplication, doBeginApplication)
	object.Handle(k, eraseApplication, doEraseApplication)
	object.Handle(k, facts, doFacts)
	object.Handle(k, empty, doEmpty)
	return k
}
