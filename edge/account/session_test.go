//go:build !js

package account_test

import (
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
)

func TestSessionEndsWhenIdleOrTooOld(t *testing.T) {
	for _, c := range []struct {
		pace time.Duration // idle lifetime 24 h, absolute lifetime 30 d
		uses int           // that find the session live
	}{
		{time.Hour, 30 * 24},
		{24*time.Hour - time.Second, 31}, // the last one 30 s before the absolute end
		{24 * time.Hour, 1},
		{30 * 24 * time.Hour, 1},
	} {
		w := newWorld(t)
		id, ref := w.account()
		uses := 0
		for ; uses < 1000 && w.live(id, ref); uses++ {
			w.pass(c.pace)
		}
		if uses != c.uses {
			t.Errorf("used every %v: live %d times, want %d", c.pace, uses, c.uses)
		}
	}
}

func TestSessionNeedsItsSecret(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	other, _ := w.account()
	for name, wrong := range map[string]account.SessionRef{
		"wrong secret": {ID: ref.ID, SecretHash: account.Hash("guess")},
		"no secret":    {ID: ref.ID},
		"unknown":      {ID: account.NewID(), SecretHash: ref.SecretHash},
	} {
		if w.live(id, wrong) {
			t.Errorf("%s opens a session", name)
		}
	}
	if w.live(other, ref) {
		t.Error("a session is live in another account")
	}
	if !w.live(id, ref) {
		t.Error("the session is not live")
	}
}

func TestLastUseIsWrittenEveryFiveMinutesAtMost(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id := account.NewID()
	must(t, s.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "ada@example.org", TTL: 3600}))
	in, ref := activation()
	must(t, s.Activate(t.Context(), id, in))
	writes := 0
	for range 60 { // an hour
		before := r.changes()
		_, err := s.TouchSession(t.Context(), id, ref)
		must(t, err)
		writes += r.changes() - before
		w.pass(time.Minute)
	}
	if writes != 11 {
		t.Errorf("%d writes in an hour of uses, want 11", writes)
	}
}

func TestSessionsAreListedNewestUseFirst(t *testing.T) {
	w := newWorld(t)
	id, first := w.account()
	w.pass(10 * time.Minute)
	second := w.signin(id, nil, nil)
	w.pass(10 * time.Minute)
	third := w.signin(id, nil, nil)
	w.pass(10 * time.Minute)
	w.live(id, first)
	w.pass(time.Minute)
	out, err := w.Sessions(t.Context(), id, second)
	must(t, err)
	var got []string
	for _, s := range out.Sessions {
		got = append(got, s.ID)
		if s.Current != (s.ID == second.ID) {
			t.Errorf("current: %+v", s)
		}
	}
	if want := []string{second.ID, first.ID, third.ID}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	if s := out.Sessions[1]; s.Device != "Firefox on Linux" || s.Place != "Berlin, DE" || s.Created != 1_800_000_000 || s.LastUsed != 1_800_001_800 {
		t.Errorf("session %+v", s)
	}
}

func TestExpiredSessionsVanish(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id := activateOn(t, s)
	attempt := account.NewID()
	_, err := s.BeginSignin(t.Context(), id, account.BeginSigninIn{Name: "digest", Attempt: attempt})
	must(t, err)
	short, ref := newSession()
	short.Idle = 3600
	must(t, s.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: short}))
	must(t, authorized(s.Authorize(t.Context(), id, authorization(ref, "code"))))
	w.pass(time.Hour + 15*time.Minute)
	r.wake(id)
	if r.count("session") != 1 || r.count("participant") != 0 {
		t.Errorf("%d sessions, %d applications signed in to", r.count("session"), r.count("participant"))
	}
	w.pass(24 * time.Hour)
	r.wake(id)
	if r.count("session") != 0 || r.count("account") != 1 || r.count("credential") != 1 {
		t.Errorf("%d sessions, %d accounts, %d credentials", r.count("session"), r.count("account"), r.count("credential"))
	}
}

func TestExpiredSessionIsNotListed(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account()
	w.pass(24 * time.Hour)
	ref := w.signin(id, nil, nil)
	out, err := w.Sessions(t.Context(), id, ref)
	must(t, err)
	if len(out.Sessions) != 1 || out.Sessions[0].ID != ref.ID {
		t.Errorf("sessions %+v", out.Sessions)
	}
}

func TestAccountHasFiftySessions(t *testing.T) {
	w := newWorld(t)
	id, first := w.account()
	var last account.SessionRef
	for range account.MaxSessions {
		w.pass(time.Second)
		last = w.signin(id, nil, nil)
	}
	if w.live(id, first) {
		t.Error("the session not used for longest is live")
	}
	out, err := w.Sessions(t.Context(), id, last)
	must(t, err)
	if len(out.Sessions) != account.MaxSessions {
		t.Errorf("%d sessions", len(out.Sessions))
	}
}

func TestSigningInAgainRenewsTheBrowsersSession(t *testing.T) {
	w := newWorld(t)
	id, old := w.account()
	grant := w.signinTo(id, old, "shop")
	w.pass(time.Minute)
	attempt, _ := w.begin(id, nil)
	s, ref := newSession()
	s.ID, ref.ID = old.ID, old.ID
	forged := account.SessionRef{ID: old.ID, SecretHash: account.Hash("guess")}
	in := account.CompleteSigninIn{Attempt: attempt, Session: s, Renew: &forged}
	wants(t, w.CompleteSignin(t.Context(), id, in), account.ErrSession)
	in.Renew = &old
	must(t, w.CompleteSignin(t.Context(), id, in))

	if w.live(id, old) || !w.live(id, ref) {
		t.Error("the old secret is good, or the new one is not")
	}
	out, err := w.TouchSession(t.Context(), id, ref)
	must(t, err)
	if now := w.clock.Now().Unix(); out.AuthTime != now || out.Expires != now+30*86400 {
		t.Errorf("renewed: %+v at %d", out, now)
	}
	if !w.granted(id, grant) || len(outbox[account.Logout](w, account.TopicLogout)) != 0 {
		t.Error("an application was signed out")
	}
	_, err = w.EndSession(t.Context(), id, account.EndSessionIn{Session: ref})
	must(t, err)
	if got := outbox[account.Logout](w, account.TopicLogout); len(got) != 1 || got[0] != logout(id, old, "shop") {
		t.Errorf("logouts %+v", got)
	}
}

func TestASessionThatHasEndedIsNotRenewed(t *testing.T) {
	w := newWorld(t)
	for _, rule := range []string{"ended", "expired"} {
		id, old := w.account()
		if rule == "ended" {
			_, err := w.EndSession(t.Context(), id, account.EndSessionIn{Session: old})
			must(t, err)
		} else {
			w.pass(31 * 24 * time.Hour)
		}
		attempt, _ := w.begin(id, nil)
		s, ref := newSession()
		in := account.CompleteSigninIn{Attempt: attempt, Session: s, Renew: &old}
		in.Session.ID = old.ID
		wants(t, w.CompleteSignin(t.Context(), id, in), account.ErrSession)
		in.Session.ID, in.Renew = ref.ID, nil
		must(t, w.CompleteSignin(t.Context(), id, in)) // the attempt was not lost
		if w.live(id, old) || !w.live(id, ref) {
			t.Errorf("%s: the old session is live, or the new one is not", rule)
		}
	}
}
