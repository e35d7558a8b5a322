package tenant

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A document that is nested thousands deep would take the stack of a program that serves everybody, if some member of it were decoded into
// whatever it is: in WebAssembly a stack ends at a few thousand calls, and no recover helps then.
func TestNestingOfARegistrationCostsNoStack(t *testing.T) {
	for _, kind := range []reflect.Type{reflect.TypeFor[document](), reflect.TypeFor[File]()} {
		if path := endless(kind, nil); path != "" {
			t.Errorf("%s can be nested as deeply as one likes", path)
		}
	}
	deep := `{"redirect_uris": ["https://stranger.example/cb"], "software_statement": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`
	if _, err := ParseRegistration([]byte(deep), "dynamic.x", HashSecret("s"), Terms{}); !errors.Is(err, ErrStatement) {
		t.Error(err)
	}
}

// endless returns the way to a part of a type that encoding/json decodes to any depth, "" when there is none.
func endless(t reflect.Type, within []reflect.Type) string {
	for _, outer := range within {
		if outer == t {
			return t.String()
		}
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return ""
	}
	within = append(within, t)
	switch t.Kind() {
	case reflect.Interface:
		return t.String()
	case reflect.Slice, reflect.Array, reflect.Pointer, reflect.Map:
		return endless(t.Elem(), within)
	case reflect.Struct:
		for i := range t.NumField() {
			if path := endless(t.Field(i).Type, within); path != "" && t.Field(i).Tag.Get("json") != "-" {
				return t.Field(i).Name + "." + path
			}
		}
	}
	return ""
}

// Two readers of one document: encoding/json takes a member in whatever case, and the last one counts. Who looks a document through before
// it comes here would see another address.
func TestMembersThatDifferInCaseAreTheSameMember(t *testing.T) {
	for _, name := range []string{"redirect_uris", "Redirect_URIs", "redirect_uri\u017f", "redirect\u005furis"} {
		document := `{"redirect_uris": ["https://stranger.example/cb"], "` + name + `": ["https://evil.example/cb"]}`
		r, err := ParseRegistration([]byte(document), "dynamic.x", HashSecret("s"), Terms{})
		if err == nil && slices.Contains(r.Application.RedirectURIs, "https://evil.example/cb") {
			t.Errorf("%s: %q", name, r.Application.RedirectURIs)
		}
	}
}
