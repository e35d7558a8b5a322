//go:build !js

package token_test

import (
	"bytes"
	"compress/flate"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// worthless checks that a value opens nothing at any place that takes tokens.
func (g *rig) worthless(name, token string) {
	g.Helper()
	for _, client := range []string{"warehouse", "desk", "worker"} {
		if res := g.ask("/oauth2/introspect", client, url.Values{"token": {token}}); res.body != inactive {
			g.Errorf("%s: introspection by %s: %d %s", name, client, res.StatusCode, res.body)
		}
	}
	for _, scheme := range []string{"Bearer ", "DPoP "} {
		if res := g.browser().get("/oauth2/userinfo", "Authorization", scheme+token); res.StatusCode != http.StatusUnauthorized {
			g.Errorf("%s: userinfo: %d", name, res.StatusCode)
		}
	}
	if res, tok := g.refresh(token); tok.Error != "invalid_grant" {
		g.Errorf("%s: refresh: %s", name, res.body)
	}
	if res, tok := g.browser().redeem(exchange(token)); tok.Error != "invalid_grant" {
		g.Errorf("%s: code: %s", name, res.body)
	}
	if res := g.revokes("desk", token); res.StatusCode != http.StatusOK {
		g.Errorf("%s: revocation: %d %s", name, res.StatusCode, res.body)
	}
}

// Algorithm confusion and key confusion (RFC 8725 sections 2.1, 3.1, 3.10): a header that says how to verify it is not believed.
func TestForgedJWTAccessTokensAreWorthless(t *testing.T) {
	g := newRig(t)
	good := g.ownToken(ordersAPI).AccessToken
	parts := strings.Split(good, ".")
	var header map[string]any
	g.must(json.Unmarshal([]byte(decode(t, parts[0])), &header))
	public := g.publicKey(header["kid"].(string))
	der, err := x509.MarshalPKIXPublicKey(public.Key)
	g.must(err)
	asJSON, err := public.MarshalJSON()
	g.must(err)
	evil, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	g.must(err)
	evilJWK := jose.JSONWebKey{Key: &evil.PublicKey, Algorithm: "ES256"}

	with := func(members map[string]any) string {
		all := map[string]any{"alg": "ES256", "typ": "at+jwt", "kid": header["kid"]}
		for name, value := range members {
			all[name] = value
		}
		text, err := json.Marshal(all)
		g.must(err)
		return encode(string(text)) + "." + parts[1]
	}
	signed := func(members map[string]any) string { // by the attacker's key
		input := with(members)
		digest := sha256.Sum256([]byte(input))
		r, s, err := ecdsa.Sign(rand.Reader, evil, digest[:])
		g.must(err)
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return input + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	hmacked := func(secret []byte) string {
		input := with(map[string]any{"alg": "HS256"})
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	for name, token := range map[string]string{
		"alg none":                        with(map[string]any{"alg": "none"}) + ".",
		"alg none with the old signature": with(map[string]any{"alg": "none"}) + "." + parts[2],
		"alg NoNe":                        with(map[string]any{"alg": "NoNe"}) + ".",
		"HS256 under the public key, PEM": hmacked(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"HS256 under the public key, DER": hmacked(der),
		"HS256 under the public key, JWK": hmacked(asJSON),
		"HS256 under nothing":             hmacked(nil),
		"jwk":                             signed(map[string]any{"jwk": evilJWK}),
		"jku":                             signed(map[string]any{"jku": "https://evil.test/jwks"}),
		"x5u":                             signed(map[string]any{"x5u": "https://evil.test/cert"}),
		"x5c":                             signed(map[string]any{"x5c": []string{base64.StdEncoding.EncodeToString(der)}}),
		"kid of nobody":                   signed(map[string]any{"kid": "evil"}),
		"kid that is a path":              signed(map[string]any{"kid": "../../../../dev/null"}),
		"kid that is SQL":                 signed(map[string]any{"kid": "' OR '1'='1"}),
		"crit":                            with(map[string]any{"crit": []string{"exp"}}) + "." + parts[2],
		"b64":                             with(map[string]any{"b64": false, "crit": []string{"b64"}}) + "." + parts[2],
		"another's signature":             signed(nil),
		"another type":                    with(map[string]any{"typ": "JWT"}) + "." + parts[2],
		"another payload":                 parts[0] + "." + encode(`{"iss":"`+g.URL+`","sub":"worker","aud":"x","exp":9999999999,"client_id":"desk"}`) + "." + parts[2],
		"a signature of zeros":            parts[0] + "." + parts[1] + "." + strings.Repeat("A", 86),
		"padding":                         good + "==",
	} {
		g.worthless(name, token)
	}
	if m := g.introspection("warehouse", good); m["active"] != true {
		t.Fatal("the test proves nothing")
	}
}

func (g *rig) publicKey(kid string) jose.JSONWebKey {
	g.Helper()
	set, err := g.keys.JWKS(g.Context())
	g.must(err)
	found := set.Key(kid)
	if len(found) != 1 {
		g.Fatalf("no key %s", kid)
	}
	return found[0]
}

// Other JWTs of ours, for other readers, are no access tokens (RFC 8725 section 3.11, RFC 9068 section 4).
func TestOtherTokensOfOursAreNoAccessTokens(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	tok := b.tokensOf("desk")
	b.tokens()
	jwt := b.tokensFor(ordersAPI)
	others := map[string]string{
		"ID token": b.tokens().IDToken, "the grant in a JWT": grantOf(t, jwt.AccessToken), "session cookie": b.cookies("__Host-session")[0].Value,
		"signed introspection": g.signedAnswer(jwt.AccessToken), "ID token of the same application": tok.IDToken,
	}
	b.signout("")
	_, told := g.delivered()
	others["logout token"] = told[0]
	for name, token := range others {
		g.worthless(name, token)
	}
}

// p2c exhaustion and compression bombs (RFC 8725 sections 2.8, 3.11; CVE-2023-52428, CVE-2024-28180): such a header is refused unread, in
// no time, wherever a token is taken.
func TestCostlyJWEsAreRefusedUnread(t *testing.T) {
	g := newRig(t)
	g.ownToken(stockAPI)
	var bomb bytes.Buffer
	w, _ := flate.NewWriter(&bomb, flate.BestCompression)
	w.Write(make([]byte, 1<<20))
	w.Close()
	body := base64.RawURLEncoding.EncodeToString(bomb.Bytes())
	nonce, tag := strings.Repeat("A", 16), strings.Repeat("A", 22)
	began := time.Now()
	for name, header := range map[string]string{
		"PBES2 with many rounds": `{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2147483647,"p2s":"AAAAAAAAAAA","typ":"access"}`,
		"zip":                    `{"alg":"dir","enc":"A256GCM","kid":"x","typ":"access","zip":"DEF"}`,
		"zip before the rest":    `{"zip":"DEF","alg":"dir","enc":"A256GCM","kid":"x","typ":"access"}`,
		"RSA1_5":                 `{"alg":"RSA1_5","enc":"A128CBC-HS256","typ":"access"}`,
		"ECDH-ES with a key":     `{"alg":"ECDH-ES","enc":"A256GCM","epk":{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"},"typ":"access"}`,
		"deep":                   `{"alg":"dir","x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`,
	} {
		g.worthless(name, strings.Join([]string{encode(header), "AAAA", nonce, body, tag}, "."))
		g.worthless(name+", without a key", strings.Join([]string{encode(header), "", nonce, body, tag}, "."))
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A token for one API is nothing to another (RFC 9068 section 5, RFC 9700 section 4.9.1): it cannot even find out that it is one.
func TestTokenOfOneAPIIsNothingToAnother(t *testing.T) {
	g := newRig(t)
	g.application(func(a *tenant.Application) {
		a.ClientID, a.SecretHash, a.Introspects = "clerk", shopHash(), []string{stockAPI}
	})
	b, _ := g.signedIn("ada@id.test")
	for name, token := range map[string]string{
		"a person's": b.tokensFor(ordersAPI).AccessToken, "an application's": g.ownToken(ordersAPI).AccessToken, "ours": b.tokensOf("desk").AccessToken,
	} {
		if m := g.introspection("clerk", token); len(m) != 1 || m["active"] != false {
			t.Errorf("%s: %v", name, m)
		}
	}
	if m := g.introspection("clerk", g.ownToken(stockAPI).AccessToken); m["active"] != true {
		t.Errorf("its own: %v", m)
	}
}
