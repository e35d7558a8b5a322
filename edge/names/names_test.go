//go:build !js

package names

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
)

// world is the service over a native host and a clock.
type world struct {
	*Service
	t     *testing.T
	clock *objecttest.Clock
	host  *object.Native
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: objecttest.NewClock(time.Unix(1_790_000_000, 0))}
	host, err := object.NewNative(object.NativeConfig{Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}, New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	w.host, w.Service = host, NewService(host)
	return w
}

func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.clock.Pass(d)
	if err := w.host.Wake(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) reserve(name, id string) string {
	w.t.Helper()
	token, err := w.Reserve(w.t.Context(), name, Owner{Account, id}, time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func (w *world) owner(name string) string {
	w.t.Helper()
	o, found, err := w.Lookup(w.t.Context(), name)
	if err != nil || found != (o.ID != "") {
		w.t.Fatalf("lookup: %+v, %v, %v", o, found, err)
	}
	return o.ID
}

const name = "ada@example.com"

func TestReservationIsNotYetAnOwner(t *testing.T) {
	w := newWorld(t)
	token := w.reserve(name, "1")
	if got := w.owner(name); got != "" {
		t.Errorf("a reserved name belongs to %q", got)
	}
	for range 2 { // can be repeated
		if err := w.Commit(t.Context(), name, token); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.owner(name); got != "1" {
		t.Errorf("a committed name belongs to %q", got)
	}
}

func TestOneOfAHundredGetsTheName(t *testing.T) {
	w := newWorld(t)
	var all sync.WaitGroup
	tokens := make([]string, 100)
	for i := range tokens {
		all.Go(func() {
			token, err := w.Reserve(t.Context(), name, Owner{Account, fmt.Sprint(i)}, time.Hour)
			if err != nil && !errors.Is(err, ErrTaken) {
				t.Error(err)
			}
			tokens[i] = token
		})
	}
	all.Wait()
	winner := -1
	for i, token := range tokens {
		if token == "" {
			continue
		}
		if winner >= 0 {
			t.Errorf("%d and %d both got the name", winner, i)
		}
		winner = i
	}
	if winner < 0 {
		t.Fatal("nobody got the name")
	}
	if err := w.Commit(t.Context(), name, tokens[winner]); err != nil {
		t.Fatal(err)
	}
	if got := w.owner(name); got != fmt.Sprint(winner) {
		t.Errorf("%q owns the name, want %d", got, winner)
	}
}

func TestAbandonedReservationFreesItself(t *testing.T) {
	w := newWorld(t)
	first := w.reserve(name, "1")
	w.pass(time.Hour - time.Second)
	if _, err := w.Reserve(t.Context(), name, Owner{Account, "2"}, time.Hour); !errors.Is(err, ErrTaken) {
		t.Errorf("a second before its end: %v", err)
	}
	w.pass(time.Second)
	second := w.reserve(name, "2")
	for what, f := range map[string]func() error{
		"commit": func() error { return w.Commit(t.Context(), name, first) },
		"renew":  func() error { return w.Renew(t.Context(), name, first, time.Hour) },
	} {
		if err := f(); !errors.Is(err, ErrLost) {
			t.Errorf("%s of a reservation that somebody took over: %v", what, err)
		}
	}
	if err := w.Commit(t.Context(), name, second); err != nil {
		t.Fatal(err)
	}
}

// TestLateCommitHolds proves that a commit that was held up is good while nobody else has taken the name, and that the row of
// an abandoned one goes after the grace.
func TestLateCommitHolds(t *testing.T) {
	w := newWorld(t)
	late, gone := w.reserve("late@example.com", "1"), w.reserve("gone@example.com", "2")
	w.pass(7 * 24 * time.Hour)
	if err := w.Commit(t.Context(), "late@example.com", late); err != nil {
		t.Errorf("late commit: %v", err)
	}
	w.pass(grace)
	if err := w.Commit(t.Context(), "gone@example.com", gone); !errors.Is(err, ErrLost) {
		t.Errorf("commit after the grace: %v", err)
	}
	if got := w.owner("late@example.com"); got != "1" {
		t.Errorf("the committed name belongs to %q", got)
	}
}

func TestCleaningKeepsWhatStillCounts(t *testing.T) {
	w := newWorld(t)
	held := map[string]string{}
	for i := range 200 { // over all shards
		n := fmt.Sprintf("%d@example.com", i)
		held[n] = w.reserve(n, "1")
		w.pass(time.Minute)
	}
	w.pass(grace + 30*time.Minute)
	for n, token := range held {
		if err := w.Renew(t.Context(), n, token, time.Hour); err != nil && !errors.Is(err, ErrLost) {
			t.Fatal(err)
		}
	}
	w.pass(2 * grace)
	for n, token := range held {
		if err := w.Renew(t.Context(), n, token, time.Hour); !errors.Is(err, ErrLost) {
			t.Errorf("%s is still there: %v", n, err)
		}
	}
}

func TestRenewPutsTheEndOff(t *testing.T) {
	w := newWorld(t)
	token := w.reserve(name, "1")
	w.pass(59 * time.Minute)
	for _, ttl := range []time.Duration{time.Hour, time.Second} { // never shortens
		if err := w.Renew(t.Context(), name, token, ttl); err != nil {
			t.Fatal(err)
		}
	}
	w.pass(59 * time.Minute)
	if _, err := w.Reserve(t.Context(), name, Owner{Account, "2"}, time.Hour); !errors.Is(err, ErrTaken) {
		t.Errorf("a renewed reservation was taken over: %v", err)
	}
}

func TestReleaseGivesUpOnlyItsOwnReservation(t *testing.T) {
	w := newWorld(t)
	token := w.reserve(name, "1")
	if err := w.Release(t.Context(), name, "another token"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Reserve(t.Context(), name, Owner{Account, "2"}, time.Hour); !errors.Is(err, ErrTaken) {
		t.Errorf("released by another token: %v", err)
	}
	for range 2 { // can be repeated
		if err := w.Release(t.Context(), name, token); err != nil {
			t.Fatal(err)
		}
	}
	token = w.reserve(name, "2")
	if err := w.Commit(t.Context(), name, token); err != nil {
		t.Fatal(err)
	}
	if err := w.Release(t.Context(), name, token); err != nil {
		t.Fatal(err)
	}
	if got := w.owner(name); got != "2" {
		t.Errorf("a committed name was released: owner %q", got)
	}
}

func TestCommittedNameIsNeverTaken(t *testing.T) {
	w := newWorld(t)
	token := w.reserve(name, "1")
	if err := w.Commit(t.Context(), name, token); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.pass(30 * 24 * time.Hour)
		if _, err := w.Reserve(t.Context(), name, Owner{Account, "2"}, time.Hour); !errors.Is(err, ErrTaken) {
			t.Errorf("reserved again: %v", err)
		}
		if err := w.Renew(t.Context(), name, token, time.Hour); err != nil {
			t.Errorf("renew of a committed name: %v", err)
		}
	}
	if got := w.owner(name); got != "1" {
		t.Errorf("the name belongs to %q", got)
	}
}

func TestBounds(t *testing.T) {
	w := newWorld(t)
	long := string(make([]byte, MaxName+1))
	for what, f := range map[string]func() error{
		"no name":       func() error { _, err := w.Reserve(t.Context(), "", Owner{Account, "1"}, time.Hour); return err },
		"long name":     func() error { _, err := w.Reserve(t.Context(), long, Owner{Account, "1"}, time.Hour); return err },
		"no owner":      func() error { _, err := w.Reserve(t.Context(), name, Owner{}, time.Hour); return err },
		"strange owner": func() error { _, err := w.Reserve(t.Context(), name, Owner{"pet", "1"}, time.Hour); return err },
		"no time":       func() error { _, err := w.Reserve(t.Context(), name, Owner{Account, "1"}, 0); return err },
		"endless time":  func() error { _, err := w.Reserve(t.Context(), name, Owner{Account, "1"}, MaxTTL+1); return err },
		"no token":      func() error { return w.Commit(t.Context(), name, "") },
	} {
		if err := f(); !errors.Is(err, ErrBounds) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, found, err := w.Lookup(t.Context(), long); found || err != nil {
		t.Errorf("lookup of a long name: %v, %v", found, err)
	}
}

// TestShardsNeverMove pins names to their objects: a change would lose every name there is.
func TestShardsNeverMove(t *testing.T) {
	used := map[string]bool{}
	for i := range 2000 {
		used[shard(fmt.Sprint(i))] = true
	}
	if len(used) != Shards || !used["00"] || !used["3f"] || used["40"] {
		t.Errorf("%d shards in use", len(used))
	}
	for n, want := range map[string]string{"ada@example.com": "35", "example.com": "23", "shop": "0d"} {
		if got := shard(n); got != want {
			t.Errorf("%s is in shard %s, want %s", n, got, want)
		}
	}
}
