//go:build !js

package token_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestIDTokenClaims(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	tok := b.tokens()
	claims := g.claimsOf(tok.IDToken, "JWT", "ES256")
	now := float64(g.now().Unix())
	sum := sha256.Sum256([]byte(tok.AccessToken))
	want := map[string]any{
		"iss": g.URL, "sub": id, "aud": "shop", "iat": now, "exp": now + 600, "auth_time": now, "nonce": "no", "sid": b.sid,
		"tid": "consumers", "acr": "urn:latchkey:acr:1", "at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
		"name": "Ada Lovelace", "preferred_username": "ada@id.test", "email": "ada@id.test", "email_verified": true,
		"updated_at": now,
	}
	if amr, _ := json.Marshal(claims["amr"]); string(amr) != `["pwd"]` {
		t.Errorf("amr %s", amr)
	}
	delete(claims, "amr")
	for name, value := range want {
		if claims[name] != value {
			t.Errorf("%s: got %v, want %v", name, claims[name], value)
		}
		delete(claims, name)
	}
	if len(claims) != 0 {
		t.Errorf("unexpected claims %v", claims)
	}
}

func TestIDTokenWithoutNonceHasNone(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	_, tok := b.redeem(exchange(b.code("nonce", "-")))
	if _, has := g.claimsOf(tok.IDToken, "JWT", "ES256")["nonce"]; has {
		t.Error("a nonce was made up")
	}
}

func TestScopeDecidesAboutClaims(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	for scope, want := range map[string][]string{
		"openid": {}, "openid profile": {"name", "preferred_username", "updated_at"}, "openid email": {"email", "email_verified"},
	} {
		_, tok := b.redeem(exchange(b.code("scope", scope)))
		var userinfo map[string]any
		g.must(json.Unmarshal([]byte(b.userinfo(tok.AccessToken).body), &userinfo))
		if userinfo["sub"] != id || len(userinfo) != len(want)+1 {
			t.Errorf("%s: userinfo %v", scope, userinfo)
		}
		claims := g.claimsOf(tok.IDToken, "JWT", "ES256")
		for _, name := range []string{"name", "preferred_username", "updated_at", "email", "email_verified"} {
			_, has := claims[name]
			if granted := strings.Contains(strings.Join(want, " "), name); has != granted {
				t.Errorf("%s: ID token with %s: %v", scope, name, has)
			}
		}
	}
}

// The application's algorithm signs, and at_hash uses the hash that belongs to it.
func TestIDTokenAlgorithmIsTheApplications(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	edd := []string{"client_id", "edd", "redirect_uri", "https://edd.test/cb"}
	_, tok := b.redeem(exchange(b.code(edd...), append(edd, "client_secret", "-")...))
	sum := sha512.Sum512([]byte(tok.AccessToken))
	if got := g.claimsOf(tok.IDToken, "JWT", "EdDSA")["at_hash"]; got != base64.RawURLEncoding.EncodeToString(sum[:32]) {
		t.Errorf("at_hash %v", got)
	}
}

// The ID tag: nobody but the application can read it.
func TestIDTokenIsEncryptedToTheApplicationsKey(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	vault := []string{"client_id", "vault", "redirect_uri", "https://vault.test/cb"}
	_, tok := b.redeem(exchange(b.code(vault...), vault...))
	object, err := jose.ParseEncryptedCompact(tok.IDToken, []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
	g.must(err)
	if object.Header.KeyID != "v1" || object.Header.ExtraHeaders["cty"] != "JWT" {
		t.Errorf("header %+v", object.Header)
	}
	signed, err := object.Decrypt(g.vaultKey)
	g.must(err)
	if claims := g.claimsOf(string(signed), "JWT", "RS256"); claims["sub"] != id || claims["aud"] != "vault" {
		t.Errorf("%v", claims)
	}
}

func TestUserinfo(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	token := b.tokens().AccessToken
	for name, res := range map[string]reply{
		"header":      b.userinfo(token),
		"post":        b.post("/oauth2/userinfo", nil, "Authorization", "bearer "+token, "Content-Type", ""),
		"post a form": b.post("/oauth2/userinfo", map[string][]string{"access_token": {token}}),
	} {
		var claims map[string]any
		if err := json.Unmarshal([]byte(res.body), &claims); err != nil || res.StatusCode != http.StatusOK || claims["sub"] != id || claims["email_verified"] != true {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
		if res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", name, res.Header)
		}
	}
}

func TestUserinfoErrors(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	token := b.tokens().AccessToken
	form := map[string][]string{"access_token": {token}}
	for _, test := range []struct {
		name   string
		res    reply
		status int
		want   string
	}{
		{"no token", b.get("/oauth2/userinfo"), 401, `Bearer realm="latchkey"`},
		{"token in the address", b.get("/oauth2/userinfo?access_token=" + token), 401, `Bearer realm="latchkey"`},
		{"basic", b.get("/oauth2/userinfo", "Authorization", "Basic eA=="), 401, `Bearer realm="latchkey"`},
		{"not a token", b.userinfo("x"), 401, `error="invalid_token"`},
		{"a long token", b.userinfo(strings.Repeat("x", 6000)), 401, `error="invalid_token"`},
		{"tampered", b.userinfo(token[:len(token)-10] + strings.Repeat("A", 10)), 401, `error="invalid_token"`},
		{"empty", b.get("/oauth2/userinfo", "Authorization", "Bearer"), 400, `error="invalid_request"`},
		{"two tokens", b.post("/oauth2/userinfo", form, "Authorization", "Bearer "+token), 400, `error="invalid_request"`},
		{"JSON body", b.post("/oauth2/userinfo", form, "Content-Type", "application/json"), 415, `error="invalid_request"`},
		{"repeated", b.post("/oauth2/userinfo", map[string][]string{"access_token": {token, token}}), 400, `error="invalid_request"`},
	} {
		if got := test.res.Header.Get("WWW-Authenticate"); test.res.StatusCode != test.status || !strings.Contains(got, test.want) {
			t.Errorf("%s: %d %q", test.name, test.res.StatusCode, got)
		}
		if test.status == 401 && !strings.Contains(test.want, "error") && strings.Contains(test.res.Header.Get("WWW-Authenticate"), "error") {
			t.Errorf("%s: a request without credentials got an error code", test.name)
		}
	}
}

func TestAccessTokenEnds(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	token := b.tokens().AccessToken
	b.signout("")
	if res := b.userinfo(token); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("after signing out: %d", res.StatusCode)
	}
	b, _ = g.signedIn("bob@id.test")
	token = b.tokens().AccessToken
	g.wait(10*time.Minute + time.Second)
	if res := b.userinfo(token); res.StatusCode != http.StatusUnauthorized || !strings.Contains(res.Header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("after ten minutes: %d", res.StatusCode)
	}
}
