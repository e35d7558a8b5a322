package e2e

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/e2e/local"
)

// breachedPassword passes every rule that needs no list of stolen passwords.
const breachedPassword = "plinth-saffron 83 wicket gondola"

// rangeService is a stub of a breached-password range service: it knows the passwords of one prefix at a time, as the rest of
// their SHA-1 digest and a count.
type rangeService struct {
	mu       sync.Mutex
	requests []*http.Request
}

func (s *rangeService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Clone(r.Context()))
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "*")
	w.Header().Set("Set-Cookie", "tracking=yes; Path=/; Secure; SameSite=None")
	if r.Method == http.MethodOptions {
		return
	}
	digest := digestOf(breachedPassword)
	fmt.Fprintf(w, "%s:3\r\n", strings.Repeat("0", 35))
	if r.URL.Path == "/range/"+digest[:5] {
		fmt.Fprintf(w, "%s:1207\r\n", digest[5:])
	}
	fmt.Fprintf(w, "%s:0\r\n", strings.Repeat("F", 35)) // padding
}

func (s *rangeService) seen() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// digestOf is the digest that such services sort passwords by.
func digestOf(password string) string {
	sum := sha1.Sum([]byte(password))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// siteFor builds the pages for a range service: their policy names its host. The module is the built one.
func siteFor(t *testing.T, rangeURL string) string {
	t.Helper()
	modules, err := filepath.Glob(filepath.Join(root(t), "site/dist/assets/latchkey.*.wasm"))
	if err != nil || len(modules) != 1 {
		t.Fatalf("site/dist has %d modules, want 1 (`make build`)", len(modules))
	}
	out := t.TempDir()
	cmd := exec.Command("go", "run", "./site", "-o", out, "-wasm", modules[0], "-range-service", rangeURL)
	cmd.Dir = root(t)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

var rangePath = regexp.MustCompile(`^/range/[0-9A-F]{5}$`)

// TestBreachedPasswordsAreRefused: A4. The range service learns five digits of a digest and nothing of who asks; without it
// people can still sign up.
func TestBreachedPasswordsAreRefused(t *testing.T) {
	stub := &rangeService{}
	server := tlsServer(t, stub)
	rangeURL := "https://localhost:" + portOf(server.Listener.Addr().String()) + "/range/"
	s := startOwn(t, local.Options{Site: siteFor(t, rangeURL), Vars: map[string]string{"LATCHKEY_RANGE_SERVICE": rangeURL}})
	b := newBrowser(t)
	b.open(s.Issuer + "/signup")
	b.fill("#name", "Ada Lovelace")
	b.click(`input[name="kind"][value="new"]`)
	b.fill("#local", newLocal())
	b.click(`[data-step="address"] button.primary`)
	b.fill("#new-password", breachedPassword)
	b.click(`[data-step="password"] button.primary`)
	b.holds(`document.querySelector("#new-password-error").textContent.length > 0`)
	said := b.see("#new-password-error")
	for _, want := range []string{"in lists that were stolen from other sites", "Use a password that you have nowhere else"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page says %q, want …%s…", said, want)
		}
	}
	b.screenshot("signup-breached")
	wantAnonymous(t, stub.seen(), breachedPassword)
	server.Close() // and with it the service is down
	b.fill("#new-password", goodPassword)
	b.click(`[data-step="password"] button.primary`)
	b.at(s.Issuer + "/account")
}

// wantAnonymous fails unless the last request gave away no more than the first five digits of the password's digest, and no
// request who sent it.
func wantAnonymous(t *testing.T, requests []*http.Request, password string) {
	t.Helper()
	if len(requests) == 0 {
		t.Fatal("nobody asked the range service")
	}
	if got, want := requests[len(requests)-1].URL.RequestURI(), "/range/"+digestOf(password)[:5]; got != want {
		t.Errorf("the range service was asked for %s, want %s", got, want)
	}
	for _, r := range requests {
		if !rangePath.MatchString(r.URL.RequestURI()) {
			t.Errorf("it was sent %s", r.URL.RequestURI())
		}
		for _, name := range []string{"Cookie", "Referer", "Authorization"} {
			if got := r.Header.Get(name); got != "" {
				t.Errorf("it was sent %s: %s", name, got)
			}
		}
		if r.ContentLength != 0 {
			t.Errorf("it was sent a body of %d bytes", r.ContentLength)
		}
	}
}
