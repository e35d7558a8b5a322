//go:build !js

package keys

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/object/objecttest"
)

type claims struct {
	Subject string `json:"sub"`
	Expires int64  `json:"exp,omitempty"`
}

// The same rules for both signers.
func TestSign(t *testing.T) {
	for name, native := range map[string]Native{"Go": nil, "native": &fakeNative{}} {
		c, root := newClock(), parseRoot(t, rootConfig("a"))
		host := ringHost(t, "", c, root, native)
		for _, alg := range signatureAlgs {
			t.Run(name+"/"+alg, func(t *testing.T) { signs(t, front(host, c, root, native), c, alg) })
		}
	}
}

func signs(t *testing.T, s *Service, c *objecttest.Clock, alg string) {
	ctx := context.Background()
	token, err := s.Sign(ctx, alg, "JWT", claims{"ann", c.Now().Add(time.Hour).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	var got claims
	if err := s.Verify(ctx, token, "JWT", &got); err != nil || got.Subject != "ann" {
		t.Errorf("own token: %v, %+v", err, got)
	}
	// An application sees the JWKS and nothing else.
	data, _ := json.Marshal(must(s.JWKS(ctx)))
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	object, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatal(err)
	}
	found := set.Key(object.Signatures[0].Protected.KeyID)
	if len(found) != 1 || found[0].Algorithm != alg || found[0].Use != "sig" || !found[0].IsPublic() {
		t.Fatalf("JWKS: %s", data)
	}
	if _, err := object.Verify(found[0]); err != nil {
		t.Errorf("an application cannot verify: %v", err)
	}
	if strings.Contains(string(data), `"d":`) || strings.Contains(string(data), `"p":`) {
		t.Errorf("private key published: %s", data)
	}
	refusals(t, s, token)
}

// refusals shows what Verify does not take, all made from a good token.
func refusals(t *testing.T, s *Service, token string) {
	ctx := context.Background()
	parts := strings.Split(token, ".")
	header := func(change func(h map[string]any)) string {
		var h map[string]any
		raw, _ := base64.RawURLEncoding.DecodeString(parts[0])
		json.Unmarshal(raw, &h)
		change(h)
		raw, _ = json.Marshal(h)
		return base64.RawURLEncoding.EncodeToString(raw) + "." + parts[1] + "." + parts[2]
	}
	set := func(name string, value any) string { return header(func(h map[string]any) { h[name] = value }) }
	other := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"eve"}`))
	for rule, text := range map[string]string{
		"nothing":             "",
		"other claims":        parts[0] + "." + other + "." + parts[2],
		"no signature":        parts[0] + "." + parts[1] + ".",
		"a cut signature":     token[:len(token)-4],
		"alg none":            header(func(h map[string]any) { h["alg"] = "none" }),
		"alg HS256":           set("alg", "HS256"),
		"another known alg":   set("alg", map[bool]string{true: RS256, false: ES256}[strings.Contains(mustDecode(parts[0]), ES256)]),
		"unknown kid":         set("kid", "AAAAAAAAAAAA"),
		"no kid":              header(func(h map[string]any) { delete(h, "kid") }),
		"other typ":           set("typ", "logout+jwt"),
		"no typ":              header(func(h map[string]any) { delete(h, "typ") }),
		"jku":                 set("jku", "https://evil.example/jwks"),
		"x5u":                 set("x5u", "https://evil.example/cert"),
		"x5c":                 set("x5c", []string{"AAAA"}),
		"jwk":                 set("jwk", map[string]string{"kty": "OKP", "crv": "Ed25519", "x": strings.Repeat("A", 43)}),
		"crit":                set("crit", []string{"exp"}),
		"b64":                 header(func(h map[string]any) { h["b64"] = false; h["crit"] = []string{"b64"} }),
		"JSON serialisation":  `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`,
		"a fourth part":       token + ".",
		"white space":         " " + token,
		"larger than allowed": parts[0] + "." + strings.Repeat("A", MaxToken) + "." + parts[2],
	} {
		var v claims
		if err := s.Verify(ctx, text, "JWT", &v); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if err := s.Verify(ctx, token, "logout+jwt", &claims{}); !errors.Is(err, ErrToken) {
		t.Errorf("good token as another type: %v", err)
	}
}

func mustDecode(s string) string {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func TestSignRefuses(t *testing.T) {
	s, c := newService(t)
	ctx := context.Background()
	for _, alg := range []string{"", "none", "HS256", "ES384", "es256"} {
		if _, err := s.Sign(ctx, alg, "JWT", claims{}); !errors.Is(err, ErrAlg) {
			t.Errorf("Sign %q: %v", alg, err)
		}
		if err := s.EnsureAlg(ctx, alg); !errors.Is(err, ErrAlg) {
			t.Errorf("EnsureAlg %q: %v", alg, err)
		}
	}
	for exp, want := range map[time.Duration]error{day: nil, day + time.Minute: ErrLife} {
		if _, err := s.Sign(ctx, ES256, "JWT", claims{Expires: c.Now().Add(exp).Unix()}); !errors.Is(err, want) {
			t.Errorf("exp in %v: %v, want %v", exp, err, want)
		}
	}
	if _, err := s.Sign(ctx, ES256, "JWT", claims{Subject: strings.Repeat("a", MaxToken)}); !errors.Is(err, ErrSize) {
		t.Errorf("too long: %v", err)
	}
	if _, err := s.Sign(ctx, ES256, "JWT", func() {}); err == nil {
		t.Error("signed a function")
	}
}

func TestNativeSignsAndGenerates(t *testing.T) {
	native := &fakeNative{}
	c, root := newClock(), parseRoot(t, rootConfig("a"))
	s := front(ringHost(t, "", c, root, native), c, root, native)
	if err := s.EnsureAlg(context.Background(), EdDSA); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(context.Background(), EdDSA, "JWT", claims{}); err != nil {
		t.Fatal(err)
	}
	if native.generated.Load() != 2 || native.signed.Load() != 1 || native.verified.Load() != 0 {
		t.Errorf("generated %d, signed %d", native.generated.Load(), native.signed.Load())
	}
}

func TestEnsuredAlgorithmIsInEveryJWKSBeforeItIsUsed(t *testing.T) {
	c, root := newClock(), parseRoot(t, rootConfig("a"))
	host := ringHost(t, "", c, root, nil)
	a, b := front(host, c, root, nil), front(host, c, root, nil)
	ctx := context.Background()
	must(b.JWKS(ctx)) // b knows the ring without EdDSA
	if err := a.EnsureAlg(ctx, EdDSA); err != nil {
		t.Fatal(err)
	}
	c.Pass(maxAge)
	token := must(a.Sign(ctx, EdDSA, "JWT", claims{}))
	if kids := fmt.Sprint(must(b.JWKS(ctx)).Keys); !strings.Contains(kids, kidOf(token)) {
		t.Errorf("%s not in %s", kidOf(token), kids)
	}
}

// kidOf reads the key id out of a token's header.
func kidOf(token string) string {
	var h struct {
		KeyID string `json:"kid"`
	}
	header, _, _ := strings.Cut(token, ".")
	if err := json.Unmarshal([]byte(mustDecode(header)), &h); err != nil {
		panic(err)
	}
	return h.KeyID
}
