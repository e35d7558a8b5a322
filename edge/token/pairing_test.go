//go:build !js

package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/device"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

func TestApprovalEndsWithTheSession(t *testing.T) {
	g := withTV(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	tv := g.turnOn()
	b.lets(tv)
	b.signout("")
	tv.hears("invalid_grant")
}

// What was granted to a device ends like everything else that a session has granted.
func TestDeviceWithoutOfflineAccessEndsWithTheSession(t *testing.T) {
	g := withTV(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	tv := g.turnOn("scope", "openid profile")
	b.lets(tv)
	got := tv.gets()
	b.signout("")
	if res := b.userinfo(got.AccessToken); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("%d", res.StatusCode)
	}
	if res, _ := b.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}, "client_id": {"tv"}}); res.StatusCode != http.StatusBadRequest {
		t.Errorf("refresh: %s", res.body)
	}
}

// Code phishing: what stands between a person who was sent a code and somebody else's device (RFC 8628 section 5.4).
func TestDeviceCodePhishing(t *testing.T) {
	g := withTV(newRig(t))
	b, _ := g.signedIn("victim@id.test")
	tv := g.turnOn()
	shown, p := b.look(tv.UserCode, "CF-Connecting-IP", "198.51.100.7")
	if p != nil {
		t.Fatal(p)
	}
	if !shown.Elsewhere || shown.Place != "Berlin, DE" || shown.Created != g.now().Unix() || shown.Application != "Living-room TV" ||
		shown.Code != tv.UserCode || shown.UPN != "victim@id.test" || strings.Join(shown.Scopes, " ") != "openid profile offline_access" {
		t.Errorf("the page has %+v", shown)
	}
	if near := b.shown(tv.UserCode); near.Elsewhere {
		t.Error("the same network counts as another one")
	}
	tv.hears("authorization_pending") // neither the link nor the look has answered anything

	// nobody can make the browser answer: it takes what only the page was shown, in that session
	for rule, state := range map[string]string{"none": "", "the code": tv.UserCode, "the device's code": tv.DeviceCode, "another purpose's": b.code()} {
		if p := b.answers(state, true); problemCode(p) != api.CodeExpired {
			t.Errorf("state is %s: %v", rule, p)
		}
	}
	attacker, _ := g.signedIn("mallory@id.test")
	if p := b.answers(attacker.shown(tv.UserCode).State, true); problemCode(p) != api.CodeSessionRequired {
		t.Errorf("what the attacker was shown: %v", p)
	}
	g.wait(5 * time.Second)
	tv.hears("authorization_pending")
}

// Guesses at codes are counted for the account and for the network, right ones included, and before anybody looks. With 20 and 60 an
// hour against 20^8 codes, see the threat model.
func TestUserCodeBruteForce(t *testing.T) {
	g := withTV(newRig(t))
	b, _ := g.signedIn("mallory@id.test")
	tv := g.turnOn()
	for i := range 20 {
		if _, p := b.look(fmt.Sprintf("BBBB-BB%c%c", "BCDFG"[i%5], "BCDFG"[i/5]), "CF-Connecting-IP", fmt.Sprintf("198.51.100.%d", i)); problemCode(p) != api.CodeDeviceUnknown {
			t.Fatalf("guess %d: %v", i, p)
		}
	}
	if _, p := b.look(tv.UserCode, "CF-Connecting-IP", "203.0.113.1"); problemCode(p) != api.CodeTooManyAttempts || p.RetryAfter == 0 {
		t.Errorf("the account's next guess: %v", p)
	}
	for i := range 3 {
		other, _ := g.signedIn(fmt.Sprintf("mallory%d@id.test", i))
		for range 20 {
			other.look("CCCC-CCCC", "CF-Connecting-IP", "203.0.113.9")
		}
	}
	fresh, _ := g.signedIn("new@id.test")
	if _, p := fresh.look(tv.UserCode, "CF-Connecting-IP", "203.0.113.9"); problemCode(p) != api.CodeTooManyAttempts {
		t.Errorf("the network's next guess: %v", p)
	}
	g.wait(time.Hour)
	if _, p := b.look("CCCC-CCCC"); problemCode(p) != api.CodeDeviceUnknown {
		t.Errorf("an hour later: %v", p)
	}
	stranger := g.browser()
	if out, p := stranger.look(tv.UserCode); p != nil || out.SignIn == "" || out.State != "" || out.Application != "" {
		t.Errorf("a stranger learns %+v, %v", out, p)
	}
	if _, p := stranger.look("not a code"); problemCode(p) != api.CodeDeviceUnknown {
		t.Errorf("%v", p)
	}
}

func TestDevicesOfOneNetworkAreBounded(t *testing.T) {
	g := withTV(newRig(t))
	for range 60 {
		g.turnOn()
	}
	if res := g.deviceAuthorization(); res.StatusCode != http.StatusTooManyRequests || !strings.Contains(res.body, "slow_down") {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}

// Who has to sign in first comes back to the page with the code, and has said nothing yet.
func TestDevicePageComesBackAfterSignIn(t *testing.T) {
	g := withTV(newRig(t))
	b, id := g.browser(), g.person("ada@id.test")
	tv := g.turnOn()
	out, p := b.look(strings.ToLower(tv.UserCode))
	if p != nil || !strings.HasPrefix(out.SignIn, "/signin?flow=") {
		t.Fatalf("%+v %v", out, p)
	}
	b.signIn(id)
	to := b.get("/oauth2/resume?flow=" + strings.TrimPrefix(out.SignIn, "/signin?flow=")).to(t)
	if to.String() != "/device?user_code="+tv.UserCode || len(b.cookies("__Host-flow-")) != 0 {
		t.Errorf("%s", to)
	}
	tv.hears("authorization_pending")
	b.lets(tv)
	g.wait(5 * time.Second)
	tv.gets()
	ended := b.shown(g.turnOn().UserCode)
	b.signout("")
	if p := b.answers(ended.State, true); problemCode(p) != api.CodeSessionRequired {
		t.Errorf("an answer without a session: %v", p)
	}
}

// The rules of an application about whom it is for and how new the password must be hold for its devices too.
func TestDeviceApprovalHoldsToTheApplicationsPolicy(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	withTV(g, func(a *tenant.Application) { a.AssignmentRequired, a.AssignedTo = true, []string{"bob@id.test"} })
	if p := b.answers(b.shown(g.turnOn().UserCode).State, true); problemCode(p) != api.CodeNotAssigned {
		t.Errorf("not assigned: %v", p)
	}
	withTV(g, func(a *tenant.Application) { a.SignInFrequency = 60 })
	g.wait(61 * time.Second)
	tv := g.turnOn()
	if out, p := b.look(tv.UserCode); p != nil || out.SignIn == "" {
		t.Errorf("an old password: %+v %v", out, p)
	}
	b.renew(id)
	state := b.shown(tv.UserCode).State
	g.wait(61 * time.Second)
	if p := b.answers(state, true); problemCode(p) != api.CodeSessionRequired {
		t.Errorf("a password that has become old: %v", p)
	}
	b.renew(id)
	b.lets(tv)
	tv.gets()

	withTV(g, func(a *tenant.Application) { a.Consent = tenant.ConsentRequired })
	agreed := g.turnOn()
	b.lets(agreed) // is the consent
	agreed.gets()

	gone := g.turnOn()
	state = b.shown(gone.UserCode).State
	delete(g.registry, "tv")
	g.remove("tv")
	if p := b.answers(state, true); problemCode(p) != api.CodeDeviceUnknown {
		t.Errorf("an application that is gone: %v", p)
	}
}

// An answer whose reply was lost can be given again, and the device still gets tokens once.
func TestDeviceAnswerCanBeRepeated(t *testing.T) {
	g := withTV(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	tv := g.turnOn()
	state := b.shown(tv.UserCode).State
	for range 3 {
		if p := b.answers(state, true); p != nil {
			t.Fatal(p)
		}
	}
	tv.gets()
	tv.hears("invalid_grant")
	if p := b.answers(state, true); problemCode(p) != api.CodeExpired {
		t.Errorf("after the device has collected it: %v", p)
	}
}

// killed is a provider whose process ends in the middle of a step.
type killed struct {
	token.Devices
	token.Accounts
}

var errKilled = errors.New("killed")

func (killed) Decide(context.Context, []byte, device.Person, string) error { return errKilled }
func (killed) Redeem(context.Context, string, account.RedeemIn) (account.RedeemOut, error) {
	return account.RedeemOut{}, errKilled
}

// A kill between the steps leaves nothing that anybody could use: a code in the account without a decision, or a decision that was
// collected by a poll whose answer was lost.
func TestKillsLeaveNoUsableApproval(t *testing.T) {
	g := withTV(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	tv := g.turnOn()
	in, err := json.Marshal(api.DeviceAnswerRequest{State: b.shown(tv.UserCode).State, Allow: true})
	g.must(err)
	deps, dying := g.deps(), http.NewServeMux()
	deps.Devices, deps.Accounts = killed{Devices: deps.Devices}, killed{Accounts: deps.Accounts}
	token.New(deps).Mount(dying)
	die := func(route, kind, body string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, route, strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		r.AddCookie(b.cookies("__Host-session")[0])
		w := httptest.NewRecorder()
		if dying.ServeHTTP(w, r); w.Code != http.StatusInternalServerError {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	die(api.RouteDeviceAnswer, "application/json", string(in))
	tv.hears("authorization_pending")
	b.lets(tv)
	die("/oauth2/token", "application/x-www-form-urlencoded",
		url.Values{"grant_type": {grantDevice}, "device_code": {tv.DeviceCode}, "client_id": {"tv"}}.Encode())
	tv.hears("invalid_grant")
}

func FuzzDeviceAuthorization(f *testing.F) {
	g := withTV(newRig(f))
	f.Add("client_id=tv&scope=openid", "")
	f.Add("client_id=tv&scope=openid+profile&resource=x", "Berlin, DE")
	f.Fuzz(func(t *testing.T, body, place string) {
		w := g.serve(http.MethodPost, "/oauth2/device_authorization", body, "Content-Type", "application/x-www-form-urlencoded", "Latchkey-Place", place)
		stays(t, w, body)
		if w.Code == http.StatusOK && !strings.Contains(w.Body.String(), `"user_code"`) {
			t.Fatalf("%q: %s", body, w.Body)
		}
	})
}

func FuzzDeviceRoutes(f *testing.F) {
	g := withTV(newRig(f))
	b, _ := g.signedIn("ada@id.test")
	cookie := "__Host-session=" + b.cookies("__Host-session")[0].Value
	tv := g.turnOn()
	f.Add(`{"code":"`+tv.UserCode+`"}`, "device_code="+tv.DeviceCode)
	f.Add(`{"state":"`+b.shown(tv.UserCode).State+`","allow":false}`, "device_code=x")
	f.Fuzz(func(t *testing.T, body, poll string) {
		for _, route := range []string{api.RouteDevice, api.RouteDeviceAnswer} {
			w := g.serve(http.MethodPost, route, body, "Content-Type", "application/json", "Cookie", cookie)
			if w.Code >= 500 {
				t.Fatalf("%s %q: %d %s", route, body, w.Code, w.Body)
			}
		}
		w := g.serve(http.MethodPost, "/oauth2/token", "grant_type="+url.QueryEscape(grantDevice)+"&client_id=tv&"+poll, "Content-Type", "application/x-www-form-urlencoded")
		stays(t, w, poll)
		if w.Code == http.StatusOK {
			t.Fatalf("%q got tokens", poll)
		}
	})
}
