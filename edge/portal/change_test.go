//go:build !js

package portal_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
)

// reauth is the proof of the present password, stopped before its last request; nil when the client sees that it is wrong.
func (b *browser) reauth(text string) (*api.ReauthFinishRequest, *api.Problem) {
	b.t.Helper()
	login := passwordtest.Begin(b.t, text)
	var begun api.PasswordBeginResponse
	if p := b.post(api.RouteReauthBegin, api.ReauthBeginRequest{KE1: login.KE1}, &begun); p != nil {
		return nil, p
	}
	ke3, err := login.Finish(begun.KE2, begun.KSF)
	if err != nil {
		return nil, nil
	}
	return &api.ReauthFinishRequest{State: begun.State, KE3: ke3}, nil
}

// proof proves the present password.
func (b *browser) proof(text string) string {
	b.t.Helper()
	in, p := b.reauth(text)
	if p != nil || in == nil {
		b.t.Fatalf("reauth: %v", p)
	}
	var out api.ReauthFinishResponse
	if p := b.post(api.RouteReauthFinish, in, &out); p != nil {
		b.t.Fatal(p)
	}
	return out.Proof
}

// change makes the request that replaces the password.
func (b *browser) change(proof, text string) api.ChangeFinishRequest {
	b.t.Helper()
	in := api.ChangeFinishRequest{Proof: proof}
	in.Record = passwordtest.Register(b.t, text, passwordtest.KSF, func(request []byte) []byte {
		var out api.RegistrationResponse
		if p := b.post(api.RouteChangeBegin, api.ChangeBeginRequest{Proof: proof, Request: request}, &out); p != nil {
			b.t.Fatal(p)
		}
		in.KSF = out.KSF
		return out.Response
	})
	return in
}

func TestChangingThePasswordEndsTheOtherSessions(t *testing.T) {
	w := newWorld(t)
	here, elsewhere := w.signin("here", nil), w.signin("elsewhere", nil)
	in := here.change(here.proof(oldPass), newPass)
	if p := here.post(api.RouteChangeFinish, in, new(struct{})); p != nil {
		t.Fatal(p)
	}
	if !here.live() || elsewhere.live() {
		t.Errorf("here %v, elsewhere %v", here.live(), elsewhere.live())
	}
	if in, p := here.reauth(oldPass); in != nil || p != nil {
		t.Errorf("the old password: %v, %v", in, p)
	}
	here.proof(newPass)
	if p := here.post(api.RouteChangeFinish, in, nil); !refusedWith(p, api.CodeExpired) {
		t.Errorf("the proof again: %v", p)
	}
}

func TestAProofIsOfOneSessionAndFiveMinutes(t *testing.T) {
	w := newWorld(t)
	here, elsewhere := w.signin("here", nil), w.signin("elsewhere", nil)
	reauth, _ := here.reauth(oldPass)
	if p := elsewhere.post(api.RouteReauthFinish, reauth, nil); !refusedWith(p, api.CodeExpired) {
		t.Errorf("the state in another session: %v", p)
	}
	var out api.ReauthFinishResponse
	if p := here.post(api.RouteReauthFinish, reauth, &out); p != nil {
		t.Fatal(p)
	}
	if p := here.post(api.RouteReauthFinish, reauth, nil); !refusedWith(p, api.CodeExpired) {
		t.Errorf("the state again: %v", p)
	}
	in := here.change(out.Proof, newPass)
	if p := elsewhere.post(api.RouteChangeBegin, api.ChangeBeginRequest{Proof: in.Proof, Request: make([]byte, 32)}, nil); !refusedWith(p, api.CodeExpired) {
		t.Errorf("begun in another session: %v", p)
	}
	if p := elsewhere.post(api.RouteChangeFinish, in, nil); !refusedWith(p, api.CodeExpired) {
		t.Errorf("finished in another session: %v", p)
	}
	for rule, c := range map[string]struct {
		change func(*api.ChangeFinishRequest)
		code   api.Code
	}{
		"state for proof":          {func(r *api.ChangeFinishRequest) { r.Proof = reauth.State }, api.CodeExpired},
		"no proof":                 {func(r *api.ChangeFinishRequest) { r.Proof = "" }, api.CodeExpired},
		"called an upgrade":        {func(r *api.ChangeFinishRequest) { r.Upgrade = true }, api.CodeBadRequest},
		"weak parameters":          {func(r *api.ChangeFinishRequest) { r.KSF.Memory = 8 << 10 }, api.CodeRecordInvalid},
		"parameters of no meaning": {func(r *api.ChangeFinishRequest) { r.KSF = api.KSF{} }, api.CodeRecordInvalid},
		"short record":             {func(r *api.ChangeFinishRequest) { r.Record = r.Record[1:] }, api.CodeRecordInvalid},
	} {
		bad := in
		c.change(&bad)
		if p := here.post(api.RouteChangeFinish, bad, nil); !refusedWith(p, c.code) {
			t.Errorf("%s: %v, want %s", rule, p, c.code)
		}
	}
	w.now = w.now.Add(5 * time.Minute)
	if p := here.post(api.RouteChangeFinish, in, nil); !refusedWith(p, api.CodeExpired) {
		t.Errorf("after five minutes: %v", p)
	}
}

func TestAWrongProofOfThePasswordIsRefused(t *testing.T) {
	w := newWorld(t)
	here := w.signin("here", nil)
	in, _ := here.reauth(oldPass)
	in.KE3[0] ^= 1
	if p := here.post(api.RouteReauthFinish, in, nil); !refusedWith(p, api.CodeInvalidCredentials) {
		t.Errorf("%v", p)
	}
	for rule, ke1 := range map[string][]byte{"short": make([]byte, 95), "no point": []byte(strings.Repeat("\xff", password.KE1Length))} {
		if p := here.post(api.RouteReauthBegin, api.ReauthBeginRequest{KE1: ke1}, nil); !refusedWith(p, api.CodeBadRequest) {
			t.Errorf("KE1 %s: %v", rule, p)
		}
	}
	in, _ = here.reauth(oldPass)
	w.now = w.now.Add(account.AttemptLifetime * time.Second)
	if p := here.post(api.RouteReauthFinish, in, nil); !refusedWith(p, api.CodeExpired) {
		t.Errorf("after two minutes: %v", p)
	}
}

func TestGuessingInAnOpenBrowserLocksThatSessionOnly(t *testing.T) {
	w := newWorld(t)
	open, owner := w.signin("left open", nil), w.signin("the owner's", nil)
	for i := range account.DefaultLockPolicy.Tries {
		if in, p := open.reauth(newPass); in != nil || p != nil {
			t.Fatalf("guess %d: %v", i, p)
		}
	}
	if _, p := open.reauth(oldPass); !refusedWith(p, api.CodeLocked) || p.RetryAfter == 0 {
		t.Errorf("one more: %v", p)
	}
	owner.proof(oldPass)
	w.signin("a new one", nil)
}

func TestAnUpgradeKeepsTheOtherSessions(t *testing.T) {
	w := newWorld(t)
	secret := account.NewSecret()
	elsewhere, here := w.signin("elsewhere", nil), w.signin("here", account.Hash(secret))
	sealed, err := password.SealProof(t.Context(), w.ring,
		password.Proof{Account: w.id, Session: here.here.ID, Secret: secret, Upgrade: true}, w.now.Add(time.Minute))
	must(t, err)
	in := here.change(sealed, oldPass)
	if p := here.post(api.RouteChangeFinish, in, nil); !refusedWith(p, api.CodeBadRequest) {
		t.Errorf("an upgrade's proof for a new password: %v", p)
	}
	in.Upgrade = true
	if p := here.post(api.RouteChangeFinish, in, new(struct{})); p != nil {
		t.Fatal(p)
	}
	if !elsewhere.live() || !here.live() {
		t.Error("a session ended")
	}
	here.proof(oldPass)
}

// FuzzRoutes holds that no body makes a route fail (500) or changes anything it should not.
func FuzzRoutes(f *testing.F) {
	w := newWorld(f)
	here := w.signin("here", nil)
	routes := []string{api.RouteReauthBegin, api.RouteReauthFinish, api.RouteChangeBegin, api.RouteChangeFinish, api.RouteSessionsEnd}
	f.Add(`{"others":true}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, route := range routes {
			r := httptest.NewRequestWithContext(t.Context(), "POST", route, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.AddCookie(here.cookie)
			answer := httptest.NewRecorder()
			here.handler.ServeHTTP(answer, r)
			if answer.Code >= 500 || answer.Code == 401 || answer.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %q: %d %s", route, body, answer.Code, answer.Body)
			}
		}
	})
}
