package session

import (
	"encoding/base64"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/account"
)

// StateCookieName tells one sign-in of a browser from the next to the one page that applications may frame (Session Management 1.0
// section 3.3), and is worth nothing else: it is neither a session nor anything to make one from. It must travel to that page from any
// site, and the page's script must read it, so it is the one cookie that is SameSite=None and not HttpOnly.
const StateCookieName = "__Host-browser-state"

// State is the value of that cookie for a session.
func (c Cookie) State() string {
	return base64.RawURLEncoding.EncodeToString(account.Hash("browser state of " + c.Secret)[:16])
}

// IssueState puts the state of a session into the browser, unless the request shows that it is there.
func IssueState(w http.ResponseWriter, r *http.Request, c Cookie) {
	state := c.State()
	if now, err := r.Cookie(StateCookieName); err != nil || now.Value != state {
		http.SetCookie(w, stateCookie(state, 0))
	}
}

func stateCookie(value string, maxAge int) *http.Cookie {
	c := HostCookie(StateCookieName, value, maxAge)
	c.HttpOnly, c.SameSite = false, http.SameSiteNoneMode
	return c
}
