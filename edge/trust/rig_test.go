//go:build !js

package trust_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
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
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/trust"
)

// world is the service over real objects, with an account, a clock, and a say in what proofs there are.
type world struct {
	t        testing.TB
	clock    *objecttest.Clock
	ring     *keys.Service
	accounts *account.Service
	proofs   proofs
	handler  http.Handler
	log      bytes.Buffer
	id       string // of the account
}

// proofs is a person with an authenticator whose code is 123456; the methods asked about are counted.
type proofs struct{ asked int }

func (p *proofs) Methods(context.Context, string, account.SessionRef) ([]api.TrustMethod, error) {
	p.asked++
	return []api.TrustMethod{{ID: "1", Kind: api.ProofTOTP, Hint: "phone"}}, nil
}

func (p *proofs) Send(*http.Request, session.Cookie, api.TrustSendRequest) (api.TrustSent, error) {
	return api.TrustSent{Challenge: "challenge"}, nil
}

func (p *proofs) Prove(_ *http.Request, _ session.Cookie, in api.TrustProveRequest) error {
	if in.Code == "123456" {
		return nil
	}
	wrong := problem.New(api.CodeWrong)
	wrong.TriesLeft = 4
	return wrong
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, clock: objecttest.NewClock(time.Unix(1_800_000_000, 0)), id: account.NewID()}
	ignore := func(context.Context, object.Delivery) error { return nil }
	host, err := object.NewNative(object.NativeConfig{Now: w.clock.Now}, account.New(account.Deps{Effects: map[string]object.Effect{
		account.TopicNamesCommit: ignore, account.TopicLogout: ignore, account.TopicDisconnect: ignore,
	}}))
	w.must(err)
	t.Cleanup(func() { host.Close() })
	w.ring, w.accounts = keystest.Ring(t, w.clock.Now), account.NewService(host)
	w.handler = w.serve(&w.proofs)
	return w
}

func (w *world) serve(p trust.Proofs) http.Handler {
	mux := http.NewServeMux()
	trust.New(trust.Deps{Accounts: w.accounts, Proofs: p, Keys: w.ring, Log: slog.New(slog.NewTextHandler(&w.log, nil))}).Mount(mux)
	return mux
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// device is a browser in a session, on a device of its own.
type device struct {
	*world
	id     string
	cookie *http.Cookie
	last   *httptest.ResponseRecorder
}

// arrival is what a browser that signs in brings.
func (w *world) arrival() (account.NewSession, *account.NewDevice, *device) {
	w.t.Helper()
	c := session.Cookie{Account: w.id, ID: account.NewID(), Secret: account.NewSecret()}
	set := httptest.NewRecorder()
	w.must(session.Issue(w.t.Context(), w.ring, set, c, w.clock.Now(), 24*time.Hour, false))
	d := &account.NewDevice{ID: account.NewID(), SecretHash: account.Hash(account.NewSecret()), Label: "Firefox on Linux"}
	s := account.NewSession{ID: c.ID, SecretHash: account.Hash(c.Secret), Device: d.Label, Place: "Berlin, DE", Idle: 86400, Absolute: 86400}
	return s, d, &device{world: w, id: d.ID, cookie: set.Result().Cookies()[0]}
}

// first makes the account, on a device that enrols.
func (w *world) first() *device {
	w.t.Helper()
	ctx := w.t.Context()
	w.must(w.accounts.BeginSignup(ctx, w.id, account.BeginSignupIn{UPN: "ada@id.test", TTL: 60}))
	s, d, here := w.arrival()
	w.must(w.accounts.Activate(ctx, w.id, account.ActivateIn{
		Name: "Ada", Record: []byte("record"), KSF: api.CurrentKSF, KeyID: "k", Session: s, Device: d,
	}))
	here.wants("enrol", here.post(api.RouteDevicesEnrol, api.DeviceEnrolRequest{Public: publicKey()}, nil), "")
	return here
}

// another signs in on a new device.
func (w *world) another() *device {
	w.t.Helper()
	ctx := w.t.Context()
	attempt := account.NewID()
	_, err := w.accounts.BeginSignin(ctx, w.id, account.BeginSigninIn{Name: "n", Attempt: attempt})
	w.must(err)
	s, d, here := w.arrival()
	w.must(w.accounts.CompleteSignin(ctx, w.id, account.CompleteSigninIn{Attempt: attempt, Session: s, Device: d}))
	return here
}

func publicKey() api.Bytes {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return key.PublicKey().Bytes()
}

// post posts a body and reads the answer into out, unless that is nil, or returns the problem.
func (d *device) post(route string, in, out any) *api.Problem {
	d.t.Helper()
	body, err := json.Marshal(in)
	d.must(err)
	r := httptest.NewRequestWithContext(d.t.Context(), "POST", route, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if d.cookie != nil {
		r.AddCookie(d.cookie)
	}
	d.last = httptest.NewRecorder()
	d.handler.ServeHTTP(d.last, r)
	if got := d.last.Header().Get("Cache-Control"); got != "no-store" {
		d.t.Errorf("%s: Cache-Control %q", route, got)
	}
	if d.last.Code == http.StatusOK {
		if out == nil {
			out = new(any)
		}
		d.must(json.Unmarshal(d.last.Body.Bytes(), out))
		return nil
	}
	p := new(api.Problem)
	d.must(json.Unmarshal(d.last.Body.Bytes(), p))
	return p
}

// wants checks a refusal; "" for none.
func (d *device) wants(rule string, p *api.Problem, code api.Code) {
	d.t.Helper()
	if p == nil && code == "" {
		return
	}
	if p == nil || p.Code != code {
		d.t.Errorf("%s: %v, want %q", rule, p, code)
	}
}

func (d *device) state() (out api.TrustState) {
	d.t.Helper()
	d.wants("state", d.post(api.RouteTrust, none, &out), "")
	return out
}

func (d *device) list() (out api.Devices) {
	d.t.Helper()
	d.wants("devices", d.post(api.RouteDevices, none, &out), "")
	return out
}

// cleared reports whether the last answer took the session cookie away.
func (d *device) cleared() bool {
	return slices.ContainsFunc(d.last.Result().Cookies(), func(c *http.Cookie) bool { return c.Name == session.CookieName && c.MaxAge < 0 })
}

var none = struct{}{}
