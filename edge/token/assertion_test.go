//go:build !js

package token_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// tryAssertion redeems a code with an assertion and returns the error, "" for success.
func (b *browser) tryAssertion(clientID, assertion string, changes ...string) (int, string) {
	b.Helper()
	res, tok := b.redeem(asserted(b.code("client_id", clientID), assertion, changes...))
	return res.StatusCode, tok.Error
}

func TestPrivateKeyJWTByEveryAlgorithm(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jwt", nil)
	for alg, key := range keysFor {
		for name, header := range map[string]claims{
			"no kid": {"alg": alg}, "kid": {"alg": alg, "kid": alg}, "typ JWT": {"alg": alg, "typ": "JWT"}, "its own typ": {"alg": alg, "typ": "client-authentication+jwt"},
			"a header of somebody's own": {"alg": alg, "x5t#S256": "abc", "custom": 1},
		} {
			if status, refused := b.tryAssertion("jwt", jwt(t, header, g.assertion("jwt", nil), key)); refused != "" {
				t.Errorf("%s, %s: %d %s", alg, name, status, refused)
			}
		}
	}
	for name, changes := range map[string]claims{
		"token endpoint as audience": {"aud": g.URL + "/oauth2/token"}, "a list of one audience": {"aud": []string{g.URL}}, "no iat": {"iat": nil},
		"a clock that is ahead": {"iat": g.now().Unix() + 25, "nbf": g.now().Unix() + 25}, "ten minutes": {"exp": g.now().Unix() + 600},
	} {
		if status, refused := b.tryAssertion("jwt", jwt(t, claims{"alg": "ES256"}, g.assertion("jwt", changes), keysFor["ES256"])); refused != "" {
			t.Errorf("%s: %d %s", name, status, refused)
		}
	}
	one := g.assertion("jwt", nil)
	if status, refused := b.tryAssertion("jwt", jwt(t, claims{"alg": "ES256"}, one, keysFor["ES256"]), "client_id", "jwt"); refused != "" {
		t.Errorf("client_id beside it: %d %s", status, refused)
	}
}

func TestAssertionsThatAreRefused(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jwt", nil)
	now := g.now().Unix()
	for name, changes := range map[string]claims{
		"no iss": {"iss": nil}, "no sub": {"sub": nil}, "iss of another": {"iss": "shop"}, "sub of another": {"sub": "shop"}, "unknown": {"iss": "nobody", "sub": "nobody"},
		"no aud": {"aud": nil}, "another audience": {"aud": "https://evil.example"}, "no exp": {"exp": nil}, "expired": {"exp": now}, "exp a text": {"exp": "soon"},
		"valid for an hour": {"exp": now + 3600}, "not valid yet": {"nbf": now + 61}, "from the future": {"iat": now + 61}, "no jti": {"jti": nil},
		"empty jti": {"jti": ""}, "jti a number": {"jti": 7}, "iss a list": {"iss": []string{"jwt"}},
	} {
		if status, refused := b.tryAssertion("jwt", jwt(t, claims{"alg": "ES256"}, g.assertion("jwt", changes), keysFor["ES256"])); status != http.StatusUnauthorized || refused != "invalid_client" {
			t.Errorf("%s: %d %q", name, status, refused)
		}
	}
	good := jwt(t, claims{"alg": "ES256"}, g.assertion("jwt", nil), keysFor["ES256"])
	for name, changes := range map[string][]string{
		"another type":    {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
		"no type":         {"client_assertion_type", "-"},
		"no assertion":    {"client_assertion", "-"},
		"no JWT":          {"client_assertion", "x.y.z"},
		"encrypted":       {"client_assertion", "a.b.c.d.e"},
		"a changed claim": {"client_assertion", strings.Replace(good, ".", ".A", 1)},
	} {
		if status, refused := b.tryAssertion("jwt", good, changes...); status != http.StatusUnauthorized || refused != "invalid_client" {
			t.Errorf("%s: %d %q", name, status, refused)
		}
	}
	if status, refused := b.tryAssertion("jwt", good, "client_id", "shop"); status != http.StatusBadRequest || refused != "invalid_request" {
		t.Errorf("client_id of another: %d %q", status, refused)
	}
	if status, refused := b.tryAssertion("jwt", good, "client_secret", shopSecret); status != http.StatusBadRequest || refused != "invalid_request" {
		t.Errorf("with a secret beside it: %d %q", status, refused)
	}
	res, _ := b.redeem(asserted("x", good), "Authorization", basic("shop", shopSecret))
	if refusal(res) != "invalid_request" {
		t.Errorf("with Basic beside it: %s", res.body)
	}
	if status, refused := b.tryAssertion("jwt", good); refused != "" {
		t.Errorf("what was refused has used the assertion up: %d %q", status, refused)
	}
}

// Assertion replay: a jti counts once, on whichever node, for as long as the assertion would be good.
func TestAssertionReplayIsRefused(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jwt", nil)
	g.signer("other", nil)
	body := g.assertion("jwt", claims{"exp": g.now().Unix() + 600})
	once := jwt(t, claims{"alg": "ES256"}, body, keysFor["ES256"])
	if status, refused := b.tryAssertion("jwt", once); refused != "" {
		t.Fatalf("%d %s", status, refused)
	}
	for range 3 {
		if status, refused := b.tryAssertion("jwt", once); status != http.StatusUnauthorized || refused != "invalid_client" {
			t.Errorf("again: %d %q", status, refused)
		}
		g.wait(3 * time.Minute)
	}
	if _, refused := b.tryAssertion("jwt", jwt(t, claims{"alg": "EdDSA"}, body, keysFor["EdDSA"])); refused != "invalid_client" {
		t.Errorf("the same jti signed anew: %q", refused)
	}
	r := httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader(asserted("x", once).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	if g.node().ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("on another node: %d %s", w.Code, w.Body)
	}
	same := g.assertion("other", claims{"jti": body["jti"]})
	if status, refused := b.tryAssertion("other", jwt(t, claims{"alg": "ES256"}, same, keysFor["ES256"])); refused != "" {
		t.Errorf("the same jti of another application: %d %q", status, refused)
	}
}

// Audience injection: an assertion that somebody else could also use, or had made for themselves, is refused.
func TestAssertionAudienceInjection(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jwt", nil)
	for _, audience := range []any{
		[]string{g.URL, "https://evil.example"}, []string{"https://evil.example", g.URL + "/oauth2/token"}, []string{g.URL, g.URL}, []any{}, []any{[]string{g.URL}},
		"https://evil.example/oauth2/token", g.URL + "/", g.URL + ".evil.example", g.URL + "/oauth2/authorize", strings.ToUpper(g.URL), claims{"x": g.URL}, nil, 1,
	} {
		if status, refused := b.tryAssertion("jwt", jwt(t, claims{"alg": "ES256"}, g.assertion("jwt", claims{"aud": audience}), keysFor["ES256"])); status != http.StatusUnauthorized || refused != "invalid_client" {
			t.Errorf("%v: %d %q", audience, status, refused)
		}
	}
}

// Algorithm confusion: none, symmetric algorithms with what is public as their secret, and a key used for another algorithm.
func TestAssertionAlgorithmConfusion(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jwt", func(app *tenant.Application) { app.JWKS = publicKeys("RS256") })
	g.signer("es", func(app *tenant.Application) { app.AuthSigningAlg = "ES256" })
	der, err := x509.MarshalPKIXPublicKey(keysFor["RS256"].Public())
	g.must(err)
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	hash := shopHash()
	for name, forged := range map[string]string{
		"none":                    jwt(t, claims{"alg": "none"}, g.assertion("jwt", nil), nil),
		"NONE":                    jwt(t, claims{"alg": "NONE"}, g.assertion("jwt", nil), nil),
		"HS256 with the PEM":      jwt(t, claims{"alg": "HS256"}, g.assertion("jwt", nil), text),
		"HS256 with the DER":      jwt(t, claims{"alg": "HS256"}, g.assertion("jwt", nil), der),
		"HS256 with a hash":       jwt(t, claims{"alg": "HS256"}, g.assertion("jwt", nil), hash),
		"ES256 with the RSA kid":  jwt(t, claims{"alg": "ES256", "kid": "RS256"}, g.assertion("jwt", nil), thief),
		"RS256 that is PS256":     strings.Replace(jwt(t, claims{"alg": "PS256"}, g.assertion("jwt", nil), keysFor["PS256"]), encode(`{"alg":"PS256"}`), encode(`{"alg":"RS256"}`), 1),
		"another key":             jwt(t, claims{"alg": "ES256"}, g.assertion("jwt", nil), thief),
		"compressed":              jwt(t, claims{"alg": "RS256", "zip": "DEF"}, g.assertion("jwt", nil), keysFor["RS256"]),
		"PBES2 with a huge count": jwt(t, claims{"alg": "PBES2-HS256+A128KW", "p2c": 1 << 30, "p2s": "AA"}, g.assertion("jwt", nil), keysFor["RS256"]),
		"p2c":                     jwt(t, claims{"alg": "RS256", "p2c": 1 << 30}, g.assertion("jwt", nil), keysFor["RS256"]),
		"crit":                    jwt(t, claims{"alg": "RS256", "crit": []string{"exp"}, "exp": 1}, g.assertion("jwt", nil), keysFor["RS256"]),
		"a proof's type":          jwt(t, claims{"alg": "RS256", "typ": "dpop+jwt"}, g.assertion("jwt", nil), keysFor["RS256"]),
		"a request object's type": jwt(t, claims{"alg": "RS256", "typ": "oauth-authz-req+jwt"}, g.assertion("jwt", nil), keysFor["RS256"]),
		"an access token's type":  jwt(t, claims{"alg": "RS256", "typ": "at+jwt"}, g.assertion("jwt", nil), keysFor["RS256"]),
	} {
		if status, refused := b.tryAssertion("jwt", forged); status != http.StatusUnauthorized || refused != "invalid_client" {
			t.Errorf("%s: %d %q", name, status, refused)
		}
	}
	if status, refused := b.tryAssertion("es", jwt(t, claims{"alg": "RS256"}, g.assertion("es", nil), keysFor["RS256"])); refused != "invalid_client" {
		t.Errorf("another algorithm than the registered one: %d %q", status, refused)
	}
}

// Key injection: where a key comes from is the registration's business and never the assertion's.
func TestAssertionKeyInjection(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jwt", nil)
	own := claims{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
	for name, header := range map[string]claims{
		"jwk": {"alg": "ES256", "jwk": own}, "jku": {"alg": "ES256", "jku": "https://evil.example/jwks"}, "x5u": {"alg": "ES256", "x5u": "https://evil.example/cert"},
		"x5c": {"alg": "ES256", "x5c": []string{"AAAA"}}, "kid that is a path": {"alg": "ES256", "kid": "../../../../dev/null"},
		"kid that is SQL": {"alg": "ES256", "kid": "x' UNION SELECT 'key"}, "kid that is an address": {"alg": "ES256", "kid": "https://evil.example/key"},
		"kid of another key": {"alg": "ES256", "kid": "EdDSA"}, "kid that is a list": {"alg": "ES256", "kid": []string{"ES256"}},
	} {
		if status, refused := b.tryAssertion("jwt", jwt(t, header, g.assertion("jwt", nil), thief)); status != http.StatusUnauthorized || refused != "invalid_client" {
			t.Errorf("%s: %d %q", name, status, refused)
		}
	}
	good := jwt(t, claims{"alg": "ES256", "jwk": own}, g.assertion("jwt", nil), keysFor["ES256"])
	if status, refused := b.tryAssertion("jwt", good); refused != "invalid_client" {
		t.Errorf("a key of its own beside a good signature: %d %q", status, refused)
	}
	if len(g.visits) != 0 {
		t.Errorf("the server went to %q", g.visits)
	}
}

// A client authenticates in the way that it registered and in no other (OpenID Connect Core 1.0 section 9, FAPI 2.0 attacker model).
func TestRegisteredMethodIsTheOnlyOne(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	ways := map[string]func(id string) (form []string, header []string){
		tenant.AuthNone: func(id string) ([]string, []string) { return []string{"client_id", id, "client_secret", "-"}, nil },
		tenant.AuthPost: func(id string) ([]string, []string) { return []string{"client_id", id}, nil },
		tenant.AuthBasic: func(id string) ([]string, []string) {
			return []string{"client_id", "-", "client_secret", "-"}, []string{"Authorization", basic(id, shopSecret)}
		},
		tenant.AuthPrivateKey: func(id string) ([]string, []string) {
			return []string{"client_id", "-", "client_secret", "-", "client_assertion", jwt(t, claims{"alg": "ES256"}, g.assertion(id, nil), keysFor["ES256"]),
				"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, nil
		},
	}
	allowed := map[string][]string{"": {tenant.AuthPost, tenant.AuthBasic}, tenant.AuthTLS: {}, tenant.AuthSelfSigned: {}}
	for method := range ways {
		allowed[method] = []string{method}
	}
	for registered, good := range allowed {
		g.signer("it", func(app *tenant.Application) {
			app.AuthMethod, app.SecretHash = registered, shopHash()
			if registered == tenant.AuthNone {
				app.SecretHash = nil
			}
			app.TLS = &tenant.TLSIdentity{DNS: "it.example"}
		})
		for way, credentials := range ways {
			form, header := credentials("it")
			res, tok := b.redeem(exchange(b.code("client_id", "it"), form...), header...)
			want := ""
			if !strings.Contains(strings.Join(good, " ")+" ", way+" ") {
				want = "invalid_client"
			}
			if tok.Error != want {
				t.Errorf("registered %q, used %q: %d %s", registered, way, res.StatusCode, res.body)
			}
		}
	}
}
