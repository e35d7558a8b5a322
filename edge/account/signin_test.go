//go:build !js

package account_test

import (
	"bytes"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
)

// exhaust begins sign-ins that nobody completes until the bucket locks.
func (w *world) exhaust(id string, device *account.DeviceRef) {
	w.t.Helper()
	for range account.DefaultLockPolicy.Tries {
		if _, out := w.begin(id, device); out.Locked {
			w.t.Fatal("locked too early")
		}
	}
	if _, out := w.begin(id, device); !out.Locked {
		w.t.Fatal("not locked")
	}
}

func TestSigninReleasesTheRecordOfAnAccount(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	attempt, out := w.begin(id, nil)
	if !out.Found || !bytes.Equal(out.Record, record) || out.KSF != ksf || out.KeyID != "k1" {
		t.Errorf("begun: %+v", out)
	}
	s, ref := newSession()
	must(t, w.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: s}))
	got, err := w.TouchSession(t.Context(), id, ref)
	must(t, err)
	if got.AuthTime != w.clock.Now().Unix() || len(got.AMR) != 1 || got.AMR[0] != "pwd" {
		t.Errorf("session: %+v", got)
	}
}

func TestAttemptIsCountedBeforeTheRecordIsReleased(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	var released atomic.Int32
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			out, err := w.BeginSignin(t.Context(), id, account.BeginSigninIn{Name: "digest", Attempt: account.NewID()})
			if err != nil {
				t.Error(err)
			}
			if out.Record != nil {
				released.Add(1)
			}
			if out.Locked != (out.Record == nil) || out.Locked != (out.RetryAfter == 30) {
				t.Errorf("locked and released do not exclude each other: %+v", out)
			}
		})
	}
	wg.Wait()
	if released.Load() != 10 {
		t.Errorf("record released %d times, want 10", released.Load())
	}
}

func TestLockDoublesFromThirtySecondsToAnHour(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	w.exhaust(id, nil)
	for _, want := range []int64{30, 60, 120, 240, 480, 960, 1920, 3600, 3600} {
		_, out := w.begin(id, nil)
		if out.RetryAfter != want {
			t.Errorf("lock of %d s, want %d", out.RetryAfter, want)
		}
		w.pass(time.Duration(want)*time.Second - time.Second)
		if _, out := w.begin(id, nil); !out.Locked || out.RetryAfter != 1 {
			t.Errorf("a second before the end of %d s: %+v", want, out)
		}
		w.pass(time.Second)
		if _, out := w.begin(id, nil); out.Locked {
			t.Errorf("after %d s: %+v", want, out)
		}
	}
}

func TestLockIsForgottenAfterADay(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	w.exhaust(id, nil)
	w.pass(30*time.Second + 24*time.Hour)
	w.exhaust(id, nil)
}

func TestOutsiderCannotLockAKnownDevice(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	remember, device := newDevice()
	w.signin(id, nil, remember)
	w.exhaust(id, nil)
	w.signin(id, device, nil)
	w.exhaust(id, device)
	w.pass(30 * time.Second)
	w.signin(id, nil, nil)
}

func TestSuccessResetsOnlyItsOwnBucket(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	remember, device := newDevice()
	w.signin(id, nil, remember)
	w.exhaust(id, nil)
	w.signin(id, device, nil)
	if _, out := w.begin(id, nil); !out.Locked {
		t.Error("a known device's success unlocked the others")
	}
	w.pass(30 * time.Second)
	w.signin(id, nil, nil)
	w.exhaust(id, nil)
}

func TestUnknownOrForgedDeviceCountsAsNone(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	remember, device := newDevice()
	w.signin(id, nil, remember)
	w.exhaust(id, nil)
	_, stranger := newDevice()
	forged := *device
	forged.SecretHash = account.Hash("guess")
	for _, d := range []*account.DeviceRef{stranger, &forged, {}} {
		if _, out := w.begin(id, d); !out.Locked {
			t.Errorf("device %+v has a bucket of its own", d)
		}
	}
	w.pass(365 * 24 * time.Hour)
	w.exhaust(id, device)
	if _, out := w.begin(id, nil); !out.Locked {
		t.Error("a device not seen for a year has a bucket of its own")
	}
}

func TestOldestOfElevenDevicesIsForgotten(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	var devices []*account.DeviceRef
	for range account.MaxDevices {
		remember, device := newDevice()
		w.signin(id, nil, remember)
		devices = append(devices, device)
		w.pass(time.Hour)
	}
	w.signin(id, devices[0], nil) // seen again, so the second is the oldest now
	w.pass(time.Hour)
	remember, _ := newDevice()
	w.signin(id, nil, remember)
	w.exhaust(id, nil)
	for i, device := range devices {
		if _, out := w.begin(id, device); out.Locked != (i == 1) || out.KnownDevice != (i != 1) {
			t.Errorf("device %d: known %v", i, !out.Locked)
		}
	}
}

func TestAttemptIsSingleUse(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	attempt, _ := w.begin(id, nil)
	var made atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			s, _ := newSession()
			if err := w.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: s}); err == nil {
				made.Add(1)
			} else {
				wants(t, err, account.ErrSpent)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("completed %d times", made.Load())
	}
}

func TestAttemptExpiresAfterTwoMinutes(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	attempt, _ := w.begin(id, nil)
	late, _ := w.begin(id, nil)
	s, _ := newSession()
	w.pass(2*time.Minute - time.Second)
	must(t, w.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: s}))
	w.pass(time.Second)
	s, _ = newSession()
	wants(t, w.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: late, Session: s}), account.ErrSpent)
}

func TestAttemptOfAReauthenticationMakesNoSession(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	attempt := account.NewID()
	_, err := w.Credential(t.Context(), id, account.CredentialIn{Session: ref, Attempt: attempt})
	must(t, err)
	s, _ := newSession()
	wants(t, w.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: s}), account.ErrSpent)
}

// TestDecoyRunsTheSameStatements compares what beginning a sign-in costs an account and a decoy, in every state of the bucket.
func TestDecoyRunsTheSameStatements(t *testing.T) {
	w := newWorld(t)
	accounts, s := newRig(w)
	id := activateOn(t, s)
	decoys, d := newRig(w)
	w.pass(time.Hour)
	accounts.wake(id)
	decoys.wake("decoy-a7")
	_, device := newDevice()
	for try := range 14 {
		if try == 12 {
			w.pass(time.Minute) // the lock ends
		}
		var cost [2]string
		for i, side := range []struct {
			*rig
			*account.Service
			id string
		}{{accounts, s, id}, {decoys, d, "decoy-a7"}} {
			side.reset()
			before := side.changes()
			out, err := side.BeginSignin(t.Context(), side.id, account.BeginSigninIn{Name: "digest", Device: device, Attempt: account.NewID()})
			must(t, err)
			if out.Found != (i == 0 && !out.Locked) || out.Locked != (try == 10 || try == 11 || try == 13) {
				t.Errorf("try %d of %s: %+v", try, side.id, out)
			}
			cost[i] = side.cost(before)
		}
		if cost[0] != cost[1] {
			t.Errorf("try %d: account %s\ndecoy %s", try, cost[0], cost[1])
		}
	}
}

func TestDecoyNeverCompletes(t *testing.T) {
	w := newWorld(t)
	decoy := account.DecoyID([]byte{0xa7, 1, 2})
	attempt, out := w.begin(decoy, nil)
	if out.Found || out.Record != nil {
		t.Errorf("decoy: %+v", out)
	}
	s, ref := newSession()
	wants(t, w.CompleteSignin(t.Context(), decoy, account.CompleteSigninIn{Attempt: attempt, Session: s}), account.ErrSpent)
	if w.live(decoy, ref) {
		t.Error("a session in a decoy")
	}
}

func TestDecoyLocksEachNameOnItsOwn(t *testing.T) {
	w := newWorld(t)
	w.exhaust("decoy-a7", nil)
	out, err := w.BeginSignin(t.Context(), "decoy-a7", account.BeginSigninIn{Name: "another", Attempt: account.NewID()})
	must(t, err)
	if out.Locked {
		t.Error("a name is locked by attempts at another")
	}
}

func TestIdleDecoyErasesItself(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	for _, name := range []string{"one", "two"} {
		_, err := s.BeginSignin(t.Context(), "decoy-a7", account.BeginSigninIn{Name: name, Attempt: account.NewID()})
		must(t, err)
	}
	w.pass(time.Hour)
	r.wake("decoy-a7")
	if r.count("attempt") != 0 || r.count("bucket") != 2 {
		t.Errorf("after an hour: %d attempts, %d buckets", r.count("attempt"), r.count("bucket"))
	}
	w.pass(24 * time.Hour)
	r.wake("decoy-a7")
	r.empty()
}

func TestSigninArgumentsAreBounded(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	long := strings.Repeat("x", 65)
	for _, in := range []account.BeginSigninIn{{Attempt: "a"}, {Name: "n"}, {Name: long, Attempt: "a"}, {Name: "n", Attempt: long}} {
		_, err := w.BeginSignin(t.Context(), id, in)
		wants(t, err, account.ErrBounds)
	}
}
