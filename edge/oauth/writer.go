package oauth

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// Realm is the protection space named in challenges (RFC 9110 section 11.5).
const Realm = "latchkey"

// Writer puts errors on the wire. Nothing else does, so that the same error looks the same everywhere and its cause goes
// to the log and nowhere else. An error that is not an *Error is a fault of ours: server_error, logged as such.
type Writer struct {
	Log *slog.Logger // nil: not logged
}

// JSON answers a request of the back channel (RFC 6749 section 5.2).
func (o Writer) JSON(w http.ResponseWriter, r *http.Request, err error) {
	e := o.note(r, err)
	if e.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="`+Realm+`", charset="UTF-8"`)
	}
	WriteJSON(w, e.Status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{e.Code, e.Description})
}

// Bearer answers a request that should have carried an access token (RFC 6750 section 3, RFC 9449 section 7.1). There is a challenge for
// each way to present one, and what was wrong stands with the way that was tried. A request without credentials gets bare challenges
// and no error code.
func (o Writer) Bearer(w http.ResponseWriter, r *http.Request, err error) {
	e := o.note(r, err)
	fault := ""
	if e.Code != "" {
		fault += `, error="` + e.Code + `"`
	}
	if e.Description != "" {
		fault += `, error_description="` + e.Description + `"`
	}
	status := e.Status
	if errors.Is(e, ErrInvalidProof) || errors.Is(e, ErrUseNonce) {
		status = http.StatusUnauthorized
	}
	tried, other := `Bearer realm="`+Realm+`"`, `DPoP realm="`+Realm+`", algs="`+proofAlgs+`"`
	if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "DPoP") {
		tried, other = other, tried
	}
	NoStore(w)
	if status < http.StatusInternalServerError {
		w.Header()["Www-Authenticate"] = []string{tried + fault, other}
	}
	w.WriteHeader(status)
}

// proofAlgs are the algorithms of DPoP proofs, as challenges name them.
var proofAlgs = strings.Join(ProofAlgs, " ")

// ProofAlgs are the signature algorithms of DPoP proofs (RFC 9449 section 5.1), the same that clients may sign everything else with.
var ProofAlgs = []string{"ES256", "PS256", "RS256", "EdDSA"}

// Answer sends an error to the application at its redirect URI (RFC 6749 section 4.1.2.1).
func (o Writer) Answer(w http.ResponseWriter, r *http.Request, to Answer, err error) {
	e := o.note(r, err)
	params := url.Values{"error": {e.Code}}
	if e.Description != "" {
		params.Set("error_description", e.Description)
	}
	to.Send(w, r, params)
}

// Page sends the browser to the error page: for requests whose redirect URI cannot be trusted (RFC 6749 section 4.1.2.1,
// RFC 9700 section 4.11). The page translates the code and knows nothing else.
func (o Writer) Page(w http.ResponseWriter, r *http.Request, err error) {
	e := o.note(r, err)
	Redirect(w, r, PagePrefix(r, "")+"/error?code="+url.QueryEscape(e.Code))
}

// requestHeader carries the id of a request, which the platform has set (edge/problem).
const requestHeader = "Latchkey-Request"

// note logs err and returns what of it may be shown.
func (o Writer) note(r *http.Request, err error) *Error {
	e := asError(err)
	if o.Log == nil {
		return e
	}
	level := slog.LevelInfo
	if e.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	o.Log.Log(r.Context(), level, "oauth error", "request", r.Header.Get(requestHeader), "path", r.URL.Path, "code", e.Code, "status", e.Status, "error", e.Error())
	return e
}

// WriteJSON answers with v, never to be cached. It is also how the back channel's successes leave.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	NoStore(w)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

// NoStore forbids caching: answers here carry secrets or depend on cookies (RFC 6749 section 5.1).
func NoStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
}

// Redirect sends the browser on with a GET: 302 after a GET and 303 after a POST, so that a body is never sent
// again to the next party (RFC 9700 section 4.12). The address must be one of our own pages or a matched redirect URI.
func Redirect(w http.ResponseWriter, r *http.Request, to string) {
	status := http.StatusFound
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		status = http.StatusSeeOther
	}
	NoStore(w)
	w.Header().Set("Location", to)
	w.WriteHeader(status)
}
