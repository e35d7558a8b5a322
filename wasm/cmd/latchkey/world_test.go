//go:build !js

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/server"
	"github.com/latchkey-id/latchkey/wasm/state"
)

// world is a whole service over native objects and TLS, with somebody who has an account and a browser.
type world struct {
	*testing.T
	server  *httptest.Server
	ca      string
	person  *opaquetest.Person
	upn     string
	browser *opaquetest.Browser
	native  *object.Native
	ahead   atomic.Int64 // seconds that the service's clock is ahead
	gone    atomic.Bool  // nobody answers
}

// down is done while the service cannot be reached.
func (w *world) down(do func()) {
	w.gone.Store(true)
	defer w.gone.Store(false)
	do()
}

// lateHost breaks the circle of services and objects, as main does.
type lateHost struct{ *object.Native }

// nowhere is a network without anybody in it.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("offline") }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, upn: "ada@id.test", person: opaquetest.NewPerson("purple tractors eat lightly")}
	w.person.InsecureUnstretched = true
	var handler http.Handler
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.gone.Load() {
			panic(http.ErrAbortHandler)
		}
		handler.ServeHTTP(rw, r)
	}))
	root := make([]byte, 32)
	rand.Read(root)
	settings := map[string]string{
		"LATCHKEY_ISSUER": "https://" + w.server.Listener.Addr().String(), "LATCHKEY_DEFAULT_DOMAIN": "id.test",
		"LATCHKEY_EXTRA_DOMAINS": "id.test,example.org", "LATCHKEY_OPERATOR_KEY": operatorKey,
		"LATCHKEY_ROOT_KEY": "r1:" + base64.RawURLEncoding.EncodeToString(root), "LATCHKEY_MAIL": "outbox:",
		"LATCHKEY_SIGNUP_LIMIT": "1000/1s", "LATCHKEY_SIGNIN_LIMIT": "1000/1s",
	}
	config, err := server.ParseConfig(func(name string) string { return settings[name] })
	w.must(err)
	log := slog.New(slog.DiscardHandler)
	var host lateHost
	now := func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load()) * time.Second) }
	service, err := server.New(server.Deps{Config: config, Host: &host, Sockets: &host, Outbound: nowhere{}, Now: now, Log: log})
	w.must(err)
	native, err := object.NewNative(object.NativeConfig{Now: now, Log: log}, service.Kinds...)
	w.must(err)
	host.Native, handler, w.native = native, service.Handler, native
	t.Cleanup(func() { native.Close() })
	w.server.StartTLS()
	t.Cleanup(w.server.Close)
	w.ca = file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.server.Certificate().Raw})))
	w.browser = w.newBrowser()
	w.must(w.browser.SignUp(w.upn, w.person))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) newBrowser() *opaquetest.Browser {
	return opaquetest.NewBrowser(w.server.URL, w.server.URL, w.server.Client())
}

// opens goes where a command line sends a browser, and answers when it is asked. It returns where that leads.
func (w *world) opens(b *opaquetest.Browser, address string, allow bool) string {
	w.Helper()
	for range 5 {
		r, err := http.NewRequest(http.MethodGet, address, nil)
		w.must(err)
		res, body, err := b.Do(r)
		w.must(err)
		to, err := url.Parse(res.Header.Get("Location"))
		if err != nil || res.StatusCode/100 != 3 {
			w.Fatalf("%s: %d %s", address, res.StatusCode, body)
		}
		if to.Path != "/consent" {
			return to.String()
		}
		flow := to.Query().Get("flow")
		var shown api.Consent
		w.must(b.Call(api.RouteConsent, api.ConsentRequest{Flow: flow}, &shown))
		var done api.ConsentDecided
		w.must(b.Call(api.RouteConsentDecide, api.ConsentDecision{Flow: flow, Seen: shown.Seen, Allow: allow}, &done))
		address = w.server.URL + done.Redirect
	}
	w.Fatal("in circles")
	return ""
}

// computer is one on which the command line runs: a home, a keyring, a browser.
type computer struct {
	*world
	home    string
	keyring state.Keyring
	browse  func(ctx context.Context, address string) error
	wait    func() // is called while a command waits
	editor  func(file string) error
	extra   map[string]string // environment
	in      string
	answers func() string // what a person types next; nil: in
	tee     *syncBuffer   // what goes to the terminal, while it does

	terminal bool // results go to one
}

// Read has the person type the next line.
func (c *computer) Read(b []byte) (int, error) {
	if c.in == "" && c.answers != nil {
		c.in = c.answers()
	}
	if c.in == "" {
		return 0, io.EOF
	}
	n := copy(b, c.in)
	c.in = c.in[n:]
	return n, nil
}

// pace is a moment, so that others can act while a command waits.
func (c *computer) pace() { time.Sleep(10 * time.Millisecond) }

func (w *world) computer() *computer {
	c := &computer{world: w, home: w.TempDir(), keyring: state.None{}, extra: map[string]string{}}
	c.browse = func(_ context.Context, address string) error {
		go func() {
			back := w.opens(w.browser, address, true)
			if res, err := http.Get(back); err == nil {
				res.Body.Close()
			}
		}()
		return nil
	}
	return c
}

// result is what a command came to.
type result struct {
	*computer
	code          int
	out, problems string
}

// run runs the command on the computer.
func (c *computer) run(words ...string) result {
	c.Helper()
	var out, problems syncBuffer
	environment := map[string]string{"HOME": c.home, "LATCHKEY_CA": c.ca, "LATCHKEY_SERVICE": c.server.URL}
	for name, value := range c.extra {
		environment[name] = value
	}
	var terminal io.Writer = &problems
	if c.tee != nil {
		terminal = io.MultiWriter(&problems, c.tee)
	}
	code := program{
		arguments: words, in: c, out: &out, problems: terminal,
		environment: func(name string) (string, bool) { value, ok := environment[name]; return value, ok && value != "" },
		system: system{
			keyring: c.keyring, host: func() (string, error) { return "lovelace", nil }, browse: c.browse,
			wait: func(ctx context.Context, d time.Duration) error {
				if d > pollEvery { // what the service insists on
					c.ahead.Add(int64(d / time.Second))
				}
				if c.wait != nil {
					c.wait()
				}
				return ctx.Err()
			},
			echo: func(bool) (bool, error) { return false, nil }, screenOut: c.terminal,
			edit: func(_ context.Context, _, file string) error { return c.editor(file) },
		},
	}.run(c.Context())
	return result{c, code, out.String(), problems.String()}
}

// wants fails unless a command came to this.
func (r result) wants(code int, out, problems string) result {
	r.Helper()
	if r.code != code || !strings.Contains(r.out, out) || !strings.Contains(r.problems, problems) {
		r.Fatalf("exit %d, want %d\n%s\n%s", r.code, code, r.out, r.problems)
	}
	return r
}

// syncBuffer may be written by many.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// sessions are what the person sees in the browser.
func (w *world) sessions() []api.Session {
	w.Helper()
	var out api.Sessions
	w.must(w.browser.Call(api.RouteSessions, nil, &out))
	return out.Sessions
}
