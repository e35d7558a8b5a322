//go:build !js

package account_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
)

func (w *world) consents(id string, ref account.SessionRef) []account.Consent {
	w.t.Helper()
	out, err := w.Consents(w.t.Context(), id, ref)
	must(w.t, err)
	return out.Consents
}

// agree has the person agree to what an application asks.
func agree(t *testing.T, s *account.Service, id string, ref account.SessionRef, client, scope string, resources ...string) {
	t.Helper()
	in := authorization(ref, account.NewSecret())
	in.ClientID, in.Scope, in.Resources, in.Agreed = client, scope, resources, true
	must(t, authorized(s.Authorize(t.Context(), id, in)))
}

func TestAuthorizeAsksForConsentOnce(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	asks := func(change func(*account.AuthorizeIn)) error {
		in := authorization(ref, account.NewSecret())
		in.Scope, in.Resources, in.ConsentNeeded = "openid email", []string{"https://api.example"}, true
		change(&in)
		return authorized(w.Authorize(t.Context(), id, in))
	}
	same := func(*account.AuthorizeIn) {}
	wants(t, asks(same), account.ErrConsent)
	must(t, asks(func(in *account.AuthorizeIn) { in.Agreed = true }))
	must(t, asks(same))
	must(t, asks(func(in *account.AuthorizeIn) { in.Scope, in.Resources = "openid", nil }))
	wants(t, asks(func(in *account.AuthorizeIn) { in.Scope = "openid email profile" }), account.ErrConsent)
	wants(t, asks(func(in *account.AuthorizeIn) { in.Resources = []string{"https://other.example"} }), account.ErrConsent)
	wants(t, asks(func(in *account.AuthorizeIn) { in.ClientID = "bank" }), account.ErrConsent)
	agree(t, w.Service, id, ref, "shop", "profile")
	must(t, asks(func(in *account.AuthorizeIn) { in.Scope = "openid email profile" })) // one adds to the other
}

// Consent replay: a word of one API is not agreed to because another one has the same.
func TestConsentReplayAtAnotherAPIIsRefused(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	const photos, files = "https://photos.example", "https://files.example"
	asks := func(agreed bool, resource string, terms ...string) error {
		in := authorization(ref, account.NewSecret())
		in.Scope, in.Resources, in.Terms, in.ConsentNeeded, in.Agreed = "write read", []string{resource}, terms, true, agreed
		return authorized(w.Authorize(t.Context(), id, in))
	}
	must(t, asks(true, photos, account.Term("write", photos), account.Term("", "shop.example")))
	must(t, asks(true, files, account.Term("read", files)))
	must(t, asks(false, photos, account.Term("write", photos)))
	wants(t, asks(false, files, account.Term("write", files)), account.ErrConsent)
	wants(t, asks(false, photos, "write"), account.ErrConsent)
	if c := w.consents(id, ref)[0]; c.Scope != "write read" {
		t.Errorf("the person sees %q", c.Scope)
	}
}

func TestAuthorizeAsksForAssignment(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account() // ada@example.org
	for _, c := range []struct {
		to   []string
		want error
	}{
		{nil, nil},
		{[]string{}, account.ErrAssignment}, // for nobody is not for everybody
		{[]string{"ada@example.org"}, nil},
		{[]string{"bob@example.org", "*@example.org"}, nil},
		{[]string{"bob@example.org", "*@example.com", "*@org", "*", "@example.org", "ada@example.org.evil.example"}, account.ErrAssignment},
	} {
		in := authorization(ref, account.NewSecret())
		in.AssignedTo = c.to
		if err := authorized(w.Authorize(t.Context(), id, in)); c.want == nil {
			must(t, err)
		} else {
			wants(t, err, c.want)
		}
	}
}

func TestKeptSessionCountsForAsLongAsTheApplicationSays(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	attempt, _ := w.begin(id, nil)
	kept, keptRef := newSession()
	kept.Keep = true
	must(t, w.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: kept}))
	w.pass(time.Hour)
	for _, c := range []struct {
		ref  account.SessionRef
		age  int64
		want error
	}{{keptRef, 3600, account.ErrStale}, {keptRef, 3601, nil}, {keptRef, 0, nil}, {ref, 3600, nil}} {
		in := authorization(c.ref, account.NewSecret())
		in.KeptMaxAge = c.age
		if err := authorized(w.Authorize(t.Context(), id, in)); c.want == nil {
			must(t, err)
		} else {
			wants(t, err, c.want)
		}
	}
}

func TestAuthorizeWithoutCodeWritesNone(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	in := authorization(ref, "")
	in.CodeHash, in.Challenge, in.BackchannelLogoutURI = nil, "", "https://shop.example/back"
	out, err := w.Authorize(t.Context(), id, in)
	must(t, err)
	if out.SID != ref.ID || out.AuthTime != 1_800_000_000 || out.Claims.Name != "Ada" {
		t.Errorf("authorized: %+v", out)
	}
	must(t, errOf(w.EndSession(t.Context(), id, account.EndSessionIn{Session: ref})))
	if got := outbox[account.Logout](w, account.TopicLogout); len(got) != 1 || got[0].ClientID != "shop" {
		t.Errorf("told of the session's end: %+v", got)
	}
}

func TestCodeBoundToAKeyIsRedeemedWithIt(t *testing.T) {
	for jkt, want := range map[string]account.Reason{"mine": "", "other": account.ReasonBinding, "": account.ReasonBinding} {
		w := newWorld(t)
		id, ref := w.account()
		in := authorization(ref, "code")
		in.JKT = "mine"
		must(t, authorized(w.Authorize(t.Context(), id, in)))
		redeem := redemption("code")
		redeem.JKT = jkt
		if out := w.redeem(id, redeem); out.Reason != want {
			t.Errorf("key %q: %+v", jkt, out)
		}
	}
}

func TestConsentsListWhatApplicationsMayDo(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	agree(t, w.Service, id, ref, "old", "openid")
	w.pass(time.Hour)
	w.holdIn(id, ref, "openid email", "")
	w.signinTo(id, ref, "shop")
	w.pass(time.Minute)
	agree(t, w.Service, id, ref, "shop", "profile", "https://api.example/c")
	list := w.consents(id, ref)
	if len(list) != 2 || list[0].ClientID != "shop" || list[1].ClientID != "old" {
		t.Fatalf("list: %+v", list)
	}
	shop := list[0]
	if !shop.Agreed || shop.Grants != 2 || shop.Offline || shop.Since != 1_800_003_600 || shop.LastUsed != 1_800_003_660 ||
		!slices.Contains(shop.Resources, "https://api.example/c") || len(shop.Resources) != 3 || shop.Scope != "profile openid email" {
		t.Errorf("shop: %+v", shop)
	}
	w.pass(2 * time.Hour)
	must(t, errOf(w.EndSession(t.Context(), id, account.EndSessionIn{Session: ref})))
	if list := w.consents(id, w.signin(id, nil, nil)); len(list) != 2 || list[0].Grants != 0 {
		t.Errorf("after sign-out: %+v", list)
	}
}

func TestRemovingAnApplicationEndsAllThatItHas(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	h := w.holdIn(id, ref, "openid offline_access", "")
	other := w.signinTo(id, ref, "bank")
	must(t, authorized(w.Authorize(t.Context(), id, authorization(ref, "unused code"))))
	agree(t, w.Service, id, ref, "shop", "openid")
	w.signinTo(id, ref, "shop")
	must(t, w.RevokeConsent(t.Context(), id, account.RevokeConsentIn{Session: ref, ClientID: "shop"}))
	must(t, w.RevokeConsent(t.Context(), id, account.RevokeConsentIn{Session: ref, ClientID: "shop"}))
	h.wants(h.token, account.ReasonUnknown)
	if out := w.redeem(id, redemption("unused code")); out.Reason != account.ReasonUnknown {
		t.Errorf("a code was left: %+v", out)
	}
	if list := w.consents(id, ref); len(list) != 1 || list[0].ClientID != "bank" || !w.granted(id, other) {
		t.Errorf("left: %+v", list)
	}
	if got := outbox[account.Logout](w, account.TopicLogout); len(got) != 1 || got[0].ClientID != "shop" || got[0].SID != ref.ID {
		t.Errorf("told: %+v", got)
	}
	in := authorization(ref, account.NewSecret())
	in.ConsentNeeded = true
	wants(t, authorized(w.Authorize(t.Context(), id, in)), account.ErrConsent)
}

func TestConsentNeedsASession(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	ref.SecretHash = account.Hash("wrong")
	wants(t, errOf(w.Consents(t.Context(), id, ref)), account.ErrSession)
	wants(t, w.RevokeConsent(t.Context(), id, account.RevokeConsentIn{Session: ref, ClientID: "shop"}), account.ErrSession)
}

// A busy application must not end what another one needs once a day.
func TestManySignInsDoNotEndARefreshToken(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	authorize := func(hash []byte) string {
		secret := account.NewSecret()
		in, redeem := authorization(ref, secret), redemption(secret)
		in.Scope, redeem.RefreshHash, redeem.RefreshLifetime, redeem.RefreshAbsolute = "openid offline_access", hash, 86400, 86400
		must(t, authorized(w.Authorize(t.Context(), id, in)))
		must(t, errOf(w.Redeem(t.Context(), id, redeem)))
		return redeem.GrantID
	}
	kept := authorize(account.Hash(account.NewSecret()))
	for range account.MaxGrants + 5 {
		w.pass(time.Second)
		authorize(nil)
	}
	if _, err := w.GrantFacts(t.Context(), id, account.GrantIn{GrantID: kept}); err != nil {
		t.Errorf("the grant with a refresh token: %v", err)
	}
}

func TestGrantsAndConsentsAreBounded(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id := activateOn(t, s)
	errOf(s.BeginSignin(t.Context(), id, account.BeginSigninIn{Name: "digest", Attempt: "a"}))
	session, ref := newSession()
	must(t, s.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: "a", Session: session}))
	first := ""
	for i := range account.MaxGrants + 5 {
		w.pass(time.Second)
		secret := account.NewSecret()
		in, redeem := authorization(ref, secret), redemption(secret)
		in.ClientID, in.Agreed, redeem.AccessLifetime = fmt.Sprint("client ", i), true, 86400
		redeem.ClientID = in.ClientID
		must(t, authorized(s.Authorize(t.Context(), id, in)))
		must(t, errOf(s.Redeem(t.Context(), id, redeem)))
		if i == 0 {
			first = redeem.GrantID
		}
	}
	if r.count("access_grant") != account.MaxGrants || r.count("consent") != account.MaxConsents {
		t.Errorf("%d grants, %d consents", r.count("access_grant"), r.count("consent"))
	}
	wants(t, errOf(s.GrantFacts(t.Context(), id, account.GrantIn{GrantID: first})), account.ErrGrant) // not used for longest
	w.pass(25 * time.Hour)
	r.wake(id)
	if r.count("access_grant") != 0 {
		t.Errorf("%d grants after their end", r.count("access_grant"))
	}
}
