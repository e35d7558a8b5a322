package token

import "net/http"

// anyOrigin lets scripts of every site read an answer. None of these endpoints looks at a cookie: what they give out
// depends on a secret in the request or on nothing, so there is no ambient authority to borrow, and browsers refuse to send
// credentials along with "*" anyway.
func anyOrigin(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate, DPoP-Nonce")
}

// preflight answers OPTIONS for the endpoints that applications in a browser call.
func preflight(w http.ResponseWriter, _ *http.Request) {
	anyOrigin(w)
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP")
	w.Header().Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}
