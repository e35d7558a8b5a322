// Package names says who a name belongs to: a user principal name, an alias, a domain or a client id. It is what makes them
// unique across the service.
//
// Names live in 64 objects by hash, so no one object sees every sign-in. A name is first reserved, for a limited time and under
// a token, then committed with that token when what it is for has been made; two who race for a name meet in one object, and
// one of them loses. An abandoned reservation frees itself. Services call it; it calls nothing.
package names

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// KindName is the name of the kind of object.
const KindName = "names"

// Limits. Texts in bytes.
const (
	MaxName  = 320 // of a name
	MaxOwner = 128 // of an owner's id
	maxToken = 64
	MaxTTL   = 30 * 24 * time.Hour // of a reservation
)

// grace is how long an expired reservation can still be committed if nobody else took the name: as long as an outbox tries, so
// that a commit that was delayed is not lost.
const grace = 8 * 24 * time.Hour

var (
	// ErrTaken says that the name is committed, or reserved by somebody else.
	ErrTaken = object.NewError("names: taken")
	// ErrLost says that the reservation is not there any more.
	ErrLost = object.NewError("names: reservation lost")
	// ErrBounds says that a name, owner, token or time is empty or out of bounds.
	ErrBounds = object.NewError("names: argument out of bounds")
)

// Kinds of owners.
const (
	Account = "account"
	Client  = "client"
	Domain  = "domain"
)

// Owner is what a name stands for.
type Owner struct {
	Kind string `json:"kind"` // Account, Client or Domain
	ID   string `json:"id"`
}

// migrations of the object. A row is a reservation while committed is 0. token_hash stays after the commit, so that a
// commit can be repeated.
var migrations = []string{
	`CREATE TABLE name (
		name TEXT PRIMARY KEY,
		owner_kind TEXT NOT NULL,
		owner_id TEXT NOT NULL,
		token_hash BLOB NOT NULL,
		committed INTEGER NOT NULL,
		expires INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE INDEX name_expires ON name (expires) WHERE committed = 0;`,
}

// New returns the kind of object.
func New() *object.Kind {
	k := &object.Kind{Name: KindName, Migrations: migrations, Alarm: clean}
	object.Handle(k, lookup, doLookup)
	object.Handle(k, reserve, doReserve)
	object.Handle(k, renew, doRenew)
	object.Handle(k, commit, doCommit)
	object.Handle(k, release, doRelease)
	return k
}

// entry is a row.
type entry struct {
	owner     Owner
	hash      []byte
	committed bool
	expires   time.Time
}

func find(tx *object.Tx, name string) (e entry, found bool) {
	found = tx.Row(`SELECT owner_kind, owner_id, token_hash, committed, expires FROM name WHERE name = ?`, name).
		Scan(&e.owner.Kind, &e.owner.ID, &e.hash, &e.committed, &e.expires)
	return e, found
}

// free reports whether anybody may take the name.
func (e entry) free(now time.Time) bool { return !e.committed && !now.Before(e.expires) }

// hashOf is what is stored of a token.
func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func (e entry) belongs(token string) bool {
	return subtle.ConstantTimeCompare(e.hash, hashOf(token)) == 1
}

// claim is the input of what holds a reservation.
type claim struct {
	Name  string        `json:"name"`
	Owner Owner         `json:"owner,omitzero"`
	Token string        `json:"token"`
	TTL   time.Duration `json:"ttl,omitempty"`
}

func (c claim) check() error {
	if !within(c.Name, MaxName) || !within(c.Token, maxToken) {
		return ErrBounds
	}
	return nil
}

func within(s string, limit int) bool { return s != "" && len(s) <= limit }
