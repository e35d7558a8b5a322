package token

import (
	"crypto/rsa"
	"encoding/json"
	"strings"
	"testing"

	"crypto"

	"github.com/go-jose/go-jose/v4"
)

// A DPoP key has the thumbprint that another implementation finds (RFC 7638).
func TestProofKeyThumbprint(t *testing.T) {
	for alg, private := range testKeys {
		jwk := jose.JSONWebKey{Key: private.Public()}
		raw, err := json.Marshal(jwk)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := jwk.Thumbprint(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		key, got, err := parseProofKey(raw)
		if err != nil || !suits(alg, key) || got != part(string(sum)) {
			t.Errorf("%s: %v %s, %v", alg, key, got, err)
		}
	}
	// RFC 7638 section 3.1
	example := `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`
	if _, got, err := parseProofKey([]byte(example)); got != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" {
		t.Errorf("%s, %v", got, err)
	}
}

// Key confusion: only the public half of an asymmetric key, in its one form, is a DPoP key.
func TestProofKeyIsPublicAndWellFormed(t *testing.T) {
	private, err := json.Marshal(jose.JSONWebKey{Key: testKeys["ES256"]})
	if err != nil {
		t.Fatal(err)
	}
	small, err := json.Marshal(jose.JSONWebKey{Key: &rsa.PublicKey{N: testKeys["RS256"].Public().(*rsa.PublicKey).N.Rsh(testKeys["RS256"].Public().(*rsa.PublicKey).N, 0), E: 65537}})
	if err != nil {
		t.Fatal(err)
	}
	public, err := json.Marshal(jose.JSONWebKey{Key: testKeys["ES256"].Public()})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := parseProofKey(small); err != nil {
		t.Errorf("%v", err)
	}
	zero := strings.Repeat("A", 43)
	for name, raw := range map[string]string{
		"private": string(private), "symmetric": `{"kty":"oct","k":"AAAA"}`, "EC with k": strings.Replace(string(public), "{", `{"k":"AA",`, 1),
		"not on the curve": `{"kty":"EC","crv":"P-256","x":"` + zero + `","y":"` + zero + `"}`,
		"another curve":    `{"kty":"EC","crv":"P-384","x":"` + zero + `","y":"` + zero + `"}`,
		"short":            `{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`,
		"X25519":           `{"kty":"OKP","crv":"X25519","x":"` + zero + `"}`, "short Ed25519": `{"kty":"OKP","crv":"Ed25519","x":"AA"}`,
		"RSA with a leading zero": `{"kty":"RSA","n":"` + strings.Repeat("A", 342) + `","e":"AQAB"}`,
		"RSA without e":           `{"kty":"RSA","n":"` + strings.Repeat("_", 342) + `"}`,
		"RSA with a huge e":       `{"kty":"RSA","n":"` + strings.Repeat("_", 342) + `","e":"_____w"}`,
		"huge RSA":                `{"kty":"RSA","n":"` + strings.Repeat("_", 1400) + `","e":"AQAB"}`,
		"a list":                  `[]`, "a string": `"x"`, "null": `null`, "nothing": `{}`, "twice": strings.Replace(string(public), "{", `{"kty":"EC",`, 1),
	} {
		if key, _, err := parseProofKey([]byte(raw)); err == nil {
			t.Errorf("%s: %v", name, key)
		}
	}
	if key, _, err := parseProofKey([]byte(`{"kty":"RSA","n":"` + strings.Repeat("_", 171) + `","e":"AQAB"}`)); err == nil && suits("RS256", key) {
		t.Error("an RSA key of 1024 bits is accepted")
	}
}

func TestProofAddressIsComparedAfterNormalisation(t *testing.T) {
	const ours = "https://id.example/oauth2/token"
	for _, htu := range []string{
		ours, "HTTPS://ID.Example/oauth2/token", "https://id.example:443/oauth2/token", ours + "?x=1", ours + "#f", "https://id.example/%6Fauth2/token",
	} {
		if !sameAddress(htu, ours) {
			t.Errorf("%s is refused", htu)
		}
	}
	for _, htu := range []string{
		"", "https://id.example/oauth2/token/", "https://id.example/oauth2%2Ftoken", "http://id.example/oauth2/token", "https://id.example:8443/oauth2/token",
		"https://id.example/oauth2/../oauth2/token", "https://id.example/./oauth2/token", "https://evil.example/oauth2/token", "/oauth2/token",
		"https://u@id.example/oauth2/token", "https://id.example./oauth2/token", "https://id.example/OAuth2/token", "https:id.example/oauth2/token",
		"https://id.example\\@evil.example/oauth2/token", "https://id.example/oauth2//token", "https://id.example/oauth2/token" + strings.Repeat("/", 600),
	} {
		if sameAddress(htu, ours) {
			t.Errorf("%s is accepted", htu)
		}
	}
	if !sameAddress("https://id.example:8443/oauth2/token", "https://id.example:8443/oauth2/token") {
		t.Error("a port is refused")
	}
}

func FuzzProofKey(f *testing.F) {
	for _, private := range testKeys {
		raw, err := json.Marshal(jose.JSONWebKey{Key: private.Public()})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		key, thumbprint, err := parseProofKey(raw)
		if err != nil {
			return
		}
		// what we take, another implementation takes, and finds the same thumbprint
		var jwk jose.JSONWebKey
		if err := json.Unmarshal(raw, &jwk); err != nil {
			return // it may refuse more, such as bad certificates
		}
		sum, err := jwk.Thumbprint(crypto.SHA256)
		if err == nil && part(string(sum)) != thumbprint {
			t.Errorf("%s: %v, thumbprint %s", raw, key, thumbprint)
		}
	})
}

func FuzzProofAddress(f *testing.F) {
	f.Add("https://id.example/oauth2/token?x#y")
	f.Fuzz(func(t *testing.T, htu string) {
		if sameAddress(htu, "https://id.example/oauth2/token") && !strings.Contains(strings.ToLower(htu), "id.example") {
			t.Errorf("%q", htu)
		}
	})
}
