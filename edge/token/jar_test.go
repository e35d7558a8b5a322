//go:build !js

package token_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// object is a good request object, with changes.
func (g *rig) object(id string, changes claims) claims {
	now := g.now().Unix()
	c := claims{"iss": id, "aud": g.URL, "exp": now + 60, "nbf": now, "jti": account.NewID()}
	for name, values := range request("client_id", id) {
		c[name] = values[0]
	}
	return g.with(c, changes)
}

// sign asks by a request object, and by client_id alone beside it.
func (b *browser) signed(id, object string, more ...string) reply {
	b.Helper()
	query := url.Values{"client_id": {id}, "request": {object}}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return b.get("/oauth2/authorize?" + query.Encode())
}

// outcome is the error of an answer, wherever it went, "" when there was a code.
func outcome(t testing.TB, r reply) string {
	to := r.to(t)
	if to.Path == "/error" {
		return to.Query().Get("code")
	}
	if to.Query().Get("code") != "" {
		return ""
	}
	return to.Query().Get("error") + to.Path
}

func TestRequestObjectByEveryAlgorithm(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jar", nil)
	for alg, key := range keysFor {
		for name, header := range map[string]claims{"no typ": {"alg": alg}, "kid": {"alg": alg, "kid": alg}, "its own typ": {"alg": alg, "typ": "oauth-authz-req+jwt"}, "JWT": {"alg": alg, "typ": "JWT"}} {
			to := b.signed("jar", jwt(t, header, g.object("jar", nil), key)).to(t)
			if to.Query().Get("code") == "" || to.Query().Get("state") != "st" || to.Query().Get("iss") != g.URL {
				t.Errorf("%s, %s: %s", alg, name, to)
			}
		}
	}
	for name, changes := range map[string]claims{
		"max_age a number": {"max_age": 300}, "claims an object": {"claims": claims{"id_token": claims{"email": nil}}}, "a list of one audience": {"aud": []string{g.URL}},
		"no jti": {"jti": nil}, "no exp, no jti": {"exp": nil, "jti": nil}, "no nbf": {"nbf": nil}, "a member of somebody's own": {"x": "y"},
	} {
		if got := outcome(t, b.signed("jar", jwt(t, claims{"alg": "ES256"}, g.object("jar", changes), keysFor["ES256"]))); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// What is in the object counts and nothing beside it (RFC 9101 section 6.3).
func TestOnlyTheRequestObjectCounts(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jar", nil)
	object := func(changes claims) string {
		return jwt(t, claims{"alg": "ES256"}, g.object("jar", changes), keysFor["ES256"])
	}
	to := b.signed("jar", object(claims{"scope": "openid"}), "redirect_uri", "https://evil.example/cb", "scope", "openid email", "state", "changed", "prompt", "login", "response_mode", "form_post").to(t)
	if !strings.HasPrefix(to.String(), shopCallback+"?code=") && to.Query().Get("code") == "" || to.Query().Get("state") != "st" {
		t.Fatalf("%s", to)
	}
	for name, missing := range map[string]string{"response_type": "invalid_request", "code_challenge": "invalid_request", "scope": "invalid_scope"} {
		to := b.signed("jar", object(claims{name: nil}), name, request().Get(name)).to(t)
		if to.Query().Get("error") != missing {
			t.Errorf("%s beside the object: %s", name, to)
		}
	}
	if to := b.signed("jar", object(claims{"redirect_uri": nil}), "redirect_uri", shopCallback).to(t); to.String() != "/error?code=redirect_uri" {
		t.Errorf("redirect_uri beside the object: %s", to)
	}
	if to := b.signed("jar", object(claims{"redirect_uri": "https://evil.example/cb"})).to(t); to.String() != "/error?code=redirect_uri" {
		t.Errorf("an address that is not registered: %s", to)
	}
}

func TestRequestObjectsThatAreRefused(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jar", nil)
	g.signer("other", nil)
	now := g.now().Unix()
	for name, changes := range map[string]claims{
		"no iss": {"iss": nil}, "iss of another": {"iss": "other"}, "no client_id": {"client_id": nil}, "client_id of another": {"client_id": "other"}, "no aud": {"aud": nil},
		"another audience": {"aud": "https://evil.example"}, "audience injection": {"aud": []string{g.URL, "https://evil.example"}}, "the token endpoint": {"aud": g.URL + "/oauth2/token"},
		"expired": {"exp": now}, "not valid yet": {"nbf": now + 61}, "from the future": {"iat": now + 61}, "valid for a day": {"exp": now + 86400}, "exp a text": {"exp": "x"},
		"jti without exp": {"exp": nil}, "jti a number": {"jti": 1}, "an assertion's sub": {"sub": "jar"}, "sub a list": {"sub": []string{"x"}},
		"an object in it": {"request": "a.b.c"}, "a request_uri in it": {"request_uri": "urn:x"}, "a parameter that is true": {"state": true}, "a parameter that is null": {"nonce": jsonNull{}},
		"a list of objects": {"scope": []any{claims{}}}, "line breaks": {"state": "a\nb"},
	} {
		if got := outcome(t, b.signed("jar", jwt(t, claims{"alg": "ES256"}, g.object("jar", changes), keysFor["ES256"]))); got != "invalid_request_object" {
			t.Errorf("%s: %q", name, got)
		}
	}
	good := jwt(t, claims{"alg": "ES256"}, g.object("jar", nil), keysFor["ES256"])
	for name, test := range map[string]struct{ client, object, want string }{
		"of another client": {"other", good, "invalid_request_object"}, "of nobody": {"nobody", good, "unknown_client"}, "of a client without keys": {"shop", jwt(t, claims{"alg": "ES256"}, g.object("shop", nil), keysFor["ES256"]), "invalid_request_object"},
		"no JWT": {"jar", "x", "invalid_request_object"}, "encrypted": {"jar", "a.b.c.d.e", "invalid_request_object"},
	} {
		if got := outcome(t, b.signed(test.client, test.object)); got != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := outcome(t, b.signed("jar", good, "request_uri", "urn:ietf:params:oauth:request_uri:x")); got != "invalid_request" {
		t.Errorf("with a request_uri: %q", got)
	}
	if got := outcome(t, b.signed("jar", good)); got != "" {
		t.Errorf("what was refused has used the object up: %q", got)
	}
}

type jsonNull struct{}

func (jsonNull) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Algorithm and key confusion in request objects.
func TestRequestObjectAlgorithmConfusion(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jar", nil)
	g.signer("es", func(app *tenant.Application) { app.RequestObjectAlg = "ES256" })
	body := func() claims { return g.object("jar", nil) }
	for name, object := range map[string]string{
		"none": jwt(t, claims{"alg": "none"}, body(), nil), "symmetric": jwt(t, claims{"alg": "HS256"}, body(), []byte(shopSecret)), "another key": jwt(t, claims{"alg": "ES256"}, body(), thief),
		"another key by kid": jwt(t, claims{"alg": "ES256", "kid": "ES256"}, body(), thief), "jku": jwt(t, claims{"alg": "ES256", "jku": "https://evil.example/jwks"}, body(), thief),
		"jwk": jwt(t, claims{"alg": "ES256", "jwk": claims{"kty": "EC"}}, body(), keysFor["ES256"]), "x5u": jwt(t, claims{"alg": "ES256", "x5u": "https://evil.example/c"}, body(), keysFor["ES256"]),
		"compressed": jwt(t, claims{"alg": "ES256", "zip": "DEF"}, body(), keysFor["ES256"]), "crit": jwt(t, claims{"alg": "ES256", "crit": []string{"x"}}, body(), keysFor["ES256"]),
		"a proof": jwt(t, claims{"alg": "ES256", "typ": "dpop+jwt"}, body(), keysFor["ES256"]), "a logout token": jwt(t, claims{"alg": "ES256", "typ": "logout+jwt"}, body(), keysFor["ES256"]),
	} {
		if got := outcome(t, b.signed("jar", object)); got != "invalid_request_object" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := outcome(t, b.signed("es", jwt(t, claims{"alg": "EdDSA"}, g.object("es", nil), keysFor["EdDSA"]))); got != "invalid_request_object" {
		t.Errorf("another algorithm than the registered one: %q", got)
	}
	// cross-JWT confusion: a request object is no client assertion, nor the reverse
	if status, refused := b.tryAssertion("jar", jwt(t, claims{"alg": "ES256"}, body(), keysFor["ES256"])); refused != "invalid_client" {
		t.Errorf("a request object as an assertion: %d %q", status, refused)
	}
	if got := outcome(t, b.signed("jar", jwt(t, claims{"alg": "ES256"}, g.assertion("jar", claims{"client_id": "jar"}), keysFor["ES256"]))); got != "invalid_request_object" {
		t.Errorf("an assertion as a request object: %q", got)
	}
	if len(g.visits) != 0 {
		t.Errorf("the server went to %q", g.visits)
	}
}

// A request object that says which one it is counts once.
func TestRequestObjectReplay(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jar", nil)
	object := jwt(t, claims{"alg": "ES256"}, g.object("jar", nil), keysFor["ES256"])
	for _, want := range []string{"", "invalid_request_object"} {
		if got := b.signed("jar", object).to(t).Query().Get("error"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A request that is refused for what is in its object does not use the object up, so that what made it refused can pass.
func TestARefusedRequestDoesNotSpendItsObject(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jar", func(app *tenant.Application) { app.AuthMethod = tenant.AuthNone })
	sign := func(id string, changes claims) string {
		c := g.object("jar", changes)
		c["jti"] = id
		return jwt(t, claims{"alg": "ES256"}, c, keysFor["ES256"])
	}
	for name, changes := range map[string]claims{
		"a challenge that is none": {"code_challenge": "x"}, "a scope that is none": {"scope": "nothing"}, "no address": {"redirect_uri": nil},
		"another's address": {"redirect_uri": "https://evil.example/cb"}, "prompts that exclude each other": {"prompt": "none login"},
	} {
		id := account.NewID()
		if got := outcome(t, b.signed("jar", sign(id, changes))); got == "" {
			t.Errorf("%s: a code", name)
		}
		if _, res := b.push(url.Values{"client_id": {"jar"}, "request": {sign(id, changes)}}); res.StatusCode == http.StatusCreated {
			t.Errorf("%s, pushed: %d", name, res.StatusCode)
		}
		if got := outcome(t, b.signed("jar", sign(id, nil))); got != "" {
			t.Errorf("%s: the object of a request that was refused counts as used: %q", name, got)
		}
		if got := b.signed("jar", sign(id, nil)).to(t).Query().Get("error"); got != "invalid_request_object" {
			t.Errorf("%s: the object of a request that was taken counts again: %q", name, got)
		}
	}
}

// An application may say that it signs all its requests (RFC 9101 section 10.5), also those that it pushes.
func TestRequireSignedRequestObject(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jar", func(app *tenant.Application) { app.RequireSignedRequest, app.AuthMethod = true, tenant.AuthNone })
	if to := b.authorize("client_id", "jar").to(t); to.Query().Get("error") != "invalid_request" {
		t.Errorf("%s", to)
	}
	if got := outcome(t, b.signed("jar", jwt(t, claims{"alg": "PS256"}, g.object("jar", nil), keysFor["PS256"]))); got != "" {
		t.Error(got)
	}
	if _, res := b.push(request("client_id", "jar")); refusal(res) != "invalid_request" {
		t.Errorf("pushed without a signature: %s", res.body)
	}
}

func TestPushedRequestObject(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jar", func(app *tenant.Application) { app.RequireSignedRequest, app.AuthMethod = true, tenant.AuthNone })
	uri, res := b.push(url.Values{"client_id": {"jar"}, "request": {jwt(t, claims{"alg": "ES256"}, g.object("jar", nil), keysFor["ES256"])}, "state": {"beside"}})
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if to := b.bring("jar", uri).to(t); to.Query().Get("code") == "" || to.Query().Get("state") != "st" {
		t.Errorf("%s", to)
	}
	if _, res := b.push(url.Values{"client_id": {"jar"}, "request": {jwt(t, claims{"alg": "ES256"}, g.object("jar", nil), thief)}}); refusal(res) != "invalid_request_object" {
		t.Errorf("%s", res.body)
	}
}

func FuzzRequestObject(f *testing.F) {
	g := newRig(f)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jar", nil)
	cookie := "__Host-session=" + b.cookies("__Host-session")[0].Value
	f.Add(jwt(f, claims{"alg": "ES256"}, g.object("jar", nil), keysFor["ES256"]))
	f.Fuzz(func(t *testing.T, object string) {
		w := g.serve(http.MethodGet, "/oauth2/authorize", url.Values{"client_id": {"jar"}, "request": {object}}.Encode(), "Cookie", cookie)
		stays(t, w, object)
	})
}
