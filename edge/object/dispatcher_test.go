//go:build !js

package object

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// rig is one object in memory under a dispatcher and a clock.
type rig struct {
	t   *testing.T
	db  *database
	now time.Time
	d   *Dispatcher
}

func newRig(t *testing.T, k *Kind) *rig {
	t.Helper()
	db, err := openDatabase("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r := &rig{t: t, db: db, now: time.Unix(1_790_000_000, 0)}
	r.use(k)
	return r
}

// use goes on with another version of the program.
func (r *rig) use(k *Kind) {
	r.d = NewDispatcher(func() time.Time { return r.now }, slog.New(slog.NewTextHandler(r.t.Output(), nil)), k)
}

// in does what a host does: a transaction around f.
func (r *rig) in(f func() error) error {
	r.t.Helper()
	r.exec("BEGIN")
	if err := f(); err != nil {
		r.exec("ROLLBACK")
		return err
	}
	r.exec("COMMIT")
	return nil
}

func (r *rig) exec(query string, args ...any) [][]any {
	r.t.Helper()
	rows, err := r.db.Exec(query, args)
	if err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
	return rows
}

func (r *rig) invoke(method string, in string) (out string, alarm time.Time, err error) {
	err = r.in(func() (err error) {
		var data []byte
		data, alarm, err = r.d.Invoke(r.db, "k", "object", method, []byte(in))
		out = string(data)
		return err
	})
	return out, alarm, err
}

func (r *rig) collect() (entries []Delivery, due []byte, alarm time.Time, err error) {
	err = r.in(func() (err error) {
		due, alarm, err = r.d.Collect(r.db, "k", "")
		return err
	})
	var list struct{ Entries []Delivery }
	if len(due) > 0 {
		if err := json.Unmarshal(due, &list); err != nil {
			r.t.Fatal(err)
		}
	}
	return list.Entries, due, alarm, err
}

func (r *rig) settle(outcome []byte) (alarm time.Time) {
	r.t.Helper()
	err := r.in(func() (err error) {
		alarm, err = r.d.Settle(r.db, "k", "object", outcome)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return alarm
}

var run = Method[string, string]{Kind: "k", Name: "run"}

// kind returns a kind with one method, and an effect that fails while *fail is true.
func kind(f func(*Tx, string) (string, error), fail *bool) *Kind {
	k := &Kind{Name: "k", Effects: map[string]Effect{"t": func(context.Context, Delivery) error {
		if *fail {
			return errors.New("fails")
		}
		return nil
	}}}
	Handle(k, run, f)
	return k
}

func send(tx *Tx, payload string) (string, error) {
	tx.Later("t", payload)
	return "", nil
}

func TestInvokeRefusesWhatItDoesNotKnow(t *testing.T) {
	r := newRig(t, kind(send, new(bool)))
	for _, c := range [][3]string{{"other", "object", "run"}, {"k", "object", "other"}} {
		if _, _, err := r.d.Invoke(r.db, c[0], c[1], c[2], []byte(`""`)); !errors.Is(err, ErrUnknown) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if _, _, err := r.invoke("run", `{"not":"a string"}`); !errors.Is(err, ErrInternal) {
		t.Errorf("input of the wrong type: %v", err)
	}
	if _, _, err := r.invoke("run", `"`+strings.Repeat("x", MaxMessage)+`"`); !errors.Is(err, ErrInternal) {
		t.Errorf("input over the bound: %v", err)
	}
}

func TestInvokeBoundsResults(t *testing.T) {
	r := newRig(t, kind(func(tx *Tx, in string) (string, error) { return strings.Repeat("x", MaxMessage), nil }, new(bool)))
	if out, _, err := r.invoke("run", `""`); !errors.Is(err, ErrInternal) || out != "" {
		t.Errorf("a result over the bound: %d bytes, %v", len(out), err)
	}
}

func TestLaterRefuses(t *testing.T) {
	for name, f := range map[string]func(*Tx, string) (string, error){
		"an unknown topic":         func(tx *Tx, _ string) (string, error) { tx.Later("other", 1); return "", nil },
		"a payload over the bound": func(tx *Tx, _ string) (string, error) { return send(tx, strings.Repeat("x", MaxPayload)) },
		"what is no JSON":          func(tx *Tx, _ string) (string, error) { tx.Later("t", func() {}); return "", nil },
	} {
		r := newRig(t, kind(f, new(bool)))
		if _, _, err := r.invoke("run", `""`); !errors.Is(err, ErrInternal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTransactionEndsWithItsMethod(t *testing.T) {
	var kept *Tx
	r := newRig(t, kind(func(tx *Tx, _ string) (string, error) { kept = tx; return "", nil }, new(bool)))
	if _, _, err := r.invoke("run", `""`); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a transaction works after its method")
		}
	}()
	kept.Exec("SELECT 1")
}

// TestLeaseRunsOut proves what a crash between delivery and settling does: the same id again after a minute, and a late
// outcome of the first try does not disturb the second.
func TestLeaseRunsOut(t *testing.T) {
	fail := true
	r := newRig(t, kind(send, &fail))
	_, alarm, err := r.invoke("run", `"payload"`)
	if err != nil || !alarm.Equal(r.now) {
		t.Fatalf("alarm at %v (%v), want %v", alarm, err, r.now)
	}
	first, due, alarm, err := r.collect()
	if err != nil || len(first) != 1 || first[0].Try != 1 || first[0].Object != "object" || string(first[0].Payload) != `"payload"` {
		t.Fatalf("collected %+v, %v", first, err)
	}
	if want := r.now.Add(leaseTime); !alarm.Equal(want) {
		t.Errorf("alarm at %v, want the end of the lease %v", alarm, want)
	}
	late := r.d.Deliver(t.Context(), "k", due)
	if again, _, _, _ := r.collect(); len(again) != 0 {
		t.Errorf("leased twice: %+v", again)
	}
	r.now = r.now.Add(leaseTime)
	second, due, _, _ := r.collect()
	if len(second) != 1 || second[0].ID != first[0].ID || second[0].Try != 2 {
		t.Fatalf("collected %+v, want %s on try 2", second, first[0].ID)
	}
	if got, want := r.settle(late), r.now.Add(leaseTime); !got.Equal(want) {
		t.Errorf("a late failure moved the entry to %v, want %v", got, want)
	}
	fail = false
	if got := r.settle(r.d.Deliver(t.Context(), "k", due)); !got.IsZero() {
		t.Errorf("alarm after delivery: %v", got)
	}
}

func TestOutboxPausesGrowAndEnd(t *testing.T) {
	fail := true
	r := newRig(t, kind(send, &fail))
	_, alarm, err := r.invoke("run", `""`)
	if err != nil {
		t.Fatal(err)
	}
	start, id := r.now, ""
	want := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second,
		160 * time.Second, 320 * time.Second, 640 * time.Second, 1280 * time.Second, 2560 * time.Second, time.Hour, time.Hour}
	for try := 1; !alarm.IsZero(); try++ {
		r.now = alarm
		list, due, _, err := r.collect()
		if err != nil || len(list) != 1 || list[0].Try != try || id != "" && list[0].ID != id {
			t.Fatalf("try %d: %+v, %v", try, list, err)
		}
		id = list[0].ID
		alarm = r.settle(r.d.Deliver(t.Context(), "k", due))
		if try <= len(want) && !alarm.Equal(r.now.Add(want[try-1])) {
			t.Errorf("after try %d: %v, want %v", try, alarm.Sub(r.now), want[try-1])
		}
	}
	if took := r.now.Sub(start); took < giveUpAfter || took > giveUpAfter+longestWait {
		t.Errorf("given up after %v", took)
	}
	if n := len(r.exec("SELECT 1 FROM _object_outbox")); n != 0 {
		t.Errorf("%d entries left", n)
	}
}

// TestFailingAlarmDoesNotHoldTheOutbox proves that an alarm that fails is rolled back and comes again, while the outbox goes on.
func TestFailingAlarmDoesNotHoldTheOutbox(t *testing.T) {
	k := kind(func(tx *Tx, _ string) (string, error) {
		tx.SetAlarm(tx.Now())
		return send(tx, "")
	}, new(bool))
	broken := true
	k.Alarm = func(tx *Tx) error {
		tx.Later("t", "from the alarm")
		if broken {
			return NewError("a sentinel has no caller here")
		}
		return nil
	}
	r := newRig(t, k)
	if _, _, err := r.invoke("run", `""`); err != nil {
		t.Fatal(err)
	}
	list, due, _, err := r.collect()
	if err != nil || len(list) != 1 {
		t.Fatalf("collected %+v, %v, want the outbox first", list, err)
	}
	if alarm := r.settle(r.d.Deliver(t.Context(), "k", due)); !alarm.Equal(r.now) {
		t.Errorf("alarm at %v, want the kind's at once", alarm)
	}
	if _, _, alarm, err := r.collect(); !errors.Is(err, ErrInternal) || !alarm.Equal(r.now.Add(alarmRetry)) {
		t.Errorf("failing alarm: again at %v, %v", alarm, err)
	}
	if n := len(r.exec("SELECT 1 FROM _object_outbox")); n != 0 {
		t.Errorf("%d entries of an alarm that was rolled back", n)
	}
	broken = false
	if list, _, _, err := r.collect(); err != nil || len(list) != 1 {
		t.Errorf("collected %+v, %v", list, err)
	}
}

func TestEffectOfATopicThatIsGoneFails(t *testing.T) {
	r := newRig(t, kind(send, new(bool)))
	if _, _, err := r.invoke("run", `""`); err != nil {
		t.Fatal(err)
	}
	_, due, _, _ := r.collect()
	r.use(&Kind{Name: "k"})
	if alarm := r.settle(r.d.Deliver(t.Context(), "k", due)); !alarm.Equal(r.now.Add(firstPause)) {
		t.Errorf("alarm at %v, want another try", alarm)
	}
}

func TestKindsAreWiredOnce(t *testing.T) {
	for name, f := range map[string]func(){
		"a kind twice":             func() { NewDispatcher(nil, nil, &Kind{Name: "k"}, &Kind{Name: "k"}) },
		"a method twice":           func() { Handle(kind(send, nil), run, send) },
		"a method of another kind": func() { Handle(&Kind{Name: "other"}, run, send) },
		"an error without a code":  func() { NewError("") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			f()
		}()
	}
}

func TestErrorsCrossTheWire(t *testing.T) {
	taken := NewError("test: taken")
	for _, c := range []struct {
		err  error
		want error
	}{
		{taken, taken}, {errors.Join(errors.New("x"), taken), taken}, {errors.New("detail"), ErrInternal}, {ErrInternal, ErrInternal},
	} {
		if got := DecodeError(EncodeError(c.err)); !errors.Is(got, c.want) || strings.Contains(got.Error(), "detail") {
			t.Errorf("%v became %v, want %v", c.err, got, c.want)
		}
	}
	if DecodeError(EncodeError(nil)) != nil || errors.Is(taken, ErrInternal) || errors.Is(taken, NewError("test: other")) {
		t.Error("nil or different codes are confused")
	}
	if got := DecodeError(strings.Repeat("x", maxCode+1)); !errors.Is(got, ErrInternal) {
		t.Errorf("an endless code became %v", got)
	}
}
