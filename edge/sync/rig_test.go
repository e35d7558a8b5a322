//go:build !js

package sync_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/keys/keystest"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/sync"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// world is the service over the real vault object and key ring, a clock, and a say in whom an account trusts.
type world struct {
	t       testing.TB
	clock   *objecttest.Clock
	ring    *keys.Service
	vaults  *vault.Service
	trust   trust
	handler http.Handler
	log     bytes.Buffer
}

// trust is what accounts say of sessions, by id; errDown for those they have not heard of.
type trust map[string]struct {
	trusted   bool
	err       error
	meanwhile func() // happens while the answer is on its way
}

var errDown = errors.New("account object down")

func (t trust) TrustFacts(_ context.Context, _ string, ref account.SessionRef) (account.TrustFactsOut, error) {
	say, known := t[ref.ID]
	if say.meanwhile != nil {
		defer say.meanwhile()
	}
	if !known {
		return account.TrustFactsOut{Trusted: true}, errDown
	}
	return account.TrustFactsOut{Device: "device-of-" + ref.ID, Trusted: say.trusted}, say.err
}

func newWorld(t testing.TB, l vault.Limits) *world {
	t.Helper()
	w := &world{t: t, clock: objecttest.NewClock(time.Unix(1_790_000_000, 0)), trust: trust{
		"trusted": {trusted: true}, "untrusted": {}, "ended": {trusted: true, err: account.ErrSession},
	}}
	host, err := object.NewNative(object.NativeConfig{Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(&w.log, nil))}, vault.New(l, func(ctx context.Context, d object.Delivery) error { return vault.Erasing(w.vaults)(ctx, d) }))
	w.must(err)
	t.Cleanup(func() { host.Close() })
	w.ring, w.vaults = keystest.Ring(t, w.clock.Now), vault.NewService(host)
	mux := http.NewServeMux()
	service := sync.New(sync.Deps{
		Vaults: w.vaults, Trust: w.trust, Applications: registry{}, Keys: w.ring, Issuer: issuer, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Connect: func(w http.ResponseWriter, r *http.Request, account, device string, since time.Time) {
			host.Connect(w, r, vault.KindName, account, device, since)
		},
		Now: w.clock.Now,
	})
	service.Mount(mux)
	service.MountApplications(mux, protect)
	w.handler = mux
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// device is a browser in a session of an account.
type device struct {
	*world
	cookie *http.Cookie
	last   *httptest.ResponseRecorder
}

func (w *world) device(accountID, sessionID string) *device {
	w.t.Helper()
	set := httptest.NewRecorder()
	c := session.Cookie{Account: accountID, ID: sessionID, Secret: account.NewSecret()}
	w.must(session.Issue(w.t.Context(), w.ring, set, c, w.clock.Now(), 24*time.Hour, false))
	return &device{world: w, cookie: set.Result().Cookies()[0]}
}

// send posts a body as it is.
func (d *device) send(route string, body []byte) *httptest.ResponseRecorder {
	d.t.Helper()
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
	return d.last
}

// post posts a body and reads the answer into out, or returns the problem.
func (d *device) post(route string, in, out any) *api.Problem {
	d.t.Helper()
	body, err := json.Marshal(in)
	d.must(err)
	answer := d.send(route, body)
	if answer.Code == http.StatusOK {
		d.must(json.Unmarshal(answer.Body.Bytes(), out))
		return nil
	}
	p := new(api.Problem)
	d.must(json.Unmarshal(answer.Body.Bytes(), p))
	if p.Status != answer.Code || answer.Header().Get("Content-Type") != "application/problem+json" {
		d.t.Errorf("%s: %d %v", route, answer.Code, p)
	}
	return p
}

// wants checks a refusal; "" for none.
func (d *device) wants(rule string, p *api.Problem, code api.Code, status int) {
	d.t.Helper()
	switch {
	case p == nil && code == "":
	case p == nil || p.Code != code || p.Status != status:
		d.t.Errorf("%s: %v, want %d %s", rule, p, status, code)
	}
}

var keySet = api.VaultKeySet{Version: 1, Ring: []byte("ring"), Wraps: []api.VaultWrap{{ID: "w-1", Kind: api.VaultWrapPassword, Body: []byte("wrap")}}}

// newVault returns a trusted device of an account that has a vault.
func (w *world) newVault(accountID string) *device {
	w.t.Helper()
	d := w.device(accountID, "trusted")
	if p := d.post(api.RouteVaultKeysPut, api.VaultKeysPutRequest{Keys: keySet}, &api.VaultGeneration{}); p != nil {
		w.t.Fatal(p)
	}
	return d
}

// id is one of a collection or a record.
func id(n byte) string {
	return base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{n}, api.VaultIDLength))
}

// batch changes one record, from nothing, in a collection that has no manifest yet.
func batch() api.VaultPushRequest {
	return api.VaultPushRequest{
		Generation: 1, Keys: 1, Collection: id(1), Batch: []api.VaultChange{{ID: id(2), Body: []byte("sealed")}},
		Manifest: api.VaultManifestChange{Body: []byte("manifest")},
	}
}
