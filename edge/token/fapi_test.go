//go:build !js

package token_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

// bank is an application with the FAPI 2.0 security profile, its DPoP key, and a person who is signed in.
type bank struct {
	*browser
	key *prover
}

func newBank(t *testing.T, change func(*tenant.Application)) bank {
	t.Helper()
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("bank", func(app *tenant.Application) {
		app.Profile, app.BoundByDPoP, app.RequirePAR = tenant.ProfileFAPI2, true, true
		if change != nil {
			change(app)
		}
	})
	return bank{b, g.prover("ES256").greet(b)}
}

// form adds a good assertion to a form, with changes to it.
func (k bank) form(form url.Values, changes claims) url.Values {
	k.Helper()
	form.Del("client_secret")
	form.Set("client_assertion", jwt(k, claims{"alg": "PS256", "kid": "PS256"}, k.assertion("bank", changes), keysFor["PS256"]))
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	return form
}

func (k bank) request(changes ...string) url.Values {
	return k.form(request(append([]string{"client_id", "bank"}, changes...)...), nil)
}

// code goes the whole way to a code.
func (k bank) code(changes ...string) string {
	k.Helper()
	uri, res := k.push(k.request(changes...))
	if uri == "" {
		k.Fatalf("%d %s", res.StatusCode, res.body)
	}
	return k.bring("bank", uri).to(k).Query().Get("code")
}

func (k bank) exchange(code string) (reply, tokens) {
	k.Helper()
	return k.redeem(k.form(exchange(code, "client_id", "bank"), nil), "DPoP", k.key.proof("POST", token.RouteToken, nil))
}

func TestFAPIWholeFlow(t *testing.T) {
	k := newBank(t, nil)
	res, tok := k.exchange(k.code())
	if tok.Error != "" || tok.TokenType != "DPoP" || tok.IDToken == "" {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if res := k.resource(tok.AccessToken, k.key.proof("GET", token.RouteUserinfo, claims{"ath": ath(tok.AccessToken)})); res.StatusCode != http.StatusOK {
		t.Errorf("%d %q", res.StatusCode, res.Header.Values("WWW-Authenticate"))
	}
}

// Section 5.3.2.2: authorization requests sent without RFC 9126 are rejected.
func TestFAPIRejectsRequestsThatAreNotPushed(t *testing.T) {
	for _, said := range []bool{true, false} {
		k := newBank(t, func(app *tenant.Application) { app.RequirePAR = said })
		if to := k.authorize("client_id", "bank").to(t); to.Query().Get("error") != "invalid_request" {
			t.Errorf("%s", to)
		}
		object := jwt(t, claims{"alg": "ES256"}, k.object("bank", nil), keysFor["ES256"])
		if to := k.signed("bank", object).to(t); to.Query().Get("error") != "invalid_request" {
			t.Errorf("signed: %s", to)
		}
	}
}

// Section 5.3.2.2: pushed requests without client authentication are rejected.
func TestFAPIRejectsPushesWithoutClientAuthentication(t *testing.T) {
	k := newBank(t, nil)
	if uri, res := k.push(request("client_id", "bank")); uri != "" || refusal(res) != "invalid_client" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}

// Section 5.3.2.1: confidential clients only, by mutual TLS or private_key_jwt.
func TestFAPIAuthenticatesByKeyOrCertificateOnly(t *testing.T) {
	for _, method := range []string{"", tenant.AuthNone, tenant.AuthBasic, tenant.AuthPost} {
		k := newBank(t, func(app *tenant.Application) {
			if app.AuthMethod = method; method != tenant.AuthNone {
				app.SecretHash = shopHash()
			}
		})
		for name, form := range map[string]url.Values{"assertion": k.request(), "secret": pushForm("client_id", "bank"), "nothing": request("client_id", "bank")} {
			if uri, res := k.push(form); uri != "" || res.StatusCode < 400 || res.StatusCode >= 500 {
				t.Errorf("registered %q, %s: %d %s", method, name, res.StatusCode, res.body)
			}
		}
	}
	k := newBank(t, func(app *tenant.Application) {
		app.AuthMethod, app.TLS, app.BoundByDPoP, app.BoundToCertificate = tenant.AuthTLS, &tenant.TLSIdentity{DNS: "shop.example.com"}, false, true
	})
	over := []string{token.CertificateHeader, shown("verified", k.certificate("ES256"))}
	uri, res := k.push(request("client_id", "bank"), over...)
	if uri == "" {
		t.Fatalf("%s", res.body)
	}
	code := k.bring("bank", uri).to(t).Query().Get("code")
	if res, tok := k.redeem(exchange(code, "client_id", "bank", "client_secret", "-"), over...); tok.Error != "" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}

// Section 5.3.2.1: the issuer, as a string, is the only audience of assertions.
func TestFAPIAudienceOfAssertionsIsTheIssuerAsAString(t *testing.T) {
	k := newBank(t, nil)
	for _, audience := range []any{k.URL + token.RouteToken, k.URL + token.RoutePush, []string{k.URL}, []string{k.URL, "x"}, "https://evil.example"} {
		form := k.form(request("client_id", "bank"), claims{"aud": audience})
		if _, res := k.push(form); refusal(res) != "invalid_client" {
			t.Errorf("%v: %s", audience, res.body)
		}
	}
}

// Section 5.3.2.1: all access tokens are sender-constrained.
func TestFAPIIssuesOnlySenderConstrainedTokens(t *testing.T) {
	k := newBank(t, nil)
	code := k.code()
	if res, tok := k.redeem(k.form(exchange(code, "client_id", "bank"), nil)); tok.Error != "invalid_dpop_proof" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	k = newBank(t, func(app *tenant.Application) { app.BoundByDPoP, app.BoundToCertificate = false, true })
	code = k.code()
	if res, tok := k.redeem(k.form(exchange(code, "client_id", "bank"), nil)); tok.Error != "invalid_request" {
		t.Errorf("without a certificate: %d %s", res.StatusCode, res.body)
	}
	k = newBank(t, func(app *tenant.Application) { app.BoundByDPoP = false })
	if _, res := k.push(k.request()); refusal(res) != "unauthorized_client" {
		t.Errorf("registered for neither: %s", res.body)
	}
}

// Section 5.3.2.2: PKCE with S256, response_type code, redirect_uri in the push.
func TestFAPIRequiresPKCEAndCodeAndRedirectURI(t *testing.T) {
	k := newBank(t, func(app *tenant.Application) { app.ResponseModes = append(app.ResponseModes, "fragment") })
	for name, test := range map[string]struct {
		changes []string
		want    string
	}{
		"no challenge": {[]string{"code_challenge", "-"}, "invalid_request"}, "plain": {[]string{"code_challenge_method", "plain"}, "invalid_request"}, "no method": {[]string{"code_challenge_method", "-"}, "invalid_request"},
		"no redirect_uri": {[]string{"redirect_uri", "-"}, "invalid_request"}, "another redirect_uri": {[]string{"redirect_uri", appCallback}, "invalid_request"},
		"token": {[]string{"response_type", "token"}, "unsupported_response_type"}, "hybrid": {[]string{"response_type", "code id_token"}, "unauthorized_client"}, "none": {[]string{"response_type", "-"}, "invalid_request"},
	} {
		if uri, res := k.push(k.request(test.changes...)); uri != "" || refusal(res) != test.want {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	if res, tok := k.redeem(k.form(exchange(k.code(), "client_id", "bank", "code_verifier", "-"), nil), "DPoP", k.key.proof("POST", token.RouteToken, nil)); tok.Error != "invalid_grant" {
		t.Errorf("no verifier: %d %s", res.StatusCode, res.body)
	}
}

// Section 5.3.2.2: the answer names the issuer (RFC 9207).
func TestFAPIAnswersNameTheIssuer(t *testing.T) {
	k := newBank(t, nil)
	uri, _ := k.push(k.request())
	if to := k.bring("bank", uri).to(t); to.Query().Get("iss") != k.URL {
		t.Errorf("%s", to)
	}
	uri, _ = k.push(k.request("prompt", "none", "max_age", "1"))
	k.wait(time.Minute)
	if to := k.bring("bank", uri).to(t); to.Query().Get("error") == "" || to.Query().Get("iss") != k.URL {
		t.Errorf("an error: %s", to)
	}
}

// Sections 5.3.2.1 and 5.3.2.2: a code lives for sixty seconds and counts once.
func TestFAPICodesLiveAMinuteAndCountOnce(t *testing.T) {
	k := newBank(t, nil)
	code := k.code()
	if _, tok := k.exchange(code); tok.Error != "" {
		t.Fatal(tok.Error)
	}
	if _, tok := k.exchange(code); tok.Error != "invalid_grant" {
		t.Errorf("again: %q", tok.Error)
	}
	if token.CodeLifetime > time.Minute {
		t.Errorf("codes live for %v", token.CodeLifetime)
	}
	code = k.code()
	k.wait(time.Minute)
	if _, tok := k.exchange(code); tok.Error != "invalid_grant" {
		t.Errorf("after a minute: %q", tok.Error)
	}
}

// Section 5.4.1: PS256, ES256 and EdDSA, in everything that the client signs.
func TestFAPIAlgorithms(t *testing.T) {
	for alg, want := range map[string]string{"ES256": "", "PS256": "", "EdDSA": "", "RS256": "invalid_client"} {
		k := newBank(t, nil)
		form := k.request()
		form.Set("client_assertion", jwt(t, claims{"alg": alg}, k.assertion("bank", nil), keysFor[alg]))
		if _, res := k.push(form); refusal(res) != want {
			t.Errorf("assertion by %s: %d %s", alg, res.StatusCode, res.body)
		}
		if want != "" {
			want = "invalid_dpop_proof"
		}
		p := k.prover(alg)
		p.nonce = k.key.nonce
		if _, tok := k.redeem(k.form(exchange(k.code(), "client_id", "bank"), nil), "DPoP", p.proof("POST", token.RouteToken, nil)); tok.Error != want {
			t.Errorf("proof by %s: %q", alg, tok.Error)
		}
		if want != "" {
			want = "invalid_request_object"
		}
		form = k.form(url.Values{"request": {jwt(t, claims{"alg": alg}, k.object("bank", nil), keysFor[alg])}}, nil)
		if _, res := k.push(form); refusal(res) != want {
			t.Errorf("request object by %s: %d %s", alg, res.StatusCode, res.body)
		}
	}
	k := newBank(t, func(app *tenant.Application) { app.IDTokenAlg = "RS256" })
	if _, res := k.push(k.request()); refusal(res) != "unauthorized_client" {
		t.Errorf("ID tokens by RS256: %s", res.body)
	}
}

// Section 5.3.2.1: clocks that are 10 seconds ahead are fine, 60 are not.
func TestFAPIClockOffsets(t *testing.T) {
	k := newBank(t, nil)
	now := k.now().Unix()
	for ahead, want := range map[int64]string{0: "", 10: "", 61: "invalid_client"} {
		for _, member := range []string{"iat", "nbf"} {
			form := k.form(request("client_id", "bank"), claims{member: now + ahead, "exp": now + 120})
			if _, res := k.push(form); refusal(res) != want {
				t.Errorf("%s %d s ahead: %s", member, ahead, res.body)
			}
		}
	}
	if res, tok := k.redeem(k.form(exchange(k.code(), "client_id", "bank"), nil), "DPoP", k.key.proof("POST", token.RouteToken, claims{"iat": now + 10})); tok.Error != "" {
		t.Errorf("a proof 10 s ahead: %d %s", res.StatusCode, res.body)
	}
	if _, tok := k.redeem(k.form(exchange(k.code(), "client_id", "bank"), nil), "DPoP", k.key.proof("POST", token.RouteToken, claims{"iat": now + 61})); tok.Error != "invalid_dpop_proof" {
		t.Errorf("a proof 61 s ahead: %q", tok.Error)
	}
}

// Section 5.3.2.2: nonces of 64 characters, and state values of a thousand (note 4).
func TestFAPILengths(t *testing.T) {
	k := newBank(t, nil)
	_, tok := k.exchange(k.code("nonce", strings.Repeat("n", 64), "state", strings.Repeat("s", 1000)))
	if tok.Error != "" || k.claimsOf(tok.IDToken, "JWT", "ES256")["nonce"] != strings.Repeat("n", 64) {
		t.Errorf("%+v", tok)
	}
	if token.PushedLifetime >= 600*time.Second {
		t.Errorf("pushed requests live for %v", token.PushedLifetime)
	}
}

// A registration that contradicts its own profile gets nothing.
func TestFAPIRegistrationOutsideTheProfile(t *testing.T) {
	for name, change := range map[string]func(*tenant.Application){
		"front channel":  func(app *tenant.Application) { app.ResponseTypes = []string{"code", "code id_token"} },
		"implicit":       func(app *tenant.Application) { app.GrantTypes = append(app.GrantTypes, tenant.GrantImplicit) },
		"RS256 userinfo": func(app *tenant.Application) { app.UserinfoAlg = "RS256" },
		"RS256":          func(app *tenant.Application) { app.AuthSigningAlg = "RS256" },
	} {
		k := newBank(t, change)
		if uri, res := k.push(k.request()); uri != "" || refusal(res) != "unauthorized_client" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
}

// Section 5.4.1: the default of RFC 9701 is an algorithm that the profile does not know.
func TestProfileSignsIntrospectionWithinItself(t *testing.T) {
	k := newBank(t, nil)
	res := k.post("/oauth2/introspect", k.form(url.Values{"token": {"x"}}, nil), "Accept", "application/token-introspection+jwt")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	k.claimsOf(res.body, "token-introspection+jwt", "ES256")
}

// Section 5.4.1: nor does such an application get access tokens that are signed by another algorithm, at any grant.
func TestProfileKeepsToItsAlgorithmsInAccessTokens(t *testing.T) {
	weak, good := "https://weak.test/", "https://good.test/"
	k := newBank(t, func(app *tenant.Application) {
		app.Resources, app.GrantTypes = []string{weak, good}, []string{tenant.GrantCode, tenant.GrantRefresh, tenant.GrantClient}
	})
	for identifier, alg := range map[string]string{weak: "RS256", good: "ES256"} {
		k.apis = append(k.apis, tenant.Resource{Identifier: identifier, Scopes: []string{"pay"}, TokenFormat: tenant.FormatJWT, SigningAlg: alg})
	}
	if uri, res := k.push(k.request("scope", "openid pay", "resource", weak)); uri != "" || refusal(res) != "invalid_target" {
		t.Errorf("pushed: %s", res.body)
	}
	for identifier, want := range map[string]string{weak: "invalid_target", good: ""} {
		form := k.form(url.Values{"grant_type": {"client_credentials"}, "resource": {identifier}}, nil)
		if res, tok := k.redeem(form, "DPoP", k.key.proof("POST", token.RouteToken, nil)); tok.Error != want {
			t.Errorf("for itself: %s", res.body)
		}
	}
	if uri, res := k.push(k.request("scope", "openid pay", "resource", good)); uri == "" {
		t.Errorf("%s", res.body)
	}
}
