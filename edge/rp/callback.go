package rp

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
)

// maxForm bounds what the browser may post here.
const maxForm = 32 << 10

// callback receives the provider's answer, as a form post or as a query.
func (rp *RP) callback(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		rp.fail(w, r, "the answer of the sign-in service could not be read", err)
		return
	}
	state := r.Form.Get("state")
	name := rp.config.CookieName + "-pending-" + state
	var p pending
	if !isToken(state) || rp.sealer.open("pending", readCookie(r, name), &p) != nil ||
		subtle.ConstantTimeCompare([]byte(p.State), []byte(state)) != 1 {
		// Nobody began this sign-in in this browser: login CSRF, or a page left open for too long.
		rp.fail(w, r, "this sign-in was not begun here, or took longer than ten minutes; please start again", nil)
		return
	}
	setCookie(w, name, "", 0, http.SameSiteNoneMode) // spent, whatever happens next
	if err := rp.checkIssuer(r); err != nil {
		rp.fail(w, r, "the answer came from another sign-in service", err)
		return
	}
	if code := r.Form.Get("error"); code != "" {
		rp.refused(w, r, code)
		return
	}
	rp.finish(w, r, p)
}

// checkIssuer makes sure that the answer came from whom we asked (RFC 9207 section 2.4). A provider that promises to name itself and
// does not is another one.
func (rp *RP) checkIssuer(r *http.Request) error {
	iss := r.Form.Get("iss")
	if iss == rp.config.Issuer {
		return nil
	}
	m, err := rp.provider.metadata(r.Context())
	if err == nil && (iss != "" || m.NamesIss) {
		err = errors.New("rp: iss is not the provider's issuer")
	}
	return err
}

func (rp *RP) refused(w http.ResponseWriter, r *http.Request, code string) {
	reason := "the sign-in service refused"
	switch code {
	case "access_denied":
		reason = "you did not agree to sign in"
	case "login_required", "interaction_required":
		reason = "you are not signed in"
	case "temporarily_unavailable", "server_error":
		reason = "the sign-in service is not available; try again in a moment"
	}
	if !isToken(code) {
		code = "malformed"
	}
	rp.config.Log.WarnContext(r.Context(), "sign-in refused", "code", code)
	rp.config.Failed(w, r, reason)
}

func (rp *RP) finish(w http.ResponseWriter, r *http.Request, p pending) {
	idToken, accessToken, err := rp.provider.redeem(r.Context(), r.Form.Get("code"), p.Verifier)
	if err != nil {
		rp.fail(w, r, "the sign-in could not be completed; please start again", err)
		return
	}
	c, signed, err := rp.verify(r.Context(), idToken, "jwt")
	if err == nil {
		err = checkIDToken(c, p.Nonce, accessToken)
	}
	if err != nil {
		rp.fail(w, r, "the sign-in could not be verified; please start again", err)
		return
	}
	now := rp.config.Now()
	cookie, err := rp.sealer.seal("session", now.Add(rp.config.Lifetime),
		session{User: c.User, SID: c.SID, IDToken: signed, Issued: now.Unix()})
	if err != nil {
		rp.fail(w, r, "something went wrong here", err)
		return
	}
	setCookie(w, rp.config.CookieName, cookie, rp.config.Lifetime, http.SameSiteLaxMode)
	http.Redirect(w, r, p.Return, http.StatusSeeOther)
}

// isToken reports whether s is short and made of characters that are safe in a cookie's name and in a log.
func isToken(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
