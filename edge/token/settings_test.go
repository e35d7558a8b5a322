//go:build !js

package token_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// keepsSettings registers an application that keeps settings for people.
func keepsSettings(app *tenant.Application) { app.Scopes = append(app.Scopes, oauth.ScopeSettings) }

// ephemeral is a keys_jwk and its point.
func ephemeral(t *testing.T) (text string, point []byte) {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point = key.PublicKey().Bytes()
	b64 := base64.RawURLEncoding.EncodeToString
	return encode(fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q}`, b64(point[1:33]), b64(point[33:]))), point
}

// forApplication stands for what a device encrypts: to us it is opaque.
var forApplication = encode(`{"alg":"ECDH-ES","enc":"A256GCM"}`) + "..AAAAAAAAAAAAAAAA." + encode(strings.Repeat("k", 60)) + ".AAAAAAAAAAAAAAAAAAAAAA"

// allowWith agrees on the consent page and hands over what the device has encrypted.
func (b *browser) allowWith(to *url.URL, jwe string) reply {
	b.Helper()
	var done api.ConsentDecided
	decision := api.ConsentDecision{Flow: to.Query().Get("flow"), Seen: b.asked(to).Seen, Allow: true, KeysJWE: jwe}
	if res := b.page(api.RouteConsentDecide, decision, &done); res.StatusCode != http.StatusOK {
		return res
	}
	return b.get(done.Redirect)
}

// The key goes from the person's device to the application in the answer to its code, and nowhere else.
func TestKeysReachTheApplicationThatAskedForThem(t *testing.T) {
	g := newRig(t)
	g.application(keepsSettings)
	b, _ := g.signedIn("ada@id.test")
	jwk, point := ephemeral(t)
	to := b.front("scope", "openid latchkey:settings", "keys_jwk", jwk).to(t)
	if shown := b.asked(to); string(shown.KeysFor) != string(point) || shown.ClientID != "front" || !strings.Contains(strings.Join(shown.Scopes, " "), "latchkey:settings") {
		t.Fatalf("the page is told %+v", shown)
	}
	answer := b.allowWith(to, forApplication).to(t).Query()
	if strings.Contains(answer.Encode(), forApplication) {
		t.Error("the key is in an address")
	}
	res, _ := b.redeem(exchange(answer.Get("code"), "client_id", "front", "redirect_uri", frontCallback, "client_secret", "-"))
	var got struct {
		Keys  string `json:"keys_jwe"`
		Scope string `json:"scope"`
	}
	b.must(json.Unmarshal([]byte(res.body), &got))
	if got.Keys != forApplication || got.Scope != "openid latchkey:settings" {
		t.Errorf("the application gets %s", res.body)
	}
	if again, _ := b.redeem(exchange(answer.Get("code"), "client_id", "front", "redirect_uri", frontCallback, "client_secret", "-")); strings.Contains(again.body, "keys_jwe") {
		t.Error("the same code gives the key twice")
	}
	if plain := b.front("scope", "openid latchkey:settings").to(t).Query(); plain.Get("code") == "" {
		t.Errorf("an application that has its key is asked about again: %v", plain)
	}
}

// Only a page of ours on a device of the person's can make the answer, so nobody gets it unasked.
func TestKeysAreNeverGivenUnasked(t *testing.T) {
	g := newRig(t)
	g.application(keepsSettings)
	b, _ := g.signedIn("ada@id.test")
	jwk, _ := ephemeral(t)
	ask := []string{"scope", "openid latchkey:settings", "keys_jwk", jwk}
	if query := b.front(append(ask, "prompt", "none")...).to(t).Query(); query.Get("error") != "consent_required" {
		t.Errorf("prompt=none: %v", query)
	}
	for name, jwe := range map[string]string{
		"nothing": "", "a word": "key", "no key agreement": "AAAA.AAAA.AAAA.AAAA.AAAA", "not base64url": "AA==..AAAA.AAAA.AAAA",
		"more than fits": "AAAA..AAAA." + strings.Repeat("A", 1000) + ".AAAA",
	} {
		if res := b.allowWith(b.front(ask...).to(t), jwe); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
}

func TestKeysJWKIsAPublicP256Key(t *testing.T) {
	g := newRig(t)
	g.application(keepsSettings)
	b, _ := g.signedIn("ada@id.test")
	jwk, point := ephemeral(t)
	b64 := base64.RawURLEncoding.EncodeToString
	for name, text := range map[string]string{
		"no base64url": "{}", "no JSON": encode("key"), "empty": encode("{}"), "long": encode(`{"kty":"EC","x":"` + strings.Repeat("A", 600) + `"}`),
		"a private key":     encode(fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q,"d":%q}`, b64(point[1:33]), b64(point[33:]), b64(point[1:33]))),
		"off the curve":     encode(fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q}`, b64(point[33:]), b64(point[33:]))),
		"another curve":     encode(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`),
		"a secret":          encode(`{"kty":"oct","k":"AAAA"}`),
		"with padding bits": jwk + "=",
	} {
		if query := b.front("scope", "openid latchkey:settings", "keys_jwk", text).to(t).Query(); query.Get("error") != "invalid_request" {
			t.Errorf("%s: %v", name, query)
		}
	}
	for name, ask := range map[string][]string{
		"without the scope": {"scope", "openid", "keys_jwk", jwk},
		"without a code":    {"scope", "openid latchkey:settings", "keys_jwk", jwk, "response_type", "id_token", "nonce", "n"},
	} {
		to := b.front(ask...).to(t)
		if values, err := url.ParseQuery(to.RawQuery + to.Fragment); err != nil || values.Get("error") != "invalid_request" {
			t.Errorf("%s: %s", name, to)
		}
	}
}

// An application that did not register for it gets neither the scope nor a key.
func TestKeysAreForApplicationsRegisteredForThem(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	jwk, _ := ephemeral(t)
	if query := b.front("scope", "openid latchkey:settings", "keys_jwk", jwk).to(t).Query(); query.Get("error") != "invalid_request" {
		t.Errorf("%v", query)
	}
}
