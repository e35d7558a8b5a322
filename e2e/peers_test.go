package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/go-jose/go-jose/v4"
)

const peerSecret = "9tq0VwK3mJr2yB8xZc5nLd7sHf4gTa1eUp6iRoXk2Ew"

// TestPeerOpenIDClient: a server-side site with openid-client.
func TestPeerOpenIDClient(t *testing.T) {
	base := callbacks(t)
	registered(t, map[string]any{
		"client_id": "peer-openid-client", "name": "openid-client", "client_secret": peerSecret,
		"grant_types": []string{"authorization_code", "refresh_token"}, "scopes": []string{"openid", "profile", "email", "offline_access"},
		"redirect_uris": []string{base + "/callback"}, "post_logout_redirect_uris": []string{base + "/out"},
	})
	b := newBrowser(t)
	upn := newMember(b)
	var facts struct {
		First, Sub, Replayed, Username, Name, Refreshed, AfterRevocation, Left string
		Rotated, Active, Revoked                                               bool
	}
	peer(t, b, "openid-client.mjs", base, map[string]any{
		"issuer": service.Issuer, "client_id": "peer-openid-client", "client_secret": peerSecret,
		"redirect_uri": base + "/callback", "post_logout_redirect_uri": base + "/out",
	}).facts(&facts, nil)
	if facts.Sub == "" || facts.First != facts.Sub || facts.Refreshed != facts.Sub || facts.Name != "Ada Lovelace" || facts.Username != upn {
		t.Errorf("the person is not the same throughout: %+v", facts)
	}
	if facts.Replayed != "invalid_grant" || facts.AfterRevocation != "invalid_grant" {
		t.Errorf("a replayed code and a revoked refresh token are answered %q and %q", facts.Replayed, facts.AfterRevocation)
	}
	if !facts.Rotated || !facts.Active || facts.Revoked {
		t.Errorf("rotation or introspection is wrong: %+v", facts)
	}
	if !strings.HasPrefix(facts.Left, base+"/out?state=") {
		t.Errorf("sign-out led to %s", facts.Left)
	}
}

// TestPeerOpenIDClientFAPI: the same library held to the FAPI 2.0 security profile.
func TestPeerOpenIDClientFAPI(t *testing.T) {
	base := callbacks(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := jose.JSONWebKey{Key: private, KeyID: "peer", Algorithm: "ES256", Use: "sig"}
	registered(t, map[string]any{
		"client_id": "peer-fapi", "name": "FAPI", "profile": "fapi2",
		"token_endpoint_auth_method": "private_key_jwt", "jwks": jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}},
		"grant_types": []string{"authorization_code", "refresh_token"}, "scopes": []string{"openid", "profile", "offline_access"},
		"redirect_uris": []string{base + "/callback"}, "dpop_bound_access_tokens": true, "require_pushed_authorization_requests": true,
	})
	b := newBrowser(t)
	newMember(b)
	var facts struct {
		Type, Sub, Refreshed, Stolen, Plain string
		AsBearer                            int
	}
	peer(t, b, "openid-client-fapi.mjs", base, map[string]any{
		"issuer": service.Issuer, "client_id": "peer-fapi", "key": key, "redirect_uri": base + "/callback",
	}).facts(&facts, nil)
	if !strings.EqualFold(facts.Type, "DPoP") || !strings.EqualFold(facts.Refreshed, "DPoP") || facts.Sub == "" {
		t.Errorf("tokens are not bound: %+v", facts)
	}
	if facts.AsBearer != 401 || facts.Stolen == "accepted" {
		t.Errorf("a bound token works without its key: %+v", facts)
	}
	if facts.Plain != "invalid_request" && facts.Plain != "/error" {
		t.Errorf("a request that was not pushed was answered %q", facts.Plain)
	}
}

// TestPeerOpenIDClientDevice: a device without a keyboard, and a service that acts for itself.
func TestPeerOpenIDClientDevice(t *testing.T) {
	registered(t, map[string]any{
		"client_id": "peer-device", "name": "Television", "kind": "native", "public": true,
		"grant_types": []string{"urn:ietf:params:oauth:grant-type:device_code", "refresh_token"},
		"scopes":      []string{"openid", "profile", "offline_access"},
	})
	registered(t, map[string]any{
		"client_id": "peer-service", "name": "Night shift", "client_secret": peerSecret,
		"grant_types": []string{"client_credentials"}, "resources": []string{"https://api.example/stock"}, "introspects": []string{"https://api.example/stock"},
	}, map[string]any{
		"identifier": "https://api.example/stock", "name": "Stock", "scopes": []string{"stock.read"}, "token_format": "jwt",
	})
	b := newBrowser(t)
	newMember(b)
	var facts struct {
		Sub, Refreshed, Spent string
		Format                int
		Active                bool
	}
	peer(t, b, "openid-client-device.mjs", "", map[string]any{
		"issuer": service.Issuer, "device_id": "peer-device", "client_id": "peer-service", "client_secret": peerSecret,
		"scope": "stock.read", "resource": "https://api.example/stock",
	}).facts(&facts, func(l line) { b.pair(l.At, l.Pair) })
	if facts.Sub == "" || facts.Refreshed != facts.Sub || facts.Spent != "invalid_grant" {
		t.Errorf("the device: %+v", facts)
	}
	if facts.Format != 3 || !facts.Active {
		t.Errorf("the service's token: %+v", facts)
	}
}

// TestPeerOpenIDClientRegisters: the library registers itself, and the person is asked.
func TestPeerOpenIDClientRegisters(t *testing.T) {
	base := callbacks(t)
	b := newBrowser(t)
	upn := newMember(b)
	var facts struct {
		Name, Read, Second, Sub, Username, Gone string
		Removed                                 int
	}
	asked := 0
	peer(t, b, "openid-client-register.mjs", base, map[string]any{
		"issuer": service.Issuer, "redirect_uri": base + "/callback", "initial_access_token": initialAccessToken(t),
	}).facts(&facts, func(line) {
		b.at(service.Issuer + "/consent?flow=")
		if got := b.see("#fact-application"); got != "Self-made" {
			t.Errorf("the person is asked about %q", got)
		}
		b.screenshot("consent-dynamic")
		b.click(`button[value="allow"]`)
		asked++
	})
	if asked != 1 || facts.Name != "Self-made" || facts.Read != "Self-made" || facts.Username != upn || facts.Sub == "" {
		t.Errorf("asked %d times: %+v", asked, facts)
	}
	if facts.Second != "401" || facts.Removed != 204 || facts.Gone != "401" {
		t.Errorf("a token of one use, and what is left after removal: %+v", facts)
	}
}

// TestPeerOAuth4WebAPI: a native application that checks every answer.
func TestPeerOAuth4WebAPI(t *testing.T) {
	base := callbacks(t)
	registered(t, map[string]any{
		"client_id": "peer-native", "name": "oauth4webapi", "public": true,
		"grant_types": []string{"authorization_code", "refresh_token"}, "scopes": []string{"openid", "profile", "email", "offline_access"},
		"redirect_uris": []string{base + "/callback"},
	})
	b := newBrowser(t)
	upn := newMember(b)
	var facts struct{ Sub, Name, Username, Refreshed, Left string }
	peer(t, b, "oauth4webapi.mjs", base, map[string]any{
		"issuer": service.Issuer, "client_id": "peer-native", "redirect_uri": base + "/callback",
	}).facts(&facts, nil)
	if facts.Sub == "" || facts.Name != "Ada Lovelace" || facts.Username != upn || facts.Refreshed != facts.Sub || facts.Left != "/signout" {
		t.Errorf("%+v", facts)
	}
}

// TestPeerMSALNode: a server-side site with Microsoft's library.
func TestPeerMSALNode(t *testing.T) {
	base := callbacks(t)
	registered(t, map[string]any{
		"client_id": "peer-msal-node", "name": "MSAL for Node", "client_secret": peerSecret,
		"grant_types": []string{"authorization_code", "refresh_token"}, "scopes": []string{"openid", "profile", "email", "offline_access"},
		"redirect_uris": []string{base + "/callback"},
	})
	b := newBrowser(t)
	upn := newMember(b)
	var facts struct {
		Username, Sub, Refreshed, Silent string
		FromCache, Renewed               bool
	}
	peer(t, b, "msal-node.mjs", base, map[string]any{
		"issuer": service.Issuer, "client_id": "peer-msal-node", "client_secret": peerSecret, "redirect_uri": base + "/callback",
	}).facts(&facts, nil)
	if facts.Username != upn || facts.Sub == "" || facts.Refreshed != facts.Sub || facts.Silent != facts.Sub || facts.FromCache || !facts.Renewed {
		t.Errorf("%+v", facts)
	}
}

// TestPeerOIDCClientTS and TestPeerMSALBrowser: single-page applications, whose every request is of another origin.
func TestPeerOIDCClientTS(t *testing.T) { singlePagePeer(t, "oidc-client-ts") }
func TestPeerMSALBrowser(t *testing.T)  { singlePagePeer(t, "msal-browser") }

func singlePagePeer(t *testing.T, name string) {
	base := singlePage(t, name+".js", func(string) map[string]any {
		return map[string]any{"issuer": service.Issuer, "client_id": "peer-" + name}
	})
	registered(t, map[string]any{
		"client_id": "peer-" + name, "name": name, "public": true,
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_modes": []string{"query", "fragment"},
		"scopes":        []string{"openid", "profile", "email", "offline_access"},
		"redirect_uris": []string{base + "/callback"}, "post_logout_redirect_uris": []string{base + "/"},
	})
	b := newBrowser(t)
	newMember(b)
	b.open(base + "/")
	b.holds(`document.getElementById("facts").textContent.includes("nobody")`)
	b.click("#signin")
	b.at(base + "/callback")
	first := b.spaFacts("sub")
	b.click("#refresh")
	second := b.spaFacts("refreshed")
	if first["sub"] == "" || first["sub"] != second["sub"] || first["token"] == second["token"] {
		t.Errorf("before and after refreshing: %v, %v", first, second)
	}
	b.click("#signout")
	b.until("signed out and back", func() bool {
		at, err := glance[string](b, "location.href")
		if err == nil && strings.HasPrefix(at, service.Issuer+"/signout") { // without a hint of this session the page asks
			_, _ = glance[bool](b, `(document.querySelector("#confirm button.primary:not([disabled])")?.click(), true)`)
		}
		return err == nil && strings.HasPrefix(at, base+"/")
	})
	b.open(service.Issuer + "/account")
	b.at(service.Issuer + "/signin")
}

// spaFacts waits until the page knows a fact and returns all it knows.
func (b *browser) spaFacts(name string) map[string]any {
	b.t.Helper()
	text := `document.getElementById("facts").textContent`
	b.holds(text + `.includes('"` + name + `"') || ` + text + `.includes('"error"')`)
	var facts map[string]any
	if err := json.Unmarshal([]byte(run(b, chromedp.Evaluate[string](text))), &facts); err != nil {
		b.t.Fatal(err)
	}
	if facts["error"] != nil {
		b.t.Fatalf("the library says: %v", facts["error"])
	}
	return facts
}

// pair answers a device on the page for it.
func (b *browser) pair(page, code string) {
	b.t.Helper()
	b.open(page)
	b.fill("#code", strings.ToLower(code))
	b.click(`[data-step="code"] button.primary`)
	if got := b.see("#shown"); !strings.Contains(got, code) {
		b.t.Errorf("the page shows %q for the code %q", got, code)
	}
	b.click("#mine")
	b.screenshot("device-confirm")
	b.click(`button[value="allow"]`)
	b.see(`[data-step="allowed"] h1`)
}
