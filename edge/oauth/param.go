package oauth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"
)

// MaxRequest bounds the parameters of one request, in bytes, in the query and in a body alike.
const MaxRequest = 8 << 10

// Params are the parameters of one request. A parameter without a value counts as absent and one that appears
// twice is refused (RFC 6749 section 3.1).
type Params struct {
	values   map[string]string
	repeated bool
}

// ParseParams reads application/x-www-form-urlencoded text of at most MaxRequest bytes. Text that cannot be read at all
// (broken encoding, not UTF-8, control characters) is ErrInvalidRequest or ErrTooLarge.
func ParseParams(raw string) (Params, error) {
	if len(raw) > MaxRequest {
		return Params{}, ErrTooLarge
	}
	all, err := url.ParseQuery(raw)
	if err != nil {
		return Params{}, ErrInvalidRequest.With("parameters cannot be decoded").From(err)
	}
	p := Params{values: make(map[string]string, len(all))}
	for name, values := range all {
		for _, v := range values {
			if !printable(v) {
				return Params{}, ErrInvalidRequest.With("a parameter has characters that are not text")
			}
		}
		if len(values) > 1 {
			p.repeated = true
			continue
		}
		p.values[name] = values[0]
	}
	return p, nil
}

// QueryParams reads the parameters of a GET.
func QueryParams(r *http.Request) (Params, error) { return ParseParams(r.URL.RawQuery) }

// FormParams reads the parameters of a POST from its body and from nowhere else: those in the address are
// ignored, because addresses end up in logs. It checks Content-Type.
func FormParams(w http.ResponseWriter, r *http.Request) (Params, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return Params{}, ErrUnsupportedType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequest))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return Params{}, ErrTooLarge
	}
	if err != nil {
		return Params{}, ErrInvalidRequest.With("body cannot be read").From(err)
	}
	return ParseParams(string(body))
}

// RequestParams reads the query of a GET and the body of a POST: both are allowed at the endpoints that a browser
// visits (OpenID Connect Core 1.0 section 3.1.2.1).
func RequestParams(w http.ResponseWriter, r *http.Request) (Params, error) {
	if r.Method == http.MethodPost {
		return FormParams(w, r)
	}
	return QueryParams(r)
}

// Get returns a parameter, or "" when it is absent. One that appears twice counts as absent here: neither
// value can be trusted, least of all as an address. Single then says what is wrong.
func (p Params) Get(name string) string { return p.values[name] }

// Has reports whether a parameter has a value.
func (p Params) Has(name string) bool { return p.values[name] != "" }

// Single is ErrInvalidRequest when a parameter, known or not, appears more than once (RFC 6749 sections 3.1 and 3.2).
func (p Params) Single() error {
	if p.repeated {
		return ErrInvalidRequest.With("a parameter appears more than once")
	}
	return nil
}

// printable reports whether s is UTF-8 without control characters.
func printable(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}
