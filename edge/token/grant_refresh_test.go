//go:build !js

package token_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

const everything = "openid profile email offline_access"

// refresh uses a refresh token of desk.
func (g *rig) refresh(token string, changes ...string) (reply, tokens) {
	g.Helper()
	return g.grant("desk", refreshForm(token, changes...))
}

func refreshForm(token string, changes ...string) url.Values {
	v := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	for i := 0; i+1 < len(changes); i += 2 {
		v.Set(changes[i], changes[i+1])
	}
	return v
}

func (g *rig) refreshed(token string, changes ...string) tokens {
	g.Helper()
	res, tok := g.refresh(token, changes...)
	if res.StatusCode != http.StatusOK {
		g.Fatalf("refresh: %d %s", res.StatusCode, res.body)
	}
	return tok
}

func TestRefreshRotates(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	first := b.tokensOf("desk")
	second := g.refreshed(first.RefreshToken)
	if second.RefreshToken == "" || second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken {
		t.Fatalf("%+v", second)
	}
	if second.Scope != everything || second.TokenType != "Bearer" || second.ExpiresIn != 600 {
		t.Errorf("%+v", second)
	}
	for name, token := range map[string]string{"new": second.AccessToken, "old": first.AccessToken} {
		if res := b.userinfo(token); res.StatusCode != http.StatusOK {
			t.Errorf("%s access token: %d", name, res.StatusCode)
		}
	}
	g.refreshed(second.RefreshToken)
}

// OpenID Connect Core 1.0 section 12.2.
func TestRefreshedIDTokenSaysWhatTheFirstSaid(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensOf("desk")
	before := g.claimsOf(tok.IDToken, "JWT", "ES256")
	g.wait(5 * time.Minute)
	after := g.claimsOf(g.refreshed(tok.RefreshToken).IDToken, "JWT", "ES256")
	for _, claim := range []string{"iss", "sub", "aud", "auth_time", "acr", "sid"} {
		if before[claim] == nil || after[claim] != before[claim] {
			t.Errorf("%s was %v and is %v", claim, before[claim], after[claim])
		}
	}
	if after["iat"] == before["iat"] {
		t.Error("iat is not the time of the new token")
	}
	for _, absent := range []string{"nonce", "azp"} {
		if _, has := after[absent]; has {
			t.Errorf("has %s", absent)
		}
	}
	if before["nonce"] != "no" {
		t.Error("the test proves nothing")
	}
}

// RFC 6749 section 6: a request may narrow the scope and never widen it; the refresh token keeps the whole of it.
func TestRefreshNarrowsScope(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensOf("desk", "scope", "openid email offline_access")
	narrow := g.refreshed(tok.RefreshToken, "scope", "openid")
	if narrow.Scope != "openid" || narrow.IDToken == "" {
		t.Errorf("%+v", narrow)
	}
	if _, has := g.claimsOf(narrow.IDToken, "JWT", "ES256")["email"]; has {
		t.Error("the ID token has more than the scope that was asked for")
	}
	if body := b.userinfo(narrow.AccessToken).body; strings.Contains(body, "ada@") {
		t.Errorf("userinfo has more than the scope of the token: %s", body)
	}
	for _, wide := range []string{"openid profile", "openid orders.read"} {
		if res, got := g.refresh(narrow.RefreshToken, "scope", wide); got.Error != "invalid_scope" {
			t.Errorf("%s: %s", wide, res.body)
		}
	}
	if plain := g.refreshed(narrow.RefreshToken, "scope", "email"); plain.IDToken != "" {
		t.Error("an ID token without openid")
	}
}

// Nor does a narrowed token say what the authorization request asked for by name.
func TestRefreshNarrowsClaimsByNameAsWell(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensOf("desk", "scope", "openid profile offline_access", "claims", `{"userinfo":{"email":null}}`)
	narrow := g.refreshed(tok.RefreshToken, "scope", "openid")
	for access, has := range map[string]bool{tok.AccessToken: true, narrow.AccessToken: false, g.refreshed(narrow.RefreshToken).AccessToken: true} {
		if body := b.userinfo(access).body; strings.Contains(body, "ada@") != has {
			t.Errorf("want the address: %v, userinfo: %s", has, body)
		}
	}
}

func TestRefreshNarrowsScopeAndStaysWhole(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	narrow := g.refreshed(b.tokensOf("desk").RefreshToken, "scope", "openid")
	if whole := g.refreshed(narrow.RefreshToken); whole.Scope != everything {
		t.Errorf("%q", whole.Scope)
	}
}

// Refresh theft: whoever comes second with a token that was replaced ends the family, for the thief and for the owner
// (RFC 9700 section 4.14.2).
func TestStolenRefreshTokenEndsTheFamily(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	other := b.tokensOf("desk")
	stolen := b.tokensOf("desk")
	thief := g.refreshed(stolen.RefreshToken)
	thief = g.refreshed(thief.RefreshToken) // so that the grace is over at once
	if _, owner := g.refresh(stolen.RefreshToken); owner.Error != "invalid_grant" {
		t.Fatalf("the owner: %+v", owner)
	}
	if _, got := g.refresh(thief.RefreshToken); got.Error != "invalid_grant" {
		t.Errorf("the thief goes on: %+v", got)
	}
	if res := b.userinfo(thief.AccessToken); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the thief's access token: %d", res.StatusCode)
	}
	g.refreshed(other.RefreshToken) // another family of the same person and application
}

func TestOldRefreshTokenEndsTheFamilyHoweverLate(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	old := b.tokensOf("desk")
	present := g.refreshed(old.RefreshToken)
	for range 3 {
		g.wait(13 * 24 * time.Hour)
		present = g.refreshed(present.RefreshToken)
	}
	if _, got := g.refresh(old.RefreshToken); got.Error != "invalid_grant" {
		t.Fatalf("%+v", got)
	}
	if _, got := g.refresh(present.RefreshToken); got.Error != "invalid_grant" {
		t.Errorf("a token of 39 days ago left the family alive")
	}
}

// An answer that got lost may be asked for again for half a minute, while nobody has used what it gave.
func TestLostRefreshAnswerMayBeAskedForAgain(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensOf("desk")
	lost := g.refreshed(tok.RefreshToken)
	g.wait(29 * time.Second)
	again := g.refreshed(tok.RefreshToken)
	g.refreshed(again.RefreshToken)
	if _, got := g.refresh(lost.RefreshToken); got.Error != "invalid_grant" {
		t.Errorf("the lost one is good as well: %+v", got)
	}
	tok = b.tokensOf("desk")
	g.refreshed(tok.RefreshToken)
	g.wait(31 * time.Second)
	if _, got := g.refresh(tok.RefreshToken); got.Error != "invalid_grant" {
		t.Errorf("after the grace: %+v", got)
	}
}

func TestRefreshTokenExpires(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	idle := b.tokensOf("desk")
	g.wait(14*24*time.Hour + time.Second)
	if _, got := g.refresh(idle.RefreshToken); got.Error != "invalid_grant" {
		t.Errorf("unused for 14 days: %+v", got)
	}
	b, _ = g.signedIn("bob@id.test")
	tok := b.tokensOf("desk")
	for range 9 {
		g.wait(10*24*time.Hour - time.Minute)
		tok = g.refreshed(tok.RefreshToken)
	}
	g.wait(time.Hour)
	if _, got := g.refresh(tok.RefreshToken); got.Error != "invalid_grant" {
		t.Errorf("after 90 days: %+v", got)
	}
}

// OpenID Connect Core 1.0 section 11, Back-Channel Logout 1.0 section 2.7.
func TestOfflineAccessOutlivesTheSession(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	offline, online := b.tokensOf("desk"), b.tokensOf("desk", "scope", "openid")
	if online.RefreshToken == "" {
		t.Fatal("no refresh token without offline_access")
	}
	b.signout("")
	g.refreshed(offline.RefreshToken)
	if _, got := g.refresh(online.RefreshToken); got.Error != "invalid_grant" {
		t.Errorf("after signing out: %+v", got)
	}
}

func TestRefreshTokenOnlyForApplicationsThatRegisteredIt(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	if tok := b.tokens(); tok.RefreshToken != "" {
		t.Error("shop got one")
	}
	stolen := b.tokensOf("desk").RefreshToken
	if res, got := g.grant("shop", refreshForm(stolen)); got.Error != "unauthorized_client" {
		t.Errorf("%s", res.body)
	}
}

func TestRefreshRequestErrors(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensOf("desk")
	public := refreshForm(tok.RefreshToken, "client_id", "phone")
	for _, test := range []struct {
		name string
		form url.Values
		want string
	}{
		{"none", url.Values{"grant_type": {"refresh_token"}}, "invalid_request"},
		{"not a token", refreshForm("x"), "invalid_grant"},
		{"an access token", refreshForm(tok.AccessToken), "invalid_grant"},
		{"an ID token", refreshForm(tok.IDToken), "invalid_grant"},
		{"tampered", refreshForm(tok.RefreshToken[:len(tok.RefreshToken)-10] + strings.Repeat("A", 10)), "invalid_grant"},
		{"malformed scope", refreshForm(tok.RefreshToken, "scope", `"`), "invalid_scope"},
		{"an API that was not granted", refreshForm(tok.RefreshToken, "resource", stockAPI), "invalid_target"},
		{"an API that nobody registered", refreshForm(tok.RefreshToken, "resource", "https://nobody.test/"), "invalid_target"},
	} {
		if res, got := g.grant("desk", test.form); res.StatusCode != http.StatusBadRequest || got.Error != test.want {
			t.Errorf("%s: %d %s", test.name, res.StatusCode, res.body)
		}
	}
	for _, client := range []string{"twin1", "other"} {
		if res, got := g.grant(client, refreshForm(tok.RefreshToken)); got.Error != "invalid_grant" {
			t.Errorf("%s with desk's token: %s", client, res.body)
		}
	}
	if res, got := b.redeem(public); got.Error != "invalid_grant" {
		t.Errorf("a public client with desk's token: %s", res.body)
	}
	g.refreshed(tok.RefreshToken) // none of these spent it
}

// RFC 8707 section 2.2: with several APIs granted, each request names the one it wants a token for.
func TestRefreshForOneOfSeveralAPIs(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.several(t)
	if tok.Scope != "openid" {
		t.Errorf("without resource the token is for us: %q", tok.Scope)
	}
	orders := g.refreshed(tok.RefreshToken, "resource", ordersAPI)
	if claims := g.claimsOf(orders.AccessToken, "at+jwt", "ES256"); claims["aud"] != ordersAPI || orders.Scope != "orders.read" {
		t.Errorf("%v %q", claims, orders.Scope)
	}
	stock := g.refreshed(orders.RefreshToken, "resource", stockAPI)
	if m := g.introspection("warehouse", stock.AccessToken); m["aud"] != stockAPI || m["scope"] != "stock.read" {
		t.Errorf("%v", m)
	}
	us := g.refreshed(stock.RefreshToken, "resource", g.URL)
	if res := b.userinfo(us.AccessToken); res.StatusCode != http.StatusOK {
		t.Errorf("userinfo: %d %s", res.StatusCode, res.body)
	}
}

// several is a grant for both APIs.
func (b *browser) several(t *testing.T) tokens {
	t.Helper()
	query := request("client_id", "desk", "redirect_uri", deskCallback, "scope", "openid orders.read stock.read")
	query["resource"] = []string{ordersAPI, stockAPI}
	code := b.get("/oauth2/authorize?" + query.Encode()).to(t).Query().Get("code")
	res, tok := b.redeem(exchange(code, "client_id", "desk", "redirect_uri", deskCallback))
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	return tok
}

// What an operator takes away from an application is gone with its next refresh, named or not.
func TestRefreshGivesNoTokenForAnAPIThatWasTakenAway(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensFor(stockAPI)
	g.application(func(a *tenant.Application) {
		a.ClientID, a.SecretHash, a.GrantTypes = "desk", shopHash(), []string{tenant.GrantCode, tenant.GrantRefresh}
		a.Resources = []string{ordersAPI}
	})
	if res, got := g.refresh(tok.RefreshToken); got.Error != "invalid_target" {
		t.Errorf("%s", res.body)
	}
	if res, got := g.refresh(tok.RefreshToken, "resource", stockAPI); got.Error != "invalid_target" {
		t.Errorf("by name: %s", res.body)
	}
}

// Who is taken off an application's list gets nothing more from it; an access token lives for minutes, a refresh token for months.
func TestRefreshAfterThePersonIsNoLongerAssigned(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	desk, err := g.tenants.Application(t.Context(), "desk")
	g.must(err)
	desk.AssignmentRequired, desk.AssignedTo = true, []string{"*@id.test"}
	g.registry["desk"] = desk
	token := g.refreshed(b.tokensOf("desk").RefreshToken).RefreshToken
	for _, list := range [][]string{{"bob@id.test"}, {}, nil} {
		desk.AssignedTo = list
		g.registry["desk"] = desk
		if res, tok := g.refresh(token); tok.Error != "invalid_grant" || tok.AccessToken != "" {
			t.Errorf("for %q: %s", list, res.body)
		}
	}
	desk.AssignedTo = []string{"ada@id.test"}
	g.registry["desk"] = desk
	g.refreshed(token)
}
