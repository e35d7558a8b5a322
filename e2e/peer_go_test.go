package e2e

import (
	"context"
	"net/url"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// TestPeerGoOIDC: a Go program with coreos/go-oidc and x/oauth2.
func TestPeerGoOIDC(t *testing.T) {
	base := callbacks(t)
	registered(t, map[string]any{
		"client_id": "peer-go", "name": "go-oidc", "client_secret": peerSecret,
		"grant_types": []string{"authorization_code", "refresh_token"}, "scopes": []string{"openid", "profile", "email", "offline_access"},
		"redirect_uris": []string{base + "/callback"}, "post_logout_redirect_uris": []string{base + "/out"},
	})
	b := newBrowser(t)
	upn := newMember(b)
	ctx := oidc.ClientContext(t.Context(), service.Client())
	provider, err := oidc.NewProvider(ctx, service.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	config := oauth2.Config{
		ClientID: "peer-go", ClientSecret: peerSecret, Endpoint: provider.Endpoint(), RedirectURL: base + "/callback",
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
	}
	verifier := oauth2.GenerateVerifier()
	b.open(config.AuthCodeURL("state", oidc.Nonce("nonce"), oauth2.S256ChallengeOption(verifier)))
	back, err := url.Parse(b.at(base + "/callback?"))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	verify(ctx, t, provider, tokens, raw, upn)
	old := *tokens
	old.Expiry = old.Expiry.AddDate(-1, 0, 0)
	refreshed, err := config.TokenSource(ctx, &old).Token()
	if err != nil || refreshed.AccessToken == tokens.AccessToken || refreshed.RefreshToken == tokens.RefreshToken {
		t.Fatalf("refresh: %v", err)
	}
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&metadata); err != nil {
		t.Fatal(err)
	}
	b.open(metadata.EndSession + "?" + url.Values{"id_token_hint": {raw}, "post_logout_redirect_uri": {base + "/out"}}.Encode())
	b.at(base + "/out")
	b.open(service.Issuer + "/account")
	b.at(service.Issuer + "/signin")
}

// verify looks at everything that came with the code.
func verify(ctx context.Context, t *testing.T, provider *oidc.Provider, tokens *oauth2.Token, raw, upn string) {
	t.Helper()
	verified, err := provider.Verifier(&oidc.Config{ClientID: "peer-go"}).Verify(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := verified.VerifyAccessToken(tokens.AccessToken); err != nil || verified.Nonce != "nonce" {
		t.Errorf("ID token: nonce %q, %v", verified.Nonce, err)
	}
	person, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil || person.Subject != verified.Subject {
		t.Errorf("userinfo: %v, %v", person, err)
	}
	var claims struct {
		UPN string `json:"preferred_username"`
	}
	if err := person.Claims(&claims); err != nil || claims.UPN != upn {
		t.Errorf("userinfo: %+v, %v", claims, err)
	}
}
