//go:build !js

package account_test

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
)

func TestClaimsAreThoseOfTheScope(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	for scope, want := range map[string]account.Claims{
		"openid":               {},
		"openid profile":       {UPN: "ada@example.org", Name: "Ada", UpdatedAt: 1_800_000_000},
		"openid email":         {Email: "ada@example.org", EmailVerified: true},
		"openid email profile": {UPN: "ada@example.org", Name: "Ada", UpdatedAt: 1_800_000_000, Email: "ada@example.org", EmailVerified: true},
		"openid emails":        {},
	} {
		secret := account.NewSecret()
		in := authorization(ref, secret)
		in.Scope = scope
		must(t, authorized(w.Authorize(t.Context(), id, in)))
		redeem := redemption(secret)
		if out := w.redeem(id, redeem); out.Claims != want {
			t.Errorf("%s: redeemed %+v, want %+v", scope, out.Claims, want)
		}
		out, err := w.GrantFacts(t.Context(), id, account.GrantIn{GrantID: redeem.GrantID})
		must(t, err)
		if out.Claims != want || out.ClientID != "shop" {
			t.Errorf("%s: facts %+v, want %+v", scope, out, want)
		}
	}
}

func TestGrantEndsWithItsTime(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	grant := w.signinTo(id, ref, "shop")
	w.pass(time.Hour - time.Second)
	if !w.granted(id, grant) {
		t.Error("ended early")
	}
	w.pass(time.Second)
	if w.granted(id, grant) {
		t.Error("outlived its time")
	}
}
