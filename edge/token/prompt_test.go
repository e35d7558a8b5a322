//go:build !js

package token_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// resumed is where a flow goes when the browser comes back.
func (b *browser) resumed(to *url.URL) *url.URL {
	b.Helper()
	return b.get("/oauth2/resume?flow=" + to.Query().Get("flow")).to(b)
}

func TestSelectAccountShowsThePresentOneAndTakesAnother(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	if query := b.front("prompt", "none").to(t).Query(); query.Get("code") == "" {
		t.Fatalf("%v", query)
	}
	to := b.front("prompt", "select_account").to(t)
	if shown := b.asked(to); !shown.Choose || shown.UPN != "ada@id.test" || shown.Application != "Front" {
		t.Errorf("%+v", shown)
	}
	if query := b.say(to, true).to(t).Query(); query.Get("code") == "" {
		t.Errorf("going on: %v", query)
	}
	to = b.front("prompt", "select_account").to(t)
	b.signIn(g.person("bob@id.test"))
	if to := b.resumed(to); to.Query().Get("code") == "" {
		t.Errorf("another account: %s", to)
	}
	to = g.browser().front("prompt", "select_account").to(t)
	if to.Path != "/signin" {
		t.Errorf("nobody is signed in: %s", to)
	}
}

// To choose an account is not to agree to anything.
func TestChoosingAnAccountIsNoConsent(t *testing.T) {
	g := newRig(t)
	g.application(asks)
	b, _ := g.signedIn("ada@id.test")
	to := b.front("prompt", "select_account").to(t)
	if !b.asked(to).Choose {
		t.Fatal("the choice is not asked for")
	}
	if to = b.say(to, true).to(t); to.Path != "/consent" || b.asked(to).Choose {
		t.Fatalf("the choice was taken for consent: %s", to)
	}
	if query := b.say(to, true).to(t).Query(); query.Get("code") == "" {
		t.Errorf("%v", query)
	}
	if to := b.front("prompt", "select_account consent").to(t); b.asked(to).Choose {
		t.Error("one page is enough for both, and it is the one that asks for consent")
	}
}

// Initiating User Registration 1.0: the person makes an account first, and the request goes on with it.
func TestPromptCreateLeadsToTheSignUp(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	to := b.authorize("prompt", "create", "ui_locales", "de", "login_hint", "new@id.test").to(t)
	if to.Path != "/de/signup" || to.Query().Get("login_hint") != "new@id.test" {
		t.Fatalf("%s", to)
	}
	if to := b.resumed(to); to.Path != "/de/signin" {
		t.Errorf("the present session did: %s", to)
	}
	b.signIn(g.person("new@id.test"))
	if to := b.resumed(to); to.Query().Get("code") == "" {
		t.Errorf("with the new account: %s", to)
	}
	if query := b.authorize("prompt", "create none").to(t).Query(); query.Get("error") != "invalid_request" {
		t.Errorf("with none: %v", query)
	}
}

func TestDefaultMaxAgeHoldsWhereTheRequestSaysNothing(t *testing.T) {
	g := newRig(t)
	age := int64(100)
	g.application(func(app *tenant.Application) { app.DefaultMaxAge = &age })
	b, _ := g.signedIn("ada@id.test")
	g.wait(100 * time.Second)
	if query := b.front().to(t).Query(); query.Get("code") == "" {
		t.Errorf("young enough: %v", query)
	}
	g.wait(time.Second)
	if query := b.front("prompt", "none").to(t).Query(); query.Get("error") != "login_required" {
		t.Errorf("too old: %v", query)
	}
	if query := b.front("max_age", "200").to(t).Query(); query.Get("code") == "" {
		t.Errorf("the request says more: %v", query)
	}
	age = 0
	if to := b.front().to(t); to.Path != "/signin" {
		t.Errorf("a default of 0 is no limit: %s", to)
	}
}

func TestSignInFrequencyIsOfTheApplication(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) { app.SignInFrequency = 3600 })
	b, id := g.signedIn("ada@id.test")
	g.wait(time.Hour)
	if query := b.front().to(t).Query(); query.Get("code") == "" {
		t.Errorf("within the hour: %v", query)
	}
	g.wait(time.Second)
	to := b.front("max_age", "999999").to(t) // an application cannot be asked to be less strict than its registration
	if to.Path != "/signin" {
		t.Fatalf("after the hour: %s", to)
	}
	if b.code() == "" {
		t.Error("another application asks more often than it registered to")
	}
	b.renew(id)
	if to := b.resumed(to); to.Query().Get("code") == "" {
		t.Errorf("after signing in: %s", to)
	}
}

func TestKeptSessionsCountForADayWhereTheyAreNotWanted(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) { app.NoKeptSessions = true })
	b, id := g.browser(), g.person("ada@id.test")
	b.keep = true
	b.signIn(id)
	g.wait(23 * time.Hour)
	if query := b.front().to(t).Query(); query.Get("code") == "" {
		t.Errorf("within the day: %v", query)
	}
	g.wait(2 * time.Hour)
	if query := b.front("prompt", "none").to(t).Query(); query.Get("error") != "login_required" {
		t.Errorf("after a day: %v", query)
	}
	if b.code() == "" {
		t.Error("another application does not take the kept session")
	}
	to := b.front().to(t)
	b.renew(id)
	if to := b.resumed(to); to.Query().Get("code") == "" {
		t.Errorf("after signing in: %s", to)
	}
}

func TestHintOfAnotherApplicationSaysNothing(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	hint := b.tokens().IDToken // the shop's
	if query := b.front("prompt", "none", "id_token_hint", hint).to(t).Query(); query.Get("error") != "login_required" {
		t.Errorf("%v", query)
	}
	if query := b.front("id_token_hint", hint).to(t).Query(); query.Get("code") == "" {
		t.Errorf("%v", query)
	}
}

// The claims parameter can name the person, as the application knows it: with pairwise subjects by that.
func TestClaimsChooseThePersonBySubject(t *testing.T) {
	g := newRig(t)
	for _, kind := range []string{"public", "pairwise"} {
		g.application(func(app *tenant.Application) { app.SubjectType, app.Sector = kind, "front.test" })
		ada, _ := g.signedIn(kind + "-ada@id.test")
		bob, bobID := g.signedIn(kind + "-bob@id.test")
		answer := answerOf(t, bob.front("response_type", "code id_token"))
		sub, _ := json.Marshal(g.claimsOf(answer.Get("id_token"), "JWT", "ES256")["sub"])
		claims := `{"id_token":{"sub":{"value":` + string(sub) + `}}}`
		if (string(sub) == `"`+bobID+`"`) != (kind == "public") {
			t.Errorf("%s: sub %s", kind, sub)
		}
		if query := bob.front("prompt", "none", "claims", claims).to(t).Query(); query.Get("code") == "" {
			t.Errorf("%s: the person: %v", kind, query)
		}
		if query := ada.front("prompt", "none", "claims", claims).to(t).Query(); query.Get("error") != "login_required" {
			t.Errorf("%s: another person: %v", kind, query)
		}
		if query := bob.front("prompt", "none", "id_token_hint", answer.Get("id_token")).to(t).Query(); query.Get("code") == "" {
			t.Errorf("%s: the person by hint: %v", kind, query)
		}
		if query := ada.front("prompt", "none", "id_token_hint", answer.Get("id_token")).to(t).Query(); query.Get("error") != "login_required" {
			t.Errorf("%s: another person by hint: %v", kind, query)
		}
		if query := bob.front("claims", `{"id_token":{"sub":{"value":"x"}}}`, "id_token_hint", answer.Get("id_token")).to(t).Query(); query.Get("error") != "invalid_request" {
			t.Errorf("%s: a contradiction: %v", kind, query)
		}
		to := ada.front("claims", claims).to(t)
		if ada.signIn(bobID); ada.resumed(to).Query().Get("code") == "" {
			t.Errorf("%s: after signing in as the one", kind)
		}
	}
}

func TestClaimsByNameComeWhereTheyAreAskedFor(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	redeem := func(changes ...string) (id, info map[string]any) {
		answer := answerOf(t, b.front(append([]string{"scope", "openid"}, changes...)...))
		_, tok := b.redeem(exchange(answer.Get("code"), "client_id", "front", "client_secret", "-", "redirect_uri", frontCallback))
		g.must(json.Unmarshal([]byte(b.userinfo(tok.AccessToken).body), &info))
		return g.claimsOf(tok.IDToken, "JWT", "ES256"), info
	}
	id, info := redeem("claims", `{"userinfo":{"email":{"essential":true},"phone_number":null},"id_token":{"name":null,"auth_time":{"essential":true}}}`)
	if id["name"] != "Ada Lovelace" || id["email"] != nil || info["email"] != "ada@id.test" || info["name"] != nil || id["auth_time"] == nil {
		t.Errorf("ID token %v, userinfo %v", id, info)
	}
	if id, info := redeem(); id["name"] != nil || info["email"] != nil {
		t.Errorf("without: %v, %v", id, info)
	}
	g.application(func(app *tenant.Application) { app.Scopes = []string{"openid", "profile"} })
	if _, info := redeem("claims", `{"userinfo":{"email":null,"name":null}}`); info["email"] != nil || info["name"] != "Ada Lovelace" {
		t.Errorf("a claim whose scope was not registered: %v", info)
	}
}

func TestImplicitFlowBringsTheClaims(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, id := g.signedIn("ada@id.test")
	res := b.front("response_type", "id_token", "code_challenge", "-", "code_challenge_method", "-", "scope", "openid email")
	answer := answerOf(t, res)
	if answer.Has("code") || res.to(t).RawQuery != "" {
		t.Fatalf("%s", res.to(t))
	}
	claims := g.claimsOf(answer.Get("id_token"), "JWT", "ES256")
	if claims["sub"] != id || claims["email"] != "ada@id.test" || claims["nonce"] != "no" || claims["c_hash"] != nil || claims["at_hash"] != nil || claims["name"] != nil {
		t.Errorf("%v", claims)
	}
	if _, out := b.signout(""); len(out.FrontChannel) != 0 {
		t.Errorf("%+v", out)
	}
}

// Core 5.5.1.1: an acr that is asked for as essential and cannot be reached is no success; any other wish is only a wish.
func TestEssentialACRThatCannotBeReachedIsUnmet(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	level, _ := g.claimsOf(b.tokens().IDToken, "JWT", "ES256")["acr"].(string)
	if level == "" {
		t.Fatal("no acr")
	}
	for _, test := range []struct{ name, value, want string }{
		{"claims", `{"id_token":{"acr":{"essential":true,"values":["urn:x:gold"]}}}`, "unmet_authentication_requirements"},
		{"claims", `{"id_token":{"acr":{"essential":true,"value":"urn:x:gold"}}}`, "unmet_authentication_requirements"},
		{"claims", `{"id_token":{"acr":{"essential":true,"values":["urn:x:gold","` + level + `"]}}}`, ""},
		{"claims", `{"id_token":{"acr":{"essential":true}}}`, ""},
		{"claims", `{"id_token":{"acr":{"values":["urn:x:gold"]}}}`, ""},
		{"acr_values", "urn:x:gold urn:x:silver", ""},
		{"acr_values", level, ""},
	} {
		if query := b.front(test.name, test.value).to(t).Query(); query.Get("error") != test.want || query.Has("code") != (test.want == "") {
			t.Errorf("%s %s: %v", test.name, test.value, query)
		}
	}
}

func TestOfflineAccessNeedsACodeAndARefreshToken(t *testing.T) {
	g := newRig(t)
	scope := "openid offline_access"
	granted := func(changes ...string) string {
		b, _ := g.signedIn(somebody(g) + "@id.test")
		to := b.front(append([]string{"scope", scope}, changes...)...).to(t)
		return strings.Join(b.asked(to).Scopes, " ")
	}
	for _, test := range []struct {
		name   string
		change func(*tenant.Application)
		want   string
	}{
		{"an application without refresh tokens", func(app *tenant.Application) { app.Scopes = append(app.Scopes, "offline_access") }, "openid"},
		{"an application that did not register it", func(app *tenant.Application) { app.GrantTypes = append(app.GrantTypes, tenant.GrantRefresh) }, "openid"},
		{"an application that did", func(app *tenant.Application) {
			app.Scopes, app.GrantTypes = append(app.Scopes, "offline_access"), append(app.GrantTypes, tenant.GrantRefresh)
		}, scope},
	} {
		g.application(func(app *tenant.Application) { asks(app); test.change(app) })
		if got := granted(); got != test.want {
			t.Errorf("%s: the person is asked for %q, want %q", test.name, got, test.want)
		}
	}
	if got := granted("response_type", "id_token"); got != "openid" {
		t.Errorf("without a code: %q", got)
	}
}

// somebody is a local part that nobody has.
func somebody(g *rig) string {
	g.clock.Add(1)
	return "p" + strings.ReplaceAll(g.now().Format("150405"), ":", "")
}

func TestRequestsForAPIsNeedNoOpenID(t *testing.T) {
	g := newRig(t)
	const photos, music = "https://photos.test/", "https://music.test/"
	g.apis = []tenant.Resource{
		{Identifier: photos, Name: "Photos", Scopes: []string{"photos.read", "photos.write"}},
		{Identifier: music, Name: "Music", Scopes: []string{"music.play"}},
	}
	b, _ := g.signedIn("ada@id.test")
	ask := func(query string, changes ...string) url.Values {
		q := request(append([]string{"client_id", "front", "redirect_uri", frontCallback}, changes...)...)
		return answerOf(t, b.get("/oauth2/authorize?"+q.Encode()+query))
	}
	g.application(anything)
	if answer := ask("", "scope", "photos.read"); answer.Get("error") != "invalid_scope" {
		t.Errorf("an application without APIs: %v", answer)
	}
	g.application(func(app *tenant.Application) { app.Resources = []string{photos, music} })
	for _, test := range []struct{ name, query, scope, want string }{
		{"one", "&resource=" + url.QueryEscape(photos), "photos.read", ""},
		{"two", "&resource=" + url.QueryEscape(photos) + "&resource=" + url.QueryEscape(music), "photos.read music.play", ""},
		{"one of nobody", "&resource=https%3A%2F%2Fevil.test%2F", "photos.read", "invalid_target"},
		{"one of nobody beside a good one", "&resource=" + url.QueryEscape(photos) + "&resource=https%3A%2F%2Fevil.test%2F", "photos.read", "invalid_target"},
		{"one with another slash", "&resource=https%3A%2F%2Fphotos.test", "photos.read", "invalid_target"},
		{"none, with scope of one", "", "photos.read", "invalid_scope"},
		{"scope of the other", "&resource=" + url.QueryEscape(music), "photos.read", "invalid_scope"},
		{"with openid beside", "&resource=" + url.QueryEscape(photos), "openid photos.read", ""},
	} {
		if answer := ask(test.query, "scope", test.scope); answer.Get("error") != test.want || answer.Has("code") != (test.want == "") {
			t.Errorf("%s: %v", test.name, answer)
		}
	}
	if answer := ask("", "scope", "photos.read", "response_type", "code id_token"); answer.Get("error") != "invalid_scope" || answer.Has("id_token") {
		t.Errorf("an ID token without openid: %v", answer)
	}
	g.application(func(app *tenant.Application) { app.Resources = []string{photos} })
	answer := ask("", "scope", "photos.read photos.delete")
	res, tok := b.redeem(exchange(answer.Get("code"), "client_id", "front", "client_secret", "-", "redirect_uri", frontCallback))
	if res.StatusCode != http.StatusOK || tok.IDToken != "" || tok.Scope != "photos.read" || answer.Has("session_state") {
		t.Errorf("the only API goes without saying: %d %s", res.StatusCode, res.body)
	}
}

func TestFlowPagesKeepTheLanguage(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) {
		asks(app)
		app.AssignmentRequired, app.AssignedTo = true, []string{"ada@id.test"}
	})
	b, _ := g.signedIn("ada@id.test")
	if to := b.front("ui_locales", "de").to(t); to.Path != "/de/consent" {
		t.Errorf("%s", to)
	}
	b, _ = g.signedIn("bob@id.test")
	if to := b.front("ui_locales", "de").to(t); to.Path != "/de/error" {
		t.Errorf("%s", to)
	}
	var done api.ConsentDecided
	if res := b.page(api.RouteConsentDecide, map[string]any{"flow": "x", "more": 1}, &done); res.StatusCode != http.StatusBadRequest {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}
