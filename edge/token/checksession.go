package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/session"
)

// tellState adds session_state to a successful answer (Session Management 1.0 section 2), and sees to it that the browser has what it is compared with.
func (s *Service) tellState(w http.ResponseWriter, r *http.Request, q *request, present *session.Cookie, answer url.Values) {
	to, err := url.Parse(q.RedirectURI)
	if err != nil || to.Scheme != "https" || !q.Scope.Has(oauth.ScopeOpenID) {
		return // no page of such an application could ask
	}
	session.IssueState(w, r, *present)
	var b [9]byte
	rand.Read(b[:])
	salt := base64.RawURLEncoding.EncodeToString(b[:])
	answer.Set("session_state", sessionState(q.ClientID, "https://"+strings.TrimSuffix(to.Host, ":443"), present.State(), salt))
}

// sessionState is the value that an application's page sends to ours with its question. The script below makes the same.
func sessionState(clientID, origin, state, salt string) string {
	sum := sha256.Sum256([]byte(clientID + " " + origin + " " + state + " " + salt))
	return base64.RawURLEncoding.EncodeToString(sum[:]) + "." + salt
}

// checkScript answers "client_id session_state" by "unchanged", "changed" or "error" (section 3.2). It answers whoever asks, and only
// about the origin that asks. A browser that keeps cookies from frames of other sites makes it answer "changed" to everybody; an
// application then asks with prompt=none, which is right if slow.
const checkScript = `addEventListener("message", async ({ data, origin, source }) => {
const cut = typeof data === "string" ? data.lastIndexOf(" ") : -1;
const salt = cut < 0 ? "" : data.slice(cut + 1).split(".")[1];
if (!source || origin === "null") return;
if (cut < 1 || !salt || data.length > 1024) return source.postMessage("error", origin);
const cookie = document.cookie.split("; ").find((c) => c.startsWith("` + session.StateCookieName + `="));
const state = cookie ? cookie.slice(cookie.indexOf("=") + 1) : "";
const text = [data.slice(0, cut), origin, state, salt].join(" ");
const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
const own = btoa(String.fromCharCode(...hash)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "") + "." + salt;
source.postMessage(state && own === data.slice(cut + 1) ? "unchanged" : "changed", origin);
});`

const checkPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Session</title></head><body><script>` + checkScript + `</script></body></html>`

// checkSession is the page that applications put into a hidden frame (section 3.3). It is the one page that anybody may frame: it
// shows nothing, and nothing can be clicked in it.
func (s *Service) checkSession(w http.ResponseWriter, _ *http.Request) {
	sum := sha256.Sum256([]byte(checkScript))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; base-uri 'none'; form-action 'none'")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "public, max-age=3600")
	w.Write([]byte(checkPage))
}
