//go:build !js

package token_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// again prepares a request that is served over and over, without a network.
func (g *rig) again(b *testing.B, path string, form url.Values, header ...string) {
	b.Helper()
	body := form.Encode()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		g.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"active":false`) {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

func BenchmarkClientCredentials(b *testing.B) {
	g := newRig(b)
	for format, api := range map[string]string{"jwt": ordersAPI, "opaque": stockAPI} {
		b.Run(format, func(b *testing.B) {
			form := url.Values{"grant_type": {"client_credentials"}, "resource": {api}}
			g.again(b, "/oauth2/token", form, "Authorization", basic("worker", shopSecret))
		})
	}
}

func BenchmarkIntrospection(b *testing.B) {
	g := newRig(b)
	person, _ := g.signedIn("ada@id.test")
	for name, token := range map[string]string{
		"jwt": g.ownToken(ordersAPI).AccessToken, "opaque": g.ownToken(stockAPI).AccessToken, "person": person.tokensFor(stockAPI).AccessToken,
	} {
		b.Run(name, func(b *testing.B) {
			g.again(b, "/oauth2/introspect", url.Values{"token": {token}}, "Authorization", basic("warehouse", shopSecret))
		})
	}
}

func BenchmarkUserinfo(b *testing.B) {
	g := newRig(b)
	person, _ := g.signedIn("ada@id.test")
	g.again(b, "/oauth2/userinfo", url.Values{"access_token": {person.tokens().AccessToken}})
}

func BenchmarkRefresh(b *testing.B) {
	g := newRig(b)
	person, _ := g.signedIn("ada@id.test")
	token := person.tokensOf("desk").RefreshToken
	b.ReportAllocs()
	for b.Loop() {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
		w := g.serve(http.MethodPost, "/oauth2/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded",
			"Authorization", basic("desk", shopSecret))
		if token = field(w.Body.String(), "refresh_token"); token == "" {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

// BenchmarkCodeFlow is authorize and token for somebody who is signed in, without a network.
func BenchmarkCodeFlow(b *testing.B) {
	g := newRig(b)
	person, _ := g.signedIn("ada@id.test")
	query := "/oauth2/authorize?" + request().Encode()
	cookie := person.cookies("__Host-session")[0].String()
	serve := func(r *http.Request) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		g.Config.Handler.ServeHTTP(w, r)
		return w
	}
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, query, nil)
		r.Header.Set("Cookie", cookie)
		to, err := url.Parse(serve(r).Header().Get("Location"))
		if err != nil || to.Query().Get("code") == "" {
			b.Fatal(to, err)
		}
		r = httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader(exchange(to.Query().Get("code")).Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if w := serve(r); w.Code != http.StatusOK {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}
