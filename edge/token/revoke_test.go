//go:build !js

package token_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func (g *rig) revokes(client, token string) reply {
	g.Helper()
	return g.ask("/oauth2/revoke", client, url.Values{"token": {token}})
}

// RFC 7009 section 2.1: a grant ends with all its tokens, whichever of them is shown.
func TestRevocationEndsTheGrant(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for name, pick := range map[string]func(tokens) string{
		"access token": func(tok tokens) string { return tok.AccessToken }, "refresh token": func(tok tokens) string { return tok.RefreshToken },
	} {
		tok, other := b.tokensOf("desk"), b.tokensOf("desk")
		for range 2 { // it can be said twice (section 2.2)
			if res := g.revokes("desk", pick(tok)); res.StatusCode != http.StatusOK || res.body != "" || res.Header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%s: %d %s", name, res.StatusCode, res.body)
			}
		}
		if res := b.userinfo(tok.AccessToken); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: the access token lives: %d", name, res.StatusCode)
		}
		if _, got := g.refresh(tok.RefreshToken); got.Error != "invalid_grant" {
			t.Errorf("%s: the refresh token lives: %+v", name, got)
		}
		g.refreshed(other.RefreshToken)
	}
}

func TestRevocationOfJWTAccessToken(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensFor(ordersAPI)
	g.revokes("desk", tok.AccessToken)
	if m := g.introspection("warehouse", tok.AccessToken); m["active"] != false {
		t.Errorf("%v", m)
	}
}

// A replaced refresh token still says which grant is meant: who wants it ended gets that.
func TestRevocationByReplacedRefreshToken(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	old := b.tokensOf("desk")
	present := g.refreshed(old.RefreshToken)
	g.revokes("desk", old.RefreshToken)
	if _, got := g.refresh(present.RefreshToken); got.Error != "invalid_grant" {
		t.Errorf("%+v", got)
	}
}

func TestRevocationIsForTheOwner(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensOf("desk")
	for _, token := range []string{tok.AccessToken, tok.RefreshToken} {
		if res := g.revokes("twin1", token); res.StatusCode != http.StatusBadRequest || field(res.body, "error") != "invalid_grant" {
			t.Errorf("another application: %d %s", res.StatusCode, res.body)
		}
		if res := g.browser().post("/oauth2/revoke", url.Values{"token": {token}, "client_id": {"phone"}}); field(res.body, "error") != "invalid_grant" {
			t.Errorf("a public one: %s", res.body)
		}
		if res := g.browser().post("/oauth2/revoke", url.Values{"token": {token}, "client_id": {"desk"}}); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("without its secret: %d", res.StatusCode)
		}
	}
	g.refreshed(tok.RefreshToken)
}

// RFC 7009 section 2.2: what is no token, or none any more, is a success; a parameter that is missing is not.
func TestRevocationOfNothing(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for name, token := range map[string]string{
		"nonsense": "x", "an ID token": b.tokens().IDToken, "a code": b.code(), "long": strings.Repeat("x", 6000), "dots": "..",
	} {
		if res := g.revokes("desk", token); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	if res := g.ask("/oauth2/revoke", "desk", url.Values{}); field(res.body, "error") != "invalid_request" {
		t.Errorf("no token: %s", res.body)
	}
}

// RFC 7009 section 2.2.1: nothing is stored of them that could be taken back.
func TestRevocationOfAnApplicationsOwnTokenIsUnsupported(t *testing.T) {
	g := newRig(t)
	for _, api := range []string{ordersAPI, stockAPI} {
		res := g.revokes("worker", g.ownToken(api).AccessToken)
		if res.StatusCode != http.StatusBadRequest || field(res.body, "error") != "unsupported_token_type" {
			t.Errorf("%s: %d %s", api, res.StatusCode, res.body)
		}
	}
}

// A single-page application gives its tokens back by itself.
func TestPublicClientRevokesItsOwn(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensOf("phone")
	res := b.post("/oauth2/revoke", url.Values{"token": {tok.RefreshToken}, "client_id": {"phone"}})
	if res.StatusCode != http.StatusOK || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if res := b.userinfo(tok.AccessToken); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("%d", res.StatusCode)
	}
}
