//go:build !js

package token_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

const loopback = "http://127.0.0.1:50123/callback"

// terminal is a command line: a key of its own, and cookies once it has a session.
type terminal struct {
	*browser
	*prover
}

func (g *rig) terminal() *terminal {
	g.Helper()
	b := g.browser()
	return &terminal{b, g.prover("ES256").greet(b)}
}

// opens sends a browser to sign a command line in, with changes.
func (b *browser) opens(changes ...string) reply {
	b.Helper()
	return b.authorize(append([]string{
		"client_id", tenant.CommandLine, "redirect_uri", loopback, "scope", oauth.ScopeSession, "nonce", "-",
	}, changes...)...)
}

// collects redeems a code, with changes.
func (c *terminal) collects(code string, changes ...string) (reply, tokens) {
	c.browser.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {loopback}, "code_verifier": {verifier},
		"client_id": {tenant.CommandLine},
	}
	return c.redeem(changed(form, changes...), "DPoP", c.proof("POST", token.RouteToken, nil))
}

// turns asks for a session with an access token.
func (c *terminal) turns(accessToken string, header ...string) reply {
	c.browser.Helper()
	r, err := http.NewRequest(http.MethodPost, c.browser.URL+api.RouteCommandLine, strings.NewReader(`{"host":"lovelace"}`))
	c.browser.must(err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "DPoP "+accessToken)
	r.Header.Set("DPoP", c.proof("POST", api.RouteCommandLine, claims{"ath": ath(accessToken)}))
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i+1] == "-" {
			r.Header.Del(header[i])
		}
	}
	return c.do(r)
}

// token is what a person's yes gives a command line.
func (c *terminal) token(b *browser) string {
	c.browser.Helper()
	code := b.say(b.opens().to(b), true).to(b).Query().Get("code")
	res, got := c.collects(code)
	if res.StatusCode != http.StatusOK || got.TokenType != "DPoP" || got.Scope != oauth.ScopeSession || got.RefreshToken != "" || got.IDToken != "" {
		c.browser.Fatalf("%d %s", res.StatusCode, res.body)
	}
	return got.AccessToken
}

// sessions are those of the account that a browser is signed in to.
func (b *browser) sessions(accountID string) []api.Session {
	b.Helper()
	cookie, err := session.Read(b.Context(), b.keys, &http.Request{Header: http.Header{"Cookie": {b.cookies("__Host-session")[0].String()}}})
	b.must(err)
	out, err := b.accounts.Sessions(b.Context(), accountID, cookie.Ref())
	b.must(err)
	return out.Sessions
}

func TestTheCommandLineGetsASessionOfItsOwn(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	signedIn := g.now().Unix()
	g.wait(time.Minute)
	c := g.terminal()
	shown := b.asked(b.opens().to(t))
	if shown.Application != "Latchkey command line" || shown.Host != "" || !shown.Verified || strings.Join(shown.Scopes, " ") != oauth.ScopeSession {
		t.Errorf("the page shows %+v", shown)
	}
	if res := c.turns(c.token(b), "Latchkey-Place", "Berlin, DE"); res.StatusCode != http.StatusOK || res.body != "{}" {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	cookies := c.cookies("__Host-")
	if len(cookies) != 2 || len(b.sessions(id)) != 3 { // with the one of the account's making
		t.Fatalf("%v, %+v", cookies, b.sessions(id))
	}
	var own api.Session
	for _, s := range c.sessions(id) {
		if s.Current {
			own = s
		}
	}
	if own.Device != "latchkey on lovelace" || own.Place != "Berlin, DE" || !own.Keep {
		t.Errorf("its owner sees %+v", own)
	}
	cookie, err := session.Read(t.Context(), g.keys, &http.Request{Header: http.Header{"Cookie": {c.cookies("__Host-session")[0].String()}}})
	g.must(err)
	now, err := g.accounts.TouchSession(t.Context(), id, cookie.Ref())
	if err != nil || now.AuthTime != signedIn || strings.Join(now.AMR, " ") != "pwd" {
		t.Errorf("%+v, %v", now, err)
	}

	b.signout("")
	if len(c.sessions(id)) != 2 {
		t.Error("it ended with the browser's")
	}
	again, _ := g.signedIn("bob@id.test")
	again.signIn(id)
	ref, err := session.Read(t.Context(), g.keys, &http.Request{Header: http.Header{"Cookie": {again.cookies("__Host-session")[0].String()}}})
	g.must(err)
	_, err = g.accounts.EndSession(t.Context(), id, account.EndSessionIn{Session: ref.Ref(), ID: own.ID})
	g.must(err)
	if _, err := g.accounts.TouchSession(t.Context(), id, cookie.Ref()); err == nil {
		t.Error("its owner cannot end it")
	}
}

// The device stays the same when a command line signs in anew.
func TestTheCommandLineStaysTheSameDevice(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	c := g.terminal()
	device := func() session.Device {
		if res := c.turns(c.token(b)); res.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", res.StatusCode, res.body)
		}
		devices, err := session.ReadDevices(t.Context(), g.keys, &http.Request{Header: http.Header{"Cookie": {c.cookies("__Host-device")[0].String()}}})
		g.must(err)
		known, _ := devices.Of(id)
		return known
	}
	if first := device(); device() != first {
		t.Error("another device")
	}
	if got := len(b.sessions(id)); got != 3 {
		t.Errorf("%d sessions: the former one goes on", got)
	}
}

// Replay: an access token becomes one session, at most.
func TestACommandLineTokenIsSpentOnce(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	c := g.terminal()
	accessToken := c.token(b)
	for _, want := range []int{http.StatusOK, http.StatusUnauthorized, http.StatusUnauthorized} {
		if res := c.turns(accessToken); res.StatusCode != want {
			t.Errorf("%d %s, want %d", res.StatusCode, res.body, want)
		}
	}
	if got := len(b.sessions(id)); got != 3 {
		t.Errorf("%d sessions", got)
	}
	late := c.token(b)
	g.wait(token.AccessLifetime)
	if res := c.turns(late); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("an old token: %d", res.StatusCode)
	}
	b.renew(id)
	c.greet(c.browser)
	orphan := c.token(b)
	b.signout("")
	if res := c.turns(orphan); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("of a session that has ended: %d", res.StatusCode)
	}
}

// Any program can open a browser in the command line's name and listen on the loopback interface: nothing comes without a person's yes,
// however often there was one.
func TestNobodyGetsACommandLineSessionSilently(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for range 2 {
		if query := b.opens("prompt", "none").to(t).Query(); query.Get("error") != "consent_required" || query.Get("code") != "" {
			t.Errorf("prompt=none: %v", query)
		}
		g.terminal().token(b) // asks, each time
	}
	to := b.opens().to(t)
	if query := b.say(to, false).to(t).Query(); query.Get("error") != "access_denied" {
		t.Errorf("after no: %v", query)
	}
	for rule, change := range map[string][]string{
		"a page's address":   {"redirect_uri", "https://evil.test/callback"},
		"a name that may be": {"redirect_uri", "http://localhost:50123/callback"},
		"another path":       {"redirect_uri", "http://127.0.0.1:50123/x"},
		"another host":       {"redirect_uri", "http://127.0.0.1.evil.test/callback"},
		"no PKCE":            {"code_challenge", "-"},
		"plain PKCE":         {"code_challenge_method", "plain"},
		"more than it may":   {"scope", "openid profile"},
		"an API":             {"resource", ordersAPI},
		"an ID token":        {"response_type", "code id_token", "nonce", "n"},
	} {
		to := b.opens(change...).to(t)
		refused := to.Path == "/error" && to.Host == "" || strings.Contains(to.RawQuery+to.Fragment, "error=")
		if !refused && !(rule == "more than it may" && to.Path == "/consent") {
			t.Errorf("%s: %s", rule, to)
		}
	}
}

// A browser that somebody found signed in is not enough: a session is worth a password.
func TestACommandLineSessionNeedsARecentPassword(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	g.wait(11 * time.Minute)
	to := b.opens().to(t)
	if to.Path != "/signin" {
		t.Errorf("%s", to)
	}
	b.renew(id)
	if to := b.get("/oauth2/resume?flow=" + to.Query().Get("flow")).to(t); to.Path != "/consent" {
		t.Errorf("%s", to)
	}
	g.wait(11 * time.Minute)
	tv := g.consoleCode()
	if out, p := b.look(tv.UserCode); p != nil || out.SignIn == "" {
		t.Errorf("%+v, %v", out, p)
	}
}

// consoleCode has a command line without a browser ask for a code.
func (g *rig) consoleCode(changes ...string) *television {
	g.Helper()
	tv := &television{rig: g, client: tenant.CommandLine}
	res := g.deviceAuthorization(append([]string{"client_id", tenant.CommandLine, "scope", oauth.ScopeSession}, changes...)...)
	if res.StatusCode != http.StatusOK {
		g.Fatalf("%d %s", res.StatusCode, res.body)
	}
	g.must(json.Unmarshal([]byte(res.body), tv))
	return tv
}

// Device-code phishing: the page says what the device would get, and a yes is worth one session that shows up in the account.
func TestACommandLineByDeviceCode(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	tv, c := g.consoleCode(), g.terminal()
	shown := b.shown(tv.UserCode)
	if shown.Application != "Latchkey command line" || !shown.Verified || strings.Join(shown.Scopes, " ") != oauth.ScopeSession {
		t.Errorf("the page shows %+v", shown)
	}
	b.answers(shown.State, true)
	poll := func() tokens {
		form := url.Values{"grant_type": {grantDevice}, "device_code": {tv.DeviceCode}, "client_id": {tenant.CommandLine}}
		_, got := c.redeem(form, "DPoP", c.proof("POST", token.RouteToken, nil))
		return got
	}
	if res, got := tv.poll(); got.Error != "invalid_dpop_proof" {
		t.Errorf("without a key: %s", res.body)
	}
	got := poll()
	if res := c.turns(got.AccessToken); res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if again := poll(); again.Error != "invalid_grant" || len(b.sessions(id)) != 3 {
		t.Errorf("%+v", again)
	}
}

// Scope confusion: no other application gets such a token, whatever it asks for or an operator registers.
func TestNoOtherApplicationGetsASession(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	c := g.terminal()
	code := b.code("scope", "openid "+oauth.ScopeSession)
	if _, got := b.redeem(exchange(code)); got.Scope != "openid" {
		t.Errorf("granted %q", got.Scope)
	}
	_, bound := b.redeem(exchange(b.code()), "DPoP", c.proof("POST", token.RouteToken, nil))
	if res := c.turns(bound.AccessToken); res.StatusCode != http.StatusForbidden {
		t.Errorf("the shop's token: %d %s", res.StatusCode, res.body)
	}
	for rule, file := range map[string]tenant.File{
		"its id":    {Applications: []tenant.Application{{ClientID: tenant.CommandLine, Name: "Mine", Kind: tenant.AppWeb, RedirectURIs: []string{shopCallback}, GrantTypes: []string{tenant.GrantCode}, ResponseModes: []string{"query"}, Scopes: []string{"openid"}, IDTokenAlg: "ES256"}}},
		"its scope": {Applications: []tenant.Application{{ClientID: "mine", Name: "Mine", Kind: tenant.AppWeb, RedirectURIs: []string{shopCallback}, GrantTypes: []string{tenant.GrantCode}, ResponseModes: []string{"query"}, Scopes: []string{"openid", oauth.ScopeSession}, IDTokenAlg: "ES256"}}},
		"an API's":  {Resources: []tenant.Resource{{Identifier: "https://api.test/", Name: "Mine", Scopes: []string{oauth.ScopeSession}, TokenFormat: "jwt", SigningAlg: "ES256", Lifetime: 600}}},
	} {
		if _, err := g.tenants.Put(t.Context(), file); err == nil {
			t.Errorf("%s can be registered", rule)
		}
	}
}

// Confused deputy: the token opens nothing else, for nobody.
func TestACommandLineTokenIsGoodForNothingElse(t *testing.T) {
	g := withGateway(newRig(t), func(app *tenant.Application) { app.Exchange.From = []string{tenant.CommandLine} })
	b, _ := g.signedIn("ada@id.test")
	c := g.terminal()
	accessToken := c.token(b)
	if res := c.resource(accessToken, c.proof("GET", token.RouteUserinfo, claims{"ath": ath(accessToken)})); res.StatusCode != http.StatusForbidden {
		t.Errorf("userinfo: %d", res.StatusCode)
	}
	if res := g.ask("/oauth2/introspect", "warehouse", url.Values{"token": {accessToken}}); !strings.Contains(res.body, `"active":false`) {
		t.Errorf("introspection: %s", res.body)
	}
	if res, got := g.tradeAs("gateway", accessToken, nil, "DPoP", c.proof("POST", token.RouteToken, nil)); got.AccessToken != "" {
		t.Errorf("exchange: %s", res.body)
	}
	if res := c.turns(accessToken); res.StatusCode != http.StatusOK {
		t.Errorf("what was refused has spent it: %d", res.StatusCode)
	}
}

// Cross-site request forgery: nothing that a page can have a browser send becomes a session in that browser.
func TestACommandLineSessionIsNotForBrowsers(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("mallory@id.test")
	c, other := g.terminal(), g.prover("EdDSA")
	accessToken := c.token(b)
	other.nonce = c.nonce
	hash := claims{"ath": ath(accessToken)}
	for rule, header := range map[string][]string{
		"from a page":                {"Sec-Fetch-Site", "cross-site"},
		"from a page of our own":     {"Sec-Fetch-Site", "same-origin"},
		"as a form":                  {"Content-Type", "application/x-www-form-urlencoded"},
		"as plain text":              {"Content-Type", "text/plain"},
		"without a token":            {"Authorization", "-"},
		"as a bearer token":          {"Authorization", "Bearer " + accessToken},
		"without a proof":            {"DPoP", "-"},
		"with another key's proof":   {"DPoP", other.proof("POST", api.RouteCommandLine, hash)},
		"with a proof for elsewhere": {"DPoP", c.proof("POST", token.RouteUserinfo, hash)},
		"with a proof of no token":   {"DPoP", c.proof("POST", api.RouteCommandLine, nil)},
	} {
		if res := c.turns(accessToken, header...); res.StatusCode/100 != 4 || len(res.Cookies()) != 0 {
			t.Errorf("%s: %d %v", rule, res.StatusCode, res.Cookies())
		}
	}
	if len(b.sessions(id)) != 2 {
		t.Error("there is a session")
	}
	if res := c.turns(accessToken); res.StatusCode != http.StatusOK || res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

// A computer names itself, so what it says is shown only when it is a name.
func TestCommandLineNames(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	for host, want := range map[string]string{
		"ada-laptop.local": "latchkey on ada-laptop.local", "": "latchkey", "Firefox on Linux": "latchkey", "a\u202eb": "latchkey",
		strings.Repeat("a", 64): "latchkey",
	} {
		c := g.terminal()
		accessToken := c.token(b)
		var none struct{}
		if p := c.api(api.RouteCommandLine, api.CommandLineRequest{Host: host}, &none, "Authorization", "DPoP "+accessToken,
			"DPoP", c.proof("POST", api.RouteCommandLine, claims{"ath": ath(accessToken)})); p != nil {
			t.Fatal(p)
		}
		for _, s := range c.sessions(id) {
			if s.Current && s.Device != want {
				t.Errorf("%q is shown as %q", host, s.Device)
			}
		}
	}
}
