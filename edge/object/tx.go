package object

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"
)

// maxArgs is how many arguments a statement has at most: what the strictest host (Durable Objects) allows.
const maxArgs = 100

// Tx is the transaction that a method or an alarm runs in. It is not valid after that has returned, and belongs to the
// goroutine that runs it.
//
// Its statements panic when they fail; the Dispatcher turns that into a rollback and ErrInternal, so that domain code is
// about the domain. Statements that begin, end or nest transactions, attach databases or set pragmas are refused: not every
// host has them. There is no count of changed rows: use RETURNING.
type Tx struct {
	sql    SQL
	kind   *Kind
	object string
	now    time.Time

	alarm      int64 // of the kind: unix seconds, 0 for none
	savedAlarm int64 // the same as it is stored
	due        int64 // of the earliest outbox entry: unix seconds, 0 for none

	signals []Signal
}

// Name returns the name of the object.
func (tx *Tx) Name() string { return tx.object }

// Now returns the time of the transaction in UTC, cut to the second: what is stored of it equals it.
func (tx *Tx) Now() time.Time { return tx.now }

// Exec runs one statement and drops its rows. Arguments are string, []byte, int, int64, bool, float64, time.Time or nil;
// times are kept as unix seconds (the zero time as 0), bools as 0 and 1, a nil []byte as NULL. Strings are valid UTF-8,
// integers at most 2^53.
func (tx *Tx) Exec(query string, args ...any) { tx.run(query, args) }

// Row runs one statement and returns its first row. Without one, Scan reports false.
//
// In a join, write "= +?": what is compared with a bare parameter there, SQLite plans anew each time another value is bound, which
// takes workerd three times as long as the row.
func (tx *Tx) Row(query string, args ...any) Row {
	rows := tx.run(query, args)
	if len(rows) == 0 {
		return Row{query: query}
	}
	return Row{query: query, values: rows[0]}
}

// Rows runs one statement at once and iterates over its rows. They are all in memory: bound them with LIMIT.
func (tx *Tx) Rows(query string, args ...any) iter.Seq[Row] {
	rows := tx.run(query, args)
	return func(yield func(Row) bool) {
		for _, values := range rows {
			if !yield(Row{query: query, values: values}) {
				return
			}
		}
	}
}

// SetAlarm has the kind's Alarm run at the given time, rounded up to the second, or as soon as possible when it has passed.
// It replaces the time set before; the zero time clears it.
func (tx *Tx) SetAlarm(at time.Time) {
	if at.IsZero() {
		tx.alarm = 0
		return
	}
	if at.Nanosecond() > 0 {
		at = at.Add(time.Second)
	}
	tx.alarm = max(at.Unix(), 1)
}

// Alarm returns the time at which the kind's Alarm will run, zero for never.
func (tx *Tx) Alarm() time.Time { return fromUnix(tx.alarm) }

// Later puts an entry in the outbox. After the commit, and only then, the kind's Effect of that topic gets payload as JSON,
// at once, and again with growing pauses until it succeeds. A topic that the kind does not have, or a payload over
// MaxPayload, panics.
func (tx *Tx) Later(topic string, payload any) {
	if tx.kind.Effects[topic] == nil {
		panic(fmt.Errorf("object: kind %s has no effect for topic %q", tx.kind.Name, topic))
	}
	data, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Errorf("object: payload of topic %q: %w", topic, err))
	}
	if len(data) > MaxPayload {
		panic(fmt.Errorf("object: payload of topic %q has %d bytes", topic, len(data)))
	}
	tx.enqueue(topic, data)
}

// sqlError is what Tx panics with when a statement fails. Arguments are left out: they may be secret.
type sqlError struct {
	query string
	err   error
}

func (e *sqlError) Error() string { return fmt.Sprintf("object: %q: %v", e.query, e.err) }
func (e *sqlError) Unwrap() error { return e.err }

func (tx *Tx) run(query string, args []any) [][]any {
	if tx.sql == nil {
		panic("object: transaction used after its method has returned")
	}
	if word := firstWord(query); refused[word] {
		panic(&sqlError{query, fmt.Errorf("%s is not for methods", word)})
	}
	if strings.IndexByte(strings.TrimRight(query, "; \t\r\n"), ';') >= 0 && len(statements(query)) > 1 {
		panic(&sqlError{query, fmt.Errorf("more than one statement")})
	}
	bound := make([]any, len(args))
	for i, arg := range args {
		value, err := bind(arg)
		if err != nil {
			panic(&sqlError{query, fmt.Errorf("argument %d: %w", i+1, err)})
		}
		bound[i] = value
	}
	if len(args) > maxArgs {
		panic(&sqlError{query, fmt.Errorf("%d arguments", len(args))})
	}
	rows, err := tx.sql.Exec(query, bound)
	if err != nil {
		panic(&sqlError{query, err})
	}
	return rows
}

// refused are the statements that only some hosts have, or that would break the transaction.
var refused = map[string]bool{
	"BEGIN": true, "COMMIT": true, "END": true, "ROLLBACK": true, "SAVEPOINT": true, "RELEASE": true,
	"PRAGMA": true, "ATTACH": true, "DETACH": true, "VACUUM": true,
}

func firstWord(query string) string {
	query = strings.TrimLeft(query, " \t\r\n;")
	end := strings.IndexFunc(query, func(r rune) bool { return r == '_' || (r|0x20) < 'a' || (r|0x20) > 'z' })
	if end < 0 {
		end = len(query)
	}
	return strings.ToUpper(query[:end])
}
