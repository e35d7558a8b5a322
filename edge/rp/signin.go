package rp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// pending is what one sign-in must remember between leaving for the provider and coming back. It travels in a
// sealed cookie named after its state, so that several tabs can sign in at once.
type pending struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Return   string `json:"return"`
}

const (
	pendingLifetime = 10 * time.Minute
	maxPending      = 4 // sign-ins under way in one browser; the cookies must not outgrow a request
)

func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// signIn sends the browser to the provider. `return` is a path of this site to come back to; anything else becomes "/".
func (rp *RP) signIn(w http.ResponseWriter, r *http.Request) {
	rp.start(w, r, r.URL.Query().Get("return"))
}

func (rp *RP) start(w http.ResponseWriter, r *http.Request, back string) {
	metadata, err := rp.provider.metadata(r.Context())
	if err != nil {
		rp.fail(w, r, "the sign-in service cannot be reached; try again in a moment", err)
		return
	}
	p := pending{State: random()[:22], Nonce: random(), Verifier: random(), Return: localPath(back)}
	cookie, err := rp.sealer.seal("pending", rp.config.Now().Add(pendingLifetime), p)
	if err != nil {
		rp.fail(w, r, "something went wrong here", err)
		return
	}
	rp.dropPending(w, r, maxPending-1)
	if readCookie(r, rp.config.CookieName) != "" { // ended elsewhere, or expired: whoever is here has to sign in
		setCookie(w, rp.config.CookieName, "", 0, http.SameSiteLaxMode)
	}
	// SameSite=None: the answer comes back as a cross-site POST (form_post), which Lax cookies do not accompany.
	setCookie(w, rp.config.CookieName+"-pending-"+p.State, cookie, pendingLifetime, http.SameSiteNoneMode)
	challenge := sha256.Sum256([]byte(p.Verifier))
	query := url.Values{
		"response_type": {"code"}, "response_mode": {"form_post"},
		"client_id": {rp.config.ClientID}, "redirect_uri": {rp.config.BaseURL + "/auth/callback"},
		"scope": {strings.Join(rp.config.Scopes, " ")}, "state": {p.State}, "nonce": {p.Nonce},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	for _, name := range []string{"login_hint", "prompt", "ui_locales"} {
		if v := r.URL.Query().Get(name); v != "" && len(v) <= 256 && r.URL.Path == "/auth/signin" {
			query.Set(name, v)
		}
	}
	http.Redirect(w, r, withQuery(metadata.Authorize, query), http.StatusSeeOther)
}

// dropPending forgets sign-ins that were begun and left, all but the number to keep.
func (rp *RP) dropPending(w http.ResponseWriter, r *http.Request, keep int) {
	prefix := "__Host-" + rp.config.CookieName + "-pending-"
	for _, c := range r.Cookies() {
		if !strings.HasPrefix(c.Name, prefix) {
			continue
		}
		if keep--; keep < 0 {
			setCookie(w, strings.TrimPrefix(c.Name, "__Host-"), "", 0, http.SameSiteNoneMode)
		}
	}
}

// localPath returns a path of this site and nothing that a browser could read as another origin.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > 1024 || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\x00\r\n\t") {
		return "/"
	}
	path := u.String()
	if strings.HasPrefix(path, "//") { // an encoded slash is written out when something else in the path has to be encoded
		return "/"
	}
	return path
}

func withQuery(endpoint string, query url.Values) string {
	if strings.Contains(endpoint, "?") {
		return endpoint + "&" + query.Encode()
	}
	return endpoint + "?" + query.Encode()
}
