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
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// OpenID Connect Core 1.0 sections 5.4 and 3.1.2.1, RFC 6749 section 3.3: there is no order of scope values or of parameters, and a scope
// value that is not offered is left out and not refused.
func TestScopesThatAreNotOfferedAreLeftOut(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for asked, want := range map[string]string{
		"openid address": "openid", "openid phone": "openid", "openid address email phone profile": "openid email profile",
		"email profile openid": "email profile openid",
	} {
		_, tok := b.redeem(exchange(b.code("scope", asked)))
		if tok.Scope != want {
			t.Errorf("%s: %q, want %q", asked, tok.Scope, want)
		}
		for _, claim := range []string{"address", "phone_number", "phone_number_verified"} {
			if g.claimsOf(tok.IDToken, "JWT", "ES256")[claim] != nil || strings.Contains(b.userinfo(tok.AccessToken).body, claim) {
				t.Errorf("%s: somewhere is %s", asked, claim)
			}
		}
	}
	var reversed []string
	for name, values := range request() {
		reversed = append([]string{name + "=" + url.QueryEscape(values[0])}, reversed...)
	}
	if to := b.get("/oauth2/authorize?" + strings.Join(reversed, "&")).to(t); to.Query().Get("code") == "" {
		t.Errorf("%v: %s", reversed, to)
	}
}

// OpenID Connect Core 1.0 sections 2 and 5.7: at most 255 ASCII characters, and never the same for two people, at whatever address.
func TestSubjectIsShortASCIIAndOnePersons(t *testing.T) {
	g := newRig(t)
	known := map[any]string{}
	for _, upn := range []string{"ada@id.test", "bob@id.test"} {
		b, _ := g.signedIn(upn)
		for _, client := range []string{"desk", "twin1"} {
			sub, _ := g.claimsOf(b.tokensOf(client).IDToken, "JWT", "ES256")["sub"].(string)
			if sub == "" || len(sub) > 255 || strings.Trim(sub, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
				t.Errorf("%s at %s: %q", upn, client, sub)
			}
			if known[sub] != "" {
				t.Errorf("%s at %s is %q like %s", upn, client, sub, known[sub])
			}
			known[sub] = upn
		}
	}
}

// OpenID Connect Core 1.0 section 3.1.2.1: an answer without a question is about the same person and the same sign-in.
func TestSilentAnswersAreOfTheSameSignIn(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.wait(time.Minute)
	_, tok := b.redeem(exchange(b.code("max_age", "15000")))
	first := g.claimsOf(tok.IDToken, "JWT", "ES256")
	g.wait(time.Minute)
	for _, changes := range [][]string{{"prompt", "none"}, {"prompt", "none", "id_token_hint", tok.IDToken}, {"max_age", "10000"}} {
		_, again := b.redeem(exchange(b.code(changes...)))
		second := g.claimsOf(again.IDToken, "JWT", "ES256")
		if second["sub"] != first["sub"] || second["auth_time"] != first["auth_time"] || second["iat"] == first["iat"] {
			t.Errorf("%v: %v, before %v", changes[:2], second, first)
		}
	}
}

// OpenID Connect Core 1.0 section 5.2: names with language tags, and claims_locales, may be there and change nothing.
func TestClaimsHaveOneLanguage(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	tok := b.frontTokens("scope", "openid", "claims_locales", "de fr", "claims", `{"id_token":{"name#de":null},"userinfo":{"name":null,"name#ja-Kana-JP":{"essential":true}}}`)
	var info map[string]any
	g.must(json.Unmarshal([]byte(b.userinfo(tok.AccessToken).body), &info))
	if info["name"] != "Ada Lovelace" || len(info) != 2 || g.claimsOf(tok.IDToken, "JWT", "ES256")["name"] != nil {
		t.Errorf("%v", info)
	}
}

// OpenID Connect Dynamic Client Registration 1.0 section 2: default_acr_values are a wish like acr_values.
func TestDefaultACRValuesAreAWish(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for _, wish := range []string{"urn:x:gold", "urn:latchkey:acr:1"} {
		g.application(func(app *tenant.Application) { app.DefaultACR = []string{wish} })
		tok := b.frontTokens()
		if got := g.claimsOf(tok.IDToken, "JWT", "ES256")["acr"]; got != "urn:latchkey:acr:1" {
			t.Errorf("%s: %v", wish, got)
		}
	}
}

// OpenID Connect Core 1.0 section 5.3.2.
func TestUserinfoIsJSON(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	res := b.userinfo(b.tokens().AccessToken)
	if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || kind != "application/json" || !json.Valid([]byte(res.body)) {
		t.Errorf("%d %q %s", res.StatusCode, kind, res.body)
	}
}

// RFC 7636 section 4.4: nobody but us can read the challenge, or anything else, out of a code.
func TestCodeShowsNothing(t *testing.T) {
	b, id := newRig(t).signedIn("ada@id.test")
	code := b.code("nonce", "the-nonce")
	text := code
	for _, part := range strings.Split(code, ".") {
		text += decode(t, part)
	}
	for _, secret := range []string{challenge, "the-nonce", id, "shop", "ada@", b.sid} {
		if strings.Contains(text, secret) {
			t.Errorf("the code shows %q", secret)
		}
	}
}

// What we signed is a hint only when it is an ID token, and of this issuer (RP-Initiated Logout 1.0 section 2).
func TestSignedByUsIsNotEnoughForAHint(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	good := claims{"iss": g.URL, "sub": id, "aud": "shop", "sid": b.sid, "exp": g.now().Unix() + 60}
	for name, test := range map[string]struct {
		changes claims
		asked   bool
	}{
		"an ID token": {nil, false}, "of another issuer": {claims{"iss": "https://other.test"}, true}, "without an end, as userinfo is": {claims{"exp": nil}, true},
		"of nobody": {claims{"sub": nil}, true}, "for nobody": {claims{"aud": nil}, true}, "of another session": {claims{"sid": account.NewID()}, true},
	} {
		hint, err := g.keys.Sign(t.Context(), "ES256", "JWT", g.with(good, test.changes))
		g.must(err)
		if to := b.get(logoutQuery("id_token_hint", hint)).to(t); to.Query().Has("confirm") != test.asked {
			t.Errorf("%s: %s", name, to)
		}
	}
}

// RFC 9700 section 4.15: an application that acts for itself is never taken for a person.
func TestApplicationIsNeverTakenForAPerson(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	for _, api := range []string{ordersAPI, stockAPI} {
		own := g.ownToken(api)
		m := g.introspection("warehouse", own.AccessToken)
		if m["sub"] != "worker" || m["client_id"] != "worker" {
			t.Errorf("%v", m)
		}
		for _, personal := range []string{"auth_time", "acr", "amr", "sid"} {
			if m[personal] != nil {
				t.Errorf("%s of an application: %v", personal, m[personal])
			}
		}
		if res := b.userinfo(own.AccessToken); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("userinfo: %d %s", res.StatusCode, res.body)
		}
	}
	if n := g.newcomer(aRegistration, tenant.Terms{}); len(n.id) == len(id) || !strings.HasPrefix(n.id, "dynamic.") {
		t.Errorf("%s registered itself with an id like that of the account %s", n.id, id)
	}
}

// OpenID Connect Dynamic Client Registration 1.0 section 2: the person can read what the application says it does with what it learns.
func TestPersonIsShownPolicyAndTerms(t *testing.T) {
	g := newRig(t)
	n := g.newcomer(`{"redirect_uris": ["https://new.test/cb"], "policy_uri": "https://new.test/privacy", "tos_uri": "https://new.test/terms"}`, tenant.Terms{})
	b, _ := g.signedIn("ada@id.test")
	shown := b.asked(b.authorize("client_id", n.id, "redirect_uri", "https://new.test/cb").to(t))
	if shown.PolicyURI != "https://new.test/privacy" || shown.TOSURI != "https://new.test/terms" || shown.Verified {
		t.Errorf("%+v", shown)
	}
}

// RFC 6750 section 2.2: only a form has a token in it. A body of another type is nothing to whoever has one in the header.
func TestUserinfoTakesAHeaderBesideAnyBody(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	token := b.tokens().AccessToken
	for kind, want := range map[string]int{
		"application/json": http.StatusOK, "text/plain": http.StatusOK, "application/x-www-form-urlencoded": http.StatusBadRequest,
		"Application/X-WWW-Form-URLEncoded; charset=utf-8": http.StatusBadRequest, // two tokens
	} {
		res := b.post("/oauth2/userinfo", url.Values{"access_token": {token}}, "Authorization", "Bearer "+token, "Content-Type", kind)
		if res.StatusCode != want {
			t.Errorf("%s: %d %s", kind, res.StatusCode, res.body)
		}
	}
}

// RFC 6749 section 3.3: no application gets a scope value that it did not register, however well it is known here.
func TestScopeIsWithinTheRegistration(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) { app.Scopes = []string{"openid"} })
	b, _ := g.signedIn("ada@id.test")
	tok := b.frontTokens("scope", "openid email profile")
	if tok.Scope != "openid" || g.claimsOf(tok.IDToken, "JWT", "ES256")["email"] != nil || strings.Contains(b.userinfo(tok.AccessToken).body, "ada@") {
		t.Errorf("%+v", tok)
	}
}
