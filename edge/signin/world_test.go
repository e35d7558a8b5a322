//go:build !js

package signin_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/keys/keystest"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
	"github.com/latchkey-id/latchkey/edge/signin"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

const ownDomain = "latchkey.test"

// letter is a mail that arrived.
type letter struct {
	Letter             signin.Letter
	To, Language, Code string
}

// world is a deployment in memory: the real objects and services, a clock that tests move, a mailbox, and a record of what was
// asked of objects.
type world struct {
	t        testing.TB
	native   *object.Native
	clock    *objecttest.Clock
	ring     *keys.Service
	names    *names.Service
	accounts *account.Service
	config   signin.Config

	mu    sync.Mutex
	mail  []letter
	calls []string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, clock: objecttest.NewClock(time.Unix(1_800_000_000, 0))}
	root := keystest.Root(t)
	log := slog.New(slog.DiscardHandler)
	w.names = names.NewService(w)
	effects := map[string]object.Effect{
		account.TopicMail: w.deliver,
		account.TopicNamesCommit: func(ctx context.Context, d object.Delivery) error {
			var c account.NamesCommit
			if err := json.Unmarshal(d.Payload, &c); err != nil {
				return err
			}
			return w.names.Commit(ctx, c.Name, c.Token)
		},
		account.TopicLogout:     func(context.Context, object.Delivery) error { return nil },
		account.TopicDisconnect: func(context.Context, object.Delivery) error { return nil },
	}
	var err error
	w.native, err = object.NewNative(object.NativeConfig{Now: w.clock.Now, Log: log},
		keys.New(keys.Deps{Root: root}), names.New(), throttle.New(), account.New(account.Deps{Effects: effects}))
	must(t, err)
	t.Cleanup(func() { w.native.Close() })
	w.ring = keys.NewService(keys.ServiceDeps{Host: w, Root: root, Now: w.clock.Now})
	w.accounts = account.NewService(w)
	w.config = signin.Config{
		DefaultDomain: ownDomain,
		KSF:           passwordtest.KSF,
		SigninLimit:   throttle.Limit{Count: 500, Window: 10 * time.Minute},
		SignupLimit:   throttle.Limit{Count: 3, Window: 24 * time.Hour},
	}
	return w
}

// handler serves the world under its present configuration.
func (w *world) handler() http.Handler {
	mux := http.NewServeMux()
	signin.New(signin.Deps{
		Config: w.config, Names: w.names, Accounts: w.accounts, Throttle: throttle.NewService(w), Keys: w.ring,
		Realms: signin.Registry{Names: w.names}, Mail: w,
		Address: func(r *http.Request) string { return r.Header.Get("CF-Connecting-IP") },
		Now:     w.clock.Now, Log: slog.New(slog.DiscardHandler),
	}).Mount(mux)
	return mux
}

// Call implements object.Host and writes down what is called.
func (w *world) Call(ctx context.Context, kind, name, method string, in []byte) ([]byte, error) {
	w.mu.Lock()
	w.calls = append(w.calls, kind+"."+method)
	w.mu.Unlock()
	return w.native.Call(ctx, kind, name, method, in)
}

// called returns what was asked of objects since the last time, without the key ring, which answers from a cache.
func (w *world) called() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := slices.DeleteFunc(w.calls, func(c string) bool { return c == "keys.read" })
	w.calls = nil
	return calls
}

func (w *world) pass(d time.Duration) { w.clock.Pass(d) }

// Compose implements signin.Mail.
func (w *world) Compose(_ context.Context, l signin.Letter, to, language, code string) (json.RawMessage, error) {
	return json.Marshal(letter{l, to, language, code})
}

func (w *world) deliver(_ context.Context, d object.Delivery) error {
	var l letter
	if err := json.Unmarshal(d.Payload, &l); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mail = append(w.mail, l)
	return nil
}

// wake delivers what waits in outboxes.
func (w *world) wake() {
	w.t.Helper()
	must(w.t, w.native.Wake(w.t.Context()))
}

// lastMail is the newest mail to an address.
func (w *world) lastMail(to string) letter {
	w.t.Helper()
	w.wake()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range slices.Backward(w.mail) {
		if l.To == to {
			return l
		}
	}
	w.t.Fatalf("no mail to %s", to)
	return letter{}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
