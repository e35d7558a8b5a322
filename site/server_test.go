package main

import (
	"bytes"
	_ "embed"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
)

//go:embed testdata/worker.js
var fakeWorker []byte

// emptyModule is the shortest WebAssembly module: these tests are about the pages, whose worker is replaced.
var emptyModule = []byte("\x00asm\x01\x00\x00\x00")

// host serves a built site the way the asset host does: extension left out, headers from _headers.
type host struct {
	*httptest.Server
	files tree
	rules []headerRule
	delay time.Duration // of the module

	mu   sync.Mutex
	seen []string // paths asked for
}

type headerRule struct {
	path       string
	set, unset [][2]string
}

func newHost(t *testing.T, files tree) *host {
	t.Helper()
	h := &host{files: files, rules: parseHeaders(t, string(files["_headers"]))}
	h.Server = httptest.NewTLSServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.seen = append(h.seen, r.URL.Path)
	h.mu.Unlock()
	h.setHeaders(w.Header(), r.URL.Path)
	switch {
	case strings.HasPrefix(r.URL.Path, assetDir+"worker."):
		w.Header().Set("Content-Type", "text/javascript")
		w.Write(fakeWorker)
	case r.URL.Path == "/module":
		time.Sleep(h.delay)
		w.Write(emptyModule)
	case r.URL.Path == "/front-channel", r.URL.Path == "/oauth2/resume", r.URL.Path == "/bye":
		w.Header().Del("Content-Security-Policy")
		w.Header().Del("X-Frame-Options")
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!doctype html><html lang=en><title>elsewhere</title><p>elsewhere"))
	default:
		h.serveFile(w, r)
	}
}

func (h *host) serveFile(w http.ResponseWriter, r *http.Request) {
	name := file(r.URL.Path)
	content, ok := h.files[name]
	if !ok {
		name = strings.TrimPrefix(r.URL.Path, "/")
		content, ok = h.files[name]
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		content, name = h.files["404.html"], "404.html"
	}
	kinds := map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wasm": "application/wasm"}
	w.Header().Set("Content-Type", kinds[path.Ext(name)])
	w.Write(content)
}

// setHeaders applies the rules as Cloudflare's asset worker does: removals of a rule first, then its values, which are added
// to those of earlier rules.
func (h *host) setHeaders(header http.Header, p string) {
	for _, rule := range h.rules {
		prefix, star := strings.CutSuffix(rule.path, "*")
		if rule.path != p && !(star && strings.HasPrefix(p, prefix)) {
			continue
		}
		for _, line := range rule.unset {
			header.Del(line[0])
		}
		for _, line := range rule.set {
			header.Add(line[0], line[1])
		}
	}
}

func parseHeaders(t *testing.T, text string) []headerRule {
	t.Helper()
	var rules []headerRule
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, " ") {
			rules = append(rules, headerRule{path: strings.TrimSpace(line)})
			continue
		}
		rule := &rules[len(rules)-1]
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if bang, off := strings.CutPrefix(name, "! "); off {
			rule.unset = append(rule.unset, [2]string{bang})
		} else if ok {
			rule.set = append(rule.set, [2]string{name, value})
		} else {
			t.Fatalf("_headers: %q is neither", line)
		}
	}
	return rules
}

func (h *host) asked(prefix string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.seen {
		if strings.HasPrefix(p, prefix) {
			return true
		}
	}
	return false
}

func TestHeadersAreSetOnceOnEveryPath(t *testing.T) {
	h := &host{rules: parseHeaders(t, string(built(t)["_headers"]))}
	for p, want := range map[string]map[string]string{
		"/signin":            {"Cache-Control": "no-cache", "Cross-Origin-Opener-Policy": "unsafe-none", "Content-Security-Policy": pagePolicy("")},
		"/account":           {"Cache-Control": "no-cache", "Cross-Origin-Opener-Policy": "same-origin"},
		"/de/signout":        {"Content-Security-Policy": pagePolicy("https:")},
		"/assets/x.0123.js":  {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "same-origin"},
		"/docs/threat-model": {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"},
	} {
		header := http.Header{}
		h.setHeaders(header, p)
		for name, values := range header {
			if len(values) != 1 {
				t.Errorf("%s: %s is set %d times", p, name, len(values))
			}
		}
		for name, value := range want {
			if got := header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", p, name, got, value)
			}
		}
	}
}

func TestRangeServiceIsInThePolicyOrNothingIs(t *testing.T) {
	for service, want := range map[string]string{
		"":                                "connect-src 'self';",
		defaultRangeService:               "connect-src 'self' https://api.pwnedpasswords.com;",
		"https://ranges.example:8443/v1/": "connect-src 'self' https://ranges.example:8443;",
	} {
		policy, err := modulePolicy(service)
		if err != nil || !strings.Contains(policy, want) {
			t.Errorf("%q: %q, %v; want %q", service, policy, err, want)
		}
	}
	for _, bad := range []string{"http://ranges.example/", "ranges", "https://", "https://x/?a=b"} {
		if _, err := modulePolicy(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func sameTree(a, b tree) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}
