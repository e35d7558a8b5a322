package oauth

import (
	"net/http"
	"net/url"
)

// ResponseMode says how an authorization response travels to the application.
type ResponseMode string

const (
	ModeQuery    ResponseMode = "query"     // OAuth 2.0 Multiple Response Type Encoding Practices section 2.1
	ModeFragment ResponseMode = "fragment"  // the same section
	ModeFormPost ResponseMode = "form_post" // OAuth 2.0 Form Post Response Mode section 2
)

// ParseResponseMode reads a response_mode parameter; absent means fallback, the default of the request's response type.
func ParseResponseMode(s string, fallback ResponseMode) (ResponseMode, error) {
	switch mode := ResponseMode(s); mode {
	case "":
		return fallback, nil
	case ModeQuery, ModeFragment, ModeFormPost:
		return mode, nil
	}
	return "", ErrInvalidRequest.With("response_mode is not supported")
}

// Answer is where an authorization response goes. Make one only after the redirect URI was matched against
// the application's registration.
type Answer struct {
	RedirectURI string
	Mode        ResponseMode
	State       string // returned exactly as it came, "" when there was none
	Issuer      string // named in every answer, so that a client of several servers notices a mix-up (RFC 9207 section 2)
}

// Send answers the application through the browser.
func (a Answer) Send(w http.ResponseWriter, r *http.Request, params url.Values) {
	if a.State != "" {
		params.Set("state", a.State)
	}
	params.Set("iss", a.Issuer)
	if a.Mode == ModeFormPost {
		writeFormPost(w, r, a.RedirectURI, params)
		return
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	if a.Mode == ModeFragment { // no registered address has a fragment of its own (RFC 6749 section 3.1.2)
		Redirect(w, r, a.RedirectURI+"#"+params.Encode())
		return
	}
	Redirect(w, r, AddQuery(a.RedirectURI, params))
}
