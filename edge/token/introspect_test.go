//go:build !js

package token_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"encoding/json"
)

const inactive = `{"active":false}`

func TestIntrospectionSaysWhatTheTokenMeans(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	now := float64(g.now().Unix())
	for _, test := range []struct {
		api, scope string
		life       float64
	}{{ordersAPI, "orders.read", 300}, {stockAPI, "stock.read", 1200}} {
		m := g.introspection("warehouse", b.tokensFor(test.api).AccessToken)
		for name, want := range map[string]any{
			"active": true, "iss": g.URL, "sub": id, "aud": test.api, "client_id": "desk", "scope": test.scope, "token_type": "Bearer",
			"iat": now, "exp": now + test.life, "auth_time": now, "acr": "urn:latchkey:acr:1", "sid": b.sid,
		} {
			if m[name] != want {
				t.Errorf("%s: %s: %v, want %v", test.api, name, m[name], want)
			}
			delete(m, name)
		}
		if id, _ := m["jti"].(string); len(id) < 20 || len(list(m["amr"])) != 1 || len(m) != 2 {
			t.Errorf("%s: besides: %v", test.api, m)
		}
	}
}

// RFC 7662 section 4: whoever is not meant to know hears the same as of a token that is none.
func TestIntrospectionTellsStrangersNothing(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensFor(stockAPI)
	ours := b.tokensOf("desk")
	revoked := b.tokensFor(stockAPI)
	g.ask("/oauth2/revoke", "desk", url.Values{"token": {revoked.AccessToken}})
	for name, q := range map[string][2]string{
		"another application":                {"shop", tok.AccessToken},
		"another application, for itself":    {"shop", g.ownToken(stockAPI).AccessToken},
		"an API about userinfo's token":      {"warehouse", ours.AccessToken},
		"an API about a refresh token":       {"warehouse", tok.RefreshToken},
		"an application about another's":     {"twin1", tok.RefreshToken},
		"revoked":                            {"warehouse", revoked.AccessToken},
		"revoked, its refresh token":         {"desk", revoked.RefreshToken},
		"an ID token":                        {"desk", tok.IDToken},
		"a code":                             {"desk", b.code("client_id", "desk", "redirect_uri", deskCallback)},
		"the session cookie":                 {"desk", b.cookies("__Host-session")[0].Value},
		"nonsense":                           {"warehouse", "x"},
		"long nonsense":                      {"warehouse", strings.Repeat("x.", 3000)},
		"tampered":                           {"warehouse", tok.AccessToken[:len(tok.AccessToken)-10] + strings.Repeat("A", 10)},
		"the grant inside a JWT":             {"desk", grantOf(t, b.tokensFor(ordersAPI).AccessToken)},
		"a signed answer of introspection":   {"warehouse", g.signedAnswer(tok.AccessToken)},
		"a logout token's neighbour (empty)": {"warehouse", ".."},
	} {
		if res := g.ask("/oauth2/introspect", q[0], url.Values{"token": {q[1]}}); res.StatusCode != http.StatusOK || res.body != inactive {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	if m := g.introspection("desk", tok.AccessToken); m["active"] != true {
		t.Errorf("its own: %v", m)
	}
}

// grantOf is the sealed reference in a JWT access token.
func grantOf(t *testing.T, compact string) string {
	t.Helper()
	grant := field(decode(t, strings.Split(compact, ".")[1]), "grant")
	if grant == "" {
		t.Fatal("the token names no grant")
	}
	return grant
}

func TestIntrospectionOfRefreshTokens(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	tok := b.tokensOf("desk")
	m := g.introspection("desk", tok.RefreshToken)
	if m["active"] != true || m["sub"] != id || m["client_id"] != "desk" || m["scope"] != everything ||
		m["exp"] != float64(g.now().Add(14*24*time.Hour).Unix()) || m["token_type"] != nil {
		t.Errorf("%v", m)
	}
	g.refreshed(tok.RefreshToken)
	if m := g.introspection("desk", tok.RefreshToken); m["active"] != false {
		t.Errorf("replaced: %v", m)
	}
}

func TestIntrospectionEndsWithTheSession(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for _, api := range []string{ordersAPI, stockAPI} {
		tok := b.tokensFor(api)
		if m := g.introspection("warehouse", tok.AccessToken); m["active"] != true {
			t.Errorf("%v", m)
		}
		b.signout("")
		if m := g.introspection("warehouse", tok.AccessToken); len(m) != 1 || m["active"] != false {
			t.Errorf("%s after signing out: %v", api, m)
		}
		b, _ = g.signedIn("bob@id.test")
	}
}

func TestIntrospectionEndsWithTheRegistration(t *testing.T) {
	g := newRig(t)
	tok := g.ownToken(ordersAPI)
	g.remove("worker")
	if m := g.introspection("warehouse", tok.AccessToken); m["active"] != false {
		t.Errorf("%v", m)
	}
}

// RFC 7662 section 2.1.
func TestIntrospectionNeedsClientAuthentication(t *testing.T) {
	g := newRig(t)
	token := g.ownToken(stockAPI).AccessToken
	for name, form := range map[string]url.Values{
		"nobody":          {"token": {token}},
		"a public client": {"token": {token}, "client_id": {"phone"}},
		"a wrong secret":  {"token": {token}, "client_id": {"warehouse"}, "client_secret": {"x"}},
	} {
		if res := g.browser().post("/oauth2/introspect", form); res.StatusCode != http.StatusUnauthorized || field(res.body, "error") != "invalid_client" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	if res := g.browser().post("/oauth2/introspect", url.Values{"token": {token}}, "Authorization", "Bearer "+token); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token as its own proof: %d %s", res.StatusCode, res.body)
	}
	if res := g.ask("/oauth2/introspect", "warehouse", url.Values{}); field(res.body, "error") != "invalid_request" {
		t.Errorf("no token: %s", res.body)
	}
	if res := g.ask("/oauth2/introspect", "warehouse", url.Values{"token": {token, token}}); field(res.body, "error") != "invalid_request" {
		t.Errorf("two tokens: %s", res.body)
	}
	if res := g.browser().get("/oauth2/introspect?token=" + token); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", res.StatusCode)
	}
}

// Scripts of other sites have nothing to ask here: whoever may, has a secret that no page can keep.
func TestIntrospectionIsNotForScripts(t *testing.T) {
	g := newRig(t)
	if res := g.ask("/oauth2/introspect", "warehouse", url.Values{"token": {"x"}}); res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", res.Header)
	}
}

func TestIntrospectionIgnoresTheHint(t *testing.T) {
	g := newRig(t)
	token := g.ownToken(stockAPI).AccessToken
	for _, hint := range []string{"access_token", "refresh_token", "unheard_of"} {
		res := g.ask("/oauth2/introspect", "warehouse", url.Values{"token": {token}, "token_type_hint": {hint}})
		if !strings.Contains(res.body, `"active":true`) || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s", hint, res.body)
		}
	}
}

// signedAnswer is the JWT that warehouse hears about a token.
func (g *rig) signedAnswer(token string) string {
	g.Helper()
	res := g.ask("/oauth2/introspect", "warehouse", url.Values{"token": {token}}, "Accept", "application/token-introspection+jwt")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/token-introspection+jwt" {
		g.Fatalf("%d %v %s", res.StatusCode, res.Header, res.body)
	}
	return res.body
}

// RFC 9701 section 5.
func TestSignedIntrospection(t *testing.T) {
	g := newRig(t)
	token := g.ownToken(stockAPI).AccessToken
	claims := g.claimsOf(g.signedAnswer(token), "token-introspection+jwt", "RS256")
	about, _ := claims["token_introspection"].(map[string]any)
	if claims["iss"] != g.URL || claims["aud"] != "warehouse" || claims["iat"] != float64(g.now().Unix()) || len(claims) != 4 {
		t.Errorf("%v", claims)
	}
	if about["active"] != true || about["client_id"] != "worker" || about["aud"] != stockAPI {
		t.Errorf("%v", about)
	}
	claims = g.claimsOf(g.signedAnswer("x"), "token-introspection+jwt", "RS256")
	if text, _ := json.Marshal(claims["token_introspection"]); string(text) != inactive {
		t.Errorf("of nothing: %s", text)
	}
}

// An application learns nothing of a refresh token that is another one's, not even by how long the answer takes: no account is asked.
func TestIntrospectionOracleOnForeignRefreshTokens(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	foreign := b.tokensOf("desk").RefreshToken
	g.introspection("warehouse", "x")
	g.native.Close()
	for name, token := range map[string]string{"foreign": foreign, "unknown": "x"} {
		if m := g.introspection("warehouse", token); m["active"] != false || len(m) != 1 {
			t.Errorf("%s: %v", name, m)
		}
	}
}
