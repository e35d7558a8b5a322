//go:build !js

package token_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
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

// A device that proves a key when it asks is the only one that can collect (RFC 9449 knows no proof there, so none is needed).
func TestDeviceCodeIsBoundToTheKeyThatAskedForIt(t *testing.T) {
	g := withTV(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	own, other := g.prover("ES256").greet(b), g.prover("EdDSA").greet(b)
	form := url.Values{"client_id": {"tv"}, "scope": {"openid"}}
	res := b.post("/oauth2/device_authorization", form, "DPoP", own.proof("POST", token.RouteDevice, nil))
	tv := &television{rig: g, client: "tv"}
	g.must(json.Unmarshal([]byte(res.body), tv))
	b.lets(tv)
	poll := func(header ...string) tokens {
		_, t := b.redeem(url.Values{"grant_type": {grantDevice}, "device_code": {tv.DeviceCode}, "client_id": {"tv"}}, header...)
		return t
	}
	if got := poll(); got.Error != "invalid_grant" {
		t.Errorf("without the key: %+v", got)
	}
	if got := poll("DPoP", other.proof("POST", token.RouteToken, nil)); got.Error != "invalid_grant" {
		t.Errorf("with another key: %+v", got)
	}
	if got := poll("DPoP", own.proof("POST", token.RouteToken, nil)); got.TokenType != "DPoP" {
		t.Errorf("with the key: %+v", got)
	}
	if res := b.post("/oauth2/device_authorization", form, "DPoP", "x"); !strings.Contains(res.body, "invalid_dpop_proof") {
		t.Errorf("a bad proof: %s", res.body)
	}
}

func TestDeviceGetsTokensForAnAPI(t *testing.T) {
	g := withTV(newRig(t), func(a *tenant.Application) { a.Resources = []string{ordersAPI} })
	b, id := g.signedIn("ada@id.test")
	tv := g.turnOn("resource", ordersAPI, "scope", "orders.read orders.delete")
	if shown := b.shown(tv.UserCode); strings.Join(shown.Resources, " ") != "Orders" || strings.Join(shown.Scopes, " ") != "orders.read" {
		t.Errorf("the page has %+v", shown)
	}
	b.lets(tv)
	got := tv.gets()
	if claims := g.claimsOf(got.AccessToken, "at+jwt", "ES256"); claims["aud"] != ordersAPI || claims["sub"] != id || got.Scope != "orders.read" || got.IDToken != "" {
		t.Errorf("%v %+v", claims, got)
	}
}
