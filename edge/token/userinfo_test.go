//go:build !js

package token_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

func (b *browser) frontTokens(changes ...string) tokens {
	b.Helper()
	code := b.front(changes...).to(b).Query().Get("code")
	res, tok := b.redeem(exchange(code, "client_id", "front", "redirect_uri", frontCallback, "client_secret", "-"))
	if res.StatusCode != http.StatusOK {
		b.Fatalf("%d %s", res.StatusCode, res.body)
	}
	return tok
}

// OpenID Connect Core 1.0 section 5.3.2: a signed answer names issuer and audience.
func TestSignedUserinfo(t *testing.T) {
	g := newRig(t)
	g.application(func(a *tenant.Application) { a.UserinfoAlg = "PS256" })
	b, id := g.signedIn("ada@id.test")
	res := b.userinfo(b.frontTokens().AccessToken)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/jwt" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", res.StatusCode, res.Header, res.body)
	}
	claims := g.claimsOf(res.body, "JWT", "PS256")
	if claims["iss"] != g.URL || claims["aud"] != "front" || claims["sub"] != id || claims["email"] != "ada@id.test" {
		t.Errorf("%v", claims)
	}
	// nobody may take it for an ID token
	if claims["exp"] != nil || claims["iat"] != nil {
		t.Errorf("%v", claims)
	}
	to := b.authorize("prompt", "none", "id_token_hint", res.body).to(t)
	if to.Query().Get("error") != "login_required" {
		t.Errorf("taken as id_token_hint: %s", to)
	}
}

func TestEncryptedUserinfo(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	for _, alg := range []string{"", "ES256"} {
		g.application(func(a *tenant.Application) {
			a.EncryptionKey = &jose.JSONWebKey{Key: &g.vaultKey.PublicKey, KeyID: "v1", Use: "enc"}
			a.UserinfoAlg, a.UserinfoEncryptionAlg, a.UserinfoEncryptionEnc = alg, "ECDH-ES", "A128GCM"
		})
		tok := b.frontTokens()
		g.claimsOf(tok.IDToken, "JWT", "ES256") // which was not registered to be encrypted
		res := b.userinfo(tok.AccessToken)
		object, err := jose.ParseEncryptedCompact(res.body, []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A128GCM})
		if err != nil || res.Header.Get("Content-Type") != "application/jwt" {
			t.Fatalf("%q: %v %v", alg, err, res.Header)
		}
		plain, err := object.Decrypt(g.vaultKey)
		g.must(err)
		var claims map[string]any
		if alg == "" {
			g.must(json.Unmarshal(plain, &claims))
		} else {
			claims = g.claimsOf(string(plain), "JWT", alg)
		}
		if claims["sub"] != id || claims["name"] != "Ada Lovelace" {
			t.Errorf("%q: %v", alg, claims)
		}
	}
}

// OpenID Connect Core 1.0 section 5.5: a claim is where it was asked for, by name and without its scope.
func TestClaimsParameterPutsClaimsWhereTheyWereAskedFor(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, id := g.signedIn("ada@id.test")
	tok := b.frontTokens("scope", "openid", "claims", `{"id_token":{"name":null},"userinfo":{"email":{"essential":true},"email_verified":null}}`)
	claims := g.claimsOf(tok.IDToken, "JWT", "ES256")
	if claims["name"] != "Ada Lovelace" || claims["email"] != nil || claims["preferred_username"] != nil {
		t.Errorf("ID token: %v", claims)
	}
	var userinfo map[string]any
	g.must(json.Unmarshal([]byte(b.userinfo(tok.AccessToken).body), &userinfo))
	if userinfo["email"] != "ada@id.test" || userinfo["email_verified"] != true || userinfo["sub"] != id || len(userinfo) != 3 {
		t.Errorf("userinfo: %v", userinfo)
	}
}

// A token for an API opens nothing here, and one without openid neither (RFC 9700 section 2.3).
func TestUserinfoRefusesTokensOfAPIs(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for name, token := range map[string]string{
		"opaque, of a person": b.tokensFor(stockAPI).AccessToken, "JWT, of a person": b.tokensFor(ordersAPI).AccessToken,
		"opaque, of an application": g.ownToken(stockAPI).AccessToken, "JWT, of an application": g.ownToken(ordersAPI).AccessToken,
	} {
		if res := b.userinfo(token); res.StatusCode != http.StatusUnauthorized || !strings.Contains(res.Header.Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("%s: %d %v", name, res.StatusCode, res.Header)
		}
	}
	narrow := g.refreshed(b.tokensOf("desk").RefreshToken, "scope", "email")
	if res := b.userinfo(narrow.AccessToken); res.StatusCode != http.StatusForbidden || !strings.Contains(res.Header.Get("WWW-Authenticate"), "insufficient_scope") {
		t.Errorf("without openid: %d %v", res.StatusCode, res.Header)
	}
}

// RFC 9068 sections 2.2 and 6: what a JWT access token of a person says, and that it is not an ID token.
func TestJWTAccessTokenOfAPerson(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	tok := b.tokensFor(ordersAPI)
	claims := g.claimsOf(tok.AccessToken, "at+jwt", "ES256")
	now := float64(g.now().Unix())
	for name, want := range map[string]any{
		"iss": g.URL, "sub": id, "aud": ordersAPI, "client_id": "desk", "iat": now, "exp": now + 300, "scope": "orders.read",
		"auth_time": now, "acr": "urn:latchkey:acr:1", "sid": b.sid,
	} {
		if claims[name] != want {
			t.Errorf("%s: %v, want %v", name, claims[name], want)
		}
	}
	for _, personal := range []string{"name", "email", "preferred_username", "nonce"} {
		if claims[personal] != nil {
			t.Errorf("tells the API %s", personal)
		}
	}
	if tok.Scope != "orders.read" || tok.ExpiresIn != 300 || tok.IDToken == "" {
		t.Errorf("%+v", tok)
	}
	if res := g.ask("/oauth2/logout", "desk", url.Values{"id_token_hint": {tok.AccessToken}, "post_logout_redirect_uri": {"https://app.test/bye"}}); strings.Contains(res.Header.Get("Location"), "app.test") {
		t.Error("taken as an ID token at sign-out")
	}
}
