package oauth

import (
	"errors"
	"strings"
	"testing"
)

func TestScopeGrammar(t *testing.T) {
	for in, want := range map[string]string{
		"openid":                  "openid",
		"openid email profile":    "openid email profile",
		"email openid email":      "email openid",
		"openid urn:x/y!#[]~":     "openid urn:x/y!#[]~",
		"":                        "!",
		" openid":                 "!",
		"openid ":                 "!",
		"openid  email":           "!",
		"openid\temail":           "!",
		`openid "x"`:              "!",
		`openid a\b`:              "!",
		"openid ü":                "!",
		strings.Repeat("a", 1025): "!",
	} {
		scope, err := ParseScope(in)
		got := scope.String()
		if err != nil {
			got = "!"
			if !errors.Is(err, ErrInvalidScope) {
				t.Errorf("%q: %v", in, err)
			}
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestUnknownScopeIsIgnored(t *testing.T) {
	scope, _ := ParseScope("openid calendar email OPENID")
	if got := scope.Within(ScopeOpenID, ScopeProfile, ScopeEmail).String(); got != "openid email" {
		t.Errorf("granted %q", got)
	}
}

func FuzzScope(f *testing.F) {
	f.Add("openid profile email")
	f.Fuzz(func(t *testing.T, s string) {
		scope, err := ParseScope(s)
		if err != nil {
			return
		}
		again, err := ParseScope(scope.String())
		if err != nil || again.String() != scope.String() {
			t.Fatalf("%q: %q is not stable: %v", s, scope.String(), err)
		}
	})
}
