//go:build !js

package token_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// serve runs one request without a network.
func (g *rig) serve(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.URL = &url.URL{Path: path, RawQuery: ""}
	if method == http.MethodGet {
		r.URL.RawQuery, r.Body = body, http.NoBody
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	g.Config.Handler.ServeHTTP(w, r)
	return w
}

// stays checks that an answer is no fault of ours and leads to our own pages or to a registered address.
func stays(t *testing.T, w *httptest.ResponseRecorder, input string) {
	t.Helper()
	if w.Code >= 500 {
		t.Fatalf("%q: %d %s", input, w.Code, w.Body)
	}
	to := w.Header().Get("Location")
	for _, ours := range []string{"/error?code=", "/signin?flow=", "/de/signin?flow=", "/signup?flow=", "/de/signup?flow=", "/consent?flow=", "/de/consent?flow=",
		frontCallback + "?", frontCallback + "#", "/signout?flow=", "/de/signout?flow=", "/oauth2/resume?flow=",
		shopCallback + "?", shopCallback + "#", "https://shop.test/cb?tenant=1&", appCallback + "?", "https://vault.test/cb?", "https://edd.test/cb?"} {
		if strings.HasPrefix(to, ours) {
			return
		}
	}
	if to != "" || w.Code >= 300 && w.Code < 400 {
		t.Fatalf("%q leads to %q", input, to)
	}
}

func FuzzAuthorize(f *testing.F) {
	g := newRig(f)
	b, _ := g.signedIn("ada@id.test")
	cookie := "__Host-session=" + b.cookies("__Host-session")[0].Value
	g.apis = []tenant.Resource{{Identifier: "https://api.test/", Scopes: []string{"read"}}}
	g.application(func(app *tenant.Application) {
		app.Resources, app.Consent = []string{"https://api.test/"}, tenant.ConsentRequired
	})
	f.Add(request().Encode(), true)
	f.Add(request("prompt", "none").Encode(), false)
	front := []string{"client_id", "front", "redirect_uri", frontCallback}
	f.Add(request(append(front, "response_type", "code id_token", "claims", `{"id_token":{"acr":{"essential":true,"values":["x"]}}}`)...).Encode(), true)
	f.Add(request(append(front, "resource", "https://api.test/", "scope", "read", "prompt", "select_account consent", "max_age", "9")...).Encode(), true)
	f.Add(request("prompt", "create", "ui_locales", "de", "dpop_jkt", challenge).Encode(), true)
	f.Fuzz(func(t *testing.T, query string, signedIn bool) {
		header := []string{"Content-Type", "application/x-www-form-urlencoded"}
		if signedIn {
			header = append(header, "Cookie", cookie)
		}
		stays(t, g.serve(http.MethodGet, "/oauth2/authorize", query, header...), query)
		stays(t, g.serve(http.MethodPost, "/oauth2/authorize", query, header...), query)
	})
}

func FuzzClaimsParameter(f *testing.F) {
	g := newRig(f)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	cookie := "__Host-session=" + b.cookies("__Host-session")[0].Value
	f.Add(`{"userinfo":{"email":{"essential":true},"name":null},"id_token":{"sub":{"value":"x"},"acr":{"values":["urn:latchkey:acr:1"]}}}`)
	f.Add(`{"id_token":null,"x":[]}`)
	f.Fuzz(func(t *testing.T, claims string) {
		query := request("client_id", "front", "redirect_uri", frontCallback, "scope", "openid", "prompt", "none", "claims", claims).Encode()
		w := g.serve(http.MethodGet, "/oauth2/authorize", query, "Cookie", cookie)
		stays(t, w, query)
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || to.Query().Has("code") == to.Query().Has("error") && to.Path != "/error" {
			t.Fatalf("%q: %s", claims, w.Header().Get("Location"))
		}
	})
}

func FuzzConsent(f *testing.F) {
	g := newRig(f)
	g.application(asks)
	b, _ := g.signedIn("ada@id.test")
	to := b.front().to(f)
	flow := to.Query().Get("flow")
	cookies := "__Host-session=" + b.cookies("__Host-session")[0].Value + "; __Host-flow-" + flow + "=" + b.cookies("__Host-flow-")[0].Value
	seen := b.asked(to).Seen
	f.Add(`{"flow":"` + flow + `","seen":"` + seen + `","allow":true}`)
	f.Add(`{"flow":"` + flow + `"}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, route := range []string{api.RouteConsent, api.RouteConsentDecide} {
			w := g.serve(http.MethodPost, route, body, "Content-Type", "application/json", "Cookie", cookies)
			if w.Code >= 500 || w.Code == http.StatusOK && !strings.Contains(body, flow) {
				t.Fatalf("%s %q: %d %s", route, body, w.Code, w.Body)
			}
			if route == api.RouteConsentDecide && w.Code == http.StatusOK && !strings.Contains(body, seen) {
				t.Fatalf("%q was taken for an answer", body)
			}
		}
	})
}

func FuzzToken(f *testing.F) {
	g := newRig(f)
	b, _ := g.signedIn("ada@id.test")
	f.Add(exchange(b.code()).Encode(), "")
	f.Add(exchange("x").Encode(), basic("shop", shopSecret))
	f.Fuzz(func(t *testing.T, body, authorization string) {
		header := []string{"Content-Type", "application/x-www-form-urlencoded"}
		if authorization != "" {
			header = append(header, "Authorization", authorization)
		}
		w := g.serve(http.MethodPost, "/oauth2/token", body, header...)
		stays(t, w, body)
		if w.Code == http.StatusOK && !strings.Contains(body, "code_verifier="+verifier) {
			t.Fatalf("%q got tokens", body)
		}
		stays(t, g.serve(http.MethodPost, "/oauth2/userinfo", body, header...), body)
	})
}

func FuzzLogout(f *testing.F) {
	g := newRig(f)
	b, _ := g.signedIn("ada@id.test")
	cookie := "__Host-session=" + b.cookies("__Host-session")[0].Value
	f.Add("id_token_hint=" + b.tokens().IDToken + "&post_logout_redirect_uri=" + signedOut + "&state=x")
	f.Fuzz(func(t *testing.T, query string) {
		w := g.serve(http.MethodGet, "/oauth2/logout", query, "Cookie", cookie)
		stays(t, w, query)
		flow := w.Result().Cookies()
		if len(flow) != 1 {
			return
		}
		id := strings.TrimPrefix(flow[0].Name, "__Host-flow-")
		out := g.serve(http.MethodPost, "/api/signout", `{"flow":"`+id+`"}`, "Content-Type", "application/json", "Cookie", flow[0].Name+"="+flow[0].Value)
		if body := out.Body.String(); !strings.Contains(body, `"redirect":"/"`) && !strings.Contains(body, `"redirect":"`+signedOut) && !strings.Contains(body, `"redirect":"https://app.test/bye`) {
			t.Fatalf("%q leads to %s", query, body)
		}
	})
}

func FuzzResume(f *testing.F) {
	g := newRig(f)
	b := g.browser()
	flow := b.authorize().to(f).Query().Get("flow")
	f.Add("flow="+flow, "__Host-flow-"+flow+"="+b.cookies("__Host-flow-")[0].Value)
	f.Fuzz(func(t *testing.T, query, cookie string) {
		stays(t, g.serve(http.MethodGet, "/oauth2/resume", query, "Cookie", cookie), query)
	})
}
