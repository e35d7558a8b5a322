//go:build !js

package token_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

const keysAddress = "https://keys.example.com/jwks.json"

// publisher is an application whose keys are at keysAddress.
func (g *rig) publisher(address string) {
	g.signer("pub", func(app *tenant.Application) { app.JWKS, app.JWKSURI = nil, address })
}

func (b *browser) tryPublished(header claims, key any) string {
	b.Helper()
	_, refused := b.tryAssertion("pub", jwt(b, header, b.assertion("pub", nil), key))
	return refused
}

func TestPublishedKeysAreFetchedAndKept(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.publisher(keysAddress)
	set := publicKeys("ES256")
	g.published = func(*http.Request) (*http.Response, error) { return document(http.StatusOK, set), nil }
	for range 3 {
		if refused := b.tryPublished(claims{"alg": "ES256", "kid": "ES256"}, keysFor["ES256"]); refused != "" {
			t.Fatal(refused)
		}
	}
	if len(g.visits) != 1 || g.visits[0] != keysAddress {
		t.Errorf("fetched from %q", g.visits)
	}
	// a new key is found, but not at every request that names one
	set = publicKeys("EdDSA")
	if refused := b.tryPublished(claims{"alg": "EdDSA", "kid": "EdDSA"}, keysFor["EdDSA"]); refused != "invalid_client" || len(g.visits) != 1 {
		t.Errorf("asked again at once: %q %d", refused, len(g.visits))
	}
	g.wait(time.Minute)
	for range 3 {
		if refused := b.tryPublished(claims{"alg": "EdDSA", "kid": "EdDSA"}, keysFor["EdDSA"]); refused != "" {
			t.Error(refused)
		}
		if refused := b.tryPublished(claims{"alg": "ES256", "kid": "nobody's"}, thief); refused != "invalid_client" {
			t.Error(refused)
		}
	}
	if len(g.visits) != 2 {
		t.Errorf("fetched %d times", len(g.visits))
	}
	// what is known is used for an hour when the site is down
	g.published = nil
	g.wait(30 * time.Minute)
	if refused := b.tryPublished(claims{"alg": "EdDSA"}, keysFor["EdDSA"]); refused != "" || len(g.visits) != 3 {
		t.Errorf("with the site down: %q %d", refused, len(g.visits))
	}
	g.wait(time.Hour)
	if refused := b.tryPublished(claims{"alg": "EdDSA"}, keysFor["EdDSA"]); refused != "invalid_client" {
		t.Errorf("with the site down for long: %q", refused)
	}
}

// SSRF by a registered URL: the server goes to public https names only, follows nobody further, and reads little.
func TestSSRFByPublishedKeys(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for _, address := range []string{
		"http://keys.example.com/jwks", "https://10.0.0.1/jwks", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data", "https://[fd00::1]/", "https://[::ffff:10.0.0.1]/",
		"https://2130706433/", "https://0x7f000001/", "https://127.1/", "https://017700000001/", "https://intranet/", "https://metadata.google.internal/", "https://printer.local/",
		"https://user@keys.example.com/", "https://keys.example.com./", "https://keys.example.com\\@10.0.0.1/", "ftp://keys.example.com/", "file:///etc/passwd", "keys.example.com", "https:///x", "https://8.8.8.8/",
	} {
		g.publisher(address)
		if refused := b.tryPublished(claims{"alg": "ES256"}, keysFor["ES256"]); refused != "invalid_client" {
			t.Errorf("%s: %q", address, refused)
		}
	}
	if len(g.visits) != 0 {
		t.Errorf("the server went to %q", g.visits)
	}
	redirect := &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://10.0.0.1/"}}, Body: http.NoBody}
	long := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"keys":[`), bytes.NewReader(make([]byte, 1<<20))))}
	broken := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(failing{})}
	for i, answer := range []*http.Response{
		redirect, long, broken, document(http.StatusNotFound, publicKeys("ES256")), document(http.StatusOK, []int{1}), document(http.StatusOK, "keys"), document(http.StatusOK, claims{"keys": 1}),
	} {
		g.visits = nil
		g.publisher(keysAddress + "?" + strings.Repeat("x", i+1))
		g.published = func(*http.Request) (*http.Response, error) { return answer, nil }
		if refused := b.tryPublished(claims{"alg": "ES256"}, keysFor["ES256"]); refused != "invalid_client" || len(g.visits) != 1 {
			t.Errorf("answer %d: %q after %q", i, refused, g.visits)
		}
		if refused := b.tryPublished(claims{"alg": "ES256"}, keysFor["ES256"]); refused != "invalid_client" || len(g.visits) != 1 {
			t.Errorf("answer %d makes the server ask at every request: %q", i, g.visits)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("hung up") }

// Key confusion: what is published but no public signing key never verifies anything.
func TestPublishedKeysThatAreNoneAreLeftOut(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	secret := []byte(strings.Repeat("s", 32))
	for name, key := range map[string]jose.JSONWebKey{
		"private": {Key: keysFor["ES256"], KeyID: "k"}, "symmetric": {Key: secret, KeyID: "k"},
		"for encryption": {Key: keysFor["ES256"].Public(), KeyID: "k", Use: "enc"}, "for another algorithm": {Key: keysFor["RS256"].Public(), KeyID: "k", Algorithm: "PS256"},
	} {
		g.publisher(keysAddress + "?" + strings.ReplaceAll(name, " ", ""))
		g.published = func(*http.Request) (*http.Response, error) {
			return document(http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}}), nil
		}
		for _, header := range []claims{{"alg": "ES256", "kid": "k"}, {"alg": "RS256", "kid": "k"}, {"alg": "HS256", "kid": "k"}} {
			signer := map[any]any{"ES256": keysFor["ES256"], "RS256": keysFor["RS256"], "HS256": secret}[header["alg"]]
			if refused := b.tryPublished(header, signer); refused != "invalid_client" {
				t.Errorf("%s, %v: %q", name, header["alg"], refused)
			}
		}
	}
	g.publisher(keysAddress)
	g.published = func(*http.Request) (*http.Response, error) {
		return document(http.StatusOK, claims{"keys": []any{claims{"kty": "new"}, 1, jose.JSONWebKey{Key: keysFor["ES256"].Public()}}}), nil
	}
	if refused := b.tryPublished(claims{"alg": "ES256", "kid": ""}, keysFor["ES256"]); refused != "" {
		t.Errorf("a good key among others: %q", refused)
	}
}
