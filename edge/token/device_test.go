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
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/device"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

const grantDevice = "urn:ietf:params:oauth:grant-type:device_code"

// television is a device: what it shows and what it keeps.
type television struct {
	*rig
	client                 string
	DeviceCode             string `json:"device_code"`
	UserCode               string `json:"user_code"`
	VerificationURI        string `json:"verification_uri"`
	VerificationURIWithAll string `json:"verification_uri_complete"`
	ExpiresIn              int64  `json:"expires_in"`
	Interval               int64  `json:"interval"`
}

// withTV registers the application "tv": public, for devices only, with refresh tokens.
func withTV(g *rig, changes ...func(*tenant.Application)) *rig {
	app := tenant.Application{
		ClientID: "tv", Name: "Living-room TV", Kind: tenant.AppNative, GrantTypes: []string{grantDevice, tenant.GrantRefresh},
		Scopes: []string{"openid", "profile", "offline_access"}, IDTokenAlg: "ES256", BackchannelLogoutURI: "https://tv.test/back",
	}
	for _, change := range changes {
		change(&app)
	}
	g.registry["tv"] = app
	_, err := g.tenants.Put(context.Background(), tenant.File{Applications: []tenant.Application{app}}) // where logout looks
	g.must(err)
	return g
}

// turnOn has a device ask for a code, from Berlin.
func (g *rig) turnOn(changes ...string) *television {
	g.Helper()
	tv := &television{rig: g, client: "tv"}
	res := g.deviceAuthorization(changes...)
	if res.StatusCode != http.StatusOK {
		g.Fatalf("device authorization: %d %s", res.StatusCode, res.body)
	}
	g.must(json.Unmarshal([]byte(res.body), tv))
	return tv
}

func (g *rig) deviceAuthorization(changes ...string) reply {
	g.Helper()
	form := changed(url.Values{"client_id": {"tv"}, "scope": {"openid profile offline_access email nonsense"}}, changes...)
	return g.browser().post("/oauth2/device_authorization", form, "CF-Connecting-IP", "192.0.2.1", "Latchkey-Place", "Berlin, DE")
}

func changed(form url.Values, changes ...string) url.Values {
	for i := 0; i+1 < len(changes); i += 2 {
		if form.Set(changes[i], changes[i+1]); changes[i+1] == "-" {
			form.Del(changes[i])
		}
	}
	return form
}

// poll asks for tokens.
func (tv *television) poll(changes ...string) (reply, tokens) {
	tv.Helper()
	form := url.Values{"grant_type": {grantDevice}, "device_code": {tv.DeviceCode}, "client_id": {tv.client}}
	return tv.browser().redeem(changed(form, changes...))
}

// hears polls and wants an error.
func (tv *television) hears(want string, changes ...string) {
	tv.Helper()
	if res, t := tv.poll(changes...); res.StatusCode != http.StatusBadRequest || t.Error != want || t.AccessToken != "" {
		tv.Errorf("the device hears %d %s, want %s", res.StatusCode, res.body, want)
	}
}

// gets polls and wants tokens.
func (tv *television) gets() tokens {
	tv.Helper()
	res, t := tv.poll()
	if res.StatusCode != http.StatusOK || t.AccessToken == "" {
		tv.Fatalf("the device hears %d %s, want tokens", res.StatusCode, res.body)
	}
	return t
}

// api posts JSON as a page does.
func (b *browser) api(route string, in, out any, header ...string) *api.Problem {
	b.Helper()
	body, err := json.Marshal(in)
	b.must(err)
	r, err := http.NewRequest(http.MethodPost, b.URL+route, strings.NewReader(string(body)))
	b.must(err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("CF-Connecting-IP", "192.0.2.1")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res := b.do(r)
	if res.StatusCode != http.StatusOK {
		p := &api.Problem{}
		b.must(json.Unmarshal([]byte(res.body), p))
		return p
	}
	b.must(json.Unmarshal([]byte(res.body), out))
	return nil
}

// look is what the page shows after a code was typed.
func (b *browser) look(code string, header ...string) (out api.DeviceResponse, p *api.Problem) {
	b.Helper()
	return out, b.api(api.RouteDevice, api.DeviceRequest{Code: code}, &out, header...)
}

// shown is look when it must work.
func (b *browser) shown(code string) api.DeviceResponse {
	b.Helper()
	out, p := b.look(code)
	if p != nil || out.State == "" {
		b.Fatalf("the page shows %+v, %v", out, p)
	}
	return out
}

func (b *browser) answers(state string, allow bool) *api.Problem {
	b.Helper()
	return b.api(api.RouteDeviceAnswer, api.DeviceAnswerRequest{State: state, Allow: allow}, &struct{}{})
}

// lets answers yes, and it must work.
func (b *browser) lets(tv *television) {
	b.Helper()
	if p := b.answers(b.shown(tv.UserCode).State, true); p != nil {
		b.Fatal(p)
	}
}

// problemCode is the code of a problem that has to be one.
func problemCode(p *api.Problem) api.Code {
	if p == nil {
		return ""
	}
	return p.Code
}

func TestDeviceAuthorizationAnswer(t *testing.T) {
	g := withTV(newRig(t))
	tv := g.turnOn()
	if !regexp.MustCompile(`^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`).MatchString(tv.UserCode) || len(tv.DeviceCode) < 100 ||
		tv.VerificationURI != g.URL+"/device" || tv.VerificationURIWithAll != g.URL+"/device?user_code="+tv.UserCode ||
		tv.ExpiresIn != 600 || tv.Interval != 5 {
		t.Errorf("%+v", tv)
	}
	if strings.Contains(tv.DeviceCode, tv.UserCode) || g.turnOn().UserCode == tv.UserCode {
		t.Error("codes are not independent")
	}
}

func TestDeviceAuthorizationErrors(t *testing.T) {
	g := withTV(newRig(t))
	for rule, c := range map[string]struct {
		changes []string
		status  int
		code    string
	}{
		"no client":                {[]string{"client_id", "-"}, 401, "invalid_client"},
		"unknown client":           {[]string{"client_id", "nobody"}, 401, "invalid_client"},
		"wrong authentication":     {[]string{"client_secret", "x"}, 401, "invalid_client"},
		"not registered for it":    {[]string{"client_id", "app"}, 400, "unauthorized_client"},
		"no scope that it may ask": {[]string{"scope", "email"}, 400, "invalid_scope"},
		"malformed scope":          {[]string{"scope", "openid  profile"}, 400, "invalid_scope"},
		"an API of others":         {[]string{"resource", ordersAPI}, 400, "invalid_target"},
	} {
		res := g.deviceAuthorization(c.changes...)
		if res.StatusCode != c.status || !strings.Contains(res.body, `"error":"`+c.code+`"`) || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", rule, res.StatusCode, res.body)
		}
	}
	if res := g.browser().post("/oauth2/device_authorization", url.Values{"client_id": {"tv", "tv"}, "scope": {"openid"}}); !strings.Contains(res.body, "invalid_request") {
		t.Errorf("a parameter twice: %s", res.body)
	}
	if res := g.browser().get("/oauth2/device_authorization?client_id=tv&scope=openid"); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", res.StatusCode)
	}
}

func TestADeviceIsSignedInByABrowser(t *testing.T) {
	g := withTV(newRig(t))
	b, id := g.signedIn("ada@id.test")
	tv := g.turnOn()
	tv.hears("authorization_pending")
	g.wait(5 * time.Second)
	b.lets(tv)
	got := tv.gets()
	claims := g.claimsOf(got.IDToken, "JWT", "ES256")
	if claims["sub"] != id || claims["aud"] != "tv" || claims["sid"] != b.sid || claims["nonce"] != nil ||
		got.Scope != "openid profile" && got.Scope != "openid profile offline_access" || got.RefreshToken == "" {
		t.Errorf("%v %+v", claims, got)
	}
	if res := b.userinfo(got.AccessToken); !strings.Contains(res.body, "Ada Lovelace") {
		t.Errorf("userinfo: %s", res.body)
	}
	res, again := b.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}, "client_id": {"tv"}})
	if res.StatusCode != http.StatusOK || again.AccessToken == "" {
		t.Errorf("refresh: %s", res.body)
	}
	tv.hears("invalid_grant")
	b.signout("")
	g.must(g.native.Wake(context.Background()))
	if len(g.told) != 1 || g.told[0].URL.Host != "tv.test" {
		t.Errorf("the device's service was not told of the sign-out: %v", g.told)
	}
}

// Of 100 simultaneous polls after the approval exactly one gets tokens.
func TestHundredSimultaneousPollsGetTokensOnce(t *testing.T) {
	g := withTV(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	tv := g.turnOn()
	b.lets(tv)
	var mutex sync.Mutex
	var wait sync.WaitGroup
	got := map[string]int{}
	for range 100 {
		wait.Go(func() {
			form := url.Values{"grant_type": {grantDevice}, "device_code": {tv.DeviceCode}, "client_id": {"tv"}}
			w := g.serve(http.MethodPost, "/oauth2/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
			var t tokens
			json.Unmarshal(w.Body.Bytes(), &t)
			mutex.Lock()
			defer mutex.Unlock()
			if got[fmt.Sprint(w.Code, t.Error)]++; t.AccessToken != "" && b.userinfo(t.AccessToken).StatusCode != http.StatusOK {
				got["dead"]++
			}
		})
	}
	wait.Wait()
	if got["200"] != 1 || got["400invalid_grant"]+got["400 invalid_grant"] != 99 {
		t.Errorf("%v", got)
	}
}

func TestDeviceDeniedHearsSo(t *testing.T) {
	g := withTV(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	tv := g.turnOn()
	shown := b.shown(tv.UserCode)
	if p := b.answers(shown.State, false); p != nil {
		t.Fatal(p)
	}
	if p := b.answers(shown.State, true); problemCode(p) != api.CodeExpired {
		t.Errorf("a yes after the no: %v", p)
	}
	tv.hears("access_denied")
	if _, p := b.look(tv.UserCode); problemCode(p) != api.CodeDeviceUnknown {
		t.Errorf("the page still shows it: %v", p)
	}
}

func TestDevicePollingTooFastIsSlowedDown(t *testing.T) {
	g := withTV(newRig(t))
	tv := g.turnOn()
	tv.hears("authorization_pending")
	tv.hears("slow_down")
	g.wait(5 * time.Second)
	tv.hears("slow_down") // 10 s by then
	g.wait(15 * time.Second)
	tv.hears("authorization_pending")
}

func TestDeviceCodeExpires(t *testing.T) {
	g := withTV(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	tv := g.turnOn()
	state := b.shown(tv.UserCode).State
	g.wait(600 * time.Second)
	tv.hears("expired_token")
	if p := b.answers(state, true); problemCode(p) != api.CodeExpired {
		t.Errorf("an answer after the end: %v", p)
	}
	if _, p := b.look(tv.UserCode); problemCode(p) != api.CodeDeviceUnknown {
		t.Errorf("the page after the end: %v", p)
	}
	g.wait(2 * time.Minute)
	tv.hears("expired_token")
	late := g.turnOn()
	g.wait(599 * time.Second)
	b.lets(late)
	g.wait(30 * time.Second)
	late.gets() // approved in time
}

// A device code is worth nothing to another application, nor is anything that is none.
func TestDeviceCodeOfAnotherClient(t *testing.T) {
	g := withTV(newRig(t))
	other := g.registry["tv"]
	other.ClientID = "radio"
	g.registry["radio"] = other
	b, _ := g.signedIn("ada@id.test")
	tv := g.turnOn()
	b.lets(tv)
	tv.hears("invalid_grant", "client_id", "radio")
	tv.hears("invalid_request", "device_code", "-")
	tv.hears("invalid_grant", "device_code", b.code())
	tv.hears("invalid_grant", "device_code", tv.UserCode)
	tv.hears("invalid_grant", "device_code", strings.Repeat("a.", 2000))
	tv.hears("unauthorized_client", "client_id", "app")
	tv.hears("invalid_target", "resource", ordersAPI)
	tv.gets() // none of that has spent it
}

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
	if res := g.deviceAuthorization(); res.StatusCode != http.StatusBadRequest || !strings.Contains(res.body, "slow_down") {
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
