//go:build !js

package token_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// Two APIs: one takes JWT access tokens, one asks us about opaque ones.
const (
	ordersAPI = "https://orders.test/"
	stockAPI  = "https://stock.test/v1"

	deskCallback = "https://desk.test/cb"
	twinCallback = "https://twin.test/cb"

	otherCallback = "https://other.test/cb"
)

func resources() []tenant.Resource {
	return []tenant.Resource{
		{Identifier: ordersAPI, Name: "Orders", Scopes: []string{"orders.read", "orders.write"}, TokenFormat: "jwt", SigningAlg: "ES256", Lifetime: 300},
		{Identifier: stockAPI, Name: "Stock", Scopes: []string{"stock.read"}, TokenFormat: "opaque", SigningAlg: "ES256", Lifetime: 1200},
	}
}

// issuing are the applications of the tests about issuing and looking at tokens, made from a good registration:
//
//	desk       confidential, refreshes, may have tokens for both APIs
//	phone      public, refreshes
//	worker     acts for itself at both APIs
//	warehouse  is the stock API and the orders API: introspects their tokens
//	twin1, twin2, other   pairwise; the twins are of one sector
func issuing(app tenant.Application) []tenant.Application {
	both, all := []string{ordersAPI, stockAPI}, []string{"openid", "profile", "email", "offline_access"}
	desk, phone, worker, warehouse := app, app, app, app
	desk.ClientID, desk.SecretHash, desk.RedirectURIs = "desk", shopHash(), []string{deskCallback}
	desk.GrantTypes, desk.Resources, desk.Scopes = []string{"authorization_code", "refresh_token"}, both, all
	phone.ClientID, phone.RedirectURIs, phone.Scopes = "phone", []string{"https://phone.test/cb"}, all
	phone.GrantTypes = []string{"authorization_code", "refresh_token"}
	worker.ClientID, worker.SecretHash, worker.Resources = "worker", shopHash(), both
	worker.GrantTypes = []string{"authorization_code", "client_credentials"}
	warehouse.ClientID, warehouse.SecretHash, warehouse.Introspects = "warehouse", shopHash(), both
	twin1 := desk
	twin1.ClientID, twin1.RedirectURIs, twin1.SubjectType, twin1.Sector = "twin1", []string{twinCallback}, "pairwise", "twin.test"
	twin1.BackchannelLogoutURI, twin1.FrontchannelLogoutURI = "https://twin.test/back", "https://twin.test/front"
	twin2, other := twin1, twin1
	twin2.ClientID = "twin2"
	other.ClientID, other.Sector, other.RedirectURIs = "other", "other.test", []string{otherCallback}
	other.FrontchannelLogoutURI = "https://other.test/front"
	return []tenant.Application{desk, phone, worker, warehouse, twin1, twin2, other}
}

// ask posts to one of the endpoints as a confidential application.
func (g *rig) ask(path, client string, form url.Values, header ...string) reply {
	g.Helper()
	return g.browser().post(path, form, append([]string{"Authorization", basic(client, shopSecret)}, header...)...)
}

// grant posts to the token endpoint and reads the answer.
func (g *rig) grant(client string, form url.Values, header ...string) (reply, tokens) {
	g.Helper()
	res := g.ask("/oauth2/token", client, form, header...)
	var t tokens
	g.must(json.Unmarshal([]byte(res.body), &t))
	return res, t
}

// ownToken is a token of worker for itself.
func (g *rig) ownToken(api string) tokens {
	g.Helper()
	res, t := g.grant("worker", url.Values{"grant_type": {"client_credentials"}, "resource": {api}})
	if res.StatusCode != http.StatusOK {
		g.Fatalf("client credentials: %d %s", res.StatusCode, res.body)
	}
	return t
}

// tokensOf redeems a code of an application made by issuing.
func (b *browser) tokensOf(client string, changes ...string) tokens {
	b.Helper()
	callback := map[string]string{"desk": deskCallback, "phone": "https://phone.test/cb", "other": otherCallback}[client]
	if callback == "" {
		callback = twinCallback
	}
	base := []string{"client_id", client, "redirect_uri", callback, "scope", "openid profile email offline_access"}
	form := exchange(b.code(append(base, changes...)...), base[:4]...)
	if client == "phone" {
		form.Del("client_secret")
	}
	res, t := b.redeem(form)
	if res.StatusCode != http.StatusOK {
		b.Fatalf("token endpoint: %d %s", res.StatusCode, res.body)
	}
	return t
}

// tokensFor are tokens of desk for an API.
func (b *browser) tokensFor(api string) tokens {
	b.Helper()
	return b.tokensOf("desk", "resource", api, "scope", "openid profile orders.read stock.read")
}

// introspection asks about a token as an application and returns what it hears.
func (g *rig) introspection(client, token string) map[string]any {
	g.Helper()
	res := g.ask("/oauth2/introspect", client, url.Values{"token": {token}})
	var m map[string]any
	if err := json.Unmarshal([]byte(res.body), &m); err != nil || res.StatusCode != http.StatusOK {
		g.Fatalf("introspection: %d %s", res.StatusCode, res.body)
	}
	return m
}

// field reads one member of a JSON object that is text.
func field(body, name string) string {
	var m map[string]any
	json.Unmarshal([]byte(body), &m)
	text, _ := m[name].(string)
	return text
}

func decode(t testing.TB, part string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
