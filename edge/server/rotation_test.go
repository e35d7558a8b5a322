//go:build !js

package server_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/session"
	provider "github.com/latchkey-id/latchkey/edge/token"
)

// seen counts the keys that things of one sort were made with.
type seen map[string]map[string]bool

// note reads the key id in the header of a compact JWS or JWE.
func (s seen) note(sort, compact string) {
	head, _, _ := strings.Cut(compact, ".")
	data, _ := base64.RawURLEncoding.DecodeString(head)
	var header struct{ Kid string }
	_ = json.Unmarshal(data, &header) // an empty id counts as one
	if s[sort] == nil {
		s[sort] = map[string]bool{}
	}
	s[sort][header.Kid] = true
}

// life is a person with a browser and some sites, over the best part of a year.
type life struct {
	*world
	alarms bool // ring; otherwise the ring catches up when it is asked
	b      *browser
	signed time.Time // when b signed in
	hint   string    // the first ID token of b's session
	sites  []*site
	kids   seen
}

const ada = "ada@example.org"

// Through three rotations of every kind of key nobody is signed out before the time, no valid token stops verifying, and nothing
// under way is lost; whether alarms ring on time or never.
func TestThreeRotationsOfEveryKeyLoseNothing(t *testing.T) {
	for name, c := range map[string]struct {
		alarms bool
		step   time.Duration // from one visit to the next
		days   time.Duration
		algs   []string
	}{
		"alarms ring":        {true, day, 282, []string{"ES256", "RS256", "EdDSA"}}, // each visit has a rotation of the daily keys in its middle
		"nothing but visits": {false, 29 * time.Hour, 282, []string{"ES256", "EdDSA"}},
		"few visits":         {false, 11*day + 5*time.Hour, 330, []string{"ES256"}}, // each rotation comes late
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &life{world: newWorld(t, ""), alarms: c.alarms, kids: seen{}}
			l.sites = l.world.sites(c.algs...)
			began := l.clock.Now()
			l.b = l.browser()
			l.b.signup(ada)
			l.signed = l.clock.Now()
			l.advance(began.Add(c.step).Sub(l.clock.Now()) - 30*time.Second)
			for visit := 0; l.clock.Now().Before(began.Add(c.days * day)); visit++ {
				next := l.clock.Now().Add(c.step)
				l.visit(c.step >= 10*day || visit%15 == 0)
				l.advance(next.Sub(l.clock.Now()))
			}
			for _, sort := range append(c.algs, "session", "device", "access") {
				if n := len(l.kids[sort]); n < 4 {
					t.Errorf("%s: %d keys in all, want the first and three more", sort, n)
				}
			}
		})
	}
}

// advance lets the time go by; alarms ring on time, to the minutes.
func (l *life) advance(d time.Duration) {
	l.t.Helper()
	const late = 30 * time.Minute
	if !l.alarms {
		l.pass(d)
		return
	}
	for ; d > 0; d -= late {
		l.pass(min(d, late))
		l.wake()
	}
}

// visit does everything that somebody might have under way while keys change: half a minute after its begin they do.
func (l *life) visit(another bool) {
	l.t.Helper()
	l.stillSignedIn()
	codes := make([]string, len(l.sites))
	for i, s := range l.sites {
		codes[i] = s.code(l.b)
	}
	stranger := l.browser()
	asked := location(l.t, stranger.get(l.sites[0].request()))
	finish := func() error { return nil }
	second := l.browser()
	if another {
		finish = second.begin(ada)
	}

	l.advance(55 * time.Second) // a code is good for 60
	issued := make([]tokens, len(l.sites))
	for i, s := range l.sites {
		issued[i] = s.redeem(codes[i])
		s.accept(issued[i].ID)
		l.kids.note(s.alg, issued[i].ID)
		l.kids.note("access", issued[i].Access)
	}
	if l.hint == "" {
		l.hint = issued[0].ID
	}
	l.advance(time.Minute) // a password's state is good for two
	l.must(finish())
	if another {
		_, err := second.account()
		l.must(err)
		l.kids.note("session", second.cookies[session.CookieName].Value)
		l.kids.note("device", second.cookies[session.DeviceCookieName].Value)
	}
	l.advance(8*time.Minute + 55*time.Second) // tokens are good for ten
	for i, s := range l.sites {
		s.accept(issued[i].ID)
		s.check(issued[i].ID, s.fetch())
		if !s.userinfo(issued[i].Access) {
			l.t.Fatalf("%s: access token refused before its time", s.alg)
		}
	}
	l.advance(48*time.Minute + 30*time.Second) // a flow is good for an hour
	if to := location(l.t, stranger.get(provider.RouteResume+"?flow="+asked.Query().Get("flow"))); to.Path != "/signin" {
		l.t.Fatalf("a sign-in under way was lost: %s", to)
	}
	for _, s := range l.sites { // with the keys of yesterday, and for tomorrow
		s.accept(s.redeem(s.code(l.b)).ID)
		s.refresh()
	}
}

// stillSignedIn holds the session to its lifetime: 90 days if used every 30, to the second. Then the person signs in again, in a
// browser that is still known.
func (l *life) stillSignedIn() {
	l.t.Helper()
	end := l.signed.Add(90 * day)
	left := end.Sub(l.clock.Now())
	if left > 0 {
		if _, err := l.b.account(); err != nil {
			l.t.Fatalf("signed out %v too early: %v", left, err)
		}
		to := location(l.t, l.b.get(provider.RouteLogout+"?id_token_hint="+l.hint))
		if l.hint != "" && to.Query().Has("confirm") {
			l.t.Fatalf("the hint of a session is not understood %v before its end", left)
		}
	}
	if left > time.Hour { // else it would end in the middle of a visit, and with it what it had issued
		return
	}
	l.advance(max(0, left))
	if _, err := l.b.account(); !refusedWith(err, api.CodeSessionRequired) {
		l.t.Fatalf("still signed in %v after the end: %v", l.clock.Now().Sub(end), err)
	}
	before := l.device()
	l.must(l.b.begin(ada)())
	l.signed, l.hint = l.clock.Now(), ""
	if after := l.device(); after.ID != before.ID {
		l.t.Error("the browser was known and is not any more")
	}
}

// device is what the browser's device cookie says.
func (l *life) device() session.Device {
	l.t.Helper()
	root, err := keys.ParseRoot(l.settings["LATCHKEY_ROOT_KEY"])
	l.must(err)
	r := httptest.NewRequest(http.MethodGet, issuer, nil)
	r.AddCookie(l.b.cookies[session.DeviceCookieName])
	devices, err := session.ReadDevices(l.t.Context(), keys.NewService(keys.ServiceDeps{Host: l.native, Root: root, Now: l.clock.Now}), r)
	l.must(err)
	if len(devices) != 1 {
		l.t.Fatalf("the browser is not known any more: %v", devices)
	}
	return devices[0]
}

// The root key is replaced in three steps, each a restart over the same objects; nobody notices any. What is under way goes on.
func TestTheRootKeyIsReplacedUnnoticed(t *testing.T) {
	w := newWorld(t, t.TempDir())
	first := w.settings["LATCHKEY_ROOT_KEY"]
	second := newRoot("r2")
	s := w.sites("ES256")[0]
	b := w.browser()
	b.signup(ada)
	for _, roots := range []string{first + "," + second, second + "," + first, second} {
		code, finish := s.code(b), w.browser().begin(ada)
		issued := s.redeem(s.code(b))
		w.settings["LATCHKEY_ROOT_KEY"] = roots
		w.start()
		if got, err := b.account(); err != nil || got.UPN != ada {
			t.Fatalf("signed out: %v", err)
		}
		w.must(finish())
		s.accept(issued.ID)
		s.check(issued.ID, s.fetch())
		s.accept(s.redeem(code).ID)
		if !s.userinfo(issued.Access) {
			t.Error("access token refused")
		}
		w.must(w.browser().begin(ada)())
	}

	// Who drops the old key before the ring has seen the new one in front hears of it, and puts it back.
	w.settings["LATCHKEY_ROOT_KEY"] = newRoot("r3")
	w.start()
	if _, err := b.account(); !refusedWith(err, api.CodeInternal) || !strings.Contains(w.logged(), "r2") {
		t.Errorf("with a root key that nothing is sealed under: %v", err)
	}
	w.settings["LATCHKEY_ROOT_KEY"] = second
	w.start()
	if _, err := b.account(); err != nil {
		t.Errorf("with the right one again: %v", err)
	}
}
