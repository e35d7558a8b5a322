package e2e

import (
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

// fetch gets a path of the service as it is, encoded if the header says so.
func fetch(t *testing.T, method, path string, header map[string]string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, service.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := service.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// sitePaths are the addresses of all built pages and all other files, as the asset host serves them.
func sitePaths(t *testing.T) (pages, assets []string) {
	t.Helper()
	dist := filepath.Join(root(t), "site/dist")
	err := fs.WalkDir(os.DirFS(dist), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		page, isPage := strings.CutSuffix("/"+path, ".html")
		switch {
		case isPage:
			if page, index := strings.CutSuffix(page, "/index"); index {
				pages = append(pages, page+"/")
				return nil
			}
			pages = append(pages, page)
		case strings.HasPrefix(path, "assets/") && !strings.HasSuffix(path, ".br") && !strings.HasSuffix(path, ".gz"):
			assets = append(assets, "/"+path)
		}
		return nil
	})
	if err != nil || len(pages) < 16 || len(assets) < 16 {
		t.Fatalf("site/dist is not built: %d pages, %d assets, %v", len(pages), len(assets), err)
	}
	return pages, assets
}

// wantSecurityHeaders fails where an answer lacks what protects it in a browser.
func wantSecurityHeaders(t *testing.T, what string, answer *http.Response) {
	t.Helper()
	h := answer.Header
	for name, want := range map[string]string{
		"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
		"X-Content-Type-Options":    "nosniff",
		"Referrer-Policy":           "no-referrer",
	} {
		if got := h.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s is %q, want %q once", what, name, got, want)
		}
	}
	policy := h.Values("Content-Security-Policy")
	if len(policy) != 1 {
		t.Errorf("%s: %d content security policies, want 1", what, len(policy))
		return
	}
	directives := strings.Split(policy[0], "; ")
	for _, want := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !slices.Contains(directives, want) {
			t.Errorf("%s: the content security policy lacks %s: %s", what, want, policy[0])
		}
	}
	for _, bad := range []string{"unsafe-inline", "'unsafe-eval'", "strict-dynamic", "http:", "*"} {
		if strings.Contains(policy[0], bad) {
			t.Errorf("%s: the content security policy has %s: %s", what, bad, policy[0])
		}
	}
}

var inline = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script(?:>|[^>]*[^>/]>[^<])`)

// TestPagesCarryTheirHeaders: every page in every language, with nothing in it that the policy would have to allow.
func TestPagesCarryTheirHeaders(t *testing.T) {
	pages, _ := sitePaths(t)
	for _, path := range pages {
		answer, body := fetch(t, http.MethodGet, path, nil)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %s, %s", path, answer.Status, answer.Header.Get("Content-Type"))
		}
		wantSecurityHeaders(t, path, answer)
		if !strings.Contains(answer.Header.Get("Content-Security-Policy"), "require-trusted-types-for 'script'") {
			t.Errorf("%s: trusted types are not required", path)
		}
		if c := answer.Header.Get("Cache-Control"); c != "no-cache" {
			t.Errorf("%s: Cache-Control is %q: a page must be asked for anew", path, c)
		}
		if found := inline.FindString(body); found != "" {
			t.Errorf("%s has inline script or style: %s", path, found)
		}
	}
}

var hashed = regexp.MustCompile(`\.[0-9a-f]{10}\.[a-z]+$`)

// TestAssetsAreKeptForEver: their names change with their content, so nobody needs to ask again.
func TestAssetsAreKeptForEver(t *testing.T) {
	_, assets := sitePaths(t)
	for _, path := range assets {
		answer, plain := fetch(t, http.MethodGet, path, nil)
		wantSecurityHeaders(t, path, answer)
		if c := answer.Header.Get("Cache-Control"); !hashed.MatchString(path) || c != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control is %q", path, c)
		}
		packed, body := fetch(t, http.MethodGet, path, map[string]string{"Accept-Encoding": "gzip, deflate, br, zstd"})
		if packed.Header.Get("Content-Encoding") != "br" || packed.Header.Get("Vary") != "Accept-Encoding" || len(body) >= len(plain) {
			t.Errorf("%s: a browser gets %d bytes of %d as %q, varying by %q; want fewer, as br, by Accept-Encoding",
				path, len(body), len(plain), packed.Header.Get("Content-Encoding"), packed.Header.Get("Vary"))
		}
		wantSecurityHeaders(t, path+" (br)", packed)
	}
}

// TestAnswersOfTheWorkerCarryTheirHeaders: data, redirects, refusals and what does not exist.
func TestAnswersOfTheWorkerCarryTheirHeaders(t *testing.T) {
	for _, c := range []struct {
		method, path string
		header       map[string]string
		status       int
	}{
		{"GET", "/healthz", nil, 200},
		{"GET", "/.well-known/openid-configuration", nil, 200},
		{"GET", "/oauth2/jwks", nil, 200},
		{"GET", api.RouteConfiguration, nil, 200},
		{"GET", api.RouteAccount, nil, 401},
		{"GET", api.RouteSignout, nil, 405},
		{"GET", "/api/nothing", nil, 404},
		{"POST", api.RouteDiscover, nil, 403},
		{"POST", api.RouteDiscover, map[string]string{"Origin": service.Issuer}, 415},
		{"POST", api.RouteDiscover, map[string]string{"Origin": service.Issuer, "Content-Type": "application/json"}, 400},
		{"GET", "/oauth2/authorize", nil, 302},
		{"GET", "/oauth2/userinfo", nil, 401},
		{"POST", "/oauth2/token", nil, 415},
		{"PUT", "/operator/applications", nil, 401},
		{"GET", "/operator/outbox", nil, 200}, // a local run's
		{"GET", "/nowhere", map[string]string{"Accept": "application/json"}, 404},
	} {
		what := c.method + " " + c.path
		answer, body := fetch(t, c.method, c.path, c.header)
		if answer.StatusCode != c.status {
			t.Errorf("%s: %s, want %d: %s", what, answer.Status, c.status, body)
		}
		wantSecurityHeaders(t, what, answer)
		if c := answer.Header.Get("Cache-Control"); answer.StatusCode != 200 && c != "no-store" {
			t.Errorf("%s: Cache-Control of a refusal is %q, want no-store", what, c)
		}
	}
}

// TestErrorPages: who is sent to an error page reads what happened and what helps, in either language.
func TestErrorPages(t *testing.T) {
	b := newBrowser(t)
	for path, want := range map[string]string{
		"/error?code=unknown_client":             "is not registered with this service",
		"/error?code=redirect_uri":               "that it has not registered",
		"/error?code=invalid_request":            "a request that we cannot read",
		"/error?code=expired":                    "took too long or has been used already",
		"/error?code=server_error":               "We have a fault",
		"/error?code=temporarily_unavailable":    "cannot be reached at the moment",
		"/error?code=%3Cb%3Ewhatever":            "Something went wrong on the way",
		"/de/error?code=unknown_client":          "nicht registriert",
		"/error?code=expired&request=abc-123":    "took too long",
		"/oauth2/authorize?client_id=nobody-has": "is not registered with this service",
	} {
		b.open(service.Issuer + path)
		if got := b.see("#explanation"); !strings.Contains(got, want) {
			t.Errorf("%s says %q, want …%s…", path, got, want)
		}
	}
	b.open(service.Issuer + "/error?code=expired&request=abc-123")
	if got := b.see("#reference"); !strings.Contains(got, "abc-123") {
		t.Errorf("the reference to quote is %q", got)
	}
}

// TestPagesThatDoNotExist: a person gets a page in words, a program a problem.
func TestPagesThatDoNotExist(t *testing.T) {
	for path, want := range map[string]string{"/nowhere": "There is no such page", "/de/nirgends": "Diese Seite gibt es nicht"} {
		answer, body := fetch(t, http.MethodGet, path, map[string]string{"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
		if answer.StatusCode != http.StatusNotFound || !strings.Contains(body, want) {
			t.Errorf("%s: %s, %.200q", path, answer.Status, body)
		}
		wantSecurityHeaders(t, path, answer)
	}
}
