//go:build !js

package server_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/message"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
	"github.com/latchkey-id/latchkey/edge/server"
)

const (
	issuer      = "https://login.test"
	ownDomain   = "id.login.test"
	operatorKey = "an operator key of more than 32 characters"
)

// world is a whole deployment over native objects, with a clock that tests move. It can be started again over the same objects
// with other settings.
type world struct {
	t        testing.TB
	dir      string // of the objects; "": in memory, until the end
	settings map[string]string
	native   *object.Native
	service  *server.Service
	handler  http.Handler
	log      *bytes.Buffer     // every line that was logged
	outbound http.RoundTripper // nil: nobody is there

	mu    sync.Mutex // of log
	clock *objecttest.Clock
}

func newRoot(id string) string {
	secret := make([]byte, 32)
	rand.Read(secret)
	return id + ":" + base64.RawURLEncoding.EncodeToString(secret)
}

func settings() map[string]string {
	return map[string]string{
		"LATCHKEY_ISSUER": issuer, "LATCHKEY_DEFAULT_DOMAIN": ownDomain, "LATCHKEY_ROOT_KEY": newRoot("r1"),
		"LATCHKEY_OPERATOR_KEY": operatorKey, "LATCHKEY_MAIL": "outbox:", "LATCHKEY_EXTRA_DOMAINS": "example.org",
	}
}

func newWorld(t testing.TB, dir string) *world {
	t.Helper()
	w := &world{t: t, dir: dir, settings: settings(), log: new(bytes.Buffer), clock: objecttest.NewClock(time.Unix(1_800_000_000, 0))}
	w.start()
	t.Cleanup(func() { w.native.Close() })
	return w
}

// lateHost breaks the circle of services and objects, as main does.
type lateHost struct{ *object.Native }

// start connects everything under the present settings. What ran before is closed.
func (w *world) start() {
	w.t.Helper()
	if w.native != nil {
		w.must(w.native.Close())
	}
	config, err := server.ParseConfig(func(name string) string { return w.settings[name] })
	w.must(err)
	log := slog.New(slog.NewJSONHandler(&lines{w}, nil))
	var host lateHost
	outbound := w.outbound
	if outbound == nil {
		outbound = offline{}
	}
	w.service, err = server.New(server.Deps{Config: config, Host: &host, Sockets: &host, Outbound: outbound, Now: w.clock.Now, Log: log})
	w.must(err)
	w.native, err = object.NewNative(object.NativeConfig{Dir: w.dir, Now: w.clock.Now, Log: log}, w.service.Kinds...)
	w.must(err)
	host.Native, w.handler = w.native, w.service.Handler
}

// lines collects the log; alarms write to it beside requests.
type lines struct{ w *world }

func (l *lines) Write(b []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.log.Write(b)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// offline is a network without anybody in it.
type offline struct{}

func (offline) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("offline") }

func (w *world) pass(d time.Duration) { w.clock.Pass(d) }

// wake rings what is due.
func (w *world) wake() {
	w.t.Helper()
	w.must(w.native.Wake(context.Background()))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// send serves a request without a browser around it.
func (w *world) send(r *http.Request) *httptest.ResponseRecorder {
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	return out
}

// operate is the operator's request.
func (w *world) operate(method, route, body string, out any) {
	w.t.Helper()
	r := httptest.NewRequest(method, issuer+route, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+operatorKey)
	r.Header.Set("Content-Type", "application/json")
	answer := w.send(r)
	if answer.Code != http.StatusOK {
		w.t.Fatalf("%s %s: %d %s", method, route, answer.Code, answer.Body)
	}
	w.must(json.Unmarshal(answer.Body.Bytes(), out))
}

// mail is the newest letter to an address.
func (w *world) mail(to string) message.Kept {
	w.t.Helper()
	w.wake()
	var letters message.Letters
	w.operate(http.MethodGet, message.RouteOutbox, "", &letters)
	for _, m := range letters.Messages {
		if m.To == to {
			return m
		}
	}
	w.t.Fatalf("no mail to %s", to)
	return message.Kept{}
}

// problemOf reads a problem document.
func problemOf(t testing.TB, answer *http.Response) api.Problem {
	t.Helper()
	var p api.Problem
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &p); err != nil || answer.Header.Get("Content-Type") != "application/problem+json" || p.Status != answer.StatusCode {
		t.Errorf("%d %q is no problem document: %s", answer.StatusCode, answer.Header.Get("Content-Type"), body)
	}
	return p
}
