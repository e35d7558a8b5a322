//go:build !js

package token_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

// RFC 6749 section 3.2: what is not understood is ignored, at the endpoints that clients post to as at the authorization endpoint.
func TestParametersThatAreNotKnownAreIgnoredEverywhere(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	res, tok := b.redeem(exchange(b.code(), "extra", "foobar", "client_info", "1", "scope", "openid calendar"))
	if res.StatusCode != http.StatusOK || tok.IDToken == "" {
		t.Errorf("token: %d %s", res.StatusCode, res.body)
	}
	for path, form := range map[string]url.Values{
		"/oauth2/introspect": {"token": {tok.AccessToken}, "extra": {"foobar"}}, "/oauth2/revoke": {"token": {tok.AccessToken}, "extra": {"foobar"}},
	} {
		if res := g.ask(path, "shop", form); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, res.StatusCode, res.body)
		}
	}
	if uri, res := b.push(pushForm("extra", "foobar")); b.bring("shop", uri).to(t).Query().Get("code") == "" {
		t.Errorf("push: %d %s", res.StatusCode, res.body)
	}
	if to := b.get(logoutQuery("extra", "foobar")).to(t); to.Path != "/signout" {
		t.Errorf("logout: %s", to)
	}
	form := url.Values{"access_token": {b.tokens().AccessToken}, "extra": {"foobar"}, "schema": {"openid"}}
	if res := b.post("/oauth2/userinfo", form); res.StatusCode != http.StatusOK {
		t.Errorf("userinfo: %d %s", res.StatusCode, res.body)
	}
}

// RFC 6749 section 3.2, RFC 7009 section 2.1, RFC 7662 section 2.1, RFC 8628 section 3.1, RFC 9126 section 2.3, RFC 7591 section 3.
func TestEndpointsOfClientsTakePostOnly(t *testing.T) {
	b := newRig(t).browser()
	for _, path := range []string{
		"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/device_authorization", "/oauth2/par", "/oauth2/register",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			r, err := http.NewRequest(method, b.URL+path+"?client_id=shop&token=x", nil)
			b.must(err)
			res := b.do(r)
			if res.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(res.Header.Get("Allow"), http.MethodPost) {
				t.Errorf("%s %s: %d, Allow: %s", method, path, res.StatusCode, res.Header.Get("Allow"))
			}
		}
	}
}

// OpenID Connect Core 1.0 section 3.1.2.1: an application with one redirect URI has to say it all the same.
func TestRedirectURIIsAlwaysRequired(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	if to := b.authorize("client_id", "app", "redirect_uri", "-").Header.Get("Location"); to != "/error?code=redirect_uri" {
		t.Errorf("%s", to)
	}
	if b.code("client_id", "app", "redirect_uri", appCallback) == "" {
		t.Error("the test proves nothing")
	}
}

// Scripts of other sites may send a proof and read what is said about it (RFC 9449 section 8, RFC 9700 section 2.6).
func TestScriptsMaySendProofs(t *testing.T) {
	b := newRig(t).browser()
	for _, path := range []string{token.RouteToken, token.RouteUserinfo, token.RoutePush} {
		r, err := http.NewRequest(http.MethodOptions, b.URL+path, nil)
		b.must(err)
		h := b.do(r).Header
		if !strings.Contains(h.Get("Access-Control-Allow-Headers"), "DPoP") || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "DPoP-Nonce") ||
			!strings.Contains(h.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// OpenID Connect Discovery 1.0 section 4.2, RFC 8414 sections 2 and 3.2: members without a value are left out, and what is an address
// is one of the issuer's, over TLS, without a fragment.
func TestDiscoveryHasNoEmptyMembers(t *testing.T) {
	g := newRig(t)
	for name, value := range g.metadata() {
		switch v := value.(type) {
		case nil:
			t.Errorf("%s is null", name)
		case []any:
			if len(v) == 0 {
				t.Errorf("%s is empty", name)
			}
		case string:
			if !strings.HasPrefix(v, g.URL) || !strings.HasPrefix(v, "https://") || strings.ContainsAny(v, "#? ") {
				t.Errorf("%s: %q", name, v)
			}
		}
	}
	deps := g.deps()
	deps.Registry = nil
	mux := http.NewServeMux()
	token.New(deps).Mount(mux)
	g.Config.Handler = mux
	if m := g.metadata(); m["registration_endpoint"] != nil {
		t.Errorf("there is no registration, and discovery names %v", m["registration_endpoint"])
	}
}

// RFC 7009 section 2.1: the hint may be wrong or unheard of.
func TestRevocationIgnoresTheHint(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for _, hint := range []string{"access_token", "refresh_token", "unheard_of"} {
		for _, refresh := range []bool{false, true} {
			tok := b.tokensOf("desk")
			shown := tok.AccessToken
			if refresh {
				shown = tok.RefreshToken
			}
			res := g.ask("/oauth2/revoke", "desk", url.Values{"token": {shown}, "token_type_hint": {hint}})
			if res.StatusCode != http.StatusOK || b.userinfo(tok.AccessToken).StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: %d %s", hint, res.StatusCode, res.body)
			}
		}
	}
}

// RFC 8707 sections 2.1 and 2.2: a resource is the identifier of an API to the letter, at either endpoint.
func TestResourceIsAnIdentifierToTheLetter(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	desk := []string{"client_id", "desk", "redirect_uri", deskCallback, "scope", "openid orders.read"}
	for _, resource := range []string{
		"orders", "/orders", ordersAPI + "#x", ordersAPI + "?x", strings.TrimSuffix(ordersAPI, "/"), strings.ToUpper(ordersAPI), "https://nobody.test/", " " + ordersAPI,
	} {
		if query := b.authorize(append(desk, "resource", resource)...).to(t).Query(); query.Get("error") != "invalid_target" || query.Has("code") {
			t.Errorf("authorization of %q: %v", resource, query)
		}
		if res, tok := g.grant("worker", url.Values{"grant_type": {"client_credentials"}, "resource": {resource}}); tok.Error != "invalid_target" {
			t.Errorf("token for %q: %s", resource, res.body)
		}
	}
	if b.authorize(append(desk, "resource", ordersAPI)...).to(t).Query().Get("code") == "" {
		t.Error("the test proves nothing")
	}
}

// RFC 6749 section 4.4.2: whatever its registration says.
func TestPublicApplicationNeverActsForItself(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) {
		app.GrantTypes, app.Resources = []string{tenant.GrantClient}, []string{ordersAPI}
	})
	res, tok := g.browser().redeem(url.Values{"grant_type": {"client_credentials"}, "client_id": {"front"}, "resource": {ordersAPI}})
	if res.StatusCode != http.StatusBadRequest || tok.Error != "unauthorized_client" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}

// RFC 8707 section 2: an API that is known here is none for an application that is not registered for it, whatever the grant.
func TestResourceIsOneOfTheApplications(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) {
		app.GrantTypes, app.Resources, app.SecretHash = []string{tenant.GrantClient, tenant.GrantCode, tenant.GrantRefresh}, []string{ordersAPI}, shopHash()
	})
	b, _ := g.signedIn("ada@id.test")
	if answer := answerOf(t, b.front("resource", stockAPI)); answer.Get("error") != "invalid_target" {
		t.Errorf("authorization: %v", answer)
	}
	_, tok := b.redeem(exchange(b.frontCode(), "client_id", "front", "redirect_uri", frontCallback))
	for resource, want := range map[string]string{ordersAPI: "", stockAPI: "invalid_target"} {
		if res, tok := g.grant("front", url.Values{"grant_type": {tenant.GrantClient}, "resource": {resource}}); tok.Error != want {
			t.Errorf("for itself at %s: %s", resource, res.body)
		}
	}
	if res, tok := g.grant("front", refreshForm(tok.RefreshToken, "resource", stockAPI)); tok.Error != "invalid_target" {
		t.Errorf("refresh: %s", res.body)
	}
}

// RFC 8707 section 2.2: with a code as with a refresh token, only what the person granted.
func TestCodeIsForTheAPIsThatWereGranted(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	desk := []string{"client_id", "desk", "redirect_uri", deskCallback}
	for resource, want := range map[string]string{ordersAPI: "", stockAPI: "invalid_target"} {
		code := b.code(append(desk, "resource", ordersAPI, "scope", "openid orders.read")...)
		res, tok := b.redeem(exchange(code, append(desk, "resource", resource)...))
		if tok.Error != want || (tok.AccessToken == "") != (want != "") {
			t.Errorf("%s: %d %s", resource, res.StatusCode, res.body)
		}
	}
}

// RFC 7591 sections 2 and 3.2.1: an answer that leaves a member out says that it is not registered.
func TestRegistrationDoesNotPretend(t *testing.T) {
	g := newRig(t)
	for member, value := range map[string]string{
		"software_id": `"x"`, "software_version": `"1"`, "request_uris": `["https://new.test/r"]`, "require_auth_time": `true`,
		"client_name#de": `"Neuling"`, "id_token_encrypted_response_enc#x": `"A256GCM"`, "request_object_encryption_alg": `"RSA-OAEP-256"`,
	} {
		n := g.newcomer(`{"redirect_uris": ["https://new.test/cb"], "`+member+`": `+value+`}`, tenant.Terms{})
		if got, has := n.members[member]; has {
			t.Errorf("%s is said to be registered: %v", member, got)
		}
	}
}

// broken is an account service whose objects do not answer.
type broken struct{ token.Accounts }

func (broken) Authorize(context.Context, string, account.AuthorizeIn) (account.AuthorizeOut, error) {
	return account.AuthorizeOut{}, errors.New("disk on fire in /private/place")
}

func (b broken) Redeem(context.Context, string, account.RedeemIn) (account.RedeemOut, error) {
	return account.RedeemOut{}, errors.New("disk on fire in /private/place")
}

// RFC 6749 sections 4.1.2.1 and 5.2: a fault of ours is server_error, at the redirect URI or with a 500, and says nothing about itself.
func TestFaultsOfOursAreServerErrors(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	code := b.code()
	deps := g.deps()
	deps.Accounts = broken{deps.Accounts}
	mux := http.NewServeMux()
	token.New(deps).Mount(mux)
	g.Config.Handler = mux
	to := b.authorize().to(t)
	if query := to.Query(); query.Get("error") != "server_error" || query.Get("state") != "st" || query.Get("iss") != g.URL || !strings.HasPrefix(to.String(), shopCallback) {
		t.Errorf("%s", to)
	}
	res, tok := b.redeem(exchange(code))
	if res.StatusCode != http.StatusInternalServerError || tok.Error != "server_error" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	if strings.Contains(to.String()+res.body, "fire") {
		t.Errorf("the cause is told: %s %s", to, res.body)
	}
}
