//go:build !js

package account_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
)

var challenge = strings.Repeat("c", 43)

func authorization(ref account.SessionRef, code string) account.AuthorizeIn {
	return account.AuthorizeIn{
		Session: ref, CodeHash: account.Hash(code), ClientID: "shop", RedirectURI: "https://shop.example/callback",
		Scope: "openid profile email", Nonce: "nonce", Challenge: challenge,
	}
}

func redemption(code string) account.RedeemIn {
	return account.RedeemIn{
		CodeHash: account.Hash(code), ClientID: "shop", RedirectURI: "https://shop.example/callback", Challenge: challenge,
		GrantID: account.NewID(), AccessLifetime: 3600,
	}
}

func (w *world) redeem(id string, in account.RedeemIn) account.RedeemOut {
	w.t.Helper()
	out, err := w.Redeem(w.t.Context(), id, in)
	must(w.t, err)
	return out
}

func TestCodeIsRedeemedForWhatItsRequestSaid(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	w.pass(time.Hour)
	must(t, authorized(w.Authorize(t.Context(), id, authorization(ref, "code"))))
	out := w.redeem(id, redemption("code"))
	if !out.OK || out.SID != ref.ID || out.Nonce != "nonce" || out.Scope != "openid profile email" ||
		out.AuthTime != 1_800_000_000 || len(out.AMR) != 1 || out.AMR[0] != "pwd" {
		t.Errorf("redeemed: %+v", out)
	}
}

func TestOfAHundredSimultaneousRedemptionsExactlyOneSucceeds(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	must(t, authorized(w.Authorize(t.Context(), id, authorization(ref, "code"))))
	var ok, replayed atomic.Int32
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			out, err := w.Redeem(t.Context(), id, redemption("code"))
			switch {
			case err != nil:
				t.Error(err)
			case out.OK:
				ok.Add(1)
			case out.Reason == account.ReasonReplayed:
				replayed.Add(1)
			}
		})
	}
	wg.Wait()
	if ok.Load() != 1 || replayed.Load() != 99 {
		t.Errorf("%d succeeded, %d were replays", ok.Load(), replayed.Load())
	}
}

func TestReplayRevokesWhatTheCodeHadIssued(t *testing.T) {
	for _, after := range []time.Duration{0, 2 * time.Minute, 59 * time.Minute} {
		w := newWorld(t)
		id, ref := w.account()
		must(t, authorized(w.Authorize(t.Context(), id, authorization(ref, "code"))))
		in := redemption("code")
		w.redeem(id, in)
		w.pass(after)
		outbox[any](w, "") // alarms ring: the spent code must outlive its minute
		if !w.granted(id, in.GrantID) {
			t.Fatalf("after %v: no grant", after)
		}
		stranger := redemption("code") // whoever presents it, with whatever
		stranger.ClientID, stranger.Challenge = "thief", ""
		if out := w.redeem(id, stranger); out.OK || out.Reason != account.ReasonReplayed {
			t.Errorf("after %v: replay: %+v", after, out)
		}
		if w.granted(id, in.GrantID) {
			t.Errorf("after %v: the grant outlived a replay", after)
		}
	}
}

func TestWrongPresentationConsumesTheCode(t *testing.T) {
	for _, c := range []struct {
		reason account.Reason
		change func(*account.RedeemIn)
	}{
		{account.ReasonClient, func(in *account.RedeemIn) { in.ClientID = "bank" }},
		{account.ReasonRedirect, func(in *account.RedeemIn) { in.RedirectURI += "/" }},
		{account.ReasonRedirect, func(in *account.RedeemIn) { in.RedirectURI = "" }},
		{account.ReasonChallenge, func(in *account.RedeemIn) { in.Challenge = strings.Repeat("d", 43) }},
		{account.ReasonChallenge, func(in *account.RedeemIn) { in.Challenge = "" }},
	} {
		w := newWorld(t)
		id, ref := w.account()
		must(t, authorized(w.Authorize(t.Context(), id, authorization(ref, "code"))))
		wrong := redemption("code")
		c.change(&wrong)
		if out := w.redeem(id, wrong); out.OK || out.Reason != c.reason || out.Nonce != "" {
			t.Errorf("%s: %+v", c.reason, out)
		}
		if out := w.redeem(id, redemption("code")); out.OK || out.Reason != account.ReasonReplayed {
			t.Errorf("%s, then right: %+v", c.reason, out)
		}
		if w.granted(id, wrong.GrantID) {
			t.Errorf("%s: granted", c.reason)
		}
	}
}

func TestCodeExpiresAfterAMinute(t *testing.T) {
	for after, want := range map[time.Duration]account.Reason{time.Minute - time.Second: "", time.Minute: account.ReasonExpired} {
		w := newWorld(t)
		id, ref := w.account()
		must(t, authorized(w.Authorize(t.Context(), id, authorization(ref, "code"))))
		w.pass(after)
		if out := w.redeem(id, redemption("code")); out.Reason != want {
			t.Errorf("after %v: %+v", after, out)
		}
	}
}

func TestUnknownCodeIsNotRedeemed(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	in := redemption("never issued")
	for _, hash := range [][]byte{in.CodeHash, nil, {}} {
		in.CodeHash = hash
		if out := w.redeem(id, in); out.OK || out.Reason != account.ReasonUnknown {
			t.Errorf("%x: %+v", hash, out)
		}
	}
}

func TestCodeIsWorthNothingAfterItsSession(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	attempt, _ := w.begin(id, nil)
	short, ref := newSession()
	short.Absolute = 30
	must(t, w.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: short}))
	must(t, authorized(w.Authorize(t.Context(), id, authorization(ref, "code"))))
	w.pass(30 * time.Second)
	if out := w.redeem(id, redemption("code")); out.OK || out.Reason != account.ReasonUnknown {
		t.Errorf("after the session: %+v", out)
	}
}

func TestAuthorizeRefusesAnOldAuthentication(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	w.pass(time.Minute)
	in := authorization(ref, "code")
	in.AuthAfter = w.clock.Now().Unix() - 60
	must(t, authorized(w.Authorize(t.Context(), id, in)))
	in.CodeHash, in.AuthAfter = account.Hash("another"), w.clock.Now().Unix()-59
	wants(t, authorized(w.Authorize(t.Context(), id, in)), account.ErrStale)
	if out := w.redeem(id, redemption("another")); out.Reason != account.ReasonUnknown {
		t.Errorf("a code was issued: %+v", out)
	}
}

func TestAuthorizeAndRedeemAreOneTransactionEach(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id := account.NewID()
	must(t, s.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "ada@example.org", TTL: 3600}))
	in, ref := activation()
	must(t, s.Activate(t.Context(), id, in))
	must(t, authorized(s.Authorize(t.Context(), id, authorization(ref, "warm")))) // remembers the application, sets the alarm
	for _, c := range []struct {
		name string
		rows int
		run  func() error
	}{
		{"authorize", 1, func() error { return authorized(s.Authorize(t.Context(), id, authorization(ref, "code"))) }}, // code
		{"redeem", 2, func() error { _, err := s.Redeem(t.Context(), id, redemption("code")); return err }},            // code, grant
		{"facts", 0, func() error {
			wants(t, errOf(s.GrantFacts(t.Context(), id, account.GrantIn{})), account.ErrGrant)
			return nil
		}}, // a read
	} {
		r.reset()
		before := r.changes()
		must(t, c.run())
		if r.calls != 1 || r.changes()-before != c.rows {
			t.Errorf("%s: %d transactions, %s", c.name, r.calls, r.cost(before))
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestSpentCodesVanishWithTheirGrants(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id := account.NewID()
	must(t, s.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "ada@example.org", TTL: 3600}))
	in, ref := activation()
	must(t, s.Activate(t.Context(), id, in))
	must(t, authorized(s.Authorize(t.Context(), id, authorization(ref, "code"))))
	must(t, authorized(s.Authorize(t.Context(), id, authorization(ref, "unused"))))
	_, err := s.Redeem(t.Context(), id, redemption("code"))
	must(t, err)
	w.pass(16 * time.Minute)
	r.wake(id)
	if r.count("code") != 1 || r.count("access_grant") != 1 {
		t.Errorf("after a quarter of an hour: %d codes, %d grants", r.count("code"), r.count("access_grant"))
	}
	w.pass(time.Hour)
	r.wake(id)
	if r.count("code") != 0 || r.count("access_grant") != 0 {
		t.Errorf("after the grant's end: %d codes, %d grants", r.count("code"), r.count("access_grant"))
	}
}
