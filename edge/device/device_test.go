//go:build !js

package device

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
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
	kind := New()
	object.Handle(kind, object.Method[struct{}, int]{Kind: KindName, Name: "count"}, func(tx *object.Tx, _ struct{}) (n int, err error) {
		tx.Row(`SELECT count(*) FROM pairing`).Scan(&n)
		return n, nil
	})
	host, err := object.NewNative(object.NativeConfig{Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}, kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	w.host, w.Service = host, NewService(host)
	return w
}

// filled is a value of the size of a key.
func filled(b byte) []byte { return bytes.Repeat([]byte{b}, keySize) }

var (
	key, secret = filled(1), filled(2)
	ada, bob    = Person{"ada", "s1"}, Person{"bob", "s2"}
	tv          = Request{ClientID: "tv", Scope: "openid profile", Resources: []string{"https://api.test"}, Place: "Berlin, DE", Network: filled(5), SecretHash: filled(2)}
)

func (w *world) begin() {
	w.t.Helper()
	if err := w.Begin(w.t.Context(), key, tv); err != nil {
		w.t.Fatal(err)
	}
}

// poll polls as the device would, with changes.
func (w *world) poll(want State, changes ...func(*PollIn)) PollOut {
	w.t.Helper()
	in := PollIn{Key: key, SecretHash: secret, ClientID: "tv"}
	for _, change := range changes {
		change(&in)
	}
	out, err := w.Poll(w.t.Context(), in)
	if err != nil || out.State != want {
		w.t.Errorf("poll: %s, %v; want %s", out.State, err, want)
	}
	return out
}

func (w *world) decide(allow bool, p Person, want error) {
	w.t.Helper()
	permit := ""
	if allow {
		permit = "permit of " + p.Account
	}
	if err := w.Decide(w.t.Context(), key, p, permit); !errors.Is(err, want) {
		w.t.Errorf("decide %v of %s: %v, want %v", allow, p.Account, err, want)
	}
}

func (w *world) waits(want error) {
	w.t.Helper()
	if _, err := w.Look(w.t.Context(), key); !errors.Is(err, want) {
		w.t.Errorf("look: %v, want %v", err, want)
	}
}

func TestAnApprovalIsCollectedOnce(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.poll(Pending)
	seen, err := w.Look(t.Context(), key)
	if err != nil || seen.ClientID != "tv" || seen.Scope != tv.Scope || seen.Place != tv.Place || !bytes.Equal(seen.Network, tv.Network) ||
		seen.Created != w.clock.Now().Unix() || len(seen.Resources) != 1 {
		t.Errorf("look: %+v, %v", seen, err)
	}
	w.decide(true, ada, nil)
	w.decide(true, ada, nil) // the answer was lost
	w.decide(true, bob, ErrUnknown)
	w.decide(false, ada, ErrUnknown)
	w.waits(ErrUnknown)
	if out := w.poll(Approved); out.Permit != "permit of ada" {
		t.Errorf("%+v", out)
	}
	w.poll(Unknown)
	w.decide(true, ada, ErrUnknown)
}

func TestADenialIsFinal(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.decide(false, ada, nil)
	w.decide(true, ada, ErrUnknown)
	w.poll(Denied)
	w.poll(Denied)
	w.waits(ErrUnknown)
}

// Of 100 simultaneous polls after the approval one hears of it.
func TestHundredSimultaneousPollsCollectOnce(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.decide(true, ada, nil)
	var states sync.Map
	var wait sync.WaitGroup
	for i := range 100 {
		wait.Go(func() {
			out, err := w.Poll(t.Context(), PollIn{Key: key, SecretHash: secret, ClientID: "tv"})
			if err != nil {
				t.Error(err)
			}
			states.Store(i, out.State)
		})
	}
	wait.Wait()
	count := map[State]int{}
	states.Range(func(_, s any) bool { count[s.(State)]++; return true })
	if count[Approved] != 1 || count[Unknown] != 99 {
		t.Errorf("%v", count)
	}
}

// An approval and a denial that race: one of them counts, and the other hears that it does not.
func TestAnswersThatRaceDecideOnce(t *testing.T) {
	w := newWorld(t)
	w.begin()
	results := make(chan error, 20)
	for i := range 20 {
		go func() {
			results <- w.Decide(t.Context(), key, Person{string(rune('a' + i)), "s"}, []string{"", "yes"}[i%2])
		}()
	}
	won := 0
	for range 20 {
		if err := <-results; err == nil {
			won++
		} else if !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d answers count", won)
	}
}

func TestPollsThatComeTooSoonSlowAllThatFollow(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.poll(Pending) // the first may come at once
	w.clock.Pass(5 * time.Second)
	w.poll(Pending)
	w.clock.Pass(4 * time.Second)
	w.poll(TooSoon) // 10 s from now on
	w.clock.Pass(9 * time.Second)
	w.poll(TooSoon) // 15 s
	w.clock.Pass(14 * time.Second)
	w.poll(TooSoon)
	w.clock.Pass(20 * time.Second)
	w.poll(Pending)
	for range 20 {
		w.poll(TooSoon)
	}
	w.clock.Pass(maxInterval * time.Second)
	w.poll(Pending)
	w.poll(TooSoon)
	w.decide(true, ada, nil)
	w.poll(Approved) // no slower than it has to be
}

// A stolen device code is worth nothing to another application, without the secret, or without the key that the device proved. Nor
// does trying spend what the device is about to collect.
func TestAPollIsOfTheDeviceThatAsked(t *testing.T) {
	w := newWorld(t)
	bound := tv
	bound.Binding = "jkt:k1"
	if err := w.Begin(t.Context(), key, bound); err != nil {
		t.Fatal(err)
	}
	own := func(in *PollIn) { in.Binding = "jkt:k1" }
	w.decide(true, ada, nil)
	for rule, change := range map[string]func(*PollIn){
		"another application": func(in *PollIn) { own(in); in.ClientID = "other" },
		"another secret":      func(in *PollIn) { own(in); in.SecretHash = filled(9) },
		"no secret":           func(in *PollIn) { own(in); in.SecretHash = nil },
		"another key":         func(in *PollIn) { in.Binding = "jkt:k2" },
		"no key":              func(*PollIn) {},
		"another code":        func(in *PollIn) { own(in); in.Key = append(filled(1)[:31], 9) },
	} {
		if out := w.poll(Unknown, change); out.Permit != "" {
			t.Errorf("%s: %+v", rule, out)
		}
	}
	w.poll(Approved, own)
}

func TestRequestsExpireAndAreForgotten(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.clock.Pass((Lifetime - 1) * time.Second)
	w.waits(nil)
	w.poll(Pending)
	w.clock.Pass(time.Second)
	w.waits(ErrUnknown)
	w.decide(true, ada, ErrUnknown)
	w.poll(Expired)
	if err := w.Begin(t.Context(), key, tv); !errors.Is(err, ErrTaken) {
		t.Errorf("the code is given out again: %v", err)
	}
	w.clock.Pass(Grace * time.Second)
	w.poll(Unknown)
	w.begin() // the code is free
	w.clock.Pass((Lifetime + Grace) * time.Second)
	w.clock.Pass(cleanPause)
	if err := w.host.Wake(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Look(t.Context(), key); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
	if left, err := w.host.Call(t.Context(), KindName, "01", "count", []byte("{}")); err != nil || string(left) != "0" {
		t.Errorf("%s requests are left, %v", left, err)
	}
}

func TestApprovedAtTheLastSecondIsCollectedInTheGrace(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.clock.Pass((Lifetime - 1) * time.Second)
	w.decide(true, ada, nil)
	w.clock.Pass(Grace * time.Second)
	w.poll(Approved)
}

func TestBounds(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("x", 5000)
	for rule, err := range map[string]error{
		"no key":         w.Begin(t.Context(), nil, tv),
		"short key":      w.Begin(t.Context(), key[1:], tv),
		"no secret":      w.Begin(t.Context(), key, Request{ClientID: "c"}),
		"no client":      w.Begin(t.Context(), key, Request{SecretHash: secret}),
		"long client":    w.Begin(t.Context(), key, Request{SecretHash: secret, ClientID: long}),
		"long scope":     w.Begin(t.Context(), key, Request{SecretHash: secret, ClientID: "c", Scope: long}),
		"long resources": w.Begin(t.Context(), key, Request{SecretHash: secret, ClientID: "c", Resources: []string{long}}),
		"long binding":   w.Begin(t.Context(), key, Request{SecretHash: secret, ClientID: "c", Binding: long}),
		"long network":   w.Begin(t.Context(), key, Request{SecretHash: secret, ClientID: "c", Network: make([]byte, 33)}),
		"nobody":         w.Decide(t.Context(), key, Person{}, "yes"),
		"no session":     w.Decide(t.Context(), key, Person{Account: "a"}, "yes"),
		"long permit":    w.Decide(t.Context(), key, ada, long),
	} {
		if !errors.Is(err, ErrBounds) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if err := w.Begin(t.Context(), key, Request{SecretHash: secret, ClientID: "c", Place: strings.Repeat("ü", 100)}); err != nil {
		t.Errorf("a long place: %v", err)
	}
	if seen, _ := w.Look(t.Context(), key); seen.Place != strings.Repeat("ü", 64) {
		t.Errorf("%q", seen.Place)
	}
}
