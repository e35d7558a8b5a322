package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// formScript submits the page's only form. It is constant, so the policy can name it by its hash and no other
// script runs, whatever a parameter holds. A browser without scripts shows the button.
const formScript = `document.forms[0].submit()`

// formPolicy is the Content-Security-Policy of the page. It has no form-action, because browsers apply that to what the
// application does next as well, and an application may well redirect to another of its hosts.
var formPolicy = "default-src 'none'; script-src '" + scriptHash() + "'; base-uri 'none'; frame-ancestors 'none'"

func scriptHash() string {
	sum := sha256.Sum256([]byte(formScript))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// writeFormPost answers with a page that posts params to the application (Form Post Response Mode section 2).
func writeFormPost(w http.ResponseWriter, r *http.Request, action string, params url.Values) {
	NoStore(w)
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", formPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	// the application may check Origin on its callback; with "no-referrer" browsers would send "null"
	header.Set("Referrer-Policy", "strict-origin")
	w.WriteHeader(http.StatusOK)
	w.Write([]byte(formPage(Language(r, ""), action, params)))
}

// formWords are the only texts of the page.
var formWords = map[string]struct{ title, text, button string }{
	"en": {"Signing you in", "You are being sent back to the application.", "Continue"},
	"de": {"Anmeldung", "Sie werden zur Anwendung zurückgeleitet.", "Weiter"},
}

// formPage builds the page. Every value is escaped and stands in double quotes.
func formPage(language, action string, params url.Values) string {
	words := formWords[language]
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="` + language + `"><head><meta charset="utf-8">` +
		`<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">` +
		`<title>` + words.title + `</title></head><body><main><p>` + words.text + `</p>` +
		`<form method="post" action="` + html.EscapeString(action) + `">`)
	for _, name := range slices.Sorted(maps.Keys(params)) {
		b.WriteString(`<input type="hidden" name="` + html.EscapeString(name) +
			`" value="` + html.EscapeString(params.Get(name)) + `">`)
	}
	b.WriteString(`<button>` + words.button + `</button></form></main><script>` + formScript + `</script></body></html>`)
	return b.String()
}
