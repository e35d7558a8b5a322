// Package objecttest is the conformance suite of object hosts: what every object.Host must do, run by Native's tests and,
// compiled into a Worker, on workerd against real Durable Objects.
//
// A driver registers Kinds with its host, makes an Env and runs Cases. It may then run Before, restart the host with Version
// 2 over the same storage, and run After. The package imports neither testing nor a clock that waits, so that it runs
// inside a request of a Worker.
package objecttest

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// T is the part of *testing.T that the cases use. Fatalf does not return.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// Env is the host under test.
type Env struct {
	Ctx  context.Context // passed to every call; on workerd it carries the request
	Host object.Host
	Now  func() time.Time // the clock that the host goes by
	// Prefix starts the name of every object, so that two runs over one storage do not meet. Before and After share theirs.
	Prefix string
	// Pass lets the time go by and does what is due then. When it is nil the alarms ring by themselves, in real time.
	Pass func(ctx context.Context, d time.Duration) error
	// Pause is called between two looks at an object that something should happen to when Pass is nil. It may be nil.
	Pause func(ctx context.Context) error
}

// Case is one rule that hosts keep.
type Case struct {
	Name string
	Run  func(t T, e *Env)
}

// Cases need no restart.
var Cases = []Case{
	{"a result and a name reach the caller", callReturns},
	{"concurrent increments are all counted", incrementsRace},
	{"a single-use token is consumed by exactly one of 100", tokenRace},
	{"objects do not share state", objectsApart},
	{"an error rolls back", errorRollsBack},
	{"a panic rolls back and leaves the object working", panicRollsBack},
	{"a failed statement rolls back", statementRollsBack},
	{"sentinel errors survive a call and others do not", errorsSurvive},
	{"an unknown method is refused", unknownRefused},
	{"migrations run once and in order", migrationsOnce},
	{"all types of value come back as they went", valuesReturn},
	{"a blob of 1 MiB comes back as it went", blobReturns},
	{"time is kept to the second in UTC", timeKept},
	{"an alarm rings once and not early", alarmRings},
	{"an alarm is replaced by the next", alarmReplaced},
	{"a cleared alarm stays silent", alarmCleared},
	{"an alarm may set itself again", alarmRepeats},
	{"an alarm of a method that was rolled back stays silent", alarmRolledBack},
	{"an outbox entry is delivered once after the commit", outboxDelivers},
	{"an outbox entry of a method that was rolled back is not delivered", outboxRolledBack},
	{"an effect that fails is tried again with the same id", outboxRetries},
	{"an effect that panics is tried again", outboxPanics},
	{"many outbox entries are all delivered", outboxMany},
	{"an alarm may use the outbox", alarmSends},
	{"the outbox and the alarm do not disturb each other", outboxBesideAlarm},
}

// Before leaves things behind for After to find when the host has been restarted with Version 2.
var Before = []Case{
	{"before a restart: write", restartWrite},
	{"before a restart: set an alarm", restartAlarm},
	{"before a restart: leave an entry in the outbox", restartSend},
}

// After is the other half of Before.
var After = []Case{
	{"after a restart: what was written is there", restartRead},
	{"after a restart: a migration that was added runs once", restartMigrated},
	{"after a restart: the alarm rings", restartRang},
	{"after a restart: the outbox entry is delivered", restartSent},
}

// Result is what became of a case.
type Result struct {
	Name   string   `json:"name"`
	Passed bool     `json:"passed"`
	Log    []string `json:"log,omitempty"`
}

// Report runs cases where there is no *testing.T, and returns what became of them.
func Report(e *Env, cases []Case) []Result {
	results := make([]Result, len(cases))
	for i, c := range cases {
		r := &recorder{}
		r.run(c, e)
		results[i] = Result{Name: c.Name, Passed: !r.failed, Log: r.log}
	}
	return results
}

// recorder is a T that remembers.
type recorder struct {
	failed bool
	log    []string
}

// stopped is what Fatalf panics with to leave the case.
type stopped struct{}

func (r *recorder) run(c Case, e *Env) {
	defer func() {
		if p := recover(); p != nil && p != (stopped{}) {
			r.Errorf("panic: %v", p)
		}
	}()
	c.Run(r, e)
}

func (r *recorder) Helper() {}

func (r *recorder) Logf(format string, args ...any) {
	r.log = append(r.log, fmt.Sprintf(format, args...))
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failed = true
	r.Logf(format, args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(stopped{})
}

// must calls a method that has to succeed.
func must[In, Out any](t T, e *Env, m object.Method[In, Out], name string, in In) Out {
	t.Helper()
	out, err := m.Call(e.Ctx, e.Host, e.Prefix+name, in)
	if err != nil {
		t.Fatalf("%s on %s: %v", m.Name, name, err)
	}
	return out
}

// await looks until something is so, for at most the given time of the host's clock.
func await(t T, e *Env, limit time.Duration, what string, so func() bool) {
	t.Helper()
	end := e.Now().Add(limit)
	for !so() {
		if !e.Now().Before(end) {
			t.Fatalf("after %v still not: %s", limit, what)
		}
		pass(t, e, time.Second)
	}
}

// pass lets about a step of time go by: exactly that with a clock of the driver's, less with a real one.
func pass(t T, e *Env, step time.Duration) {
	t.Helper()
	var err error
	if e.Pass != nil {
		err = e.Pass(e.Ctx, step)
	} else if e.Pause != nil {
		err = e.Pause(e.Ctx)
	}
	if err != nil {
		t.Fatalf("time does not pass: %v", err)
	}
}

// quiet lets the given time go by with something to look at that has to stay so.
func quiet(t T, e *Env, limit time.Duration, what string, so func() bool) {
	t.Helper()
	for end := e.Now().Add(limit); e.Now().Before(end); pass(t, e, time.Second) {
		if !so() {
			t.Fatalf("not any more: %s", what)
		}
	}
}
