//go:build !js

package account_test

import (
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
)

// A claim that is asked for by name is there without the scope that would cover it, and the others of that scope are not
// (OpenID Connect Core 1.0 section 5.5).
func TestClaimsByNameAreThereWithoutTheirScope(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	for request, want := range map[string]account.Claims{
		"":                                      {},
		`{"userinfo":{"name":null}}`:            {Name: "Ada"},
		`{"id_token":{"email":null}}`:           {Email: "ada@example.org"},
		`{"id_token":{"email_verified":null}}`:  {EmailVerified: true},
		`{"userinfo":{"preferred_username":{}}`: {UPN: "ada@example.org"},
	} {
		secret := account.NewSecret()
		in := authorization(ref, secret)
		in.Scope, in.ClaimsRequest = "openid", request
		out, err := w.Authorize(t.Context(), id, in)
		must(t, err)
		redeem := redemption(secret)
		redeemed := w.redeem(id, redeem)
		facts, err := w.GrantFacts(t.Context(), id, account.GrantIn{GrantID: redeem.GrantID})
		must(t, err)
		if out.Claims != want || redeemed.Claims != want || facts.Claims != want {
			t.Errorf("%s: %+v, %+v, %+v, want %+v", request, out.Claims, redeemed.Claims, facts.Claims, want)
		}
	}
}
