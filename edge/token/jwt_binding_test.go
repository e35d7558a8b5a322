//go:build !js

package token_test

import (
	"net/http"
	"testing"

	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

// A JWT access token carries what it is bound to for the API to check, and introspection finds the same in it (RFC 7800 section 3.1,
// RFC 9449 section 6.1).
func TestJWTAccessTokenShowsItsBinding(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.application(func(a *tenant.Application) { a.Resources = []string{ordersAPI} })
	key := g.prover("ES256").greet(b)
	code := b.front("resource", ordersAPI, "scope", "openid orders.read").to(t).Query().Get("code")
	res, tok := b.redeem(exchange(code, "client_id", "front", "redirect_uri", frontCallback, "client_secret", "-"),
		"DPoP", key.proof("POST", token.RouteToken, nil))
	if res.StatusCode != http.StatusOK || tok.TokenType != "DPoP" {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	m := g.introspection("warehouse", tok.AccessToken)
	for name, cnf := range map[string]any{"the token": g.claimsOf(tok.AccessToken, "at+jwt", "ES256")["cnf"], "introspection": m["cnf"]} {
		bound, _ := cnf.(map[string]any)
		if len(bound) != 1 || bound["jkt"] != key.thumbprint() {
			t.Errorf("%s: %v", name, cnf)
		}
	}
	if m["token_type"] != "DPoP" {
		t.Errorf("%v", m)
	}
}
