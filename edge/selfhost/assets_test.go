package selfhost

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// echoWorker stands for Latchkey: it tells what reached it.
const echoWorker = `
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  add() {
    const sql = this.ctx.storage.sql;
    sql.exec("CREATE TABLE IF NOT EXISTS n (n)");
    sql.exec("INSERT INTO n VALUES (1)");
    return sql.exec("SELECT count(*) AS c FROM n").one().c;
  }
}
export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/add") return new Response(await env.COUNTER.getByName("a").add());
    const { clientIp } = request.cf ?? {};
    return new Response([request.method, request.url, clientIp?.replace(/:\d+$/, ""), env.SECRET, await request.text()].join(" "));
  },
};`

// testSite writes files into a new directory.
func testSite(t *testing.T, files map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	for name, content := range files {
		file := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// run starts the echo Worker with change made to its configuration.
func run(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	assets, err := os.ReadFile("../assets.mjs")
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Worker: testSite(t, map[string]string{"worker.mjs": echoWorker, "assets.mjs": string(assets)}),
		State:  t.TempDir(), Address: "127.0.0.1:0", Objects: []string{"Counter"}, Vars: map[string]string{"SECRET": `s"é\`},
		Log: t.Output(),
	}
	if change != nil {
		change(&c)
	}
	s, err := Start(t.Context(), c)
	if err == ErrNoWorkerd {
		t.Fatal("workerd is not installed: run `npm ci`")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Kill() })
	return s
}

func TestAssets(t *testing.T) {
	s := run(t, func(c *Config) {
		c.Site = testSite(t, map[string]string{
			"index.html": "home", "signin.html": "signin", "docs/index.html": "docs", "de/signin.html": "anmelden",
			"a b+ü.txt": "odd", "app.1234.js": "plain js", "app.1234.js.br": "BR", "app.1234.js.gz": "GZ", "only.css": "css",
			".secret": "secret", ".well-known/security.txt": "contact", "_redirects": "no", "_headers": `
# comment
/*
  X-All: one
  Content-Security-Policy: default-src 'self'
/app.*.js
  Cache-Control: public, max-age=31536000, immutable
  X-All: two
/docs/:page
  X-Page: yes
/only.css
  ! X-All
`,
		})
	})
	notFollowed := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableCompression: true},
	}
	worker := func(method, path string) string { return method + " " + s.URL + path + " 127.0.0.1 s\"é\\ " }
	for _, c := range []struct {
		method, path, encoding string
		status                 int
		body                   string
		header                 map[string]string
	}{
		{"GET", "/", "", 200, "home", map[string]string{"Content-Type": "text/html; charset=utf-8", "X-All": "one", "Cache-Control": "public, max-age=0, must-revalidate"}},
		{"GET", "/signin?flow=1", "", 200, "signin", map[string]string{"Content-Length": "6", "Vary": ""}},
		{"HEAD", "/signin", "", 200, "", map[string]string{"Content-Length": "6", "Content-Type": "text/html; charset=utf-8"}},
		{"GET", "/signin.html?a=b", "", 307, "", map[string]string{"Location": "/signin?a=b"}},
		{"GET", "/signin/", "", 307, "", map[string]string{"Location": "/signin"}},
		{"GET", "/docs", "", 307, "", map[string]string{"Location": "/docs/"}},
		{"GET", "/docs/index.html", "", 307, "", map[string]string{"Location": "/docs/"}},
		{"GET", "/docs/", "", 200, "docs", nil},
		{"GET", "/de/signin", "", 200, "anmelden", nil},
		{"GET", "/a%20b+%C3%BC.txt", "", 200, "odd", map[string]string{"Content-Type": "text/plain; charset=utf-8"}},
		{"GET", "/.well-known/security.txt", "", 200, "contact", nil},
		{"GET", "/app.1234.js", "", 200, "plain js", map[string]string{"Vary": "Accept-Encoding", "X-All": "one, two", "Cache-Control": "public, max-age=31536000, immutable"}},
		{"GET", "/app.1234.js", "gzip, deflate, br", 200, "BR", map[string]string{"Content-Encoding": "br", "Content-Type": "text/javascript; charset=utf-8", "Content-Length": "2"}},
		{"GET", "/app.1234.js", "gzip", 200, "GZ", map[string]string{"Content-Encoding": "gzip"}},
		{"GET", "/app.1234.js", "br;q=0, *", 200, "GZ", map[string]string{"Content-Encoding": "gzip"}},
		{"GET", "/only.css", "br", 200, "css", map[string]string{"X-All": "", "Content-Encoding": ""}},
		// what is no file, or none for clients, is the Worker's
		{"POST", "/signin", "", 200, worker("POST", "/signin"), nil},
		{"GET", "/oauth2/authorize?a=b", "", 200, worker("GET", "/oauth2/authorize?a=b"), nil},
		{"GET", "/_headers", "", 200, worker("GET", "/_headers"), nil},
		{"GET", "/.secret", "", 200, worker("GET", "/.secret"), nil},
		{"GET", "/app.1234.js.br", "", 200, worker("GET", "/app.1234.js.br"), nil},
		{"GET", "/..%2f..%2fworker.mjs", "", 200, worker("GET", "/..%2f..%2fworker.mjs"), nil},
		{"GET", "/%zz", "", 200, worker("GET", "/%zz"), nil},
	} {
		r, _ := http.NewRequest(c.method, s.URL+"/", nil)
		r.URL.Opaque = c.path
		r.Header.Set("Accept-Encoding", c.encoding)
		w, err := notFollowed.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(w.Body)
		w.Body.Close()
		if w.StatusCode != c.status || string(body) != c.body {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, w.StatusCode, body, c.status, c.body)
		}
		for name, want := range c.header {
			if got := strings.Join(w.Header.Values(name), ", "); got != want {
				t.Errorf("%s %s (%s): %s is %q, want %q", c.method, c.path, c.encoding, name, got, want)
			}
		}
	}
}

func TestAssetsAreRevalidated(t *testing.T) {
	s := run(t, func(c *Config) {
		c.Site = testSite(t, map[string]string{"a.html": "a", "a.html.br": "A"})
	})
	get := func(encoding, match string) *http.Response {
		r, _ := http.NewRequest("GET", s.URL+"/a", nil)
		r.Header.Set("Accept-Encoding", encoding)
		if match != "" {
			r.Header.Set("If-None-Match", match)
		}
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Close()
		return w
	}
	plain, compressed := get("identity", "").Header.Get("ETag"), get("br", "").Header.Get("ETag")
	if plain == "" || plain == compressed {
		t.Errorf("tags are %q and %q", plain, compressed)
	}
	for _, c := range []struct {
		encoding, match string
		status          int
	}{
		{"br", compressed, 304}, {"br", `"x", W/` + compressed, 304}, {"br", plain, 200}, {"identity", plain, 304}, {"identity", "*", 304},
	} {
		w := get(c.encoding, c.match)
		if w.StatusCode != c.status || w.Header.Get("Vary") != "Accept-Encoding" || w.Header.Get("ETag") == "" {
			t.Errorf("%+v: %d %v", c, w.StatusCode, w.Header)
		}
	}
}

func TestBodyReachesTheWorkerBehindAssets(t *testing.T) {
	s := run(t, func(c *Config) { c.Site = testSite(t, map[string]string{"a.html": "a"}) })
	w, err := http.Post(s.URL+"/api/x", "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if body, _ := io.ReadAll(w.Body); !strings.HasSuffix(string(body), " body") {
		t.Errorf("the Worker got %q", body)
	}
}

func trusting(t *testing.T, authority []byte) *http.Client {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatal("no authority")
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
}
