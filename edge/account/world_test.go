//go:build !js

package account_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
)

// world is a native host with account objects in memory, a clock that tests move and a record of what left the outbox.
type world struct {
	*account.Service
	t      *testing.T
	native *object.Native
	clock  *objecttest.Clock

	mu        sync.Mutex
	delivered []object.Delivery
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: objecttest.NewClock(time.Unix(1_800_000_000, 0))}
	effects := map[string]object.Effect{}
	for _, topic := range []string{account.TopicMail, account.TopicNamesCommit, account.TopicLogout, account.TopicDisconnect, account.TopicNotice} {
		effects[topic] = func(_ context.Context, d object.Delivery) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.delivered = append(w.delivered, d)
			return nil
		}
	}
	native, err := object.NewNative(object.NativeConfig{Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)}, account.New(account.Deps{Effects: effects}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { native.Close() })
	w.native, w.Service = native, account.NewService(native)
	return w
}

func (w *world) pass(d time.Duration) { w.clock.Pass(d) }

// outbox delivers what is due and returns the payloads of a topic so far.
func outbox[T any](w *world, topic string) []T {
	w.t.Helper()
	w.native.Wake(w.t.Context())
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []T{}
	for _, d := range w.delivered {
		if d.Topic != topic {
			continue
		}
		var v T
		if err := json.Unmarshal(d.Payload, &v); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

var (
	ksf    = api.KSF{Name: "argon2id", Time: 3, Memory: 64 << 10, Threads: 4}
	record = []byte("the OPAQUE record")
)

func mac(code string) []byte { return account.Hash("a MAC of " + code) }

func newSession() (account.NewSession, account.SessionRef) {
	s := account.NewSession{
		ID: account.NewID(), SecretHash: account.Hash(account.NewSecret()), Device: "Firefox on Linux", Place: "Berlin, DE",
		Idle: 86400, Absolute: 30 * 86400, AMR: []string{"pwd"},
	}
	return s, account.SessionRef{ID: s.ID, SecretHash: s.SecretHash}
}

func newDevice() (*account.NewDevice, *account.DeviceRef) {
	d := &account.NewDevice{ID: account.NewID(), SecretHash: account.Hash(account.NewSecret()), Label: "Firefox on Linux"}
	return d, &account.DeviceRef{ID: d.ID, SecretHash: d.SecretHash}
}

// must stops the test when err is not nil.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// signup opens a sign-up with the person's own address and the code "123456".
func (w *world) signup() string {
	w.t.Helper()
	id := account.NewID()
	must(w.t, w.BeginSignup(w.t.Context(), id, account.BeginSignupIn{
		UPN: "ada@example.org", Email: "ada@example.org", Owned: true, CodeHash: mac("123456"), NameToken: "reservation",
		TTL: 3600, Mail: json.RawMessage(`{"to":"ada@example.org"}`),
	}))
	return id
}

func activation() (account.ActivateIn, account.SessionRef) {
	s, ref := newSession()
	return account.ActivateIn{Name: "Ada", Record: record, KSF: ksf, KeyID: "k1", Session: s}, ref
}

// account makes an account and returns its id and first session.
func (w *world) account() (string, account.SessionRef) {
	w.t.Helper()
	id := w.signup()
	_, err := w.CheckCode(w.t.Context(), id, account.CheckCodeIn{CodeHash: mac("123456")})
	must(w.t, err)
	in, ref := activation()
	must(w.t, w.Activate(w.t.Context(), id, in))
	return id, ref
}

// begin begins a sign-in and returns the attempt's id.
func (w *world) begin(id string, device *account.DeviceRef) (string, account.BeginSigninOut) {
	w.t.Helper()
	attempt := account.NewID()
	out, err := w.BeginSignin(w.t.Context(), id, account.BeginSigninIn{Name: "digest", Device: device, Attempt: attempt})
	must(w.t, err)
	return attempt, out
}

// signin signs in and returns the session.
func (w *world) signin(id string, device *account.DeviceRef, remember *account.NewDevice) account.SessionRef {
	w.t.Helper()
	attempt, _ := w.begin(id, device)
	s, ref := newSession()
	must(w.t, w.CompleteSignin(w.t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: s, Device: remember}))
	return ref
}

func (w *world) live(id string, ref account.SessionRef) bool {
	w.t.Helper()
	_, err := w.TouchSession(w.t.Context(), id, ref)
	if err != nil {
		wants(w.t, err, account.ErrSession)
	}
	return err == nil
}

// authorized is the error of Authorize alone.
func authorized(_ account.AuthorizeOut, err error) error { return err }
