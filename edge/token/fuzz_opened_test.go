//go:build !js

package token_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzAccessToken presents a value wherever access and refresh tokens are opened. Nothing but what the rig made is ever good.
func FuzzAccessToken(f *testing.F) {
	g := newRig(f)
	b, _ := g.signedIn("ada@id.test")
	tok, jwt := b.tokensOf("desk"), b.tokensFor(ordersAPI)
	known := map[string]bool{}
	for _, token := range []string{tok.AccessToken, tok.RefreshToken, jwt.AccessToken, g.ownToken(stockAPI).AccessToken, tok.IDToken} {
		known[token] = true
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if known[token] {
			return
		}
		form := url.Values{"token": {token}}.Encode()
		header := []string{"Content-Type", "application/x-www-form-urlencoded", "Authorization", basic("warehouse", shopSecret)}
		w := g.serve(http.MethodPost, "/oauth2/introspect", form, header...)
		stays(t, w, token)
		if strings.Contains(w.Body.String(), `"active":true`) && !respelt(token, known) {
			t.Fatalf("%q is active: %s", token, w.Body)
		}
		stays(t, g.serve(http.MethodPost, "/oauth2/revoke", form, header...), token)
		w = g.serve(http.MethodGet, "/oauth2/userinfo", "", "Authorization", "Bearer "+token)
		stays(t, w, token)
		if w.Code == http.StatusOK && !respelt(token, known) {
			t.Fatalf("%q opens userinfo", token)
		}
	})
}

// respelt reports whether a value decodes to the same as one of those known, which white space around it leaves as it is.
func respelt(token string, known map[string]bool) bool {
	for other := range known {
		if strings.TrimSpace(token) == other {
			return true
		}
	}
	return false
}

// FuzzIntrospection sends a whole request.
func FuzzIntrospection(f *testing.F) {
	g := newRig(f)
	token := g.ownToken(stockAPI).AccessToken
	good := basic("warehouse", shopSecret)
	f.Add("token="+token, good, "")
	f.Add("token="+token+"&token_type_hint=access_token", good, "application/token-introspection+jwt")
	f.Add("token=x&token=y", good, "*/*")
	f.Add("token="+token+"&client_id=warehouse&client_secret="+url.QueryEscape(shopSecret), "", "")
	f.Add("token="+token+"&client_id=phone", "", "application/json")
	f.Fuzz(func(t *testing.T, body, authorization, accept string) {
		header := []string{"Content-Type", "application/x-www-form-urlencoded", "Accept", accept}
		if authorization != "" {
			header = append(header, "Authorization", authorization)
		}
		for _, path := range []string{"/oauth2/introspect", "/oauth2/revoke"} {
			w := g.serve(http.MethodPost, path, body, header...)
			stays(t, w, body)
			authenticated := knowsSecret(authorization) || strings.Contains(body, "client_secret=")
			if path == "/oauth2/introspect" && w.Code == http.StatusOK && !authenticated {
				t.Fatalf("%q by %q was answered: %s", body, authorization, w.Body)
			}
		}
	})
}

// knowsSecret reports whether a Basic header has the secret of the rig's applications in it.
func knowsSecret(authorization string) bool {
	_, encoded, _ := strings.Cut(authorization, " ")
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	_, secret, _ := strings.Cut(string(raw), ":")
	decoded, err2 := url.QueryUnescape(secret)
	return err == nil && err2 == nil && decoded == shopSecret
}

// FuzzRefresh sends a token request with a refresh token that is good once.
func FuzzRefresh(f *testing.F) {
	g := newRig(f)
	f.Add("openid", "", "")
	f.Add("", stockAPI, "x")
	f.Add("openid orders.read", ordersAPI, "")
	b, _ := g.signedIn("ada@id.test")
	token := b.tokensFor(stockAPI).RefreshToken
	header := []string{"Content-Type", "application/x-www-form-urlencoded", "Authorization", basic("desk", shopSecret)}
	f.Fuzz(func(t *testing.T, scope, resource, extra string) {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token + extra}, "scope": {scope}, "resource": {resource}}
		w := g.serve(http.MethodPost, "/oauth2/token", form.Encode(), header...)
		stays(t, w, form.Encode())
		if next := field(w.Body.String(), "refresh_token"); next != "" {
			for _, value := range strings.Fields(field(w.Body.String(), "scope")) {
				if !strings.Contains(" openid profile stock.read ", " "+value+" ") {
					t.Fatalf("%q granted %s", form, w.Body)
				}
			}
			token = next
		}
	})
}
