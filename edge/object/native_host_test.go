//go:build !js

package object

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func testLog(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// counterKind counts, and counts its alarms.
func counterKind() *Kind {
	k := &Kind{Name: "k", Migrations: []string{`CREATE TABLE c (n INTEGER NOT NULL, rung INTEGER NOT NULL) STRICT; INSERT INTO c VALUES (0, 0)`}}
	k.Alarm = func(tx *Tx) error {
		tx.Exec("UPDATE c SET rung = rung + 1")
		return nil
	}
	Handle(k, count, func(tx *Tx, in int) (int, error) {
		var n int
		tx.Row("UPDATE c SET n = n + ? RETURNING n", in).Scan(&n)
		return n, nil
	})
	Handle(k, wake, func(tx *Tx, seconds int) (struct{}, error) {
		tx.SetAlarm(tx.Now().Add(time.Duration(seconds) * time.Second))
		return struct{}{}, nil
	})
	Handle(k, rung, func(tx *Tx, _ struct{}) (n int, _ error) {
		tx.Row("SELECT rung FROM c").Scan(&n)
		return n, nil
	})
	return k
}

var (
	count = Method[int, int]{Kind: "k", Name: "count"}
	wake  = Method[int, struct{}]{Kind: "k", Name: "wake"} // in so many seconds
	rung  = Method[struct{}, int]{Kind: "k", Name: "rung"}
)

func newNative(t *testing.T, dir string, now func() time.Time, kinds ...*Kind) *Native {
	t.Helper()
	n, err := NewNative(NativeConfig{Dir: dir, Now: now, Log: testLog(t)}, kinds...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func mustCall[In, Out any](t *testing.T, n *Native, m Method[In, Out], name string, in In) Out {
	t.Helper()
	out, err := m.Call(t.Context(), n, name, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNativeBoundsOpenFiles(t *testing.T) {
	n := newNative(t, t.TempDir(), nil, counterKind())
	n.limit = 8
	const objects = 20
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for round := range 2 {
				for i := worker; i < objects; i += 2 { // two workers an object
					if _, err := count.Call(t.Context(), n, fmt.Sprint(i), 1); err != nil {
						t.Errorf("round %d, object %d: %v", round, i, err)
					}
				}
			}
		})
	}
	all.Wait()
	n.mu.Lock()
	kept := len(n.open)
	n.mu.Unlock()
	if kept > n.limit+4 {
		t.Errorf("%d databases are open, want about %d", kept, n.limit)
	}
	for i := range objects {
		want := 4
		if i < 2 {
			want = 2 // workers 2 and 3 begin further on
		}
		if got := mustCall(t, n, count, fmt.Sprint(i), 0); got != want {
			t.Errorf("object %d counts %d, want %d", i, got, want)
		}
	}
}

func TestNativeDirectoryIsOneProcessOnly(t *testing.T) {
	dir := t.TempDir()
	n := newNative(t, dir, nil, counterKind())
	if second, err := NewNative(NativeConfig{Dir: dir}, counterKind()); err == nil {
		second.Close()
		t.Error("two hosts share a directory")
	}
	n.Close()
	newNative(t, dir, nil, counterKind())
}

func TestNativeClosed(t *testing.T) {
	n := newNative(t, "", nil, counterKind())
	mustCall(t, n, count, "a", 1)
	n.Close()
	if _, err := count.Call(t.Context(), n, "a", 1); !errors.Is(err, ErrClosed) {
		t.Errorf("call: %v", err)
	}
	if err := n.Wake(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("wake: %v", err)
	}
	if err := n.Run(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("run: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
}

func TestNativeRefusesCallsBeforeTheyBegin(t *testing.T) {
	n := newNative(t, "", nil, counterKind())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := count.Call(ctx, n, "a", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, k := range []key{{"other", "a"}, {"../k", "a"}, {"k", ""}} {
		if _, err := n.Call(t.Context(), k.kind, k.name, "count", []byte("1")); !errors.Is(err, ErrUnknown) {
			t.Errorf("%v: %v", k, err)
		}
	}
}

// TestNativeObjectsRunSideBySide has a method of one object wait for one of another, which only ends if both run at once.
func TestNativeObjectsRunSideBySide(t *testing.T) {
	k := counterKind()
	var inside atomic.Int32
	meet := Method[struct{}, struct{}]{Kind: "k", Name: "meet"}
	both := make(chan struct{})
	Handle(k, meet, func(tx *Tx, _ struct{}) (struct{}, error) {
		if inside.Add(1) == 2 {
			close(both)
		}
		select {
		case <-both:
			return struct{}{}, nil
		case <-t.Context().Done():
			return struct{}{}, t.Context().Err()
		}
	})
	n := newNative(t, "", nil, k)
	var all sync.WaitGroup
	for _, name := range []string{"a", "b"} {
		all.Go(func() {
			if _, err := meet.Call(t.Context(), n, name, struct{}{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestNativeAlarmIndexIsAHint takes the index back to before a commit, as a crash between the two writes would: it rings once too
// often, and what it should ring it rings.
func TestNativeAlarmIndexIsAHint(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	n := newNative(t, t.TempDir(), func() time.Time { return now }, counterKind())
	mustCall(t, n, wake, "a", 60)
	if err := n.index.set(key{"k", "a"}, now.Unix()); err != nil { // written before a commit that never came
		t.Fatal(err)
	}
	if err := n.Wake(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := mustCall(t, n, rung, "a", struct{}{}); got != 0 {
		t.Errorf("rang %d times before its time", got)
	}
	if at, err := n.index.at(key{"k", "a"}); err != nil || at != now.Unix()+60 {
		t.Errorf("index says %d (%v), want the time in the object", at, err)
	}
	now = now.Add(time.Minute)
	if err := n.Wake(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := mustCall(t, n, rung, "a", struct{}{}); got != 1 {
		t.Errorf("rang %d times", got)
	}
}

func TestNativeWakeEnds(t *testing.T) {
	k := counterKind()
	k.Alarm = func(tx *Tx) error { tx.SetAlarm(tx.Now()); return nil }
	n := newNative(t, "", nil, k)
	mustCall(t, n, wake, "a", 0)
	if err := n.Wake(t.Context()); err == nil {
		t.Error("an alarm that sets itself for ever has an end")
	}
}

func TestNativeAlarmOfAFailingObjectIsPutOff(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	k := counterKind()
	broken := true
	good := k.Alarm
	k.Alarm = func(tx *Tx) error {
		if broken {
			panic("broken")
		}
		return good(tx)
	}
	n := newNative(t, "", func() time.Time { return now }, k)
	mustCall(t, n, wake, "a", 0)
	for range 3 {
		if err := n.Wake(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	broken = false
	now = now.Add(alarmRetry)
	if err := n.Wake(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := mustCall(t, n, rung, "a", struct{}{}); got != 1 {
		t.Errorf("rang %d times", got)
	}
}

// TestNativeRunRingsByItself uses the real clock, so it takes a second.
func TestNativeRunRingsByItself(t *testing.T) {
	delivered := make(chan Delivery, 1)
	k := counterKind()
	k.Effects = map[string]Effect{"t": func(_ context.Context, d Delivery) error { delivered <- d; return nil }}
	post := Method[string, struct{}]{Kind: "k", Name: "post"}
	Handle(k, post, func(tx *Tx, text string) (struct{}, error) {
		tx.Later("t", text)
		return struct{}{}, nil
	})
	rang := make(chan time.Time, 1)
	k.Alarm = func(tx *Tx) error { rang <- time.Now(); return nil }
	n := newNative(t, t.TempDir(), nil, k)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- n.Run(ctx) }()
	mustCall(t, n, post, "a", "hello")
	if d := <-delivered; d.Object != "a" || string(d.Payload) != `"hello"` {
		t.Errorf("delivered %+v", d)
	}
	start := time.Now()
	mustCall(t, n, wake, "b", 1)
	if at := <-rang; at.Sub(start) > 3*time.Second {
		t.Errorf("rang after %v", at.Sub(start))
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
}

// TestNativeSurvivesKill kills a process that counts and says so, a few times: what it has said must be there.
func TestNativeSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := 0
	for round := range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNativeCountsUntilKilled$")
		cmd.Env = append(os.Environ(), "OBJECT_KILL_DIR="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for i := 0; lines.Scan(); i++ {
			fmt.Sscanf(lines.Text(), "counted %d", &acknowledged)
			if i == 20+7*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // killed
	}
	n := newNative(t, dir, nil, counterKind())
	if got := mustCall(t, n, count, "a", 0); got < acknowledged || acknowledged < 100 {
		t.Errorf("counts %d after %d were acknowledged", got, acknowledged)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "k", "*.sqlite")); err != nil || len(files) != 1 {
		t.Errorf("files: %v, %v", files, err)
	}
}

// TestNativeCountsUntilKilled is the process of TestNativeSurvivesKill; on its own it does nothing.
func TestNativeCountsUntilKilled(t *testing.T) {
	dir := os.Getenv("OBJECT_KILL_DIR")
	if dir == "" {
		return
	}
	n := newNative(t, dir, nil, counterKind())
	for range 100_000 {
		fmt.Printf("counted %d\n", mustCall(t, n, count, "a", 1))
	}
}
