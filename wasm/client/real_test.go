//go:build !js

package client_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/server"
	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/state"
)

// world is the whole edge over native objects, as edge/server puts it together.
type world struct {
	*testing.T
	handler http.Handler
	ahead   atomic.Int64 // seconds that all clocks are ahead
}

// lateHost breaks the circle of services and objects, as main does.
type lateHost struct{ *object.Native }

// nowhere is a network without anybody in it.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("offline") }

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldAt(t, base, "1MiB")
}

// newWorldAt is one whose address is known, and how much a vault may hold.
func newWorldAt(t *testing.T, issuer, quota string) *world {
	t.Helper()
	root := make([]byte, 32)
	rand.Read(root)
	settings := map[string]string{
		"LATCHKEY_ISSUER": issuer, "LATCHKEY_DEFAULT_DOMAIN": "id.test", "LATCHKEY_EXTRA_DOMAINS": "id.test",
		"LATCHKEY_ROOT_KEY": "r1:" + base64.RawURLEncoding.EncodeToString(root), "LATCHKEY_MAIL": "outbox:",
		"LATCHKEY_SIGNUP_LIMIT": "1000/1s", "LATCHKEY_SIGNIN_LIMIT": "1000/1s", "LATCHKEY_VAULT_QUOTA": quota, "LATCHKEY_VAULT_RECORD": "256KiB",
	}
	config, err := server.ParseConfig(func(name string) string { return settings[name] })
	w := &world{T: t}
	w.must(err)
	log := slog.New(slog.DiscardHandler)
	var host lateHost
	service, err := server.New(server.Deps{Config: config, Host: &host, Sockets: &host, Outbound: nowhere{}, Now: w.now, Log: log})
	w.must(err)
	native, err := object.NewNative(object.NativeConfig{Now: w.now, Log: log}, service.Kinds...)
	w.must(err)
	t.Cleanup(func() { native.Close() })
	host.Native, w.handler = native, service.Handler
	return w
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load()) * time.Second) }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// wants checks the code of a refusal, "" for none.
func (w *world) wants(rule string, err error, code api.Code) {
	w.Helper()
	if got := codeOf(w.T, err); got != code {
		w.Errorf("%s: %v, want %q", rule, err, code)
	}
}

// device is one browser: cookies, what it keeps, and the page that is open.
type device struct {
	*client.Client
	w       *world
	cookies map[string]string
	keys    *state.Keystore
	port    *client.Port

	events  chan client.Event
	live    *fakeLive
	fail    func(path string) error                          // before a request
	lose    func(path string) bool                           // the answer
	change  func(path string, answer client.Response) []byte // what is answered instead
	answers func(path string) (client.Response, bool)        // in the place of the edge
	mu      sync.Mutex
	count   map[string]int
	reorder func(path string, body []byte) (asked []byte)
}

var errCut = errors.New("cut")

// device is one that nobody is signed in on.
func (w *world) device() *device {
	w.Helper()
	d := &device{w: w, cookies: map[string]string{}, events: make(chan client.Event, 64), live: &fakeLive{}, count: map[string]int{}}
	d.keys = state.NewKeystore(state.Open(w.TempDir(), state.None{}), w.now)
	d.reload()
	return d
}

// reload opens the page anew: everything is forgotten but what the device keeps.
func (d *device) reload() {
	config := client.Config{
		Base: base, Transport: d, Now: d.w.now, Keystore: d.keys, Live: d.live,
		Event: func(e client.Event) { d.events <- e },
	}
	c, err := client.New(config)
	d.w.must(err)
	c.UseDictionary(smallDictionary(d.w))
	d.Client, d.port = c, client.NewPort(config)
	d.port.Call(d.w.Context(), "configure", `{"base":"`+base+`"}`)
}

// Do hands a request to the edge as a browser would.
func (d *device) Do(ctx context.Context, r client.Request) (client.Response, error) {
	path := strings.TrimPrefix(r.URL, base)
	d.mu.Lock()
	defer d.mu.Unlock() // one at a time: cookies and hooks
	d.count[path]++
	if d.fail != nil {
		if err := d.fail(path); err != nil {
			return client.Response{}, err
		}
	}
	if d.answers != nil {
		if answer, taken := d.answers(path); taken {
			return answer, nil
		}
	}
	if d.reorder != nil {
		r.Body = d.reorder(path, r.Body)
	}
	request := httptest.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	request.Header.Set("Origin", base)
	for name, value := range d.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	answer := httptest.NewRecorder()
	d.w.handler.ServeHTTP(answer, request)
	for _, c := range answer.Result().Cookies() {
		if d.cookies[c.Name] = c.Value; c.MaxAge < 0 || c.Value == "" {
			delete(d.cookies, c.Name)
		}
	}
	if d.lose != nil && d.lose(path) {
		return client.Response{}, errCut
	}
	response := client.Response{Status: answer.Code, Body: answer.Body.Bytes()}
	if d.change != nil {
		response.Body = d.change(path, response)
	}
	return response, nil
}

// pulls counts them.
func (d *device) pulls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count[api.RouteVaultPull]
}

func (d *device) pushes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count[api.RouteVaultPush]
}

const ada = "ada@id.test"

// owner makes an account, whose first device it is.
func (w *world) owner() *device {
	w.Helper()
	d := w.device()
	begun, err := d.SignupBegin(w.Context(), api.SignupBeginRequest{Kind: api.SignupNew, UPN: ada})
	w.must(err)
	_, err = d.SignupFinish(w.Context(), client.SignupFinish{State: begun.State, UPN: ada, Name: "Ada", Password: good})
	w.must(err)
	return d
}

// signs signs in on a device.
func (d *device) signs(password string) *device {
	d.w.Helper()
	_, err := d.SignIn(d.w.Context(), client.SignIn{UPN: ada, Password: password})
	d.w.must(err)
	return d
}

// state is that of the vault on a device.
func (d *device) state() client.VaultState {
	d.w.Helper()
	trust, err := d.Trust(d.w.Context())
	d.w.must(err)
	if trust.Problem != nil {
		d.w.Logf("problem: %v", trust.Problem)
	}
	return trust.State
}

func (d *device) is(want client.VaultState) {
	d.w.Helper()
	if got := d.state(); got != want {
		d.w.Fatalf("the vault is %s, want %s", got, want)
	}
}

func (d *device) sets(name, value string) {
	d.w.Helper()
	d.w.must(d.SetSetting(d.w.Context(), client.Setting{Collection: "c", Name: name, Value: value}))
}

func (d *device) syncs() *device {
	d.w.Helper()
	d.w.must(d.SyncSettings(d.w.Context(), false))
	return d
}

func (d *device) has(name, want string) {
	d.w.Helper()
	all, err := d.Settings(d.w.Context(), "c")
	d.w.must(err)
	for _, s := range all {
		if s.Name == name {
			if s.Value != want {
				d.w.Errorf("%s is %q, want %q", name, s.Value, want)
			}
			return
		}
	}
	if want != "" {
		d.w.Errorf("%s is not there, want %q", name, want)
	}
}

// second is another device of the person, approved by the first.
func (d *device) second() *device {
	d.w.Helper()
	other := d.w.device().signs(good)
	other.is(client.VaultUntrusted)
	d.approves(other)
	return other
}

// approves goes through the exchange.
func (d *device) approves(other *device) {
	d.w.Helper()
	ctx := d.w.Context()
	asked, err := other.RequestApproval(ctx)
	d.w.must(err)
	waiting, err := d.Approvals(ctx)
	d.w.must(err)
	if len(waiting.Approvals) != 1 || waiting.Approvals[0].ID != asked.ID {
		d.w.Fatalf("%+v", waiting)
	}
	_, err = d.TakeApproval(ctx, asked.ID)
	d.w.must(err)
	shown, err := other.PollApproval(ctx, asked.ID)
	d.w.must(err)
	given, err := d.CheckApproval(ctx, asked.ID, shown.Number, true)
	d.w.must(err)
	shown, err = other.PollApproval(ctx, asked.ID)
	d.w.must(err)
	if shown.State != api.ApprovalApproved {
		d.w.Fatalf("%+v", shown)
	}
	if shown.Confirm {
		d.w.must(other.ConfirmApproval(ctx, asked.ID, given.Answer))
	}
}

// fakeLive is a WebSocket that a test speaks through.
type fakeLive struct {
	conns  atomic.Int64
	broken atomic.Bool
	heard  atomic.Pointer[func(string)]
	end    atomic.Pointer[chan struct{}]
}

func (l *fakeLive) Listen(ctx context.Context, url string, opened func(), heard func(string)) error {
	if l.broken.Load() {
		return errCut
	}
	end := make(chan struct{})
	l.end.Store(&end)
	l.heard.Store(&heard)
	opened()
	l.conns.Add(1)
	select {
	case <-ctx.Done():
	case <-end:
	}
	return errCut
}
