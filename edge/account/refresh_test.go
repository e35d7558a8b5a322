//go:build !js

package account_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
)

const (
	idle     = 14 * 24 * time.Hour
	absolute = 90 * 24 * time.Hour
	grace    = 30 * time.Second
)

// holder is an application that has a refresh token.
type holder struct {
	w         *world
	id, grant string
	ref       account.SessionRef
	token     string // the secret of the refresh token
	binding   string
}

// hold signs the person in to an application that gets a refresh token.
func (w *world) hold(scope string) *holder {
	w.t.Helper()
	id, ref := w.account()
	return w.holdIn(id, ref, scope, "")
}

func (w *world) holdIn(id string, ref account.SessionRef, scope, binding string) *holder {
	w.t.Helper()
	h := &holder{w: w, id: id, ref: ref, token: account.NewSecret(), binding: binding}
	code := account.NewSecret()
	in := authorization(ref, code)
	in.Scope, in.Resources, in.ClaimsRequest = scope, []string{"https://api.example/a", "https://api.example/b"}, `{"userinfo":{"email":null}}`
	must(w.t, authorized(w.Authorize(w.t.Context(), id, in)))
	out := w.redeem(id, h.redemption(code))
	if !out.OK || !out.Refresh {
		w.t.Fatalf("not redeemed: %+v", out)
	}
	return h
}

func (h *holder) redemption(code string) account.RedeemIn {
	in := redemption(code)
	h.grant = in.GrantID
	in.RefreshHash, in.Binding = account.Hash(h.token), h.binding
	in.RefreshLifetime, in.RefreshAbsolute = int64(idle/time.Second), int64(absolute/time.Second)
	return in
}

func (h *holder) request(token, next string) account.RefreshIn {
	return account.RefreshIn{
		GrantID: h.grant, Presented: account.Hash(token), Next: account.Hash(next), ClientID: "shop", Binding: h.binding,
		AccessLifetime: 600, RefreshLifetime: int64(idle / time.Second), Grace: int64(grace / time.Second),
	}
}

// show presents a token and returns the successor's secret.
func (h *holder) show(token string, change ...func(*account.RefreshIn)) (string, account.RefreshOut) {
	h.w.t.Helper()
	next := account.NewSecret()
	in := h.request(token, next)
	for _, f := range change {
		f(&in)
	}
	out, err := h.w.Refresh(h.w.t.Context(), h.id, in)
	must(h.w.t, err)
	return next, out
}

// wants shows a token and checks the outcome: "" is success.
func (h *holder) wants(token string, want account.Reason, change ...func(*account.RefreshIn)) string {
	h.w.t.Helper()
	next, out := h.show(token, change...)
	if out.OK != (want == "") || out.Reason != want {
		h.w.t.Errorf("refresh: %+v, want %q", out, want)
	}
	return next
}

func (h *holder) live() bool {
	h.w.t.Helper()
	return h.w.granted(h.id, h.grant)
}

func TestRefreshSaysWhatTheAuthorizationSaid(t *testing.T) {
	w := newWorld(t)
	h := w.hold("openid profile email offline_access")
	w.pass(time.Hour)
	_, out := h.show(h.token)
	if !out.OK || !out.Refresh || out.SID != h.ref.ID || out.AuthTime != 1_800_000_000 || !slices.Equal(out.AMR, []string{"pwd"}) ||
		out.Scope != "openid profile email offline_access" || out.Claims.Name != "Ada" || out.Nonce != "" ||
		len(out.Resources) != 2 || out.ClaimsRequest != `{"userinfo":{"email":null}}` {
		t.Errorf("refreshed: %+v", out)
	}
}

func TestRefreshTokenIsReplacedAtEachUse(t *testing.T) {
	w := newWorld(t)
	h := w.hold("openid offline_access")
	for range 5 {
		w.pass(time.Hour)
		h.token = h.wants(h.token, "")
	}
}

func TestRefreshTokenThatIsNotReplacedStaysGood(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	h := w.holdIn(id, ref, "openid offline_access", "jkt:mine")
	same := func(in *account.RefreshIn) { in.Next = in.Presented }
	for range 3 {
		w.pass(idle - time.Second) // but it lives on
		h.wants(h.token, "", same)
	}
	next := h.wants(h.token, "")
	w.pass(grace)
	h.wants(h.token, account.ReasonReplayed)
	h.wants(next, account.ReasonUnknown)
}

func TestRefreshTheftEndsTheFamily(t *testing.T) {
	for name, steal := range map[string]func(h *holder) (stolen string){
		"an old token": func(h *holder) string {
			stolen := h.token
			for range 3 {
				h.token = h.wants(h.token, "")
			}
			return stolen
		},
		"the predecessor after its grace": func(h *holder) string {
			stolen := h.token
			h.token = h.wants(h.token, "")
			h.w.pass(grace)
			return stolen
		},
		"the predecessor's predecessor within the grace": func(h *holder) string {
			stolen := h.token
			h.token = h.wants(h.wants(h.token, ""), "")
			return stolen
		},
		"a successor that was replaced": func(h *holder) string {
			stolen := h.wants(h.token, "")
			h.token = h.wants(h.token, "") // the thief was first, and this is the answer to a repetition
			return stolen
		},
		"a secret that never was": func(*holder) string { return "made up" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			h := w.hold("openid offline_access")
			stolen := steal(h)
			h.wants(stolen, account.ReasonReplayed)
			if h.live() {
				t.Error("access outlived it")
			}
			h.wants(h.token, account.ReasonUnknown)
		})
	}
}

func TestLostAnswerMayBeAskedForAgain(t *testing.T) {
	w := newWorld(t)
	h := w.hold("openid offline_access")
	first := h.token
	h.wants(first, "")
	w.pass(grace - time.Second)
	second := h.wants(first, "") // does not begin the grace anew
	w.pass(time.Second)
	third := h.wants(second, "")
	h.wants(third, "")
	h.wants(first, account.ReasonReplayed)
}

func TestGraceIsNotProlongedByRepetition(t *testing.T) {
	w := newWorld(t)
	h := w.hold("openid offline_access")
	h.wants(h.token, "")
	w.pass(grace - time.Second)
	h.wants(h.token, "")
	w.pass(time.Second)
	h.wants(h.token, account.ReasonReplayed)
}

func TestOfAHundredSimultaneousRefreshesOneSuccessorIsGood(t *testing.T) {
	for _, withGrace := range []bool{true, false} {
		w := newWorld(t)
		h := w.hold("openid offline_access")
		var ok, refused atomic.Int32
		var mu sync.Mutex
		var successors []string
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				next := account.NewSecret()
				in := h.request(h.token, next)
				if !withGrace {
					in.Grace = 0
				}
				out, err := w.Refresh(t.Context(), h.id, in)
				switch {
				case err != nil:
					t.Error(err)
				case out.OK:
					ok.Add(1)
					mu.Lock()
					successors = append(successors, next)
					mu.Unlock()
				default:
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if !withGrace {
			if ok.Load() != 1 || refused.Load() != 99 || h.live() {
				t.Errorf("no grace: %d succeeded, grant live: %v", ok.Load(), h.live())
			}
			continue
		}
		good := 0
		for _, successor := range successors {
			out, err := w.GrantFacts(t.Context(), h.id, account.GrantIn{GrantID: h.grant, RefreshHash: account.Hash(successor)})
			if err == nil && out.ClientID == "shop" {
				good++
			}
		}
		if ok.Load() != 100 || good != 1 {
			t.Errorf("%d succeeded, %d successors are good", ok.Load(), good)
		}
	}
}

func TestOfSimultaneousUsesOfEverySuccessorNoFamilySurvives(t *testing.T) {
	w := newWorld(t)
	h := w.hold("openid offline_access")
	first, second := h.wants(h.token, ""), h.wants(h.token, "")
	var wg sync.WaitGroup
	for _, token := range []string{first, second} {
		wg.Go(func() { h.show(token) })
	}
	wg.Wait()
	if h.live() {
		t.Error("two holders of one family, and it lives")
	}
}

func TestRefreshByAnotherIsRefusedAndRevokesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*account.RefreshIn)
		want   account.Reason
	}{
		"client":      {func(in *account.RefreshIn) { in.ClientID = "thief" }, account.ReasonClient},
		"key":         {func(in *account.RefreshIn) { in.Binding = "jkt:other" }, account.ReasonBinding},
		"no key":      {func(in *account.RefreshIn) { in.Binding = "" }, account.ReasonBinding},
		"certificate": {func(in *account.RefreshIn) { in.Binding = "x5t:mine" }, account.ReasonBinding},
	} {
		w := newWorld(t)
		id, ref := w.account()
		h := w.holdIn(id, ref, "openid offline_access", "jkt:mine")
		h.wants(h.token, c.want, c.change)
		old := h.token
		h.token = h.wants(h.token, "")
		w.pass(time.Hour)
		h.wants(old, c.want, c.change) // nor does an old one, in hands that could not use it
		if !h.live() {
			t.Errorf("%s: who cannot use the token ended the grant", name)
		}
		h.wants(h.token, "")
	}
}

func TestRefreshNarrowsScopeAndNeverWidens(t *testing.T) {
	w := newWorld(t)
	h := w.hold("openid email offline_access")
	narrow := func(in *account.RefreshIn) { in.Scope = "openid" }
	next, out := h.show(h.token, narrow)
	if !out.OK || out.Scope != "openid" || out.Claims.Email != "" {
		t.Errorf("narrowed: %+v", out)
	}
	h.wants(next, account.ReasonScope, func(in *account.RefreshIn) { in.Scope = "openid profile" })
	h.token, out = h.show(next) // the token is still good, and has the whole scope (RFC 6749 section 6)
	if !out.OK || out.Scope != "openid email offline_access" {
		t.Errorf("afterwards: %+v", out)
	}
}

func TestRefreshIsForAPIsThatWereGranted(t *testing.T) {
	w := newWorld(t)
	h := w.hold("openid offline_access")
	next, out := h.show(h.token, func(in *account.RefreshIn) { in.Resources = []string{"https://api.example/b"} })
	if !out.OK || !slices.Equal(out.Resources, []string{"https://api.example/b"}) {
		t.Errorf("one of them: %+v", out)
	}
	h.wants(next, account.ReasonResource, func(in *account.RefreshIn) { in.Resources = []string{"https://api.example/c"} })
	h.wants(next, "")
}

func TestRefreshTokenEnds(t *testing.T) {
	w := newWorld(t)
	h := w.hold("openid offline_access")
	w.pass(idle - time.Second)
	h.token = h.wants(h.token, "")
	w.pass(idle)
	h.wants(h.token, account.ReasonUnknown) // unused for too long

	w = newWorld(t)
	h = w.hold("openid offline_access")
	for range 9 {
		w.pass(10*24*time.Hour - time.Second)
		h.token = h.wants(h.token, "")
	}
	w.pass(9 * time.Second) // absolute end
	_, out := h.show(h.token)
	if out.OK || out.Reason != account.ReasonExpired {
		t.Errorf("after ninety days: %+v", out)
	}
}

func TestGrantWithoutRefreshTokenHasNone(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	h := &holder{w: w, id: id, grant: w.signinTo(id, ref, "shop")}
	h.wants("anything", account.ReasonUnknown)
	if !h.live() {
		t.Error("the grant ended")
	}
}

func TestRefreshIsOneDurableWrite(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id := activateOn(t, s)
	attempt := account.NewID()
	errOf(s.BeginSignin(t.Context(), id, account.BeginSigninIn{Name: "digest", Attempt: attempt}))
	session, ref := newSession()
	must(t, s.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: session}))
	in := authorization(ref, "code")
	in.Scope = "openid offline_access"
	must(t, authorized(s.Authorize(t.Context(), id, in)))
	h := &holder{w: w, id: id, ref: ref, token: "first"}
	must(t, errOf(s.Redeem(t.Context(), id, h.redemption("code"))))
	w.pass(10 * time.Minute)
	r.reset()
	before := r.changes()
	out, err := s.Refresh(t.Context(), id, h.request("first", "second"))
	must(t, err)
	if !out.OK || r.calls != 1 || r.changes()-before != 1 || len(r.statements) != 3 {
		t.Errorf("%+v: %d transactions, %s", out, r.calls, r.cost(before))
	}
	before = r.changes()
	must(t, errOf(s.GrantFacts(t.Context(), id, account.GrantIn{GrantID: h.grant})))
	if r.changes() != before {
		t.Error("GrantFacts wrote")
	}
}

func TestRefreshBounds(t *testing.T) {
	w := newWorld(t)
	h := w.hold("openid offline_access")
	for name, change := range map[string]func(*account.RefreshIn){
		"no secret":    func(in *account.RefreshIn) { in.Presented = nil },
		"no successor": func(in *account.RefreshIn) { in.Next = nil },
		"long scope":   func(in *account.RefreshIn) { in.Scope = strings.Repeat("x", 1025) },
		"many APIs":    func(in *account.RefreshIn) { in.Resources = make([]string, 9) },
		"API of two":   func(in *account.RefreshIn) { in.Resources = []string{"https://a.example https://b.example"} },
		"long grace":   func(in *account.RefreshIn) { in.Grace = 61 },
		"no lifetime":  func(in *account.RefreshIn) { in.RefreshLifetime = 0 },
	} {
		in := h.request(h.token, "next")
		change(&in)
		if _, err := w.Refresh(t.Context(), h.id, in); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	h.wants(h.token, "")
}
