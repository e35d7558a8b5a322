//go:build !js

package token_test

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// OpenID Connect Core 1.0 section 8.1: the same for all applications of a sector, another one for others, and nothing of the account.
func TestPairwiseSubjects(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	sub := map[string]string{}
	for _, client := range []string{"desk", "twin1", "twin2", "other"} {
		sub[client], _ = g.claimsOf(b.tokensOf(client).IDToken, "JWT", "ES256")["sub"].(string)
	}
	if sub["desk"] != id {
		t.Errorf("public: %s", sub["desk"])
	}
	if sub["twin1"] != sub["twin2"] || sub["twin1"] == sub["other"] || sub["twin1"] == id || len(sub["twin1"]) != 43 {
		t.Errorf("%v", sub)
	}
	b, _ = g.signedIn("bob@id.test")
	if bob := g.claimsOf(b.tokensOf("twin1").IDToken, "JWT", "ES256")["sub"]; bob == sub["twin1"] {
		t.Error("two people have one subject")
	}
}

// The subject is the same wherever an application meets it, and no place says whose account it is.
func TestPairwiseSubjectIsTheSameEverywhere(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	tok := b.tokensOf("twin1")
	sub, _ := g.claimsOf(tok.IDToken, "JWT", "ES256")["sub"].(string)
	jwt := b.tokensOf("twin1", "resource", ordersAPI, "scope", "openid orders.read")
	if got := g.claimsOf(jwt.AccessToken, "at+jwt", "ES256")["sub"]; got != sub {
		t.Errorf("JWT access token: %v", got)
	}
	if got := field(b.userinfo(tok.AccessToken).body, "sub"); got != sub {
		t.Errorf("userinfo: %v", got)
	}
	for client, token := range map[string]string{"twin1": tok.RefreshToken, "warehouse": jwt.AccessToken} {
		if got := g.introspection(client, token)["sub"]; got != sub {
			t.Errorf("introspection by %s: %v", client, got)
		}
	}
	_, again := g.grant("twin1", refreshForm(tok.RefreshToken))
	if got := g.claimsOf(again.IDToken, "JWT", "ES256")["sub"]; got != sub {
		t.Errorf("refreshed: %v", got)
	}
	for name, token := range map[string]string{"ID token": tok.IDToken, "JWT access token": jwt.AccessToken, "access token": tok.AccessToken, "refresh token": tok.RefreshToken} {
		for _, part := range strings.Split(token, ".") {
			if raw, _ := base64.RawURLEncoding.DecodeString(part); strings.Contains(string(raw), id) {
				t.Errorf("the %s names the account", name)
			}
		}
	}
	b.signout("")
	_, told := g.delivered()
	for _, logout := range told {
		if got := g.claimsOf(logout, "logout+jwt", "ES256"); got["aud"] == "twin1" && got["sub"] != sub {
			t.Errorf("logout token: %v", got["sub"])
		}
	}
	if len(told) == 0 {
		t.Error("nobody was told of the sign-out")
	}
}

// Correlation: sites that are not to know that they have the same person find no other value in their tokens that is the same at both.
// Within a sector, and at each end of a session, the names fit together.
func TestPairwiseCorrelationBySession(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	known := map[string]map[any]string{} // by client: what it sees, and where
	sid := map[string]any{}
	for _, client := range []string{"twin1", "twin2", "other"} {
		tok := b.tokensOf(client, "resource", ordersAPI, "scope", "openid orders.read")
		known[client] = map[any]string{}
		for where, seen := range map[string]map[string]any{
			"ID token": g.claimsOf(tok.IDToken, "JWT", "ES256"), "access token": g.claimsOf(tok.AccessToken, "at+jwt", "ES256"),
			"introspection": g.introspection(client, tok.AccessToken), "refresh token": g.introspection(client, tok.RefreshToken),
		} {
			for _, name := range []string{"sub", "sid", "jti", "grant", "at_hash"} {
				if seen[name] != nil {
					known[client][seen[name]] = where + " " + name
				}
			}
			if sid[client] == nil {
				sid[client] = seen["sid"]
			}
			if seen["sid"] != sid[client] || seen["sid"] == b.sid || seen["sid"] == nil {
				t.Errorf("%s: the %s has sid %v, not %v", client, where, seen["sid"], sid[client])
			}
		}
	}
	for value, where := range known["twin1"] {
		if there, both := known["other"][value]; both {
			t.Errorf("%s and %s are the same", where, there)
		}
	}
	if sid["twin1"] != sid["twin2"] {
		t.Error("one sector has two names for a session")
	}
	_, out := b.signout("")
	for client, host := range map[string]string{"twin1": "twin.test", "other": "other.test"} {
		page := "https://" + host + "/front?" + url.Values{"iss": {g.URL}, "sid": {sid[client].(string)}}.Encode()
		if len(out.FrontChannel) != 2 || !slices.Contains(out.FrontChannel, page) {
			t.Errorf("front channel: %q", out.FrontChannel)
		}
	}
	_, told := g.delivered()
	for _, logout := range told {
		if got := g.claimsOf(logout, "logout+jwt", "ES256"); got["sid"] != sid[got["aud"].(string)] {
			t.Errorf("logout token: %v", got)
		}
	}
	if len(told) != 3 {
		t.Errorf("%d were told", len(told))
	}
}
