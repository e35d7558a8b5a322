//go:build !js

package token_test

import (
	"crypto/rsa"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// keyFor is a key pair to encrypt to with an algorithm.
func (g *rig) keyFor(alg string) (private any, public *jose.JSONWebKey) {
	if strings.HasPrefix(alg, "RSA") {
		key := keysFor["RS256"].(*rsa.PrivateKey)
		return key, &jose.JSONWebKey{Key: key.Public(), KeyID: "e", Use: "enc"}
	}
	return g.vaultKey, &jose.JSONWebKey{Key: &g.vaultKey.PublicKey, KeyID: "e", Use: "enc"}
}

// encrypts is an application that wants its tokens encrypted in that way.
func (g *rig) encrypts(alg, enc string) tenant.Application {
	_, public := g.keyFor(alg)
	return tenant.Application{
		ClientID: "front", Name: "Front", Kind: tenant.AppWeb, RedirectURIs: []string{frontCallback}, GrantTypes: []string{tenant.GrantCode, tenant.GrantImplicit},
		ResponseTypes: []string{"code", "id_token"}, ResponseModes: []string{"query", "fragment"}, Scopes: []string{"openid"}, IDTokenAlg: "ES256",
		EncryptionKey: public, EncryptionAlg: alg, EncryptionEnc: enc, UserinfoEncryptionAlg: alg, UserinfoEncryptionEnc: enc,
	}
}

// Each way to encrypt that discovery names can be registered and is then used, and no other can be registered.
func TestDiscoveryNamesTheEncryptionThatThereIs(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	m := g.metadata()
	algs, encs := list(m["id_token_encryption_alg_values_supported"]), list(m["id_token_encryption_enc_values_supported"])
	if strings.Join(algs, " ") != strings.Join(list(m["userinfo_encryption_alg_values_supported"]), " ") ||
		strings.Join(encs, " ") != strings.Join(list(m["userinfo_encryption_enc_values_supported"]), " ") {
		t.Error("ID tokens and userinfo differ")
	}
	register := func(alg, enc string) error {
		_, err := g.tenants.Put(t.Context(), tenant.File{Applications: []tenant.Application{g.encrypts(alg, enc)}})
		return err
	}
	for _, alg := range algs {
		for _, enc := range encs {
			if err := register(alg, enc); err != nil {
				t.Errorf("%s with %s cannot be registered: %v", alg, enc, err)
				continue
			}
			g.wait(time.Minute)
			sealed := answerOf(t, b.front("response_type", "id_token", "scope", "openid")).Get("id_token")
			object, err := jose.ParseEncryptedCompact(sealed, []jose.KeyAlgorithm{jose.KeyAlgorithm(alg)}, []jose.ContentEncryption{jose.ContentEncryption(enc)})
			if err != nil {
				t.Errorf("%s with %s: %v", alg, enc, err)
				continue
			}
			private, _ := g.keyFor(alg)
			plain, err := object.Decrypt(private)
			if g.must(err); g.claimsOf(string(plain), "JWT", "ES256")["sub"] != id {
				t.Errorf("%s with %s: %s", alg, enc, plain)
			}
		}
	}
	for _, alg := range []string{"RSA1_5", "RSA-OAEP", "dir", "A128KW", "A256GCMKW", "ECDH-ES+A128KW", "PBES2-HS256+A128KW", "none"} {
		if register(alg, "A256GCM") == nil {
			t.Errorf("%s is not promised and can be registered", alg)
		}
	}
	for _, enc := range []string{"A192GCM", "A192CBC-HS384", "none"} {
		if register("ECDH-ES", enc) == nil {
			t.Errorf("%s is not promised and can be registered", enc)
		}
	}
}

// What service_documentation leads to is a page of ours.
func TestDiscoveryNamesADocumentThatIsThere(t *testing.T) {
	g := newRig(t)
	page, ours := strings.CutPrefix(g.metadata()["service_documentation"].(string), g.URL+"/docs/")
	if _, err := os.Stat(filepath.Join(repository, "site/src/docs", page+".md")); !ours || err != nil {
		t.Errorf("%s: %v", page, err)
	}
}

// RFC 9068 section 2.1: RS256 is among the algorithms of JWT access tokens, and an API gets the one that it registered.
func TestJWTAccessTokensByEveryAlgorithm(t *testing.T) {
	g := newRig(t)
	const photos = "https://photos.test/"
	g.application(func(app *tenant.Application) {
		app.GrantTypes, app.Resources, app.SecretHash = []string{tenant.GrantClient}, []string{photos}, shopHash()
	})
	for _, alg := range list(g.metadata()["id_token_signing_alg_values_supported"]) {
		g.apis = []tenant.Resource{{Identifier: photos, Name: "Photos", Scopes: []string{"photos.read"}, TokenFormat: "jwt", SigningAlg: alg, Lifetime: 300}}
		if _, err := g.tenants.Put(t.Context(), tenant.File{Resources: g.apis}); err != nil {
			t.Errorf("%s cannot be registered: %v", alg, err)
		}
		_, tok := g.grant("front", url.Values{"grant_type": {tenant.GrantClient}})
		if claims := g.claimsOf(tok.AccessToken, "at+jwt", alg); claims["aud"] != photos {
			t.Errorf("%s: %v", alg, claims)
		}
	}
	for _, alg := range []string{"none", "HS256"} {
		g.apis[0].SigningAlg = alg
		if _, err := g.tenants.Put(t.Context(), tenant.File{Resources: g.apis}); err == nil {
			t.Errorf("%s can be registered", alg)
		}
	}
}
