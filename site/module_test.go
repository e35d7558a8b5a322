package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// newRealHost serves the site with the real worker and client core; answers holds what /api says, by path.
func newRealHost(t *testing.T, answers map[string]string) *host {
	t.Helper()
	out := filepath.Join(t.TempDir(), "dist")
	if err := build(options{root: "..", out: out, rangeService: "", log: t.Logf}); err != nil {
		t.Fatal(err)
	}
	files, err := readTree(out)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{files: files, rules: parseHeaders(t, string(files["_headers"]))}
	h.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ours := answers[r.URL.Path]
		if !ours {
			h.setHeaders(w.Header(), r.URL.Path)
			h.serveFile(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(answer, "urn:latchkey:problem:") {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusTooManyRequests)
		}
		w.Write([]byte(answer))
	}))
	t.Cleanup(h.Close)
	return h
}

// TestTheClientCoreRunsUnderThePolicy loads the real module in the real worker, with the policies in force, and lets it talk.
func TestTheClientCoreRunsUnderThePolicy(t *testing.T) {
	h := newRealHost(t, map[string]string{
		"/api/configuration":         `{"issuer":"https://id.test","default_domain":"id.test","range_service":"","ksf":{"name":"argon2id","time":3,"memory":65536,"threads":4}}`,
		"/api/signin/discover":       `{"realm":"managed","upn":"ada@example.com"}`,
		"/api/signin/password/begin": `{"type":"urn:latchkey:problem:locked","title":"Locked","status":429,"code":"locked","retry_after":5400}`,
		"/api/signup/begin":          `{"state":"s","upn":"ada@id.test","needs_code":false,"expires":4000000000}`,
	})
	b := newTab(t, h)
	b.ignore = "429" // the browser logs the answer we ask for
	b.open("/signin")
	toPassword(b)
	b.keys("correct horse battery")
	b.enter()
	b.until(`document.querySelector("[data-step=password] .notice").textContent.includes("2 hours")`)

	b.open("/signup")
	b.until(`document.getElementById("domain").textContent === "@id.test"`)
	b.fill("#name", "Ada Lovelace")
	b.click("[value=new]")
	b.fill("#local", "ada")
	b.enter()
	b.step("password")
	for _, c := range []struct{ typed, says string }{
		{"short", "at least 12"},
		{"password123456", "attackers try first"},
		{"ada lovelace", "your name or address"},
		{"umbrella cactus violin 7", "Very strong"},
	} {
		b.fill("#new-password", c.typed)
		b.until(`document.querySelector("#strength").parentNode.textContent.includes("` + c.says + `")`)
	}
	b.fill("#new-password", "password123456")
	b.enter()
	b.until(wrong("new-password") + `.includes("attackers try first")`)
}
