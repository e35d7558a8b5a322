package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// installed is an application as it is installed on one device of a person: with an access token and the key of what it keeps.
type installed struct {
	token string
	key   vault.ApplicationKey
}

// Do carries requests of the vault with the access token in the place of a session.
func (i installed) Do(ctx context.Context, in client.Request) (client.Response, error) {
	path := strings.TrimPrefix(strings.TrimPrefix(in.URL, service.Issuer), "/api")
	r, err := http.NewRequestWithContext(ctx, in.Method, service.URL+path, bytes.NewReader(in.Body))
	if err != nil {
		return client.Response{}, err
	}
	r.Header.Set("Authorization", "Bearer "+i.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := service.Client().Do(r)
	if err != nil {
		return client.Response{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, int64(in.Limit)+1))
	return client.Response{Status: answer.StatusCode, Body: body}, err
}

// settings opens what the application keeps.
func (i installed) settings(t *testing.T) *vault.Vault {
	t.Helper()
	c, err := client.New(client.Config{Base: service.Issuer, Transport: i, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	store := c.NewStore("", 0, func(context.Context, int64) error { return nil }, nil)
	v, err := vault.OpenApplication(t.Context(), vault.Config{Device: vault.NewID(), Store: store, Memory: &vault.RAM{}, Now: time.Now}, i.key)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v
}

// install signs in to the application in b, asks for the key and agrees.
func install(b *browser, clientID, callback string) installed {
	b.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	jwk, err := jose.JSONWebKey{Key: key.Public()}.MarshalJSON()
	if err != nil {
		b.t.Fatal(err)
	}
	config := oauth2.Config{
		ClientID: clientID, RedirectURL: callback, Scopes: []string{"openid", "latchkey:settings"},
		Endpoint: oauth2.Endpoint{AuthURL: service.Issuer + "/oauth2/authorize", TokenURL: service.URL + "/oauth2/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	verifier := oauth2.GenerateVerifier()
	b.open(config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("keys_jwk", base64.RawURLEncoding.EncodeToString(jwk))))
	b.at(service.Issuer + "/consent")
	b.click(`[data-step="ask"] [value="allow"]`)
	back, err := url.Parse(b.at(callback + "?"))
	if err != nil {
		b.t.Fatal(err)
	}
	ctx := context.WithValue(b.t.Context(), oauth2.HTTPClient, service.Client())
	token, err := config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		b.t.Fatal(err)
	}
	answer, _ := token.Extra("keys_jwe").(string)
	return installed{token.AccessToken, keyIn(b.t, answer, key)}
}

// keyIn opens a keys_jwe as any JOSE library does.
func keyIn(t *testing.T, jwe string, key *ecdsa.PrivateKey) (found vault.ApplicationKey) {
	t.Helper()
	parsed, err := jose.ParseEncryptedCompact(jwe, []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatalf("keys_jwe %q: %v", jwe, err)
	}
	plain, err := parsed.Decrypt(key)
	var content struct{ Key string }
	if err == nil {
		err = json.Unmarshal(plain, &content)
	}
	raw, wrong := base64.RawURLEncoding.DecodeString(content.Key)
	if err != nil || wrong != nil || len(raw) != len(found) {
		t.Fatalf("keys_jwe has %q: %v, %v", plain, err, wrong)
	}
	return vault.ApplicationKey(raw)
}

// TestAnApplicationKeepsSettingsInTheVault: A12. Installed a second time, on another browser of the person's, it finds what it kept; another
// person's installation finds nothing of it.
func TestAnApplicationKeepsSettingsInTheVault(t *testing.T) {
	t.Parallel()
	base := callbacks(t)
	registered(t, map[string]any{
		"client_id": "keeper", "name": "Keeper", "public": true, "consent": "required", "redirect_uris": []string{base + "/callback"},
		"scopes": []string{"openid", "latchkey:settings"},
	})
	b := newBrowser(t)
	newMember(b)
	first := install(b, "keeper", base+"/callback")
	kept := first.settings(t)
	if err := kept.Set(t.Context(), "shop", "theme", []byte("dark")); err != nil {
		t.Fatal(err)
	}
	if err := kept.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := install(b, "keeper", base+"/callback")
	if got, ok := again.settings(t).Get("shop", "theme"); !ok || string(got.Value) != "dark" || again.key != first.key {
		t.Errorf("installed again it finds %q, %v; the same key: %v", got.Value, ok, again.key == first.key)
	}
	other := newBrowser(t)
	newMember(other)
	stranger := install(other, "keeper", base+"/callback")
	if got := stranger.settings(t).Export(); len(got) > 0 || stranger.key == first.key {
		t.Errorf("another person's installation finds %v", got)
	}
}
