package oauth

import (
	"net/http"
	"strconv"
	"strings"
)

// Languages are those that the pages exist in, the default first.
var Languages = []string{"en", "de"}

// maxTags bounds how many language tags of a request are looked at.
const maxTags = 16

// Language chooses the language of the next page: the first of ui_locales that we have (OpenID Connect Core 1.0
// section 3.1.2.1), else the browser's best (Accept-Language, RFC 9110 section 12.5.4), else English.
func Language(r *http.Request, uiLocales string) string {
	for i, tag := range strings.Fields(uiLocales) {
		if language := known(tag); language != "" && i < maxTags {
			return language
		}
	}
	best, quality := Languages[0], 0.0
	for i, item := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		tag, parameters, _ := strings.Cut(item, ";")
		if language, q := known(tag), weight(parameters); language != "" && q > quality && i < maxTags {
			best, quality = language, q
		}
	}
	return best
}

// PagePrefix is what stands before the path of a page in that language: "" or "/de".
func PagePrefix(r *http.Request, uiLocales string) string {
	if language := Language(r, uiLocales); language != Languages[0] {
		return "/" + language
	}
	return ""
}

// known returns the language of a tag ("de-AT" is "de"), or "" when there are no pages in it.
func known(tag string) string {
	primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
	for _, language := range Languages {
		if strings.EqualFold(primary, language) {
			return language
		}
	}
	return ""
}

// weight reads "q=0.8"; absent means 1 and nonsense 0.
func weight(parameters string) float64 {
	parameters = strings.TrimSpace(parameters)
	if parameters == "" {
		return 1
	}
	value, ok := strings.CutPrefix(parameters, "q=")
	q, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
