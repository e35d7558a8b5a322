//go:build !js

package token_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

// bound redeems a code with a proof.
func (b *browser) bound(proof string) (reply, tokens) {
	b.Helper()
	return b.redeem(exchange(b.code()), "DPoP", proof)
}

// resource is a request at userinfo with a DPoP-bound token.
func (b *browser) resource(accessToken, proof string) reply {
	b.Helper()
	return b.get("/oauth2/userinfo", "Authorization", "DPoP "+accessToken, "DPoP", proof)
}

func TestDPoPBindsTheAccessToken(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for alg := range keysFor {
		p := g.prover(alg).greet(b)
		res, tok := b.bound(p.proof("POST", token.RouteToken, nil))
		if tok.Error != "" || tok.TokenType != "DPoP" || res.Header.Get("DPoP-Nonce") != "" {
			t.Fatalf("%s: %d %s, a new nonce %q", alg, res.StatusCode, res.body, res.Header.Get("DPoP-Nonce"))
		}
		hash := claims{"ath": ath(tok.AccessToken)}
		if res := b.resource(tok.AccessToken, p.proof("GET", token.RouteUserinfo, hash)); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %q", alg, res.StatusCode, res.Header.Values("WWW-Authenticate"))
		}
		res = b.post("/oauth2/userinfo", nil, "Authorization", "dpop "+tok.AccessToken, "DPoP", p.proof("POST", token.RouteUserinfo, hash))
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s by POST: %d %q", alg, res.StatusCode, res.Header.Values("WWW-Authenticate"))
		}
	}
}

// A bound token that somebody else has is worth nothing: not as a bearer token, not with another key (RFC 9449 section 7).
func TestDPoPBoundTokenIsNoBearerToken(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	p, other := g.prover("ES256").greet(b), g.prover("EdDSA").greet(b)
	_, tok := b.bound(p.proof("POST", token.RouteToken, nil))
	hash := claims{"ath": ath(tok.AccessToken)}
	for name, test := range map[string]struct {
		scheme, proof, want string
	}{
		"as a bearer token":                   {"Bearer ", "", "invalid_token"},
		"as a bearer token with a proof":      {"Bearer ", p.proof("GET", token.RouteUserinfo, hash), "invalid_token"},
		"without a proof":                     {"DPoP ", "", "invalid_dpop_proof"},
		"with another key":                    {"DPoP ", other.proof("GET", token.RouteUserinfo, hash), "invalid_token"},
		"without ath":                         {"DPoP ", p.proof("GET", token.RouteUserinfo, nil), "invalid_dpop_proof"},
		"with ath of another token":           {"DPoP ", p.proof("GET", token.RouteUserinfo, claims{"ath": ath("x")}), "invalid_dpop_proof"},
		"with a proof for POST":               {"DPoP ", p.proof("POST", token.RouteUserinfo, hash), "invalid_dpop_proof"},
		"with a proof for the token endpoint": {"DPoP ", p.proof("GET", token.RouteToken, hash), "invalid_dpop_proof"},
	} {
		header := []string{"Authorization", test.scheme + tok.AccessToken}
		if test.proof != "" {
			header = append(header, "DPoP", test.proof)
		}
		res := b.get("/oauth2/userinfo", header...)
		challenges := res.Header.Values("WWW-Authenticate")
		if res.StatusCode != http.StatusUnauthorized || len(challenges) != 2 || !strings.HasPrefix(challenges[0], test.scheme) || !strings.Contains(challenges[0], `error="`+test.want+`"`) {
			t.Errorf("%s: %d %q", name, res.StatusCode, challenges)
		}
		if all := strings.Join(challenges, "\n"); !strings.Contains(all, `algs="ES256 PS256 RS256 EdDSA"`) || strings.Count(all, "error=") != 1 {
			t.Errorf("%s: %q", name, challenges)
		}
	}
	res := b.post("/oauth2/userinfo", map[string][]string{"access_token": {tok.AccessToken}}, "DPoP", p.proof("POST", token.RouteUserinfo, hash))
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("in the form: %d", res.StatusCode)
	}
	plain := b.tokens()
	if res := b.resource(plain.AccessToken, p.proof("GET", token.RouteUserinfo, claims{"ath": ath(plain.AccessToken)})); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a bearer token as a bound one: %d", res.StatusCode)
	}
	if res := b.resource(tok.AccessToken, p.proof("GET", token.RouteUserinfo, hash)); res.StatusCode != http.StatusOK {
		t.Errorf("what was refused has spoilt the token: %d", res.StatusCode)
	}
}

func TestDPoPProofsThatAreRefused(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	p := g.prover("ES256").greet(b)
	now := g.now().Unix()
	body := func(changes claims) claims { return p.claims("POST", token.RouteToken, changes) }
	header := func(changes claims) claims { return p.with(p.header(), changes) }
	for name, proof := range map[string]string{
		"no jti": jwt(t, header(nil), body(claims{"jti": nil}), p.key), "no htm": jwt(t, header(nil), body(claims{"htm": nil}), p.key),
		"no htu": jwt(t, header(nil), body(claims{"htu": nil}), p.key), "no iat": jwt(t, header(nil), body(claims{"iat": nil}), p.key),
		"another method":  jwt(t, header(nil), body(claims{"htm": "GET"}), p.key),
		"method in small": jwt(t, header(nil), body(claims{"htm": "post"}), p.key),
		"another address": jwt(t, header(nil), body(claims{"htu": g.URL + "/oauth2/userinfo"}), p.key),
		"another server":  jwt(t, header(nil), body(claims{"htu": "https://evil.example/oauth2/token"}), p.key),
		"an old proof":    jwt(t, header(nil), body(claims{"iat": now - 301}), p.key),
		"from the future": jwt(t, header(nil), body(claims{"iat": now + 61}), p.key),
		"expired":         jwt(t, header(nil), body(claims{"exp": now - 1}), p.key),
		"iat a text":      jwt(t, header(nil), body(claims{"iat": "now"}), p.key),
		"no typ":          jwt(t, header(claims{"typ": nil}), body(nil), p.key),
		"another typ":     jwt(t, header(claims{"typ": "JWT"}), body(nil), p.key),
		"no jwk":          jwt(t, header(claims{"jwk": nil}), body(nil), p.key),
		"another key":     jwt(t, header(nil), body(nil), thief),
		"not a JWT":       "x", "two": "a.b.c, a.b.c", "huge": strings.Repeat("x", 9000),
	} {
		res, tok := b.bound(proof)
		if res.StatusCode != http.StatusBadRequest || tok.Error != "invalid_dpop_proof" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth2/token", strings.NewReader(exchange("x").Encode()))
	g.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header["Dpop"] = []string{p.proof("POST", token.RouteToken, nil), p.proof("POST", token.RouteToken, nil)}
	if res := b.do(r); refusal(res) != "invalid_dpop_proof" {
		t.Errorf("two proofs: %s", res.body)
	}
}

// Key confusion: the key of a proof is the public half of a pair that signs, and stands in the proof itself.
func TestDPoPKeyConfusion(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	p := g.prover("ES256").greet(b)
	body := func() claims { return p.claims("POST", token.RouteToken, nil) }
	symmetric := claims{"kty": "oct", "k": encode(strings.Repeat("s", 32))}
	raw, err := json.Marshal(p.jwk())
	g.must(err)
	var public claims
	g.must(json.Unmarshal(raw, &public))
	for name, proof := range map[string]string{
		"a private key":               jwt(t, p.with(p.header(), claims{"jwk": p.with(public, claims{"d": encode(strings.Repeat("d", 32))})}), body(), p.key),
		"a symmetric key":             jwt(t, claims{"typ": "dpop+jwt", "alg": "HS256", "jwk": symmetric}, body(), []byte(strings.Repeat("s", 32))),
		"a symmetric key for ES256":   jwt(t, claims{"typ": "dpop+jwt", "alg": "ES256", "jwk": symmetric}, body(), p.key),
		"HS256 with the public key":   jwt(t, p.with(p.header(), claims{"alg": "HS256"}), body(), raw),
		"none":                        jwt(t, p.with(p.header(), claims{"alg": "none"}), body(), nil),
		"RSA's algorithm, EC's key":   jwt(t, p.with(p.header(), claims{"alg": "RS256"}), body(), keysFor["RS256"]),
		"jku":                         jwt(t, p.with(p.header(), claims{"jku": "https://evil.example/jwks"}), body(), p.key),
		"x5u":                         jwt(t, p.with(p.header(), claims{"x5u": "https://evil.example/cert"}), body(), p.key),
		"x5c":                         jwt(t, p.with(p.header(), claims{"x5c": []string{"AAAA"}}), body(), p.key),
		"kid of a registered key":     jwt(t, claims{"typ": "dpop+jwt", "alg": "ES256", "kid": "ES256"}, body(), p.key),
		"crit":                        jwt(t, p.with(p.header(), claims{"crit": []string{"jwk"}}), body(), p.key),
		"compression":                 jwt(t, p.with(p.header(), claims{"zip": "DEF"}), body(), p.key),
		"a point outside the curve":   jwt(t, p.with(p.header(), claims{"jwk": p.with(public, claims{"y": public["x"]})}), body(), p.key),
		"a key that is an address":    jwt(t, p.with(p.header(), claims{"jwk": "https://evil.example/jwk"}), body(), p.key),
		"another's key beside my own": jwt(t, p.with(p.header(), claims{"jwk": []any{public}}), body(), p.key),
	} {
		res, tok := b.bound(proof)
		if res.StatusCode != http.StatusBadRequest || tok.Error != "invalid_dpop_proof" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	if len(g.visits) != 0 {
		t.Errorf("the server went to %q", g.visits)
	}
}

// DPoP replay: a proof counts once, at whichever node, and at whichever endpoint.
func TestDPoPReplayIsRefused(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	p := g.prover("ES256").greet(b)
	proof := p.proof("POST", token.RouteToken, nil)
	_, tok := b.bound(proof)
	if tok.Error != "" {
		t.Fatal(tok.Error)
	}
	if res, tok := b.bound(proof); res.StatusCode != http.StatusBadRequest || tok.Error != "invalid_dpop_proof" {
		t.Errorf("again: %d %s", res.StatusCode, res.body)
	}
	g.wait(time.Minute)
	r := httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader(exchange(b.code()).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("DPoP", proof)
	w := httptest.NewRecorder()
	if g.node().ServeHTTP(w, r); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "invalid_dpop_proof") {
		t.Errorf("on another node: %d %s", w.Code, w.Body)
	}
	if _, tok := b.bound(jwt(t, p.header(), p.claims("POST", token.RouteToken, claims{"jti": "one"}), p.key)); tok.Error != "" {
		t.Error(tok.Error)
	}
	if _, tok := b.bound(jwt(t, p.header(), p.claims("POST", token.RouteToken, claims{"jti": "one", "x": 1}), p.key)); tok.Error != "invalid_dpop_proof" {
		t.Errorf("the same jti in another proof: %q", tok.Error)
	}
	other := g.prover("EdDSA").greet(b)
	if _, tok := b.bound(jwt(t, other.header(), other.claims("POST", token.RouteToken, claims{"jti": "one"}), other.key)); tok.Error != "" {
		t.Errorf("the same jti by another key: %q", tok.Error)
	}
	hash := claims{"ath": ath(tok.AccessToken)}
	use := p.proof("GET", token.RouteUserinfo, hash)
	if res := b.resource(tok.AccessToken, use); res.StatusCode != http.StatusOK {
		t.Errorf("%d", res.StatusCode)
	}
	if res := b.resource(tok.AccessToken, use); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a replay at the resource: %d", res.StatusCode)
	}
}

// Nonces are ours, last a few minutes, and are replaced before they end (RFC 9449 section 8).
func TestDPoPNonce(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	p := g.prover("ES256").greet(b)
	first := p.nonce
	try := func() (reply, string) {
		res, tok := b.bound(p.proof("POST", token.RouteToken, nil))
		return res, tok.Error
	}
	if res, refused := try(); refused != "" || res.Header.Get("DPoP-Nonce") != "" {
		t.Errorf("%d %q", res.StatusCode, refused)
	}
	g.wait(150 * time.Second)
	res, refused := try()
	next := res.Header.Get("DPoP-Nonce")
	if refused != "" || next == "" || next == first {
		t.Errorf("a nonce that will end: %q, next %q", refused, next)
	}
	if exposed := res.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "DPoP-Nonce") {
		t.Errorf("scripts cannot read it: %q", exposed)
	}
	g.wait(150 * time.Second)
	if res, refused = try(); refused != "use_dpop_nonce" || res.StatusCode != http.StatusBadRequest || res.Header.Get("DPoP-Nonce") == "" {
		t.Errorf("a nonce that has ended: %d %q", res.StatusCode, refused)
	}
	for _, nonce := range []string{"", "x", first, strings.ToLower(next)} {
		p.nonce = nonce
		if _, refused := try(); refused != "use_dpop_nonce" {
			t.Errorf("nonce %q: %q", nonce, refused)
		}
	}
	p.nonce = next
	if _, refused := try(); refused != "" {
		t.Errorf("the next one: %q", refused)
	}
	// the same proof, once it has the nonce it lacked, is not a replay
	_, tok := b.bound(p.proof("POST", token.RouteToken, nil))
	p.nonce = ""
	res = b.resource(tok.AccessToken, p.proof("GET", token.RouteUserinfo, claims{"ath": ath(tok.AccessToken)}))
	if res.StatusCode != http.StatusUnauthorized || !strings.Contains(res.Header.Get("WWW-Authenticate"), `error="use_dpop_nonce"`) || res.Header.Get("DPoP-Nonce") == "" {
		t.Errorf("at the resource: %d %q", res.StatusCode, res.Header.Values("WWW-Authenticate"))
	}
}

// A proof that lacks its nonce spends nothing, and neither does the code that came with it.
func TestDPoPNonceComesBeforeAnythingIsSpent(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	p, code, jti := g.prover("ES256"), b.code(), account.NewID()
	res, tok := b.redeem(exchange(code), "DPoP", p.proof("POST", token.RouteToken, claims{"jti": jti}))
	if tok.Error != "use_dpop_nonce" {
		t.Fatalf("%s", res.body)
	}
	p.learn(res)
	if _, tok := b.redeem(exchange(code), "DPoP", p.proof("POST", token.RouteToken, claims{"jti": jti})); tok.Error != "" || tok.TokenType != "DPoP" {
		t.Errorf("%+v", tok)
	}
}

// An application may say that all its tokens are bound (RFC 9449 section 5.2).
func TestDPoPBoundAccessTokensOfAnApplication(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("bound", func(app *tenant.Application) { app.AuthMethod, app.JWKS, app.BoundByDPoP = tenant.AuthNone, nil, true })
	form := func() (f map[string][]string) {
		return exchange(b.code("client_id", "bound"), "client_id", "bound", "client_secret", "-")
	}
	if res, tok := b.redeem(form()); res.StatusCode != http.StatusBadRequest || tok.Error != "invalid_dpop_proof" {
		t.Errorf("without a proof: %d %s", res.StatusCode, res.body)
	}
	p := g.prover("EdDSA").greet(b)
	if res, tok := b.redeem(form(), "DPoP", p.proof("POST", token.RouteToken, nil)); tok.TokenType != "DPoP" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}

func FuzzDPoP(f *testing.F) {
	g := newRig(f)
	b, _ := g.signedIn("ada@id.test")
	for alg := range keysFor {
		f.Add(g.prover(alg).greet(b).proof("POST", token.RouteToken, nil))
	}
	f.Fuzz(func(t *testing.T, proof string) {
		w := g.serve(http.MethodPost, "/oauth2/token", exchange("x").Encode(), "Content-Type", "application/x-www-form-urlencoded", "DPoP", proof)
		if w.Code != http.StatusBadRequest {
			t.Fatalf("%q: %d %s", proof, w.Code, w.Body)
		}
	})
}
