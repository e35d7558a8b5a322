package oauth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"
)

// MaxRequest bounds the parameters of one request, in bytes, in the query and in a body alike.
const MaxRequest = 8 << 10

// Params are the parameters of one request. A parameter without a value counts as absent and one that appears
// twice is refused (RFC 6749 section 3.1), unless its specification lets it.
type Params struct {
	values   map[string]string
	lists    map[string][]string // of repeatable
	repeated bool
}

// repeatable are the parameters that may appear more than once (RFC 8707 section 2, RFC 8693 section 2.1).
var repeatable = []string{"resource", "audience"}

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
	return MakeParams(all)
}

// MakeParams takes parameters that came in another form, such as the claims of a request object, and refuses the same values.
func MakeParams(all url.Values) (Params, error) {
	p := Params{values: make(map[string]string, len(all)), lists: map[string][]string{}}
	for name, values := range all {
		for _, v := range values {
			if !printable(v) {
				return Params{}, ErrInvalidRequest.With("a parameter has characters that are not text")
			}
			if v != "" && slices.Contains(repeatable, name) {
				p.lists[name] = append(p.lists[name], v)
			}
		}
		switch {
		case len(values) == 1:
			p.values[name] = values[0]
		case len(values) > 1 && !slices.Contains(repeatable, name):
			p.repeated = true
		}
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

// All returns every value of resource or audience, in the order they came; other parameters have none here.
func (p Params) All(name string) []string { return p.lists[name] }

// Values returns what MakeParams would make p of again, without the parameters that appeared twice and may not.
func (p Params) Values() url.Values {
	all := make(url.Values, len(p.values))
	for name, value := range p.values {
		all.Set(name, value)
	}
	for name, values := range p.lists {
		all[name] = slices.Clone(values)
	}
	return all
}

// Single is ErrInvalidRequest when a parameter, known or not, appears more than once and is not one that may (RFC 6749
// sections 3.1 and 3.2).
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
