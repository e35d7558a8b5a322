//go:build !js

package token_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// Redirect confusion: nothing that stands in a request leads the browser to an address that the application did not register, in
// any response mode and for any error.
func TestRedirectConfusionLeadsNowhere(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	for _, address := range []string{
		"https://evil.test/", frontCallback + ".evil.test", frontCallback + "/../../evil", frontCallback + "#@evil.test", frontCallback + "%0d%0aLocation:https://evil.test",
		"https://front.test%2f@evil.test/cb", "https://front.test\\.evil.test/cb", "https://front.test&@evil.test/cb", "data:text/html,x", "https:front.test/cb",
	} {
		for _, mode := range []string{"query", "fragment", "form_post"} {
			for _, kind := range []string{"code", "id_token", "code id_token", "token", ""} {
				res := b.front("redirect_uri", address, "response_mode", mode, "response_type", kind, "prompt", "none", "scope", "\"")
				if to := res.Header.Get("Location"); !strings.HasPrefix(to, "/error?code=") || strings.Contains(res.body, "evil") {
					t.Errorf("%q by %s: %d %s %s", address, mode, res.StatusCode, to, res.body)
				}
			}
		}
	}
}

// Open redirect through errors: what is wrong with a request must not make the error page, or the address after it, somebody else's.
func TestErrorsAreNoOpenRedirect(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for _, query := range []string{
		"", "client_id=shop", "client_id=//evil.test", "redirect_uri=https://evil.test/", "client_id=shop&redirect_uri=//evil.test/",
		"client_id=evil&redirect_uri=https://evil.test/&state=https://evil.test/", "error=x&redirect_uri=https://evil.test/",
		"client_id=shop&request_uri=https://evil.test/x", "client_id=shop&request=e30.e30.e30&redirect_uri=https://evil.test/",
	} {
		res := b.get("/oauth2/authorize?" + query)
		if to := res.to(t); to.Host != "" || to.Path != "/error" || strings.Contains(to.String(), "evil") || len(to.Query()) != 1 {
			t.Errorf("%q leads to %s", query, to)
		}
	}
}

// Code injection: a code that was stolen from one sign-in is worth nothing in the session of another, because the challenge, the client
// and the address are those of the first.
func TestInjectedCodeIsUselessInAnotherSession(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	victim, _ := g.signedIn("ada@id.test")
	attacker, _ := g.signedIn("eve@id.test")
	own := strings.Repeat("e", 43)
	attacker.code() // a sign-in of the attacker's own at the same client is under way
	for name, form := range map[string]url.Values{
		"with the attacker's verifier": exchange(victim.code(), "code_verifier", own),
		"without a verifier":           exchange(victim.code(), "code_verifier", "-"),
		"at another client":            exchange(victim.code(), "client_id", "app", "client_secret", "-", "redirect_uri", appCallback),
		"at another address":           exchange(victim.code(), "redirect_uri", "https://shop.test/cb?tenant=1"),
		"a hybrid answer's, elsewhere": exchange(answerOf(t, victim.front("response_type", "code id_token")).Get("code")),
	} {
		if res, tok := attacker.redeem(form); res.StatusCode != http.StatusBadRequest || tok.Error != "invalid_grant" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	// and in the hybrid flow the client notices by c_hash that the code is not the ID token's
	one, two := answerOf(t, victim.front("response_type", "code id_token")), answerOf(t, attacker.front("response_type", "code id_token"))
	if g.claimsOf(two.Get("id_token"), "JWT", "ES256")["c_hash"] == halfHash(one.Get("code")) {
		t.Error("c_hash fits a code of somebody else")
	}
}

// Parameter pollution: of two values neither is taken, whichever the client or a proxy in between would have taken.
func TestParameterPollutionIsRefused(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	base := request("client_id", "front", "redirect_uri", frontCallback)
	for name, second := range map[string]string{
		"response_type": "id_token", "response_mode": "query", "scope": "openid", "state": "other", "nonce": "other", "prompt": "none",
		"max_age": "9", "claims": "{}", "code_challenge": challenge, "code_challenge_method": "plain", "acr_values": "x", "id_token_hint": "x",
		"login_hint": "x", "ui_locales": "de", "dpop_jkt": challenge, "display": "page", "unknown": "x",
	} {
		query := base.Encode() + "&" + name + "=" + url.QueryEscape(second)
		if !base.Has(name) {
			query += "&" + name + "=" + url.QueryEscape(second)
		}
		res := b.get("/oauth2/authorize?" + query)
		if answer := answerOf(t, res); answer.Get("error") != "invalid_request" || answer.Has("code") || answer.Has("id_token") {
			t.Errorf("%s: %s", name, res.to(t))
		}
	}
	// the parts of a POST do not come from its address
	res := b.post("/oauth2/authorize?prompt=none&redirect_uri=https://evil.test/", request())
	if to := res.to(t); to.Query().Get("code") == "" || to.Host != "shop.test" {
		t.Errorf("%s", to)
	}
}

// Flow swapping: the flow of one browser, or of one request, is not another's, on none of the pages that take one.
func TestFlowSwappedBetweenBrowsersIsNothing(t *testing.T) {
	g := newRig(t)
	g.application(asks)
	one, _ := g.signedIn("ada@id.test")
	two, _ := g.signedIn("eve@id.test")
	foreign := one.front().to(t).Query().Get("flow")
	for _, path := range []string{"/oauth2/resume?flow=" + foreign, "/oauth2/resume?flow=" + foreign + "&flow=" + foreign} {
		if to := two.get(path).Header.Get("Location"); to != "/error?code=expired" {
			t.Errorf("%s: %s", path, to)
		}
	}
	if res, _ := two.signout(foreign); res.StatusCode != http.StatusGone {
		t.Errorf("sign-out: %d", res.StatusCode)
	}
	// a finished flow's cookie that was kept aside does not finish another request
	to := one.front().to(t)
	stale := one.cookies("__Host-flow-" + to.Query().Get("flow"))
	answer := one.say(to, true).to(t)
	if answer.Query().Get("code") == "" {
		t.Fatalf("%s", answer)
	}
	next := one.authorize("prompt", "login").to(t).Query().Get("flow")
	swapped := *stale[0]
	swapped.Name, swapped.Path, swapped.Secure = "__Host-flow-"+next, "/", true
	one.client.Jar.SetCookies(one.base(), []*http.Cookie{&swapped})
	if to := one.get("/oauth2/resume?flow=" + next).Header.Get("Location"); to != "/error?code=expired" {
		t.Errorf("%s", to)
	}
}

// An application whose registration forbids the front channel gets no token there, whatever the request says or leaves out.
func TestRegistrationDecidesWhatTheFrontChannelCarries(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) { app.ResponseTypes = nil })
	b, _ := g.signedIn("ada@id.test")
	for _, kind := range []string{"id_token", "code id_token", "token", "code token", "code id_token token", "none", "code code", "CODE"} {
		res := b.front("response_type", kind, "response_mode", "-")
		if answer := answerOf(t, res); answer.Get("error") == "" || answer.Has("code") || answer.Has("id_token") || answer.Has("access_token") {
			t.Errorf("%q: %s", kind, res.to(t))
		}
	}
}
