//go:build !js

package token_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

const (
	grantExchange  = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessTypeName = "urn:ietf:params:oauth:token-type:access_token"
	jwtTypeName    = "urn:ietf:params:oauth:token-type:jwt"
)

// withGateway registers "gateway": the orders API, which may act at the stock API for those who call it.
func withGateway(g *rig, changes ...func(*tenant.Application)) *rig {
	app := tenant.Application{
		ClientID: "gateway", Name: "Gateway", Kind: tenant.AppWeb, SecretHash: shopHash(), IDTokenAlg: "ES256",
		GrantTypes: []string{grantExchange, tenant.GrantClient}, Scopes: []string{"openid"}, Resources: []string{stockAPI},
		Introspects: []string{ordersAPI}, Exchange: &tenant.ExchangePolicy{Audiences: []string{stockAPI}, Delegate: true},
	}
	for _, change := range changes {
		change(&app)
	}
	g.registry[app.ClientID] = app
	return g
}

// trade exchanges a token as the gateway does, with changes.
func (g *rig) trade(subject string, changes ...string) (reply, traded) {
	g.Helper()
	return g.tradeAs("gateway", subject, changes)
}

func (g *rig) tradeAs(client, subject string, changes []string, header ...string) (reply, traded) {
	g.Helper()
	form := changed(url.Values{
		"grant_type": {grantExchange}, "subject_token": {subject}, "subject_token_type": {accessTypeName}, "resource": {stockAPI},
	}, changes...)
	res := g.ask("/oauth2/token", client, form, header...)
	var t traded
	g.must(json.Unmarshal([]byte(res.body), &t))
	return res, t
}

// traded is what comes out.
type traded struct {
	tokens
	IssuedTokenType string `json:"issued_token_type"`
}

// refuses wants an error of an exchange.
func (g *rig) refuses(rule, want string, res reply, t traded) {
	g.Helper()
	if res.StatusCode != http.StatusBadRequest || t.Error != want || t.AccessToken != "" {
		g.Errorf("%s: %d %s, want %s", rule, res.StatusCode, res.body, want)
	}
}

func TestExchangeMakesATokenForAnotherAPI(t *testing.T) {
	g := withGateway(newRig(t))
	b, id := g.signedIn("ada@id.test")
	subject := b.tokensOf("desk", "resource", ordersAPI, "scope", "openid profile orders.read")
	res, got := g.trade(subject.AccessToken)
	if res.StatusCode != http.StatusOK || got.IssuedTokenType != accessTypeName || got.TokenType != "Bearer" || got.IDToken != "" || got.RefreshToken != "" ||
		got.Scope != "" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	about := g.introspection("warehouse", got.AccessToken)
	if about["active"] != true || about["sub"] != id || about["client_id"] != "gateway" || about["aud"] != stockAPI ||
		fmt.Sprint(about["act"]) != "map[sub:gateway]" || about["scope"] != nil {
		t.Errorf("%v", about)
	}
	if res := b.userinfo(got.AccessToken); res.StatusCode == http.StatusOK {
		t.Error("userinfo takes it")
	}
}

// What the person granted for the other API comes along, and can be narrowed.
func TestExchangeScopeIsWhatThePersonGrantedThere(t *testing.T) {
	g := withGateway(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	subject := g.refreshed(b.several(t).RefreshToken, "resource", ordersAPI)
	for scope, want := range map[string]string{"-": "stock.read", "stock.read": "stock.read"} {
		if res, got := g.trade(subject.AccessToken, "scope", scope); got.Scope != want {
			t.Errorf("scope %s: %d %s", scope, res.StatusCode, res.body)
		}
	}
}

func TestExchangeScopeWidening(t *testing.T) {
	g := withGateway(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	subject := b.tokensOf("desk", "resource", ordersAPI, "scope", "openid orders.read")
	for _, scope := range []string{"stock.read", "orders.read", "openid", "orders.write stock.read", "offline_access"} {
		res, got := g.trade(subject.AccessToken, "scope", scope)
		g.refuses(scope, "invalid_scope", res, got)
	}
	res, got := g.trade(subject.AccessToken, "scope", "stock.read  x")
	g.refuses("malformed", "invalid_scope", res, got)

	// the API's own token, for itself: no more than it had
	withGateway(g, func(a *tenant.Application) { a.Exchange.Audiences = []string{ordersAPI} })
	if res, got := g.trade(subject.AccessToken, "resource", ordersAPI); got.Scope != "orders.read" {
		t.Errorf("%s", res.body)
	}
	res, got = g.trade(subject.AccessToken, "resource", ordersAPI, "scope", "orders.write")
	g.refuses("orders.write", "invalid_scope", res, got)
}

func TestExchangeAudienceWidening(t *testing.T) {
	g := withGateway(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	subject := b.tokensFor(ordersAPI).AccessToken
	for rule, changes := range map[string][]string{
		"none":                      {"resource", "-"},
		"outside the policy":        {"resource", ordersAPI},
		"not registered":            {"resource", "https://nobody.test/"},
		"the provider":              {"resource", g.URL},
		"two":                       {"audience", ordersAPI},
		"by audience":               {"resource", "-", "audience", ordersAPI},
		"another one's client id":   {"resource", "-", "audience", "desk"},
		"the same in other letters": {"resource", strings.ToUpper(stockAPI)},
	} {
		res, got := g.trade(subject, changes...)
		g.refuses(rule, "invalid_target", res, got)
	}
	for rule, changes := range map[string][]string{"by audience": {"resource", "-", "audience", stockAPI}, "by both": {"audience", stockAPI}} {
		if res, _ := g.trade(subject, changes...); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", rule, res.body)
		}
	}
}

func TestExchangeNeedsAPolicyAndAuthentication(t *testing.T) {
	g := withGateway(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	subject := b.tokensFor(ordersAPI).AccessToken
	res, got := g.tradeAs("desk", subject, nil)
	g.refuses("not registered for the grant", "unauthorized_client", res, got)
	withGateway(g, func(a *tenant.Application) { a.Exchange = nil })
	res, got = g.trade(subject)
	g.refuses("no policy", "unauthorized_client", res, got)
	withGateway(g, func(a *tenant.Application) { a.SecretHash = nil })
	res = g.browser().post("/oauth2/token", url.Values{"grant_type": {grantExchange}, "client_id": {"gateway"}, "subject_token": {subject},
		"subject_token_type": {accessTypeName}, "resource": {stockAPI}})
	if !strings.Contains(res.body, "unauthorized_client") {
		t.Errorf("a public application: %s", res.body)
	}
}

// The token of an application that the policy does not name, and that was not made for the caller, is none of its business: whoever
// has found one cannot launder it here.
func TestExchangeOfATokenThatIsNotTheCallers(t *testing.T) {
	g := withGateway(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	forOrders, forStock := b.tokensFor(ordersAPI).AccessToken, b.tokensFor(stockAPI).AccessToken
	userinfo := b.tokensOf("desk").AccessToken
	for rule, subject := range map[string]string{
		"made for another API": forStock, "made for userinfo": userinfo, "an application's own": g.ownToken(ordersAPI).AccessToken,
	} {
		res, got := g.trade(subject)
		g.refuses(rule, "invalid_request", res, got)
	}
	withGateway(g, func(a *tenant.Application) { a.Exchange.From = []string{"phone"} })
	res, got := g.trade(forOrders)
	g.refuses("of an application that the policy does not name", "invalid_request", res, got)
	withGateway(g, func(a *tenant.Application) { a.Exchange.From, a.Introspects = []string{"desk"}, nil })
	if res, _ := g.trade(userinfo); res.StatusCode != http.StatusOK {
		t.Errorf("of one that it names: %s", res.body)
	}
	gone := g.registry
	gone["desk"] = tenant.Application{}
	g.remove("desk")
	delete(gone, "desk")
	res, got = g.trade(forOrders)
	g.refuses("of an application that is gone", "invalid_request", res, got)
}

func TestExchangeRefusesWhatIsNoAccessToken(t *testing.T) {
	g := withGateway(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	all := b.tokensFor(ordersAPI)
	forged, err := g.keys.Sign(t.Context(), keys.ES256, "JWT", map[string]any{"iss": g.URL, "aud": ordersAPI, "exp": g.now().Unix() + 60})
	g.must(err)
	for rule, changes := range map[string][]string{
		"missing":                       {"subject_token", "-"},
		"missing type":                  {"subject_token_type", "-"},
		"unknown type":                  {"subject_token_type", "urn:ietf:params:oauth:token-type:saml2"},
		"an ID token":                   {"subject_token", all.IDToken, "subject_token_type", "urn:ietf:params:oauth:token-type:id_token"},
		"an ID token as access token":   {"subject_token", all.IDToken},
		"an ID token as JWT":            {"subject_token", all.IDToken, "subject_token_type", jwtTypeName},
		"a refresh token":               {"subject_token", all.RefreshToken, "subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"},
		"a refresh token as access":     {"subject_token", all.RefreshToken},
		"another type of ours":          {"subject_token", forged},
		"noise":                         {"subject_token", "x"},
		"parts of nothing":              {"subject_token", strings.Repeat(".", 4000)},
		"requested type":                {"requested_token_type", "urn:ietf:params:oauth:token-type:id_token"},
		"a refresh token wanted":        {"requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"},
		"a JWT of an API that has none": {"requested_token_type", jwtTypeName},
		"type of no actor":              {"actor_token_type", accessTypeName},
		"actor of no type":              {"actor_token", all.AccessToken},
	} {
		res, got := g.trade(all.AccessToken, changes...)
		g.refuses(rule, "invalid_request", res, got)
	}
	if res, got := g.trade(all.AccessToken, "subject_token_type", jwtTypeName); res.StatusCode != http.StatusOK || got.IssuedTokenType != accessTypeName {
		t.Errorf("a JWT access token as JWT: %s", res.body)
	}
	withGateway(g, func(a *tenant.Application) { a.Exchange.Audiences = []string{ordersAPI} })
	if res, got := g.trade(all.AccessToken, "resource", ordersAPI, "requested_token_type", jwtTypeName); got.IssuedTokenType != jwtTypeName {
		t.Errorf("a JWT: %s", res.body)
	}
}

// Nobody acts under somebody else's name: an actor_token is one that the caller was given for itself.
func TestExchangeActorForging(t *testing.T) {
	g := withGateway(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	mallory, _ := g.signedIn("mallory@id.test")
	subject := b.tokensFor(ordersAPI).AccessToken
	_, own := g.grant("gateway", url.Values{"grant_type": {"client_credentials"}})
	for rule, act := range map[string]string{
		"another application's": g.ownToken(stockAPI).AccessToken, "a person's": mallory.tokensFor(ordersAPI).AccessToken,
		"the subject's": subject, "noise": "x",
	} {
		res, got := g.trade(subject, "actor_token", act, "actor_token_type", accessTypeName)
		g.refuses(rule, "invalid_request", res, got)
	}
	res, got := g.trade(subject, "actor_token", own.AccessToken, "actor_token_type", accessTypeName)
	if res.StatusCode != http.StatusOK || fmt.Sprint(g.introspection("warehouse", got.AccessToken)["act"]) != "map[sub:gateway]" {
		t.Errorf("its own: %s", res.body)
	}
	withGateway(g, func(a *tenant.Application) { a.Exchange.Delegate = false })
	res, got = g.trade(subject)
	g.refuses("neither delegation nor impersonation", "invalid_request", res, got)
	withGateway(g, func(a *tenant.Application) { a.Exchange.Delegate, a.Exchange.Impersonate = false, true })
	if _, got = g.trade(subject); g.introspection("warehouse", got.AccessToken)["act"] != nil {
		t.Error("an impersonation names the actor")
	}
	res, got = g.trade(subject, "actor_token", own.AccessToken, "actor_token_type", accessTypeName)
	g.refuses("delegation where there is only impersonation", "invalid_request", res, got)
}

// Who acted before stays in the chain, also where somebody impersonates later, and the chain has an end.
func TestExchangeChainDepth(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	present := b.tokensFor(ordersAPI).AccessToken
	loop := func(a *tenant.Application) {
		a.Introspects, a.Exchange.Audiences = []string{ordersAPI}, []string{ordersAPI}
	}
	for i := range 4 {
		name := fmt.Sprint("hop", i)
		withGateway(g, loop, func(a *tenant.Application) { a.ClientID = name })
		res, got := g.tradeAs(name, present, []string{"resource", ordersAPI})
		if present = got.AccessToken; res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", name, res.body)
		}
	}
	want := "map[act:map[act:map[act:map[sub:hop0] sub:hop1] sub:hop2] sub:hop3]"
	if act := fmt.Sprint(g.introspection("warehouse", present)["act"]); act != want {
		t.Errorf("%s, want %s", act, want)
	}
	res, got := g.tradeAs("hop0", present, []string{"resource", ordersAPI})
	g.refuses("a fifth", "invalid_request", res, got)
	withGateway(g, loop, func(a *tenant.Application) { a.Exchange.Impersonate = true })
	res, got = g.trade(present, "resource", ordersAPI)
	if res.StatusCode != http.StatusOK || fmt.Sprint(g.introspection("warehouse", got.AccessToken)["act"]) != want {
		t.Errorf("impersonation takes away who acted before: %s", res.body)
	}
}

// The new token lives no longer than the subject token and ends with the grant behind it.
func TestExchangedTokenDiesWithItsSubject(t *testing.T) {
	g := withGateway(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	subject := b.tokensFor(ordersAPI) // of 300 s; the stock API's tokens live for 1200
	g.wait(100 * time.Second)
	_, got := g.trade(subject.AccessToken)
	if got.ExpiresIn != 200 {
		t.Errorf("it lives for %d s, its subject for 200", got.ExpiresIn)
	}
	if g.introspection("warehouse", got.AccessToken)["active"] != true {
		t.Fatal("it is dead")
	}
	if res := g.revokes("gateway", got.AccessToken); !strings.Contains(res.body, "unsupported_token_type") {
		t.Errorf("revoked by itself: %d %s", res.StatusCode, res.body)
	}
	if g.introspection("warehouse", got.AccessToken)["active"] != true {
		t.Error("whoever exchanged a token can end what a person granted to another application")
	}
	g.revokes("desk", subject.RefreshToken)
	if g.introspection("warehouse", got.AccessToken)["active"] != false {
		t.Error("it outlives the grant")
	}
	res, got := g.trade(subject.AccessToken)
	g.refuses("a revoked subject", "invalid_request", res, got)
	again := b.tokensFor(ordersAPI)
	g.wait(300 * time.Second)
	res, got = g.trade(again.AccessToken)
	g.refuses("an expired subject", "invalid_request", res, got)
}

// A token that is bound to a key does not become one that is bound to nothing, nor does whoever stole it get one for his own key.
func TestExchangeOfABoundToken(t *testing.T) {
	g := withGateway(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	caller, api := g.prover("ES256").greet(b), g.prover("EdDSA").greet(b)
	base := []string{"client_id", "desk", "redirect_uri", deskCallback, "resource", ordersAPI, "scope", "openid orders.read"}
	_, bound := b.redeem(exchange(b.code(base...), base[:4]...), "DPoP", caller.proof("POST", token.RouteToken, nil))
	if bound.TokenType != "DPoP" {
		t.Fatalf("%+v", bound)
	}
	res, got := g.trade(bound.AccessToken)
	g.refuses("without a key", "invalid_request", res, got)
	res, got = g.tradeAs("gateway", bound.AccessToken, nil, "DPoP", api.proof("POST", token.RouteToken, nil))
	if res.StatusCode != http.StatusOK || got.TokenType != "DPoP" {
		t.Errorf("the API that it was made for, with a key of its own: %s", res.body)
	}
	withGateway(g, func(a *tenant.Application) { a.Introspects, a.Exchange.From = nil, []string{"desk"} })
	res, got = g.tradeAs("gateway", bound.AccessToken, nil, "DPoP", api.proof("POST", token.RouteToken, nil))
	g.refuses("somebody else with a key of his own", "invalid_request", res, got)
	if res, _ = g.tradeAs("gateway", bound.AccessToken, nil, "DPoP", caller.proof("POST", token.RouteToken, nil)); res.StatusCode != http.StatusOK {
		t.Errorf("who has the key: %s", res.body)
	}
}

func FuzzExchange(f *testing.F) {
	g := withGateway(newRig(f))
	b, _ := g.signedIn("ada@id.test")
	subject := b.tokensFor(ordersAPI).AccessToken
	f.Add("subject_token=" + subject + "&subject_token_type=" + accessTypeName + "&resource=" + ordersAPI)
	f.Add("subject_token=a.b.c&subject_token_type=" + jwtTypeName + "&audience=" + stockAPI + "&actor_token=x&actor_token_type=" + accessTypeName)
	f.Fuzz(func(t *testing.T, body string) {
		w := g.serve(http.MethodPost, "/oauth2/token", "grant_type="+url.QueryEscape(grantExchange)+"&"+body,
			"Content-Type", "application/x-www-form-urlencoded", "Authorization", basic("gateway", shopSecret))
		stays(t, w, body)
		if w.Code == http.StatusOK && !strings.Contains(body, subject) {
			t.Fatalf("%q got a token", body)
		}
	})
}
