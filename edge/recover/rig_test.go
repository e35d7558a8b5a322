//go:build !js

package recover_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/keys/keystest"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/recover"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

const (
	ada     = "ada@example.org"
	nobody  = "nobody@example.org"
	newPass = "incorrect zebra charger clip"
)

// world is the service over real objects, with Ada's account, which her address, an authenticator and a recovery code belong to.
type world struct {
	t         testing.TB
	clock     *objecttest.Clock
	native    *object.Native
	ring      *keys.Service
	accounts  *account.Service
	passwords *password.Server
	handler   http.Handler
	log       bytes.Buffer
	calls     []string // methods of account objects
	mails     []string // what went out
	id        string   // of the account
	first     session.Cookie
	device    session.Device
}

// Call implements object.Host: it notes which methods of account objects are called.
func (w *world) Call(ctx context.Context, kind, name, method string, in []byte) ([]byte, error) {
	if kind == account.KindName {
		w.calls = append(w.calls, method)
	}
	return w.native.Call(ctx, kind, name, method, in)
}

// proofs is what edge/security would say: an authenticator shows 123456 at time step 7, a passkey answers "assertion".
type proofs struct{}

func (proofs) Normal(how api.Proof, value string) (string, error) {
	if (how == api.ProofEmail) != strings.Contains(value, "@") {
		return "", problem.New(api.CodeBadRequest)
	}
	return strings.ToLower(value), nil
}

func (proofs) Compose(_ *http.Request, how api.Proof, to, _, code string) (message, nothing []byte, err error) {
	message, err = json.Marshal(fmt.Sprint(how, " ", to, " ", code))
	return message, []byte(`""`), err
}

func (proofs) Options(challenge string) (string, error) { return "options of " + challenge[:4], nil }

func (proofs) Verify(_ context.Context, how api.Proof, factors []account.Factor, _, code, assertion string) (string, int64, error) {
	for _, f := range factors {
		if f.Kind == how && (code == "123456" || assertion == "assertion") {
			return f.ID, 7, nil
		}
	}
	return "", 0, nil
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, clock: objecttest.NewClock(time.Unix(1_800_000_000, 0)), id: account.NewID()}
	root := keystest.Root(t)
	ignore := func(context.Context, object.Delivery) error { return nil }
	var err error
	w.native, err = object.NewNative(object.NativeConfig{Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)},
		keys.New(keys.Deps{Root: root}), names.New(), throttle.New(), account.New(account.Deps{Effects: map[string]object.Effect{
			account.TopicMail: w.deliver, account.TopicNamesCommit: ignore, account.TopicLogout: ignore, account.TopicDisconnect: ignore,
			account.TopicNotice: ignore,
		}}))
	w.must(err)
	t.Cleanup(func() { w.native.Close() })
	w.ring, w.accounts = keys.NewService(keys.ServiceDeps{Host: w, Root: root, Now: w.clock.Now}), account.NewService(w)
	w.passwords = password.New(w.ring)
	w.makeAda()
	w.handler = w.serve(true)
	return w
}

func (w *world) serve(phones bool) http.Handler {
	mux := http.NewServeMux()
	recover.New(recover.Deps{
		Limit: throttle.Limit{Count: 40, Window: time.Hour}, Phones: phones, KSF: passwordtest.KSF, Names: names.NewService(w), Accounts: w.accounts,
		Throttle: throttle.NewService(w), Keys: w.ring, Proofs: proofs{}, Address: func(*http.Request) string { return "192.0.2.1" },
		Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	}).Mount(mux)
	return mux
}

func (w *world) deliver(_ context.Context, d object.Delivery) error {
	var text string
	if err := json.Unmarshal(d.Payload, &text); err != nil {
		return err
	}
	if text != "" {
		w.mails = append(w.mails, text)
	}
	return nil
}

// makeAda makes the account on a trusted device.
func (w *world) makeAda() {
	w.t.Helper()
	ctx := w.t.Context()
	directory := names.NewService(w)
	token, err := directory.Reserve(ctx, ada, names.Owner{Kind: names.Account, ID: w.id}, time.Minute)
	w.must(err)
	w.must(directory.Commit(ctx, ada, token))
	hash := account.Hash("code")
	w.must(w.accounts.BeginSignup(ctx, w.id, account.BeginSignupIn{UPN: ada, Email: ada, Owned: true, CodeHash: hash, TTL: 60}))
	_, err = w.accounts.CheckCode(ctx, w.id, account.CheckCodeIn{CodeHash: hash})
	w.must(err)
	w.first = session.Cookie{Account: w.id, ID: account.NewID(), Secret: account.NewSecret()}
	w.device = session.Device{Account: w.id, ID: account.NewID(), Secret: account.NewSecret()}
	s := account.NewSession{ID: w.first.ID, SecretHash: account.Hash(w.first.Secret), Device: "laptop", Idle: 86400, Absolute: 86400}
	w.must(w.accounts.Activate(ctx, w.id, account.ActivateIn{
		Name: "Ada", Record: []byte("old"), KSF: passwordtest.KSF, KeyID: "k", Session: s,
		Device: &account.NewDevice{ID: w.device.ID, SecretHash: account.Hash(w.device.Secret), Label: "laptop"},
	}))
	w.must(w.accounts.PutRecovery(ctx, w.id, account.PutRecoveryIn{
		Session: w.first.Ref(), ID: account.NewID(), Hash: account.Hash(strings.Repeat("r", api.RecoveryProofSize)),
	}))
	w.add(api.ProofTOTP, account.Factor{Key: []byte("secret")})
	w.add(api.ProofPasskey, account.Factor{Value: "credential", Key: []byte("key"), PRF: true})
}

func (w *world) add(kind api.Proof, f account.Factor) {
	w.t.Helper()
	id := account.NewID()
	_, err := w.accounts.BeginChallenge(w.t.Context(), w.id, account.BeginChallengeIn{
		Session: w.first.Ref(), ID: id, Purpose: account.PurposeAdd, Kind: kind,
	})
	w.must(err)
	out, err := w.accounts.Prove(w.t.Context(), w.id, account.ProveIn{
		Session: w.first.Ref(), Purpose: account.PurposeAdd, Challenge: id, Verified: true, New: f,
	})
	w.must(err)
	if !out.OK {
		w.t.Fatalf("%s: %+v", kind, out)
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// code is the last one that went out.
func (w *world) code() string {
	w.t.Helper()
	w.native.Wake(w.t.Context())
	if len(w.mails) == 0 {
		w.t.Fatal("nothing went out")
	}
	last := w.mails[len(w.mails)-1]
	return last[strings.LastIndexByte(last, ' ')+1:]
}

// browser keeps cookies.
type browser struct {
	*world
	cookies map[string]*http.Cookie
	last    *httptest.ResponseRecorder
}

func (w *world) browser() *browser { return &browser{world: w, cookies: map[string]*http.Cookie{}} }

// post posts a body and reads the answer into out, or returns the problem.
func (b *browser) post(route string, in, out any) *api.Problem {
	b.t.Helper()
	body, err := json.Marshal(in)
	b.must(err)
	r := httptest.NewRequestWithContext(b.t.Context(), "POST", route, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	b.last = httptest.NewRecorder()
	b.handler.ServeHTTP(b.last, r)
	for _, c := range b.last.Result().Cookies() {
		b.cookies[c.Name] = c
	}
	if b.last.Code == http.StatusOK {
		b.must(json.Unmarshal(b.last.Body.Bytes(), out))
		return nil
	}
	p := new(api.Problem)
	b.must(json.Unmarshal(b.last.Body.Bytes(), p))
	return p
}

func (b *browser) wants(rule string, p *api.Problem, code api.Code) {
	b.t.Helper()
	if p == nil && code == "" {
		return
	}
	if p == nil || p.Code != code {
		b.t.Errorf("%s: %v, want %q", rule, p, code)
	}
}

// begins begins a recovery where it must succeed.
func (b *browser) begins(in api.RecoverBeginRequest) (out api.RecoverBegun) {
	b.t.Helper()
	if p := b.post(api.RouteRecoverBegin, in, &out); p != nil {
		b.t.Fatal(p)
	}
	return out
}

// finishes sets a new password with a proved state.
func (b *browser) finishes(state string) (out api.RecoverFinished, p *api.Problem) {
	b.t.Helper()
	record := passwordtest.Register(b.t, newPass, passwordtest.KSF, func(request []byte) []byte {
		var answer api.RegistrationResponse
		if p := b.post(api.RouteRecoverPassword, api.RecoverPasswordRequest{State: state, Request: request}, &answer); p != nil {
			b.t.Fatal(p)
		}
		return answer.Response
	})
	p = b.post(api.RouteRecoverFinish, api.RecoverFinishRequest{State: state, Record: record, KSF: passwordtest.KSF}, &out)
	return out, p
}
