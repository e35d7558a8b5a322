package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/keys"
)

var testKeys = func() map[string]crypto.Signer {
	ec, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, ed, err2 := ed25519.GenerateKey(rand.Reader)
	rs, err3 := rsa.GenerateKey(rand.Reader, 2048)
	if err1 != nil || err2 != nil || err3 != nil {
		panic("no keys")
	}
	return map[string]crypto.Signer{"ES256": ec, "EdDSA": ed, "RS256": rs, "PS256": rs}
}()

// verified asks Go's own cryptography.
func verified(j jws, key crypto.PublicKey) bool {
	return j.verify(keys.NewService(keys.ServiceDeps{}), key) == nil
}

// joseSigned is a JWT by go-jose: another implementation's idea of the form.
func joseSigned(t testing.TB, alg, payload string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: testKeys[alg]}, nil)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func part(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestJWSByAnotherImplementationVerifies(t *testing.T) {
	for alg, key := range testKeys {
		compact := joseSigned(t, alg, `{"iss":"a","aud":["b"],"exp":12.5}`)
		j, err := parseJWS(compact)
		if err != nil || j.alg != alg || !verified(j, key.Public()) {
			t.Fatalf("%s: %+v, %v", alg, j, err)
		}
		if iss, _ := j.claims.text("iss"); iss != "a" {
			t.Errorf("%s: iss %q", alg, iss)
		}
		for name, forged := range map[string]string{
			"changed claims": strings.Replace(compact, "."+part(`{"iss":"a","aud":["b"],"exp":12.5}`), "."+part(`{"iss":"b"}`), 1),
			"no signature":   compact[:strings.LastIndexByte(compact, '.')+1] + "AA",
		} {
			if j, err := parseJWS(forged); err == nil && verified(j, key.Public()) {
				t.Errorf("%s: %s verifies", alg, name)
			}
		}
	}
}

// Key confusion: a key is never used with another algorithm than the one it is for.
func TestJWSKeyOfAnotherAlgorithmNeverVerifies(t *testing.T) {
	for alg := range testKeys {
		j, err := parseJWS(joseSigned(t, alg, `{}`))
		if err != nil {
			t.Fatal(err)
		}
		for other, key := range testKeys {
			if sameKey := alg == other || strings.HasSuffix(alg, "S256") && testKeys[alg] == key; !sameKey && verified(j, key.Public()) {
				t.Errorf("%s verifies with the key for %s", alg, other)
			}
		}
		if j.alg = "RS256"; alg == "PS256" && verified(j, testKeys[alg].Public()) {
			t.Error("a PS256 signature verifies as RS256")
		}
	}
	small, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if suits("ES256", small.Public()) || suits("ES256", []byte("secret")) || suits("none", testKeys["ES256"].Public()) {
		t.Error("an algorithm is used with a key that is not for it")
	}
	if suits("RS256", &rsa.PublicKey{N: testKeys["RS256"].Public().(*rsa.PublicKey).N, E: 2}) {
		t.Error("an even RSA exponent is accepted")
	}
}

func TestJWSFormIsStrict(t *testing.T) {
	good := joseSigned(t, "ES256", `{"a":1}`)
	if _, err := parseJWS(good); err != nil {
		t.Fatal(err)
	}
	rest := good[strings.IndexByte(good, '.'):]
	for name, compact := range map[string]string{
		"empty": "", "one part": "x", "two parts": "a.b", "five parts": "a.b.c.d.e", "JSON": `{"payload":"e30"}`,
		"alg none":              part(`{"alg":"none"}`) + "." + part(`{}`) + ".",
		"alg none, signed":      part(`{"alg":"none"}`) + rest,
		"alg None":              part(`{"alg":"None"}`) + rest,
		"symmetric":             part(`{"alg":"HS256"}`) + rest,
		"no alg":                part(`{"typ":"JWT"}`) + rest,
		"ALG":                   part(`{"ALG":"ES256"}`) + rest,
		"alg twice":             part(`{"alg":"ES256","alg":"none"}`) + rest,
		"alg a number":          part(`{"alg":256}`) + rest,
		"typ a number":          part(`{"alg":"ES256","typ":1}`) + rest,
		"jku":                   part(`{"alg":"ES256","jku":"https://evil.example/jwks"}`) + rest,
		"x5u":                   part(`{"alg":"ES256","x5u":"https://evil.example/cert"}`) + rest,
		"x5c":                   part(`{"alg":"ES256","x5c":["AA=="]}`) + rest,
		"crit":                  part(`{"alg":"ES256","crit":["exp"],"exp":1}`) + rest,
		"b64":                   part(`{"alg":"ES256","b64":false}`) + rest,
		"compression":           part(`{"alg":"ES256","zip":"DEF"}`) + rest,
		"PBES2":                 part(`{"alg":"PBES2-HS256+A128KW","p2c":2147483647}`) + rest,
		"p2c":                   part(`{"alg":"ES256","p2c":2147483647}`) + rest,
		"header is a list":      part(`["ES256"]`) + rest,
		"header and more":       part(`{"alg":"ES256"}{}`) + rest,
		"padding":               strings.Replace(good, ".", "=.", 1),
		"line break":            good[:4] + "\n" + good[4:],
		"loose bits":            good[:len(good)-1] + "B",
		"payload is no object":  joseSigned(t, "ES256", `[1]`),
		"payload is no JSON":    joseSigned(t, "ES256", `a=1`),
		"claim twice":           joseSigned(t, "ES256", `{"a":1,"a":2}`),
		"oversized":             joseSigned(t, "ES256", `{"a":"`+strings.Repeat("x", maxJWT)+`"}`),
		"oversized header":      part(`{"alg":"ES256","kid":"`+strings.Repeat("x", maxJWTHeader)+`"}`) + rest,
		"nested thousands deep": joseSigned(t, "ES256", strings.Repeat(`{"a":`, 4000)),
	} {
		if j, err := parseJWS(compact); err == nil && name != "loose bits" {
			t.Errorf("%s is accepted: %+v", name, j)
		}
	}
}

// Depth costs nothing: what is not looked at is skipped, not decoded.
func TestJWSDeepClaimsAreSkipped(t *testing.T) {
	deep := `{"iss":"a","x":` + strings.Repeat("[", 2500) + strings.Repeat("]", 2500) + `}`
	if j, err := parseJWS(joseSigned(t, "ES256", deep)); err != nil || !j.claims.has("x") {
		t.Errorf("%v", err)
	}
}

func TestNumericDates(t *testing.T) {
	for text, want := range map[string]int64{`1700000000`: 1700000000, `1.7e9`: 1700000000, `0`: 0, `12.9`: 12} {
		if got, has, ok := (claimSet{"exp": json.RawMessage(text)}).time("exp"); got != want || !has || !ok {
			t.Errorf("%s: %d %v %v", text, got, has, ok)
		}
	}
	for _, text := range []string{`"1700000000"`, `-1`, `1e30`, `null`, `true`, `{}`} {
		if _, _, ok := (claimSet{"exp": json.RawMessage(text)}).time("exp"); ok {
			t.Errorf("%s is a time", text)
		}
	}
}

// Audience injection: a list with somebody else in it would let either use the JWT against the other.
func TestAudienceMustBeTheIssuerAlone(t *testing.T) {
	for text, want := range map[string][2]bool{ // plain or not
		`"i"`: {true, true}, `["i"]`: {true, false}, `["i","evil"]`: {false, false}, `["evil","i"]`: {false, false}, `["i","i"]`: {false, false},
		`"evil"`: {false, false}, `[]`: {false, false}, `{"i":1}`: {false, false}, `null`: {false, false}, `[["i"]]`: {false, false}, `"i "`: {false, false},
	} {
		c := claimSet{"aud": json.RawMessage(text)}
		if got := [2]bool{c.meantFor(false, "i"), c.meantFor(true, "i")}; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func FuzzJWS(f *testing.F) {
	for alg := range testKeys {
		f.Add(joseSigned(f, alg, `{"iss":"a","aud":["b"],"exp":12.5}`))
	}
	f.Fuzz(func(t *testing.T, compact string) {
		j, err := parseJWS(compact)
		if err != nil {
			return
		}
		if strings.Count(compact, ".") != 2 || len(compact) > maxJWT {
			t.Fatalf("%q has been read", compact)
		}
		for _, key := range testKeys {
			verified(j, key.Public())
		}
		j.claims.meantFor(false, "b")
		for name := range j.claims {
			j.claims.time(name)
			j.claims.parameter(name)
		}
	})
}
