// Package object is the seam between Latchkey's state and the runtime that keeps it.
//
// One object is one single-threaded SQLite database: a Durable Object on workerd, a database file natively. A method of
// an object is one synchronous Go function inside one transaction. It commits when the method returns nil and rolls back
// when it returns an error or panics, so a state transition can neither race nor be half done. A method does no I/O:
// what must happen outside after the commit goes through Tx.Later, the object's outbox; who listens hears of it by Tx.Notify.
//
// A domain package declares a Kind with its migrations and methods, and typed references to the methods (Method) that
// callers use. Hosts (the bridge on workerd, Native here) run them through a Dispatcher, so both have the same semantics.
package object

import (
	"context"
	"encoding/json"
	"reflect"
)

// Host finds objects and calls their methods. An object exists as soon as it is called; its name is any string.
type Host interface {
	// Call runs a method inside a transaction of the named object. Input and result are opaque to the host: Method codes them.
	Call(ctx context.Context, kind, name, method string, in []byte) ([]byte, error)
}

// SQL is an object's database inside a transaction that the host has opened. A statement that fails leaves the
// transaction open and without that statement's changes.
type SQL interface {
	// Exec runs one statement and returns all of its rows. Arguments and values are nil, int64, float64, string or []byte.
	// A host that cannot tell 1 from 1.0 may return either for both.
	Exec(query string, args []any) ([][]any, error)
}

// Recalling is the SQL of a host that can keep what a transaction has left in the object's bookkeeping, in memory and for as long as it
// is certain that nothing else writes to the object's database. It spares the next transaction the statement that reads it.
type Recalling interface {
	SQL
	// Recall returns what Keep was given in the transaction of the object that was committed last, if the host still knows.
	Recall() (alarm, due int64, ok bool)
	// Keep is called at the end of a transaction and counts from its commit on.
	Keep(alarm, due int64)
}

// Method is a typed reference to a method of a kind of object.
type Method[In, Out any] struct {
	Kind string // name of the kind: "account"
	Name string // name of the method: "begin_signin"
}

// Call runs the method on the named object. Sentinel errors of the domain (NewError) survive the way and compare with errors.Is;
// any other failure of the method arrives as ErrInternal.
func (m Method[In, Out]) Call(ctx context.Context, h Host, name string, in In) (Out, error) {
	var out Out
	err := call(ctx, h, m.Kind, name, m.Name, &in, &out)
	return out, err
}

// Kind is a class of objects: what its database looks like and what can be done with it.
type Kind struct {
	Name string
	// Migrations are SQL scripts, applied once each and in order when an object is first touched by this version of the
	// program. A published one is never edited: append.
	Migrations []string
	// Alarm runs inside a transaction when the time set with Tx.SetAlarm has come; the alarm is off unless it sets it again.
	// When it fails it is rolled back and tried again a minute later.
	Alarm func(tx *Tx) error
	// Effects deliver what methods put in the outbox with Tx.Later, by topic. They run outside any transaction, several at
	// once and in no particular order, and may do I/O; they are tried again with growing pauses until they return nil or a
	// week has passed, so each must be safe to repeat.
	Effects map[string]Effect

	methods map[string]method
}

// Effect delivers one outbox entry.
type Effect func(ctx context.Context, d Delivery) error

// Delivery is one outbox entry on its way out.
type Delivery struct {
	ID      string          `json:"id"` // unique; the same on every try, so that a receiver can drop repeats
	Object  string          `json:"object"`
	Topic   string          `json:"topic"`
	Payload json.RawMessage `json:"payload"`
	Try     int             `json:"try"` // 1 for the first
}

// Handle adds a method to its kind. It panics when m belongs to another kind or is there already: both are mistakes of wiring.
func Handle[In, Out any](k *Kind, m Method[In, Out], run func(tx *Tx, in In) (Out, error)) {
	k.add(m.Kind, m.Name, reflect.TypeFor[In](), reflect.TypeFor[Out](), func(tx *Tx, read func(in any) error) (any, error) {
		in, out := new(In), new(Out)
		err := read(in)
		if err == nil {
			*out, err = run(tx, *in)
		}
		return out, err
	})
}

// add is Handle without its types, of which the program has a copy for each method.
func (k *Kind) add(kind, name string, in, out reflect.Type, run func(*Tx, func(any) error) (any, error)) {
	if kind != k.Name {
		panic("object: method of kind " + kind + " added to " + k.Name)
	}
	if _, twice := k.methods[name]; twice {
		panic("object: " + kind + "." + name + " added twice")
	}
	if k.methods == nil {
		k.methods = map[string]method{}
	}
	k.methods[name] = method{formOf(in, out), run}
}
