//go:build !js

package account_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

func (w *world) try(id, code string) account.CheckCodeOut {
	w.t.Helper()
	out, err := w.CheckCode(w.t.Context(), id, account.CheckCodeIn{CodeHash: mac(code)})
	must(w.t, err)
	return out
}

func TestFiveTriesAreCountedAndTheSixthFailsEvenIfRight(t *testing.T) {
	w := newWorld(t)
	id := w.signup()
	for left := api.CodeTries - 1; left >= 0; left-- {
		want := account.CheckCodeOut{TriesLeft: left, Spent: left == 0}
		if got := w.try(id, "000000"); got != want {
			t.Errorf("wrong code: %+v, want %+v", got, want)
		}
	}
	if got := w.try(id, "123456"); got.OK || !got.Spent {
		t.Errorf("sixth try: %+v", got)
	}
	in, _ := activation()
	wants(t, w.Activate(t.Context(), id, in), account.ErrUnverified)
}

func TestTriesInParallelAreCountedOneByOne(t *testing.T) {
	w := newWorld(t)
	id := w.signup()
	var spent atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if out, err := w.CheckCode(t.Context(), id, account.CheckCodeIn{CodeHash: mac("000000")}); err == nil && out.Spent {
				spent.Add(1)
			}
		})
	}
	wg.Wait()
	if spent.Load() != 16 { // the fifth and the fifteen after it
		t.Errorf("%d of 20 tries were told that the code is spent, want 16", spent.Load())
	}
}

func TestFifthTryMayBeRight(t *testing.T) {
	w := newWorld(t)
	id := w.signup()
	for range 4 {
		w.try(id, "000000")
	}
	if got := w.try(id, "123456"); !got.OK || got.Spent {
		t.Errorf("fifth try: %+v", got)
	}
}

func TestCodeExpiresAfterTenMinutes(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		ok    bool
	}{{10*time.Minute - time.Second, true}, {10 * time.Minute, false}} {
		w := newWorld(t)
		id := w.signup()
		w.pass(c.after)
		if got := w.try(id, "123456"); got.OK != c.ok || got.Spent == c.ok {
			t.Errorf("after %v: %+v", c.after, got)
		}
	}
}

func TestNewCodeReplacesTheOldOne(t *testing.T) {
	w := newWorld(t)
	id := w.signup()
	for range api.CodeTries {
		w.try(id, "000000")
	}
	w.pass(11 * time.Minute)
	facts, err := w.ReplaceCode(t.Context(), id, account.ReplaceCodeIn{CodeHash: mac("654321"), Mail: json.RawMessage(`{}`)})
	must(t, err)
	if want := w.clock.Now().Unix() + api.CodeLifetime; !facts.NeedsCode || facts.Expires != want {
		t.Errorf("facts %+v, want expiry %d", facts, want)
	}
	if got := w.try(id, "123456"); got.OK || got.TriesLeft != api.CodeTries-1 {
		t.Errorf("old code: %+v", got)
	}
	if got := w.try(id, "654321"); !got.OK {
		t.Errorf("new code: %+v", got)
	}
	if mails := outbox[json.RawMessage](w, account.TopicMail); len(mails) != 2 {
		t.Errorf("%d mails, want one a code", len(mails))
	}
}

func TestSignupHasFiveCodes(t *testing.T) {
	w := newWorld(t)
	id := w.signup()
	for range account.MaxCodes - 1 {
		_, err := w.ReplaceCode(t.Context(), id, account.ReplaceCodeIn{CodeHash: mac("654321")})
		must(t, err)
	}
	_, err := w.ReplaceCode(t.Context(), id, account.ReplaceCodeIn{CodeHash: mac("123456")})
	wants(t, err, account.ErrSpent)
	if got := w.try(id, "654321"); !got.OK {
		t.Errorf("last code after a refused one: %+v", got)
	}
}

func TestDecoySignupNeverVerifies(t *testing.T) {
	w := newWorld(t)
	id := account.NewID()
	must(t, w.BeginSignup(t.Context(), id, account.BeginSignupIn{
		UPN: "ada@example.org", Email: "ada@example.org", Owned: true, Decoy: true, CodeHash: mac("123456"), TTL: 3600,
	}))
	if got, want := w.try(id, "123456"), (account.CheckCodeOut{TriesLeft: 4}); got != want {
		t.Errorf("right code of a decoy: %+v, want %+v", got, want)
	}
	in, _ := activation()
	wants(t, w.Activate(t.Context(), id, in), account.ErrUnverified)
}

func TestActivateExactlyOnce(t *testing.T) {
	w := newWorld(t)
	id := w.signup()
	w.try(id, "123456")
	var made atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			in, _ := activation()
			err := w.Activate(t.Context(), id, in)
			if err == nil {
				made.Add(1)
			} else if !errors.Is(err, account.ErrSignup) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("activated %d times", made.Load())
	}
	commits := outbox[account.NamesCommit](w, account.TopicNamesCommit)
	if want := (account.NamesCommit{Name: "ada@example.org", Token: "reservation"}); len(commits) != 1 || commits[0] != want {
		t.Errorf("commits of the name: %v, want one %v", commits, want)
	}
}

func TestActivateNeedsAVerifiedCode(t *testing.T) {
	w := newWorld(t)
	id := w.signup()
	in, ref := activation()
	wants(t, w.Activate(t.Context(), id, in), account.ErrUnverified)
	if w.live(id, ref) {
		t.Error("a session without an account")
	}
	if commits := outbox[account.NamesCommit](w, account.TopicNamesCommit); len(commits) != 0 {
		t.Errorf("name committed without an account: %v", commits)
	}
}

func TestRefusedActivationCommitsNoName(t *testing.T) {
	w := newWorld(t)
	id := w.signup()
	w.try(id, "123456")
	in, _ := activation()
	in.Record = nil
	wants(t, w.Activate(t.Context(), id, in), account.ErrBounds)
	if commits := outbox[account.NamesCommit](w, account.TopicNamesCommit); len(commits) != 0 {
		t.Errorf("name committed without an account: %v", commits)
	}
	in.Record = record
	must(t, w.Activate(t.Context(), id, in))
}

func TestNewAddressNeedsNoCode(t *testing.T) {
	w := newWorld(t)
	id := account.NewID()
	must(t, w.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "ada@latchkey.test", NameToken: "r", TTL: 3600}))
	facts, err := w.SignupFacts(t.Context(), id)
	must(t, err)
	if facts.NeedsCode || facts.Expires != w.clock.Now().Unix()+3600 || facts.NameToken != "r" {
		t.Errorf("facts %+v", facts)
	}
	in, ref := activation()
	must(t, w.Activate(t.Context(), id, in))
	got, err := w.Profile(t.Context(), id, ref)
	must(t, err)
	want := account.ProfileOut{UPN: "ada@latchkey.test", Name: "Ada", Created: w.clock.Now().Unix()}
	if got != want {
		t.Errorf("profile %+v, want %+v", got, want)
	}
}

func TestPendingSignupErasesItself(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id := account.NewID()
	must(t, s.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "ada@example.org", TTL: 3600}))
	w.pass(time.Hour)
	_, err := s.SignupFacts(t.Context(), id)
	wants(t, err, account.ErrSignup)
	in, _ := activation()
	wants(t, s.Activate(t.Context(), id, in), account.ErrSignup)
	w.pass(15 * time.Minute)
	r.wake(id)
	r.empty()
}

func TestSignupInAnIDInUseIsRefused(t *testing.T) {
	w := newWorld(t)
	pending := w.signup()
	active, _ := w.account()
	for _, id := range []string{pending, active, "decoy-00", "no id", "", strings.Repeat("a", 27)} {
		wants(t, w.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "eve@example.org", TTL: 3600}), account.ErrBounds)
	}
}

func TestNameReservedSinceIsTheOneCommitted(t *testing.T) {
	w := newWorld(t)
	id := w.signup()
	w.try(id, "123456")
	in, _ := activation()
	in.NameToken = "newer"
	must(t, w.Activate(t.Context(), id, in))
	if got := outbox[account.NamesCommit](w, account.TopicNamesCommit); len(got) != 1 || got[0].Token != "newer" {
		t.Errorf("commits of the name: %v", got)
	}
}
