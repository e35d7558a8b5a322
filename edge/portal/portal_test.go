//go:build !js

package portal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/keys/keystest"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
	"github.com/latchkey-id/latchkey/edge/portal"
	"github.com/latchkey-id/latchkey/edge/session"
)

const (
	ada     = "ada@example.org"
	oldPass = "correct horse battery staple"
	newPass = "incorrect zebra charger clip"
)

// world is a deployment in memory with one account, ada's, and a clock that tests move.
type world struct {
	t         testing.TB
	ring      *keys.Service
	accounts  *account.Service
	passwords *password.Server
	ksf       api.KSF
	now       time.Time
	id        string // ada's
	apps      registry
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: time.Unix(1_800_000_000, 0), ksf: passwordtest.KSF, id: account.NewID()}
	root := keystest.Root(t)
	ignore := func(context.Context, object.Delivery) error { return nil }
	host, err := object.NewNative(object.NativeConfig{Now: w.clock}, keys.New(keys.Deps{Root: root}),
		account.New(account.Deps{Effects: map[string]object.Effect{account.TopicNamesCommit: ignore, account.TopicLogout: ignore, account.TopicDisconnect: ignore}}))
	must(t, err)
	t.Cleanup(func() { host.Close() })
	w.ring = keys.NewService(keys.ServiceDeps{Host: host, Root: root, Now: w.clock})
	w.accounts, w.passwords = account.NewService(host), password.New(w.ring)
	must(t, w.accounts.BeginSignup(t.Context(), w.id, account.BeginSignupIn{UPN: ada, TTL: 60}))
	record := passwordtest.Register(t, oldPass, w.ksf, func(request []byte) []byte {
		response, err := w.passwords.Register(t.Context(), request, w.id)
		must(t, err)
		return response
	})
	first, _ := w.newSession("first")
	must(t, w.accounts.Activate(t.Context(), w.id, account.ActivateIn{Name: "Ada", Record: record, KSF: w.ksf, KeyID: "k", Session: first}))
	return w
}

func (w *world) clock() time.Time { return w.now }

func (w *world) newSession(device string) (account.NewSession, session.Cookie) {
	c := session.Cookie{Account: w.id, ID: account.NewID(), Secret: account.NewSecret()}
	return account.NewSession{
		ID: c.ID, SecretHash: account.Hash(c.Secret), Device: device, Idle: 3600, Absolute: 86400, AMR: []string{"pwd"},
	}, c
}

// signin makes a session in the account and a browser that is in it. upgrade is the hash of an upgrade proof or nil.
func (w *world) signin(device string, upgrade []byte) *browser {
	w.t.Helper()
	attempt := account.NewID()
	_, err := w.accounts.BeginSignin(w.t.Context(), w.id, account.BeginSigninIn{Name: "n", Attempt: attempt})
	must(w.t, err)
	row, cookie := w.newSession(device)
	must(w.t, w.accounts.CompleteSignin(w.t.Context(), w.id, account.CompleteSigninIn{Attempt: attempt, Session: row, UpgradeProof: upgrade}))
	return w.browser(cookie)
}

// browser has a session cookie.
type browser struct {
	t       testing.TB
	handler http.Handler
	here    session.Cookie
	cookie  *http.Cookie
	last    *httptest.ResponseRecorder
}

func (w *world) browser(c session.Cookie) *browser {
	w.t.Helper()
	set := httptest.NewRecorder()
	must(w.t, session.Issue(w.t.Context(), w.ring, set, c, w.now, 24*time.Hour, false))
	mux := http.NewServeMux()
	portal.New(portal.Deps{
		Issuer: "https://id.example", KSF: w.ksf, Accounts: w.accounts, Applications: w.apps, Keys: w.ring, Now: w.clock,
		Log: slog.New(slog.DiscardHandler),
	}).Mount(mux)
	return &browser{t: w.t, handler: mux, here: c, cookie: set.Result().Cookies()[0]}
}

func (b *browser) do(method, route string, body, out any) *api.Problem {
	b.t.Helper()
	data, err := json.Marshal(body)
	must(b.t, err)
	r := httptest.NewRequestWithContext(b.t.Context(), method, route, bytes.NewReader(data))
	r.Header.Set("Content-Type", "application/json")
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	b.last = httptest.NewRecorder()
	b.handler.ServeHTTP(b.last, r)
	if got := b.last.Header().Get("Cache-Control"); got != "no-store" {
		b.t.Errorf("%s: Cache-Control %q", route, got)
	}
	if b.last.Code == http.StatusOK {
		must(b.t, json.Unmarshal(b.last.Body.Bytes(), out))
		return nil
	}
	p := new(api.Problem)
	must(b.t, json.Unmarshal(b.last.Body.Bytes(), p))
	return p
}

func (b *browser) post(route string, body, out any) *api.Problem {
	b.t.Helper()
	return b.do("POST", route, body, out)
}

// cleared reports whether the last answer took the session cookie away.
func (b *browser) cleared() bool {
	return slices.ContainsFunc(b.last.Result().Cookies(), func(c *http.Cookie) bool { return c.Name == b.cookie.Name && c.MaxAge < 0 })
}

// live reports whether the browser's session still is.
func (b *browser) live() bool {
	b.t.Helper()
	return b.do("GET", api.RouteAccount, nil, new(api.Account)) == nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refusedWith(p *api.Problem, code api.Code) bool { return p != nil && p.Code == code }

func TestEveryRouteNeedsALiveSession(t *testing.T) {
	w := newWorld(t)
	ended := w.signin("ended", nil)
	_, err := w.accounts.EndSession(t.Context(), w.id, account.EndSessionIn{Session: ended.here.Ref()})
	must(t, err)
	other := newWorld(t)
	foreign := other.signin("foreign", nil)
	foreign.handler = ended.handler
	ke1 := passwordtest.Begin(t, oldPass).KE1
	proof, err := password.SealProof(t.Context(), w.ring,
		password.Proof{Account: w.id, Session: ended.here.ID, Secret: "x"}, w.now.Add(time.Minute))
	must(t, err)
	for _, c := range []struct {
		method, route string
		body          any
	}{
		{"GET", api.RouteAccount, nil},
		{"GET", api.RouteSessions, nil},
		{"POST", api.RouteSessionsEnd, api.SessionsEndRequest{Others: true}},
		{"POST", api.RouteSessionsEnd, api.SessionsEndRequest{ID: "x"}},
		{"GET", api.RouteApplications, nil},
		{"POST", api.RouteApplicationRemove, api.ApplicationRemoveRequest{ID: "x"}},
		{"GET", api.RouteApps, nil},
		{"POST", api.RouteReauthBegin, api.ReauthBeginRequest{KE1: ke1}},
		{"POST", api.RouteChangeBegin, api.ChangeBeginRequest{Proof: proof, Request: ke1[:32]}},
		{"POST", api.RouteChangeFinish, api.ChangeFinishRequest{Proof: proof, KSF: w.ksf, Record: w.record(newPass)}},
	} {
		nobody := &browser{t: t, handler: ended.handler}
		for who, b := range map[string]*browser{"nobody": nobody, "an ended session": ended, "another deployment's session": foreign} {
			if p := b.do(c.method, c.route, c.body, nil); !refusedWith(p, api.CodeSessionRequired) {
				t.Errorf("%s %s for %s: %v", c.method, c.route, who, p)
			}
			if cleared := b.cleared(); cleared != (b == ended) {
				t.Errorf("%s for %s: cookies %v", c.route, who, b.last.Result().Cookies())
			}
		}
	}
}

// record is a password record that a client made for ada.
func (w *world) record(text string) []byte {
	w.t.Helper()
	return passwordtest.Register(w.t, text, w.ksf, func(request []byte) []byte {
		response, err := w.passwords.Register(w.t.Context(), request, w.id)
		must(w.t, err)
		return response
	})
}

func TestAccountAndSessions(t *testing.T) {
	w := newWorld(t)
	one, two := w.signin("one", nil), w.signin("two", nil)
	var who api.Account
	if p := one.do("GET", api.RouteAccount, nil, &who); p != nil || who != (api.Account{ID: w.id, UPN: ada, Name: "Ada", Created: w.now.Unix()}) {
		t.Errorf("%+v, %v", who, p)
	}
	var list api.Sessions
	if p := one.do("GET", api.RouteSessions, nil, &list); p != nil || len(list.Sessions) != 3 {
		t.Fatalf("%+v, %v", list, p)
	}
	for _, s := range list.Sessions {
		if s.Current != (s.ID == one.here.ID) {
			t.Errorf("current: %+v", s)
		}
	}
	if p := one.post(api.RouteSessionsEnd, api.SessionsEndRequest{ID: two.here.ID}, new(struct{})); p != nil || one.last.Body.String() != "{}" {
		t.Errorf("end another: %v %s", p, one.last.Body)
	}
	if two.live() {
		t.Error("the ended session is live")
	}
	if p := one.post(api.RouteSessionsEnd, api.SessionsEndRequest{ID: two.here.ID}, new(struct{})); p != nil {
		t.Errorf("end it again: %v", p)
	}
	three := w.signin("three", nil)
	if p := one.post(api.RouteSessionsEnd, api.SessionsEndRequest{Others: true}, new(struct{})); p != nil || three.live() || !one.live() {
		t.Errorf("end the others: %v", p)
	}
	for rule, in := range map[string]api.SessionsEndRequest{"neither": {}, "both": {ID: "x", Others: true}} {
		if p := one.post(api.RouteSessionsEnd, in, nil); !refusedWith(p, api.CodeBadRequest) {
			t.Errorf("%s: %v", rule, p)
		}
	}
	if p := one.post(api.RouteSessionsEnd, api.SessionsEndRequest{ID: one.here.ID}, new(struct{})); p != nil || !one.cleared() || one.live() {
		t.Errorf("end the present one: %v, cookies %v", p, one.last.Result().Cookies())
	}
}
