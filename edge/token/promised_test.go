//go:build !js

package token_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// Each grant type that discovery names is known to the token endpoint, and no other is.
func TestDiscoveryNamesTheGrantTypesThatThereAre(t *testing.T) {
	g := newRig(t)
	unknown := func(grant string) bool {
		_, tok := g.grant("worker", url.Values{"grant_type": {grant}})
		return tok.Error == "unsupported_grant_type"
	}
	promised := list(g.metadata()["grant_types_supported"])
	for _, grant := range promised {
		if grant != tenant.GrantImplicit && unknown(grant) {
			t.Errorf("%s is promised", grant)
		}
	}
	for _, grant := range []string{
		"password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer",
		"urn:openid:params:grant-type:ciba", "REFRESH_TOKEN", "refresh_token ",
	} {
		if !unknown(grant) {
			t.Errorf("%s is not promised and there", grant)
		}
	}
}

// Each algorithm that discovery names can be registered and is then used, and no other can be registered.
func TestDiscoveryNamesTheAlgorithmsThatThereAre(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	m := g.metadata()
	for _, alg := range list(m["id_token_signing_alg_values_supported"]) {
		g.application(func(a *tenant.Application) { a.IDTokenAlg, a.UserinfoAlg = alg, alg })
		_, tok := b.redeem(exchange(b.frontCode(), "client_id", "front", "redirect_uri", frontCallback, "client_secret", "-"))
		g.claimsOf(tok.IDToken, "JWT", alg)
		g.claimsOf(b.userinfo(tok.AccessToken).body, "JWT", alg)
	}
	for _, alg := range list(m["introspection_signing_alg_values_supported"]) {
		g.application(func(a *tenant.Application) {
			a.ClientID, a.SecretHash, a.Introspects, a.IntrospectionAlg = "warehouse", shopHash(), []string{stockAPI}, alg
		})
		g.claimsOf(g.signedAnswer("x"), "token-introspection+jwt", alg)
	}
	for _, alg := range list(m["id_token_signing_alg_values_supported"]) {
		if err := g.registers(alg); err != nil {
			t.Errorf("%s cannot be registered: %v", alg, err)
		}
	}
	for _, alg := range []string{"none", "HS256", "HS512", "RS384", "ES384", "PS512", "es256", "Ed25519"} {
		if g.registers(alg) == nil {
			t.Errorf("%s is not promised and can be registered", alg)
		}
	}
}

// registers tries to register an application that wants an algorithm.
func (g *rig) registers(alg string) error {
	app := tenant.Application{
		ClientID: "front", Name: "Front", Kind: tenant.AppWeb, RedirectURIs: []string{frontCallback}, GrantTypes: []string{tenant.GrantCode},
		ResponseModes: []string{"query"}, Scopes: []string{"openid"}, IDTokenAlg: alg, UserinfoAlg: alg,
	}
	_, err := g.tenants.Put(g.Context(), tenant.File{Applications: []tenant.Application{app}})
	return err
}

// frontCode gets a code for the application front.
func (b *browser) frontCode() string {
	b.Helper()
	return b.front().to(b).Query().Get("code")
}

// Each way of client authentication that is promised is one that can be registered; the others are refused by the token endpoint.
func TestDiscoveryNamesNoUnknownClientAuthentication(t *testing.T) {
	g := newRig(t)
	for _, method := range list(g.metadata()["token_endpoint_auth_methods_supported"]) {
		if !strings.Contains("none client_secret_basic client_secret_post private_key_jwt tls_client_auth self_signed_tls_client_auth", method) {
			t.Errorf("%s is promised", method)
		}
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
	form.Set("client_assertion", encode(`{"alg":"HS256"}`)+"."+encode(`{"iss":"worker","sub":"worker"}`)+".AAAA") // client_secret_jwt
	if res := g.browser().post("/oauth2/token", form); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}
