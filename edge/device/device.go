// Package device keeps the requests of devices that a person has not answered yet (RFC 8628): a device without a keyboard shows a
// short code, the person types it into a browser and says yes or no, and the device, which asks again and again, hears of it.
//
//	device     Begin ──► pending ──Decide──► approved ──Poll──► consumed
//	                        │  └───Decide──► denied
//	                        └─ after Lifetime: expired
//
// Each arrow is one transaction. What races meets in one object: of any number of polls after the approval one gets what was
// approved, and only then is anything made from it. A request is known by a MAC of its code, so neither the code that would
// approve it nor the one that would collect it can be read from here. What was approved is a permit: text that the caller sealed.
//
// Requests live in 256 objects by that MAC and not in one each: whoever tries codes, or asks for many, leaves no object behind,
// only rows, which delete themselves. Services call it; it calls nothing.
package device

import (
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// KindName is the name of the kind of object.
const KindName = "device"

// Limits.
const (
	Lifetime = 600 // seconds in which a person can answer
	Grace    = 60  // seconds after that in which the device can still collect the answer
	Interval = 5   // seconds between two polls at least, to begin with (RFC 8628 section 3.2)
	Slower   = 5   // seconds that it grows by with every poll that came too soon (section 3.5)

	maxInterval = 30
	keySize     = 32
	maxClientID = 128
	maxText     = 2048
	maxPlace    = 128
	maxPermit   = 4096
)

// cleanPause is the shortest time between two alarms.
const cleanPause = 5 * time.Minute

// Errors of the methods. They rolled back.
var (
	// ErrTaken: there is a request with this code already; take another one.
	ErrTaken = object.NewError("device: code in use")
	// ErrUnknown: no request with this code waits for an answer.
	ErrUnknown = object.NewError("device: nothing waits with this code")
	// ErrBounds: an argument is missing or too long. Callers check first; this is the second line.
	ErrBounds = object.NewError("device: argument out of bounds")
)

// State is where a request stands, or what a poll comes to.
type State string

// The states. The last three are only answers to polls.
const (
	Pending  State = "pending"
	Approved State = "approved" // to a poll: this one gets it, and no other will
	Denied   State = "denied"
	consumed State = "consumed"

	TooSoon State = "too_soon" // still pending, and asked before the interval was over
	Expired State = "expired"  // nobody answered in time
	Unknown State = "unknown"  // no such request, of another application or key, or collected before
)

// migrations of the object. Every column is described in site/src/docs/storage-schema.md. Times are unix seconds.
var migrations = []string{
	`CREATE TABLE pairing (
		code           BLOB    PRIMARY KEY,
		secret_hash    BLOB    NOT NULL,
		client_id      TEXT    NOT NULL,
		scope          TEXT    NOT NULL,
		resources      TEXT    NOT NULL,
		binding        TEXT    NOT NULL,
		place          TEXT    NOT NULL,
		network        BLOB    NOT NULL,
		state          TEXT    NOT NULL,
		account        TEXT    NOT NULL,
		session        TEXT    NOT NULL,
		permit         TEXT    NOT NULL,
		pause          INTEGER NOT NULL,
		polled         INTEGER NOT NULL,
		created        INTEGER NOT NULL,
		answer_until   INTEGER NOT NULL,
		expires        INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE INDEX pairing_expires ON pairing (expires);`,
}

// New returns the kind of object.
func New() *object.Kind {
	k := &object.Kind{Name: KindName, Migrations: migrations, Alarm: clean.Alarm}
	object.Handle(k, begin, doBegin)
	object.Handle(k, look, doLook)
	object.Handle(k, decide, doDecide)
	object.Handle(k, poll, doPoll)
	return k
}

// clean deletes the requests whose time is over, whatever became of them.
var clean = object.Sweep{Table: "pairing", Pause: cleanPause}
