package rp

import (
	"bytes"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// frontChannelLimit bounds how many sessions an hour can be ended over the front channel. Anybody can load that page, and each
// call makes an entry that lives as long as a cookie; a stranger must not be able to fill the memory.
const frontChannelLimit = 10_000

// budget counts the calls of the present hour.
type budget struct {
	mu    sync.Mutex
	hour  int64
	spent int
}

func (b *budget) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if hour := now.Unix() / 3600; hour != b.hour {
		b.hour, b.spent = hour, 0
	}
	b.spent++
	return b.spent <= frontChannelLimit
}

// logoutEvent marks a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4).
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// signOut forgets the site's own cookie and asks the provider to end the session everywhere
// (OpenID Connect RP-Initiated Logout 1.0 section 2). It takes only a POST from the site's own pages.
func (rp *RP) signOut(w http.ResponseWriter, r *http.Request) {
	if !rp.sameOrigin(r) {
		http.Error(w, "Sign out on the site itself.", http.StatusForbidden)
		return
	}
	s, ok := rp.session(r)
	setCookie(w, rp.config.CookieName, "", 0, http.SameSiteLaxMode)
	metadata, err := rp.provider.metadata(r.Context())
	if !ok || err != nil || metadata.EndSession == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	rp.revoke(r, "sid:"+s.SID) // a copy of the cookie must not live on
	http.Redirect(w, r, withQuery(metadata.EndSession, url.Values{
		"client_id": {rp.config.ClientID}, "id_token_hint": {s.IDToken},
		"post_logout_redirect_uri": {rp.config.BaseURL + "/auth/signed-out"},
	}), http.StatusSeeOther)
}

func (rp *RP) sameOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "null" {
		return origin == rp.config.BaseURL
	}
	return r.Header.Get("Sec-Fetch-Site") == "same-origin"
}

func (rp *RP) signedOut(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// backChannelLogout takes a logout token from the provider (Back-Channel Logout 1.0 sections 2.5 to 2.8).
func (rp *RP) backChannelLogout(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "malformed form", http.StatusBadRequest)
		return
	}
	c, _, err := rp.verify(r.Context(), r.PostForm.Get("logout_token"), "logout+jwt")
	if err != nil {
		rp.config.Log.WarnContext(r.Context(), "logout token refused", "error", err)
		http.Error(w, "invalid logout token", http.StatusBadRequest)
		return
	}
	event := bytes.TrimSpace(c.Events[logoutEvent])
	if c.Nonce != nil || c.ID == "" || len(event) == 0 || event[0] != '{' || c.SID == "" && c.Subject == "" {
		http.Error(w, "not a logout token", http.StatusBadRequest)
		return
	}
	key := "sid:" + c.SID
	if c.SID == "" {
		key = "sub:" + c.Subject
	}
	if !rp.revoke(r, key) {
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// frontChannelLogout is loaded in a hidden frame of the provider's sign-out page (Front-Channel Logout 1.0 section 2). The
// site's cookie does not come along in a frame of another site, so the session is ended by its id; that id is unguessable and
// ends nothing but itself.
func (rp *RP) frontChannelLogout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if query.Get("iss") != rp.config.Issuer || !isToken(query.Get("sid")) {
		http.Error(w, "iss and sid are required", http.StatusBadRequest)
		return
	}
	if !rp.frontChannel.take(rp.config.Now()) {
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	rp.revoke(r, "sid:"+query.Get("sid"))
	setCookie(w, rp.config.CookieName, "", 0, http.SameSiteLaxMode) // for browsers that do send it along
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors "+rp.config.Issuer)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<!doctype html><title>Signed out</title>")) // nobody reads the frame
}

// revoke remembers an ended session for as long as a cookie of it could live.
func (rp *RP) revoke(r *http.Request, key string) bool {
	now := rp.config.Now()
	if err := rp.config.Revocations.Revoke(r.Context(), key, now, now.Add(rp.config.Lifetime)); err != nil {
		rp.config.Log.ErrorContext(r.Context(), "revocation not stored", "error", err)
		return false
	}
	return true
}
