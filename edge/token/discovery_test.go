//go:build !js

package token_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/token"
)

func (g *rig) metadata() map[string]any {
	g.Helper()
	var m map[string]any
	res := g.browser().get("/.well-known/openid-configuration")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" {
		g.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	g.must(json.Unmarshal([]byte(res.body), &m))
	return m
}

func list(v any) (out []string) {
	for _, item := range v.([]any) {
		out = append(out, item.(string))
	}
	return out
}

func TestDiscoveryNamesEndpointsThatAnswer(t *testing.T) {
	g := newRig(t)
	m := g.metadata()
	if m["issuer"] != g.URL {
		t.Errorf("issuer %v", m["issuer"])
	}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint",
		"introspection_endpoint", "revocation_endpoint", "pushed_authorization_request_endpoint", "device_authorization_endpoint"} {
		address, _ := m[name].(string)
		path, ours := strings.CutPrefix(address, g.URL)
		if res := g.browser().get(path); !ours || res.StatusCode == http.StatusNotFound {
			t.Errorf("%s: %s", name, address)
		}
	}
}

// Every value that is promised is tried, and the nearest one that is not is refused.
func TestDiscoverySaysExactlyWhatIsTrue(t *testing.T) {
	g := newRig(t)
	m := g.metadata()
	b, _ := g.signedIn("ada@id.test")
	g.application(anything)
	for _, mode := range list(m["response_modes_supported"]) {
		if res := b.front("response_mode", mode); strings.Contains(res.Header.Get("Location")+res.body, "error") {
			t.Errorf("response_mode %s is promised", mode)
		}
	}
	for _, prompt := range list(m["prompt_values_supported"]) {
		if to := b.authorize("prompt", prompt).to(t); to.Query().Get("error") == "invalid_request" {
			t.Errorf("prompt %s is promised", prompt)
		}
	}
	for _, locale := range list(m["ui_locales_supported"]) {
		want := map[string]string{"en": "/signin", "de": "/de/signin"}[locale]
		if to := g.browser().authorize("ui_locales", locale).to(t); to.Path != want {
			t.Errorf("ui_locales %s: %s", locale, to)
		}
	}
	claims := g.claimsOf(b.tokens().IDToken, "JWT", "ES256")
	claims["c_hash"] = "of the hybrid flow, by TestHybridFlowAnswersInTheFragment"
	for _, claim := range list(m["claims_supported"]) {
		if _, has := claims[claim]; !has {
			t.Errorf("claim %s is promised", claim)
		}
		delete(claims, claim)
	}
	if len(claims) != 0 {
		t.Errorf("claims that are not mentioned: %v", claims)
	}
	for name, want := range map[string]string{
		"response_types_supported": "code id_token code id_token",
		"subject_types_supported":  "public pairwise", "acr_values_supported": "urn:latchkey:acr:1",
		"code_challenge_methods_supported": "S256", "scopes_supported": "openid profile email offline_access latchkey:settings", "claim_types_supported": "normal",
		"id_token_signing_alg_values_supported": "ES256 RS256 EdDSA PS256", "response_modes_supported": "query fragment form_post",
		"userinfo_signing_alg_values_supported": "ES256 RS256 EdDSA PS256", "introspection_signing_alg_values_supported": "ES256 RS256 EdDSA PS256",
		"userinfo_encryption_alg_values_supported": "ECDH-ES ECDH-ES+A256KW RSA-OAEP-256",
		"userinfo_encryption_enc_values_supported": "A128GCM A256GCM A128CBC-HS256 A256CBC-HS512",
	} {
		if got := strings.Join(list(m[name]), " "); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, want := range map[string]bool{
		"request_parameter_supported": true, "request_uri_parameter_supported": false, "claims_parameter_supported": true,
		"authorization_response_iss_parameter_supported": true, "backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
		"frontchannel_logout_supported": true, "frontchannel_logout_session_supported": true,
	} {
		if m[name] != want {
			t.Errorf("%s: %v", name, m[name])
		}
	}
	if m["registration_endpoint"] != g.URL+"/oauth2/register" {
		t.Errorf("registration_endpoint: %v", m["registration_endpoint"])
	}
}

// Each of these ways has its own tests of what it accepts.
func TestDiscoveryNamesTheWaysToProveAClient(t *testing.T) {
	m := newRig(t).metadata()
	const confidential, algs = "client_secret_basic client_secret_post private_key_jwt tls_client_auth self_signed_tls_client_auth", "ES256 PS256 RS256 EdDSA"
	for name, want := range map[string]string{
		"token_endpoint_auth_methods_supported": "none " + confidential, "token_endpoint_auth_signing_alg_values_supported": algs,
		"revocation_endpoint_auth_methods_supported": "none " + confidential, "revocation_endpoint_auth_signing_alg_values_supported": algs,
		"introspection_endpoint_auth_methods_supported": confidential, "introspection_endpoint_auth_signing_alg_values_supported": algs,
		"request_object_signing_alg_values_supported": algs, "dpop_signing_alg_values_supported": algs,
	} {
		if got := strings.Join(list(m[name]), " "); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, want := range map[string]bool{
		"require_signed_request_object": false, "require_pushed_authorization_requests": false, "tls_client_certificate_bound_access_tokens": true,
	} {
		if m[name] != want {
			t.Errorf("%s: %v", name, m[name])
		}
	}
}

// Mutual TLS is promised only where the platform hands certificates over (RFC 8705 section 3.3).
func TestDiscoveryPromisesMutualTLSOnlyWhereItIs(t *testing.T) {
	g := newRig(t)
	deps := g.deps()
	deps.Certificates = token.CertificateSource{}
	mux := http.NewServeMux()
	token.New(deps).Mount(mux)
	g.Config.Handler = mux
	m := g.metadata()
	for name, methods := range m {
		if strings.HasSuffix(name, "_auth_methods_supported") && strings.Contains(strings.Join(list(methods), " "), "tls") {
			t.Errorf("%s: %v", name, methods)
		}
	}
	if m["tls_client_certificate_bound_access_tokens"] != false {
		t.Error("bound tokens are promised")
	}
}

func TestAuthorizationServerMetadataIsTheSameDocument(t *testing.T) {
	b := newRig(t).browser()
	if one, two := b.get("/.well-known/openid-configuration"), b.get("/.well-known/oauth-authorization-server"); one.body != two.body || two.StatusCode != http.StatusOK {
		t.Errorf("%d %s", two.StatusCode, two.body)
	}
}

func TestJWKSIsPublicAndBrieflyCached(t *testing.T) {
	g := newRig(t)
	for _, alg := range list(g.metadata()["id_token_signing_alg_values_supported"]) {
		g.must(g.keys.EnsureAlg(t.Context(), alg)) // as when an application registers for it
	}
	res := g.browser().get("/oauth2/jwks")
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	g.must(json.Unmarshal([]byte(res.body), &set))
	if res.Header.Get("Cache-Control") != "public, max-age=3600" || len(set.Keys) == 0 {
		t.Errorf("%v %s", res.Header, res.body)
	}
	var algs []string
	for _, key := range set.Keys {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if _, has := key[private]; has {
				t.Errorf("key %v is published with %s", key["kid"], private)
			}
		}
		if key["use"] != "sig" || key["kid"] == "" {
			t.Errorf("%v", key)
		}
		algs = append(algs, key["alg"].(string))
	}
	for _, alg := range list(g.metadata()["id_token_signing_alg_values_supported"]) {
		if !slices.Contains(algs, alg) {
			t.Errorf("no key for %s", alg)
		}
	}
}
