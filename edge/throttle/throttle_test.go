//go:build !js

package throttle

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

// take looks, then takes one, and checks both answers: wait 0 means that it is given.
func (w *world) take(l Limit, wait time.Duration) {
	w.t.Helper()
	ok, retry, err := w.Peek(w.t.Context(), "bucket", l)
	w.answered("peek", ok, retry, err, wait)
	ok, retry, err = w.Take(w.t.Context(), "bucket", l)
	w.answered("take", ok, retry, err, wait)
}

func (w *world) answered(what string, ok bool, retry time.Duration, err error, wait time.Duration) {
	w.t.Helper()
	if err != nil || ok != (wait == 0) || retry != wait {
		w.t.Errorf("%s: %v, retry after %v, %v; want %v", what, ok, retry, err, wait)
	}
}

func TestWindowSlides(t *testing.T) {
	w := newWorld(t)
	l := Limit{3, time.Hour}
	w.take(l, 0)
	w.pass(10 * time.Minute)
	w.take(l, 0)
	w.take(l, 0)
	w.take(l, 50*time.Minute)
	w.pass(50*time.Minute - time.Second)
	w.take(l, time.Second)
	w.pass(time.Second)
	w.take(l, 0)
	w.take(l, 10*time.Minute)
	w.pass(10 * time.Minute)
	w.take(l, 0)
	w.take(l, 0)
	w.take(l, 50*time.Minute)
}

func TestGiveUndoesTheNewest(t *testing.T) {
	w := newWorld(t)
	l := Limit{2, time.Hour}
	if err := w.Give(t.Context(), "bucket"); err != nil { // of an empty bucket
		t.Fatal(err)
	}
	w.take(l, 0)
	w.pass(20 * time.Minute)
	w.take(l, 0)
	if err := w.Give(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	w.take(l, 0)
	w.take(l, 40*time.Minute)
	for range 3 {
		if err := w.Give(t.Context(), "bucket"); err != nil {
			t.Fatal(err)
		}
	}
	w.take(l, 0)
	w.take(l, 0)
	w.take(l, time.Hour)
}

func TestExactlyTheLimitOfAHundredAtOnce(t *testing.T) {
	w := newWorld(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	given := 0
	for range 100 {
		all.Go(func() {
			ok, _, err := w.Take(t.Context(), "bucket", Limit{7, time.Minute})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if ok {
				given++
			}
		})
	}
	all.Wait()
	if given != 7 {
		t.Errorf("%d were given, want 7", given)
	}
}

func TestBucketsAreApart(t *testing.T) {
	w := newWorld(t)
	for i := range 300 {
		if ok, _, err := w.Take(t.Context(), fmt.Sprint(i), Limit{1, time.Hour}); !ok || err != nil {
			t.Fatalf("bucket %d: %v, %v", i, ok, err)
		}
	}
}

func TestLargestLimitFits(t *testing.T) {
	w := newWorld(t)
	l := Limit{MaxCount, MaxWindow}
	for i := range MaxCount {
		if ok, _, err := w.Take(t.Context(), "bucket", l); !ok || err != nil {
			t.Fatalf("take %d: %v, %v", i, ok, err)
		}
		w.clock.Pass(time.Second)
	}
	w.take(l, MaxWindow-MaxCount*time.Second)
}

// TestRefusalsWriteNothing proves that somebody who is refused cannot keep a disk busy, nor put the end off.
func TestRefusalsWriteNothing(t *testing.T) {
	w := newWorld(t)
	l := Limit{1, time.Hour}
	w.take(l, 0)
	for minutes := range 60 {
		w.take(l, time.Hour-time.Duration(minutes)*time.Minute)
		w.pass(time.Minute)
	}
	w.take(l, 0)
}

// TestOldBucketsDeleteThemselves counts rows through a method of the test's own.
func TestOldBucketsDeleteThemselves(t *testing.T) {
	w := newWorld(t)
	k := New()
	rows := object.Method[int, int]{Kind: KindName, Name: "rows"}
	object.Handle(k, rows, func(tx *object.Tx, _ int) (n int, _ error) {
		tx.Row("SELECT count(*) FROM bucket").Scan(&n)
		return n, nil
	})
	host, err := object.NewNative(object.NativeConfig{Now: w.clock.Now}, k)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	w.host, w.Service = host, NewService(host)
	shard, _ := locate("bucket")
	left := func() int {
		n, err := rows.Call(t.Context(), host, shard, 0)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	w.take(Limit{5, time.Hour}, 0)
	w.pass(30 * time.Minute)
	w.take(Limit{5, time.Hour}, 0)
	w.pass(time.Hour - time.Second)
	if left() != 1 {
		t.Error("a bucket went while it counted")
	}
	w.pass(3 * cleanPause)
	if left() != 0 {
		t.Error("an old bucket is still there")
	}
}

func TestClockThatGoesBack(t *testing.T) {
	w := newWorld(t)
	l := Limit{2, time.Minute}
	w.take(l, 0)
	w.pass(-time.Hour)
	w.take(l, 0)
	w.take(l, time.Minute) // never longer than the window
	w.pass(time.Hour + time.Minute)
	w.take(l, 0)
}

func TestLimitOutOfBounds(t *testing.T) {
	w := newWorld(t)
	for _, l := range []Limit{{}, {0, time.Hour}, {MaxCount + 1, time.Hour}, {1, 0}, {1, MaxWindow + time.Second}, {1, time.Second + 1}} {
		if _, _, err := w.Take(t.Context(), "bucket", l); !errors.Is(err, ErrLimit) {
			t.Errorf("%v: %v", l, err)
		}
	}
}

// TestBucketsNeverMove pins buckets to their objects.
func TestBucketsNeverMove(t *testing.T) {
	if shard, key := locate("signup:192.0.2.1/32"); shard != "423" || len(key) != 32 {
		t.Errorf("shard %s, key of %d bytes", shard, len(key))
	}
}
