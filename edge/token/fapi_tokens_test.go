//go:build !js

package token_test

import (
	"net/http"
	"testing"

	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

// FAPI 2.0 asks for neither: state is replaced by PKCE, nonce is OpenID Connect's and optional with a code.
func TestFAPIStateAndNonceMayBeMissing(t *testing.T) {
	k := newBank(t, nil)
	uri, _ := k.push(k.request("state", "-", "nonce", "-", "scope", "email openid"))
	to := k.bring("bank", uri).to(t)
	if to.Query().Has("state") {
		t.Errorf("a state was made up: %s", to)
	}
	res, tok := k.exchange(to.Query().Get("code"))
	if tok.Error != "" || tok.Scope != "email openid" {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if nonce, has := k.claimsOf(tok.IDToken, "JWT", "ES256")["nonce"]; has {
		t.Errorf("a nonce was made up: %v", nonce)
	}
}

// Section 5.3.2.1: a code is good for the client alone that it was given to, however good the other one's authentication is.
func TestFAPICodeOfAnotherClient(t *testing.T) {
	k := newBank(t, nil)
	k.signer("rival", func(app *tenant.Application) {
		app.Profile, app.BoundByDPoP, app.RequirePAR = tenant.ProfileFAPI2, true, true
	})
	code := k.code()
	assertion := jwt(t, claims{"alg": "PS256"}, k.assertion("rival", nil), keysFor["PS256"])
	res, tok := k.redeem(asserted(code, assertion), "DPoP", k.key.proof("POST", token.RouteToken, nil))
	if res.StatusCode != http.StatusBadRequest || tok.Error != "invalid_grant" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	if _, tok := k.exchange(code); tok.Error != "invalid_grant" {
		t.Errorf("what was tried by another is still good: %+v", tok)
	}
}

// Section 5.3.2.1 note 1: a proof of a clock that is a little behind is as good as one of a clock that is a little ahead.
func TestFAPIProofsOfSlowAndFastClocks(t *testing.T) {
	k := newBank(t, nil)
	for _, offset := range []int64{-10, 10} {
		proof := k.key.proof("POST", token.RouteToken, claims{"iat": k.now().Unix() + offset})
		if res, tok := k.redeem(k.form(exchange(k.code(), "client_id", "bank"), nil), "DPoP", proof); tok.Error != "" {
			t.Errorf("%d s: %d %s", offset, res.StatusCode, res.body)
		}
	}
}

// FAPI 2.0 message signing section 5.3.1: an object of a clock that is a little ahead is taken, one that is far ahead is not.
func TestFAPIRequestObjectOfAFastClock(t *testing.T) {
	k := newBank(t, nil)
	for ahead, want := range map[int64]string{8: "", 61: "invalid_request_object"} {
		object := k.object("bank", claims{"nbf": k.now().Unix() + ahead, "exp": k.now().Unix() + 300})
		form := k.form(map[string][]string{"request": {jwt(t, claims{"alg": "ES256"}, object, keysFor["ES256"])}}, nil)
		if _, res := k.push(form); refusal(res) != want {
			t.Errorf("%d s ahead: %d %s", ahead, res.StatusCode, res.body)
		}
	}
}
