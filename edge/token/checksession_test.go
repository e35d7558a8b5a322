//go:build !js

package token_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// state is what a browser shows the page of the session check.
func (b *browser) state() string {
	b.Helper()
	if c := b.cookies("__Host-browser-state"); len(c) == 1 {
		return c[0].Value
	}
	return ""
}

// unchanged is what the page's script works out (Session Management 1.0 section 3.2).
func (b *browser) unchanged(client, origin, sessionState string) bool {
	hash, salt, _ := strings.Cut(sessionState, ".")
	sum := sha256.Sum256([]byte(client + " " + origin + " " + b.state() + " " + salt))
	return b.state() != "" && hash == base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestSessionStateIsOfClientOriginAndSession(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, id := g.signedIn("ada@id.test")
	state := b.authorize().to(t).Query().Get("session_state")
	if !b.unchanged("shop", "https://shop.test", state) || strings.ContainsAny(state, " ") {
		t.Fatalf("session_state %q", state)
	}
	if b.unchanged("app", "https://shop.test", state) || b.unchanged("shop", "https://evil.test", state) {
		t.Error("it is good for another client or origin")
	}
	again := b.authorize().to(t).Query().Get("session_state")
	if again == state || !b.unchanged("shop", "https://shop.test", again) || !b.unchanged("shop", "https://shop.test", state) {
		t.Errorf("%q, then %q", state, again)
	}
	if front := answerOf(t, b.front("response_type", "code id_token")).Get("session_state"); !b.unchanged("front", "https://front.test", front) {
		t.Errorf("hybrid: %q", front)
	}
	b.renew(id)
	if b.unchanged("shop", "https://shop.test", state) {
		t.Error("another sign-in is not noticed")
	}
	state = b.authorize().to(t).Query().Get("session_state")
	b.signout("")
	if b.unchanged("shop", "https://shop.test", state) || b.state() != "" {
		t.Error("the sign-out is not noticed")
	}
}

func TestSessionStateOnlyWhereAPageCouldAsk(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) {
		app.Kind, app.RedirectURIs = tenant.AppNative, []string{"http://127.0.0.1/cb", "com.front.app:/cb"}
	})
	b, _ := g.signedIn("ada@id.test")
	for _, address := range []string{"http://127.0.0.1/cb", "com.front.app:/cb"} {
		if query := b.front("redirect_uri", address).to(t).Query(); query.Get("code") == "" || query.Has("session_state") {
			t.Errorf("%s: %v", address, query)
		}
	}
	if query := b.authorize("prompt", "none", "max_age", "0").to(t).Query(); query.Has("session_state") {
		t.Errorf("in an error: %v", query)
	}
}

func TestCheckSessionPageMayBeFramedAndDoesNothingElse(t *testing.T) {
	g := newRig(t)
	address, _ := g.metadata()["check_session_iframe"].(string)
	res := g.browser().get(strings.TrimPrefix(address, g.URL))
	policy := res.Header.Get("Content-Security-Policy")
	script := regexp.MustCompile(`(?s)<script>(.*)</script>`).FindStringSubmatch(res.body)
	if res.StatusCode != http.StatusOK || script == nil {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	sum := sha256.Sum256([]byte(script[1]))
	if !strings.Contains(policy, "script-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || strings.Contains(policy, "frame-ancestors") ||
		!strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || res.Header.Get("X-Frame-Options") != "" {
		t.Errorf("policy %q", policy)
	}
	if len(res.Cookies()) != 0 || res.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("%v", res.Header)
	}
}
