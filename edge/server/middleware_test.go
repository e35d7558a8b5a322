//go:build !js

package server_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/tenant"
	provider "github.com/latchkey-id/latchkey/edge/token"
)

// apiRoutes are the values of all constants Route… of edge/api, from its source, so that a new one is not forgotten.
func apiRoutes(t *testing.T) (routes []string) {
	t.Helper()
	files, err := filepath.Glob("../api/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Route") {
				route, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				routes = append(routes, route)
			}
			return true
		})
	}
	if len(routes) < 24 || !slices.Contains(routes, api.RouteSignout) || !slices.Contains(routes, api.RouteApps) {
		t.Fatalf("found %v", routes)
	}
	return routes
}

// methodOf is the method that a route takes.
func methodOf(route string) string {
	switch route {
	case api.RouteConfiguration, api.RouteAccount, api.RouteSessions, api.RouteApplications, api.RouteApps, api.RouteVaultChanges, api.RouteSecurity:
		return http.MethodGet
	}
	return http.MethodPost
}

func ask(method, route string, header ...string) *http.Request {
	r := httptest.NewRequest(method, issuer+route, strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// Every route of the JSON interface is there, and answers nobody but our own pages.
func TestOnlyOwnPagesReachTheInterface(t *testing.T) {
	w := newWorld(t, "")
	for _, route := range apiRoutes(t) {
		method, open := methodOf(route), route == api.RouteConfiguration
		for _, c := range []struct {
			name    string
			header  []string
			refused bool
		}{
			{"our own page", []string{"Origin", issuer, "Sec-Fetch-Site", "same-origin"}, false},
			{"our own page, in a browser without Sec-Fetch-Site", []string{"Origin", issuer}, false},
			{"another site", []string{"Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site"}, true},
			{"another site, in a browser without Sec-Fetch-Site", []string{"Origin", "https://evil.test"}, true},
			{"a sibling host, to which SameSite is blind", []string{"Origin", "https://evil.login.test", "Sec-Fetch-Site", "same-site"}, true},
			{"the same host in the clear", []string{"Origin", "http://login.test"}, true},
			{"the same host at another port", []string{"Origin", issuer + ":8443"}, true},
			{"a sandboxed frame", []string{"Origin", "null"}, true},
			{"a sandboxed frame of ours", []string{"Origin", "null", "Sec-Fetch-Site", "same-origin"}, true},
			{"the address bar", []string{"Sec-Fetch-Site", "none"}, true},
			{"no browser", nil, method != http.MethodGet},
		} {
			answer := w.send(ask(method, route, c.header...)).Result()
			unknown := route == api.RouteDevice && answer.StatusCode == http.StatusNotFound // so it answers about a code
			if answer.StatusCode == http.StatusNotFound && !unknown || answer.StatusCode == http.StatusMethodNotAllowed {
				t.Errorf("%s %s does not exist: %d", method, route, answer.StatusCode)
			}
			foreign := answer.StatusCode == http.StatusForbidden && problemOf(t, answer).Code == api.CodeForbiddenOrigin
			if want := c.refused && !open; foreign != want {
				t.Errorf("%s from %s: %d, want refused %v", route, c.name, answer.StatusCode, want)
			}
			if foreign && len(answer.Cookies()) != 0 {
				t.Errorf("%s from %s changes cookies", route, c.name)
			}
			if allowed := answer.Header.Get("Access-Control-Allow-Origin"); allowed != "" {
				t.Errorf("%s lets %q read", route, allowed)
			}
		}
	}
}

// routes are one request for every way an answer comes about.
func routes(t *testing.T) map[string]*http.Request {
	t.Helper()
	all := map[string]*http.Request{
		"health":                ask("GET", "/healthz"),
		"unknown":               ask("GET", "/no/such/page"),
		"unknown under api":     ask("POST", "/api/none", "Origin", issuer),
		"wrong method":          ask("DELETE", api.RouteDiscover, "Origin", issuer),
		"another site":          ask("POST", api.RouteDiscover, "Origin", "https://evil.test"),
		"too large":             httptest.NewRequest("POST", issuer+api.RouteDiscover, strings.NewReader(strings.Repeat(" ", api.MaxBody+1))),
		"path not clean":        ask("GET", "/oauth2//jwks"),
		"operator without key":  ask("PUT", tenant.RouteApplications),
		"outbox":                ask("GET", "/operator/outbox"),
		"authorize for nobody":  ask("GET", provider.RouteAuthorize),
		"token without client":  ask("POST", provider.RouteToken),
		"userinfo without":      ask("GET", provider.RouteUserinfo),
		"keys":                  ask("GET", provider.RouteJWKS),
		"discovery":             ask("GET", provider.RouteDiscovery),
		"preflight":             ask("OPTIONS", provider.RouteToken),
		"sign-out":              ask("GET", provider.RouteLogout),
		"resume what is over":   ask("GET", provider.RouteResume+"?flow=x"),
		"OAuth, another method": ask("PUT", provider.RouteToken),
	}
	for _, route := range apiRoutes(t) {
		all[route] = ask(methodOf(route), route, "Origin", issuer)
	}
	return all
}

func TestSecurityHeadersAreOnEveryAnswer(t *testing.T) {
	w := newWorld(t, "")
	public := []string{"keys", "discovery"} // the same for everybody
	for name, r := range routes(t) {
		answer := w.send(r)
		h := answer.Header()
		for header, want := range map[string]string{
			"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
			"X-Content-Type-Options":    "nosniff",
			"Referrer-Policy":           "no-referrer",
		} {
			if got := h.Get(header); got != want {
				t.Errorf("%s (%d): %s %q", name, answer.Code, header, got)
			}
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s (%d): policy %q", name, answer.Code, policy)
		}
		if opener := h.Get("Cross-Origin-Opener-Policy"); opener != "same-origin" && (opener != "unsafe-none" || !strings.HasPrefix(r.URL.Path, "/oauth2/")) {
			t.Errorf("%s (%d): opener policy %q", name, answer.Code, opener)
		}
		if cached := h.Get("Cache-Control"); (cached == "no-store") == slices.Contains(public, name) {
			t.Errorf("%s (%d): Cache-Control %q", name, answer.Code, cached)
		}
		if answer.Code >= 500 {
			t.Errorf("%s: %d", name, answer.Code)
		}
	}
}

func TestUnknownAddressesAndMethodsAreProblems(t *testing.T) {
	w := newWorld(t, "")
	for _, path := range []string{"/nothing", "/", "/api/", "/api/none", "/oauth2/none", "/operator/none", "/healthz/"} {
		answer := w.send(ask("GET", path)).Result()
		if p := problemOf(t, answer); p.Code != api.CodeNotFound || p.Status != http.StatusNotFound {
			t.Errorf("%s: %+v", path, p)
		}
	}
	for route, allow := range map[string]string{
		"/healthz": "GET, HEAD", api.RouteConfiguration: "GET, HEAD", provider.RouteAuthorize: "GET, HEAD, POST",
		provider.RouteToken: "OPTIONS, POST", tenant.RouteApplications: "GET, HEAD, PUT", provider.RouteRegister: "OPTIONS, POST",
	} {
		answer := w.send(ask("DELETE", route)).Result()
		if answer.StatusCode != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != allow {
			t.Errorf("%s: %d, Allow %q, want %q", route, answer.StatusCode, answer.Header.Get("Allow"), allow)
		}
		if p := problemOf(t, answer); p.Code != api.CodeBadRequest {
			t.Errorf("%s: %+v", route, p)
		}
	}
	for _, route := range apiRoutes(t) {
		wrong := map[string]string{"GET": "POST", "POST": "GET"}[methodOf(route)]
		answer := w.send(ask(wrong, route, "Origin", issuer)).Result()
		if allow := answer.Header.Get("Allow"); answer.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(allow, methodOf(route)) {
			t.Errorf("%s %s: %d, Allow %q", wrong, route, answer.StatusCode, allow)
		}
	}
}

// A body is refused by its announced length, and by its real one when none is announced.
func TestBodiesAreBounded(t *testing.T) {
	w := newWorld(t, "")
	tooLong := `{"upn":"` + strings.Repeat("a", api.MaxBody) + `"}`
	for _, route := range apiRoutes(t) {
		if methodOf(route) == http.MethodGet {
			continue
		}
		for name, length := range map[string]int64{"announced": int64(len(tooLong)), "not announced": -1} {
			r := httptest.NewRequest("POST", issuer+route, io.NopCloser(strings.NewReader(tooLong)))
			r.ContentLength = length
			r.Header.Set("Origin", issuer)
			r.Header.Set("Content-Type", "application/json")
			want := api.CodeTooLarge
			if length < 0 && strings.HasPrefix(route, "/api/vault/") { // it is not even begun for nobody
				want = api.CodeSessionRequired
			}
			if p := problemOf(t, w.send(r).Result()); p.Code != want {
				t.Errorf("%s, %s: %+v", route, name, p)
			}
		}
	}
	for _, route := range []string{provider.RouteToken, provider.RouteAuthorize, provider.RouteUserinfo, tenant.RouteApplications} {
		r := httptest.NewRequest("POST", issuer+route, endless{})
		r.ContentLength = -1
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if route == tenant.RouteApplications {
			r.Method = "PUT"
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+operatorKey)
		}
		if answer := w.send(r); answer.Code < 300 || answer.Code >= 500 { // authorize redirects to the error page
			t.Errorf("%s takes a body without an end: %d", route, answer.Code)
		}
	}
}

// Only a push to the vault may be large, and only in a session.
func TestOnlyAPushInASessionMayBeLarge(t *testing.T) {
	w := newWorld(t, "")
	for _, c := range []struct {
		route, cookie string
		length        int
		want          api.Code
	}{
		{api.RouteVaultPush, "__Host-session=x", api.MaxVaultBody, api.CodeSessionRequired},
		{api.RouteVaultPush, "__Host-session=x", api.MaxVaultBody + 1, api.CodeTooLarge},
		{api.RouteVaultPush, "", api.MaxBody + 1, api.CodeTooLarge},
		{api.RouteVaultPull, "__Host-session=x", api.MaxBody + 1, api.CodeTooLarge},
	} {
		r := httptest.NewRequest("POST", issuer+c.route, strings.NewReader(strings.Repeat(" ", c.length)))
		r.Header.Set("Origin", issuer)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cookie", c.cookie)
		if p := problemOf(t, w.send(r).Result()); p.Code != c.want {
			t.Errorf("%s, %d bytes, %q: %+v", c.route, c.length, c.cookie, p)
		}
	}
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

// One line a request; what is in queries, bodies, cookies and headers stays out of it.
func TestTheLogHasNoQueryAndNoSecret(t *testing.T) {
	w := newWorld(t, "")
	b := w.browser()
	b.signup("ada@example.org")
	code := w.mail("ada@example.org").Code
	_, err := b.account()
	w.must(err)
	b.get(provider.RouteAuthorize + "?client_id=shop&state=state-secret&login_hint=hint@example.org")
	b.get("/unknown?token=query-secret")
	w.send(ask("POST", provider.RouteToken, "Authorization", "Basic aGVhZGVyLXNlY3JldA=="))
	w.send(ask("PUT", tenant.RouteApplications, "Authorization", "Bearer operator-guess"))
	log := w.logged()
	for what, text := range map[string]string{
		"query": "query-secret", "state": "state-secret", "hint": "hint@example.org", "code of the mail": `"` + code, "name": "ada@example.org",
		"password": secret, "root key": w.settings["LATCHKEY_ROOT_KEY"][3:], "operator key": operatorKey, "a guess at it": "operator-guess",
		"credentials": "aGVhZGVyLXNlY3JldA", "session cookie": b.cookies["__Host-session"].Value, "device cookie": b.cookies["__Host-device"].Value,
		"client's address": "192.0.2.7",
	} {
		if strings.Contains(log, text) {
			t.Errorf("the log has the %s", what)
		}
	}
	found := false
	for line := range strings.Lines(log) {
		var entry struct {
			Msg, Method, Path string
			Status            int
		}
		w.must(json.Unmarshal([]byte(line), &entry))
		found = found || entry.Msg == "request" && entry.Method == "GET" && entry.Path == "/unknown" && entry.Status == http.StatusNotFound
	}
	if !found {
		t.Errorf("a request left no line:\n%s", log)
	}
}

// /healthz needs no object and no key: it says that the program runs and has been configured.
func TestHealthNeedsNothing(t *testing.T) {
	w := newWorld(t, "")
	w.must(w.native.Close())
	if answer := w.send(ask("GET", "/healthz")); answer.Code != http.StatusOK || answer.Body.String() != "ok\n" {
		t.Errorf("%d %q", answer.Code, answer.Body)
	}
	if answer := w.send(ask("HEAD", "/healthz")); answer.Code != http.StatusOK {
		t.Errorf("HEAD: %d", answer.Code)
	}
}
