//go:build !js

package token_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestClientCredentials(t *testing.T) {
	g := newRig(t)
	res, tok := g.grant("worker", url.Values{"grant_type": {"client_credentials"}, "resource": {ordersAPI}, "scope": {"orders.read"}})
	if res.StatusCode != http.StatusOK || tok.TokenType != "Bearer" || tok.ExpiresIn != 300 || tok.Scope != "orders.read" {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if tok.RefreshToken != "" || tok.IDToken != "" {
		t.Errorf("tokens of a person: %s", res.body)
	}
	if h := res.Header; h.Get("Cache-Control") != "no-store" || h.Get("Pragma") != "no-cache" {
		t.Errorf("%v", h)
	}
	if _, all := g.grant("worker", url.Values{"grant_type": {"client_credentials"}, "resource": {ordersAPI}}); all.Scope != "orders.read orders.write" {
		t.Errorf("without scope: %q", all.Scope)
	}
}

// RFC 9068 section 2.2: the application is its own subject.
func TestJWTAccessTokenOfAnApplication(t *testing.T) {
	g := newRig(t)
	claims := g.claimsOf(g.ownToken(ordersAPI).AccessToken, "at+jwt", "ES256")
	now := float64(g.now().Unix())
	for name, want := range map[string]any{
		"iss": g.URL, "sub": "worker", "aud": ordersAPI, "client_id": "worker", "iat": now, "exp": now + 300, "scope": "orders.read orders.write",
	} {
		if claims[name] != want {
			t.Errorf("%s: %v, want %v", name, claims[name], want)
		}
		delete(claims, name)
	}
	if id, _ := claims["jti"].(string); len(id) < 20 || len(claims) != 1 {
		t.Errorf("besides jti: %v", claims)
	}
}

func TestOpaqueAccessTokenSaysNothing(t *testing.T) {
	g := newRig(t)
	token := g.ownToken(stockAPI).AccessToken
	if parts := strings.Split(token, "."); len(parts) != 5 {
		t.Fatalf("%d parts", len(parts))
	}
	if strings.Contains(decode(t, strings.Split(token, ".")[0]), "worker") {
		t.Error("its header names the application")
	}
}

func TestClientCredentialsErrors(t *testing.T) {
	g := newRig(t)
	form := func(changes ...string) url.Values {
		v := url.Values{"grant_type": {"client_credentials"}, "resource": {ordersAPI}}
		for i := 0; i+1 < len(changes); i += 2 {
			if v.Set(changes[i], changes[i+1]); changes[i+1] == "-" {
				v.Del(changes[i])
			}
		}
		return v
	}
	two := form()
	two.Add("resource", stockAPI)
	for _, test := range []struct {
		name, client string
		form         url.Values
		want         string
	}{
		{"an application without the grant", "shop", form(), "unauthorized_client"},
		{"an API that nobody registered", "worker", form("resource", "https://nobody.test/"), "invalid_target"},
		{"an API that is not the application's", "other", form(), "unauthorized_client"},
		{"two APIs at once", "worker", two, "invalid_target"},
		{"none, where there are two", "worker", form("resource", "-"), "invalid_target"},
		{"ourselves", "worker", form("resource", g.URL), "invalid_target"},
		{"scope of another API", "worker", form("scope", "orders.read stock.read"), "invalid_scope"},
		{"scope about a person", "worker", form("scope", "openid"), "invalid_scope"},
		{"malformed scope", "worker", form("scope", `a"b`), "invalid_scope"},
	} {
		if res, tok := g.grant(test.client, test.form); res.StatusCode != http.StatusBadRequest || tok.Error != test.want {
			t.Errorf("%s: %d %s", test.name, res.StatusCode, res.body)
		}
	}
}

// A public client cannot act for itself, however it was registered (RFC 6749 section 4.4).
func TestClientCredentialsNeedClientAuthentication(t *testing.T) {
	g := newRig(t)
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {ordersAPI}, "client_id": {"phone"}}
	if res, tok := g.browser().redeem(form); tok.Error != "unauthorized_client" {
		t.Errorf("%s", res.body)
	}
	if res, tok := g.browser().redeem(url.Values{"grant_type": {"client_credentials"}, "client_id": {"worker"}, "client_secret": {"wrong"}}); tok.Error != "invalid_client" {
		t.Errorf("%s", res.body)
	}
}

// No object is called and nothing is written while the registration and the keys are known: the objects may even be gone.
func TestClientCredentialsCallNoObject(t *testing.T) {
	g := newRig(t)
	jwt, opaque := g.ownToken(ordersAPI), g.ownToken(stockAPI)
	g.introspection("warehouse", jwt.AccessToken)
	g.native.Close()
	g.ownToken(ordersAPI)
	g.ownToken(stockAPI)
	for name, tok := range map[string]tokens{"jwt": jwt, "opaque": opaque} {
		if m := g.introspection("warehouse", tok.AccessToken); m["active"] != true {
			t.Errorf("%s: %v", name, m)
		}
	}
}

func TestAPIDecidesHowLongItsTokensLast(t *testing.T) {
	g := newRig(t)
	short, long := g.ownToken(ordersAPI), g.ownToken(stockAPI)
	g.wait(301 * time.Second)
	if m := g.introspection("warehouse", short.AccessToken); m["active"] != false || len(m) != 1 {
		t.Errorf("after its five minutes: %v", m)
	}
	if m := g.introspection("warehouse", long.AccessToken); m["active"] != true {
		t.Errorf("before its twenty minutes: %v", m)
	}
	g.wait(900 * time.Second)
	if m := g.introspection("warehouse", long.AccessToken); m["active"] != false {
		t.Errorf("after its twenty minutes: %v", m)
	}
}
