//go:build !js

package token_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

func TestTokenAnswer(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	res, tok := b.redeem(exchange(b.code("scope", "openid email calendar")))
	if res.StatusCode != http.StatusOK || tok.TokenType != "Bearer" || tok.ExpiresIn != 600 || tok.AccessToken == "" || tok.IDToken == "" {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if tok.Scope != "openid email" {
		t.Errorf("the answer does not say what was granted: %q", tok.Scope)
	}
	h := res.Header
	if h.Get("Cache-Control") != "no-store" || h.Get("Pragma") != "no-cache" || h.Get("Content-Type") != "application/json" {
		t.Errorf("%v", h)
	}
}

func TestClientAuthentication(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	app := []string{"client_id", "app", "redirect_uri", appCallback}
	for _, test := range []struct {
		name    string
		changes []string
		header  []string
		status  int
		code    string
	}{
		{"post", nil, nil, 200, ""},
		{"basic", []string{"client_id", "-", "client_secret", "-"}, []string{"Authorization", basic("shop", shopSecret)}, 200, ""},
		{"basic with the same client_id", []string{"client_secret", "-"}, []string{"Authorization", basic("shop", shopSecret)}, 200, ""},
		{"none", append([]string{"client_secret", "-"}, app...), nil, 200, ""},
		{"none with an empty secret", append([]string{"client_secret", ""}, app...), nil, 200, ""},
		{"basic with an empty secret for a public client", append([]string{"client_secret", "-"}, app...), []string{"Authorization", basic("app", "")}, 200, ""},
		{"nothing", []string{"client_id", "-", "client_secret", "-"}, nil, 401, "invalid_client"},
		{"no secret", []string{"client_secret", "-"}, nil, 401, "invalid_client"},
		{"wrong secret", []string{"client_secret", "wrong"}, nil, 401, "invalid_client"},
		{"wrong secret in basic", []string{"client_secret", "-"}, []string{"Authorization", basic("shop", "wrong")}, 401, "invalid_client"},
		{"empty secret in basic", []string{"client_secret", "-"}, []string{"Authorization", basic("shop", "")}, 401, "invalid_client"},
		{"basic that is not form-encoded", []string{"client_secret", "-"}, []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("shop:%zz"))}, 401, "invalid_client"},
		{"unknown client", []string{"client_id", "nobody"}, nil, 401, "invalid_client"},
		{"secret of a public client", append([]string{"client_secret", shopSecret}, app...), nil, 401, "invalid_client"},
		{"two ways at once", nil, []string{"Authorization", basic("shop", shopSecret)}, 400, "invalid_request"},
		{"two clients at once", []string{"client_id", "app", "client_secret", "-"}, []string{"Authorization", basic("shop", shopSecret)}, 400, "invalid_request"},
		{"bearer", []string{"client_secret", "-"}, []string{"Authorization", "Bearer x"}, 401, "invalid_client"},
		{"basic that is not base64", []string{"client_secret", "-"}, []string{"Authorization", "Basic !"}, 401, "invalid_client"},
		{"client assertion", []string{"client_secret", "-", "client_assertion", "x", "client_assertion_type", "y"}, nil, 401, "invalid_client"},
	} {
		client := exchange("", test.changes...).Get("redirect_uri")
		codeFor := []string{}
		if client == appCallback {
			codeFor = app
		}
		res, tok := b.redeem(exchange(b.code(codeFor...), test.changes...), test.header...)
		if res.StatusCode != test.status || tok.Error != test.code {
			t.Errorf("%s: %d %s", test.name, res.StatusCode, res.body)
		}
		if got := res.Header.Get("WWW-Authenticate"); strings.HasPrefix(got, "Basic ") != (test.status == 401) {
			t.Errorf("%s: WWW-Authenticate %q", test.name, got)
		}
	}
}

// A client that cannot prove who it is does not spend a code: the right one still can use it.
func TestFailedClientAuthenticationLeavesTheCode(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	code := b.code()
	b.redeem(exchange(code, "client_secret", "wrong"))
	if res, _ := b.redeem(exchange(code)); res.StatusCode != http.StatusOK {
		t.Errorf("%s", res.body)
	}
}

func TestTokenRequestErrors(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	for _, test := range []struct {
		name    string
		changes []string
		want    string
	}{
		{"no grant type", []string{"grant_type", "-"}, "invalid_request"},
		{"password grant", []string{"grant_type", "password"}, "unsupported_grant_type"},
		{"client credentials without being registered for them", []string{"grant_type", "client_credentials"}, "unauthorized_client"},
		{"no code", []string{"code", "-"}, "invalid_request"},
		{"not a code", []string{"code", "x"}, "invalid_grant"},
		{"a long code", []string{"code", strings.Repeat("x", 7000)}, "invalid_grant"},
	} {
		res, tok := b.redeem(exchange(b.code(), test.changes...))
		if res.StatusCode != http.StatusBadRequest || tok.Error != test.want {
			t.Errorf("%s: %d %s", test.name, res.StatusCode, res.body)
		}
	}
	for name, body := range map[string]string{
		"repeated parameter": exchange("x").Encode() + "&code=y", "repeated client_id": exchange("x").Encode() + "&client_id=app",
		"broken encoding": "grant_type=%zz",
	} {
		r, _ := http.NewRequest(http.MethodPost, b.URL+"/oauth2/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if res := b.do(r); res.StatusCode != http.StatusBadRequest || !strings.Contains(res.body, `"invalid_request"`) {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	if res, _ := b.redeem(exchange("x"), "Content-Type", "application/json"); res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("JSON body: %d", res.StatusCode)
	}
	if res, _ := b.redeem(exchange(strings.Repeat("x", 9000))); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("oversized body: %d", res.StatusCode)
	}
	if res := b.post("/oauth2/token?"+exchange(b.code()).Encode(), url.Values{}); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("credentials in the address: %d %s", res.StatusCode, res.body)
	}
}

// Each of these also spends the code: what was presented wrongly may have been stolen.
func TestCodeIsBoundAndSpentByAnyUse(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	for name, changes := range map[string][]string{
		"wrong verifier":             {"code_verifier", strings.Repeat("w", 43)},
		"no verifier":                {"code_verifier", "-"},
		"challenge in its place":     {"code_verifier", challenge},
		"malformed verifier":         {"code_verifier", "short"},
		"wrong redirect_uri":         {"redirect_uri", "https://shop.test/cb?tenant=1"},
		"no redirect_uri":            {"redirect_uri", "-"},
		"another client":             {"client_id", "vault"},
		"another, public client":     {"client_id", "app", "client_secret", "-"},
		"another client's addresses": {"client_id", "app", "client_secret", "-", "redirect_uri", appCallback},
	} {
		code := b.code()
		if res, tok := b.redeem(exchange(code, changes...)); res.StatusCode != http.StatusBadRequest || tok.Error != "invalid_grant" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
		if res, tok := b.redeem(exchange(code)); tok.Error != "invalid_grant" {
			t.Errorf("%s did not spend the code: %d", name, res.StatusCode)
		}
	}
}

func TestCodeExpiresAfterAMinute(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	code := b.code()
	g.wait(61 * time.Second)
	if res, tok := b.redeem(exchange(code)); tok.Error != "invalid_grant" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}

// A code of one deployment or of one purpose is nothing elsewhere.
func TestSealedValuesAreNotInterchangeable(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	tok := b.tokens()
	b.authorize("prompt", "login")
	for name, value := range map[string]string{
		"access token": tok.AccessToken, "session cookie": b.cookies("__Host-session")[0].Value, "flow cookie": b.cookies("__Host-flow-")[0].Value,
	} {
		if _, got := b.redeem(exchange(value)); got.Error != "invalid_grant" {
			t.Errorf("%s as a code: %q", name, got.Error)
		}
	}
	for name, value := range map[string]string{"code": b.code(), "session cookie": b.cookies("__Host-session")[0].Value, "ID token": tok.IDToken} {
		if res := b.userinfo(value); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s as an access token: %d", name, res.StatusCode)
		}
	}
}

// Code injection: an attacker puts a stolen code into his own sign-in at the same application. His verifier is another.
func TestStolenCodeIsUselessInAnotherSignIn(t *testing.T) {
	g := newRig(t)
	victim, _ := g.signedIn("victim@id.test")
	attackers := strings.Repeat("a", 50)
	res, tok := g.browser().redeem(exchange(victim.code(), "code_verifier", attackers))
	if tok.Error != "invalid_grant" || res.StatusCode != http.StatusBadRequest {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	if oauth.Challenge(attackers) == challenge {
		t.Fatal("the test proves nothing")
	}
}

func TestReplayRevokesWhatTheCodeHadIssued(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	code := b.code()
	_, tok := b.redeem(exchange(code))
	other := b.tokens()
	if res := b.userinfo(tok.AccessToken); res.StatusCode != http.StatusOK {
		t.Fatalf("%d", res.StatusCode)
	}
	if _, got := b.redeem(exchange(code)); got.Error != "invalid_grant" {
		t.Fatalf("replay: %+v", got)
	}
	res := b.userinfo(tok.AccessToken)
	if res.StatusCode != http.StatusUnauthorized || !strings.Contains(res.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
		t.Errorf("the access token outlived the replay: %d %s", res.StatusCode, res.body)
	}
	if res := b.userinfo(other.AccessToken); res.StatusCode != http.StatusOK {
		t.Errorf("another grant was revoked too: %d", res.StatusCode)
	}
}

// The first to redeem a stolen code may have been the thief, and the owner slow.
func TestReplayAfterTheCodeHasExpiredStillRevokes(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	code := b.code()
	_, tok := b.redeem(exchange(code))
	g.wait(2 * time.Minute)
	if _, got := b.redeem(exchange(code)); got.Error != "invalid_grant" {
		t.Fatalf("replay: %+v", got)
	}
	if res := b.userinfo(tok.AccessToken); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the access token outlived the late replay: %d", res.StatusCode)
	}
}

func TestHundredSimultaneousRedemptionsSucceedOnce(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	form := exchange(b.code()).Encode()
	var wg sync.WaitGroup
	results := make(chan tokens, 100)
	for range 100 {
		wg.Go(func() {
			res, err := b.Client().Post(b.URL+"/oauth2/token", "application/x-www-form-urlencoded", strings.NewReader(form))
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			var tok tokens
			if err := json.NewDecoder(res.Body).Decode(&tok); err != nil {
				t.Error(err)
			}
			results <- tok
		})
	}
	wg.Wait()
	close(results)
	var won []tokens
	for tok := range results {
		if tok.IDToken != "" {
			won = append(won, tok)
		} else if tok.Error != "invalid_grant" {
			t.Errorf("%+v", tok)
		}
	}
	if len(won) != 1 {
		t.Fatalf("%d of 100 redemptions succeeded", len(won))
	}
	if res := b.userinfo(won[0].AccessToken); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("99 replays did not revoke the one: %d", res.StatusCode)
	}
}

func TestMethodsAreChecked(t *testing.T) {
	b := newRig(t).browser()
	for path, allow := range map[string]string{
		"/oauth2/authorize": "GET, HEAD, POST", "/oauth2/resume": "GET, HEAD", "/oauth2/token": "OPTIONS, POST",
		"/oauth2/userinfo": "GET, HEAD, OPTIONS, POST", "/oauth2/logout": "GET, HEAD, POST", "/oauth2/jwks": "GET, HEAD, OPTIONS",
		"/.well-known/openid-configuration": "GET, HEAD, OPTIONS", "/api/signout": "POST",
	} {
		r, _ := http.NewRequest(http.MethodPut, b.URL+path, nil)
		if res := b.do(r); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != allow {
			t.Errorf("PUT %s: %d, Allow: %s", path, res.StatusCode, res.Header.Get("Allow"))
		}
	}
	if res := b.get("/oauth2/token"); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET token: %d", res.StatusCode)
	}
}

func TestScriptsOfOtherSitesMayCall(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	for _, path := range []string{"/.well-known/openid-configuration", "/oauth2/jwks", "/oauth2/token", "/oauth2/userinfo"} {
		r, _ := http.NewRequest(http.MethodOptions, b.URL+path, nil)
		r.Header.Set("Origin", "https://app.test")
		r.Header.Set("Access-Control-Request-Method", "POST")
		res := b.do(r)
		h := res.Header
		if res.StatusCode != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("%s: %d %v", path, res.StatusCode, h)
		}
		if h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s takes cookies from scripts of other sites", path)
		}
		if res := b.get(path); res.Header.Get("Access-Control-Allow-Origin") != "*" && path != "/oauth2/token" {
			t.Errorf("%s: an error cannot be read", path)
		}
	}
	for _, path := range []string{"/oauth2/authorize", "/oauth2/resume", "/oauth2/logout"} {
		if res := b.get(path); res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s can be read by scripts of other sites", path)
		}
	}
}
