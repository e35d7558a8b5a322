//go:build !js

package token_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

// Code injection: a code that is bound to a key is worth nothing without it, to whoever has its verifier as well (RFC 9449 section 10).
func TestCodeIsBoundToTheDPoPKey(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	right, wrong := g.prover("ES256").greet(b), g.prover("EdDSA").greet(b)
	pushedCode := func() string {
		uri, res := b.push(pushForm(), "DPoP", right.proof("POST", token.RoutePush, nil))
		if uri == "" {
			t.Fatalf("%s", res.body)
		}
		return b.bring("shop", uri).to(t).Query().Get("code")
	}
	for name, code := range map[string]func() string{
		"by dpop_jkt": func() string { return b.code("dpop_jkt", right.thumbprint()) },
		"by a proof":  pushedCode,
		"by pushed dpop_jkt": func() string {
			uri, _ := b.push(pushForm("dpop_jkt", right.thumbprint()))
			return b.bring("shop", uri).to(t).Query().Get("code")
		},
	} {
		if res, tok := b.redeem(exchange(code()), "DPoP", right.proof("POST", token.RouteToken, nil)); tok.Error != "" || tok.TokenType != "DPoP" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
		if _, tok := b.redeem(exchange(code()), "DPoP", wrong.proof("POST", token.RouteToken, nil)); tok.Error != "invalid_grant" {
			t.Errorf("%s, another key: %q", name, tok.Error)
		}
		if _, tok := b.redeem(exchange(code())); tok.Error != "invalid_grant" {
			t.Errorf("%s, no proof: %q", name, tok.Error)
		}
	}
}

// refresher is an application with refresh tokens.
func (g *rig) refresher(change func(*tenant.Application)) {
	g.signer("keeps", func(app *tenant.Application) {
		app.GrantTypes, app.Scopes = []string{tenant.GrantCode, tenant.GrantRefresh}, []string{"openid", "offline_access"}
		change(app)
	})
}

// Refresh theft: the refresh token of an application that cannot authenticate is bound to the key of its first use (RFC 9449 section 5).
func TestRefreshTokenOfAPublicApplicationIsBoundToItsKey(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.refresher(func(app *tenant.Application) { app.AuthMethod, app.JWKS = tenant.AuthNone, nil })
	right, wrong := g.prover("ES256").greet(b), g.prover("RS256").greet(b)
	_, tok := b.redeem(exchange(b.code("client_id", "keeps", "scope", "openid offline_access"), "client_id", "keeps", "client_secret", "-"), "DPoP", right.proof("POST", token.RouteToken, nil))
	if tok.RefreshToken == "" {
		t.Fatalf("%+v", tok)
	}
	form := refreshForm(tok.RefreshToken, "client_id", "keeps")
	if _, tok := b.redeem(form, "DPoP", wrong.proof("POST", token.RouteToken, nil)); tok.Error != "invalid_grant" {
		t.Errorf("another key: %q", tok.Error)
	}
	if _, tok := b.redeem(form); tok.Error != "invalid_grant" {
		t.Errorf("no key: %q", tok.Error)
	}
	if res, tok := b.redeem(form, "DPoP", right.proof("POST", token.RouteToken, nil)); tok.Error != "" || tok.TokenType != "DPoP" {
		t.Errorf("its key: %d %s", res.StatusCode, res.body)
	}
}

// The same for a certificate (RFC 8705 section 4).
func TestRefreshTokenOfAPublicApplicationIsBoundToItsCertificate(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.refresher(func(app *tenant.Application) {
		app.AuthMethod, app.JWKS, app.BoundToCertificate = tenant.AuthNone, nil, true
	})
	right, wrong := g.certificate("ES256"), g.certificate("ES256")
	_, tok := b.redeem(exchange(b.code("client_id", "keeps", "scope", "openid offline_access"), "client_id", "keeps", "client_secret", "-"), token.CertificateHeader, shown("presented", right))
	if tok.RefreshToken == "" {
		t.Fatalf("%+v", tok)
	}
	form := refreshForm(tok.RefreshToken, "client_id", "keeps")
	if _, tok := b.redeem(form, token.CertificateHeader, shown("verified", wrong)); tok.Error != "invalid_grant" {
		t.Errorf("another certificate: %q", tok.Error)
	}
	if res, tok := b.redeem(form, token.CertificateHeader, shown("presented", right)); tok.Error != "" {
		t.Errorf("its certificate: %d %s", res.StatusCode, res.body)
	}
}

// An application that authenticates may change its DPoP key: its refresh token is bound to the application (RFC 9449 section 5).
func TestConfidentialApplicationMayChangeItsDPoPKey(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.refresher(func(app *tenant.Application) {
		app.AuthMethod, app.JWKS, app.SecretHash = tenant.AuthPost, nil, shopHash()
	})
	first, second := g.prover("ES256").greet(b), g.prover("EdDSA").greet(b)
	_, tok := b.redeem(exchange(b.code("client_id", "keeps", "scope", "openid offline_access"), "client_id", "keeps"), "DPoP", first.proof("POST", token.RouteToken, nil))
	res, next := b.redeem(refreshForm(tok.RefreshToken, "client_id", "keeps", "client_secret", shopSecret), "DPoP", second.proof("POST", token.RouteToken, nil))
	if next.Error != "" || next.TokenType != "DPoP" {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if res := b.resource(next.AccessToken, first.proof("GET", token.RouteUserinfo, claims{"ath": ath(next.AccessToken)})); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the new token with the old key: %d", res.StatusCode)
	}
	if res := b.resource(next.AccessToken, second.proof("GET", token.RouteUserinfo, claims{"ath": ath(next.AccessToken)})); res.StatusCode != http.StatusOK {
		t.Errorf("the new token with the new key: %d", res.StatusCode)
	}
}

// Introspection says what a token is bound to (RFC 8705 section 3.2, RFC 9449 section 6.2).
func TestIntrospectionShowsTheBinding(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	c := g.certificate("ES256")
	g.signer("both", func(app *tenant.Application) {
		app.AuthMethod, app.JWKS, app.SecretHash, app.BoundToCertificate = tenant.AuthPost, nil, shopHash(), true
	})
	p := g.prover("PS256").greet(b)
	_, tok := b.redeem(exchange(b.code("client_id", "both"), "client_id", "both"), "DPoP", p.proof("POST", token.RouteToken, nil), token.CertificateHeader, shown("presented", c))
	res := b.post(token.RouteIntrospect, url.Values{"client_id": {"both"}, "client_secret": {shopSecret}, "token": {tok.AccessToken}})
	var out struct {
		Active bool              `json:"active"`
		Type   string            `json:"token_type"`
		Bound  map[string]string `json:"cnf"`
	}
	if err := json.Unmarshal([]byte(res.body), &out); err != nil || !out.Active || out.Type != "DPoP" || out.Bound["jkt"] != p.thumbprint() || out.Bound["x5t#S256"] != x5t(c) {
		t.Errorf("%s", res.body)
	}
	hash := claims{"ath": ath(tok.AccessToken)}
	if res := b.resource(tok.AccessToken, p.proof("GET", token.RouteUserinfo, hash)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the key without the certificate: %d", res.StatusCode)
	}
	if res := b.get("/oauth2/userinfo", "Authorization", "DPoP "+tok.AccessToken, "DPoP", p.proof("GET", token.RouteUserinfo, hash), token.CertificateHeader, shown("presented", c)); res.StatusCode != http.StatusOK {
		t.Errorf("both: %d", res.StatusCode)
	}
}

// FAPI 2.0 security profile section 5.3.2.1: refresh tokens are not rotated.
func TestFAPIRefreshTokensAreNotRotated(t *testing.T) {
	k := newBank(t, func(app *tenant.Application) {
		app.GrantTypes, app.Scopes = append(app.GrantTypes, tenant.GrantRefresh), append(app.Scopes, "offline_access")
	})
	_, tok := k.exchange(k.code("scope", "openid offline_access"))
	if tok.RefreshToken == "" {
		t.Fatalf("%+v", tok)
	}
	for range 3 {
		res, next := k.redeem(k.form(refreshForm(tok.RefreshToken, "client_id", "bank"), nil), "DPoP", k.key.proof("POST", token.RouteToken, nil))
		if next.Error != "" || next.AccessToken == "" || next.RefreshToken != "" {
			t.Fatalf("%d %s", res.StatusCode, res.body)
		}
	}
	if _, next := k.redeem(k.form(refreshForm(tok.RefreshToken, "client_id", "bank"), nil)); next.Error != "invalid_dpop_proof" {
		t.Errorf("without a proof: %q", next.Error)
	}
}
