package oauth

import (
	"slices"
	"strings"
)

// Scope values that mean something here (OpenID Connect Core 1.0 section 5.4).
const (
	ScopeOpenID  = "openid"
	ScopeProfile = "profile"        // name, preferred_username
	ScopeEmail   = "email"          // email, email_verified
	ScopeOffline = "offline_access" // a refresh token that outlives the session (section 11)
)

// ScopeSession lets the command line turn its access token into a session of its own, once. No application but the built-in one may
// ask for it, and no API may call a scope of its own so.
const ScopeSession = "latchkey:session"

// ScopeSettings lets an application keep settings of its own for a person, sealed under a key that only it and the person hold.
const ScopeSettings = "latchkey:settings"

// MaxScope bounds the scope parameter, in bytes.
const MaxScope = 1024

// Scope is a set of scope values in the order they were asked for.
type Scope []string

// ParseScope reads a scope parameter: scope tokens with a space between them (RFC 6749 section 3.3). Repeated values count
// once. Anything else is ErrInvalidScope.
func ParseScope(s string) (Scope, error) {
	if len(s) > MaxScope {
		return nil, ErrInvalidScope.With("scope is too long")
	}
	if s == "" {
		return nil, ErrInvalidScope.With("scope is missing")
	}
	var scope Scope
	for token := range strings.SplitSeq(s, " ") {
		if !scopeToken(token) {
			return nil, ErrInvalidScope.With("scope is malformed")
		}
		if !scope.Has(token) {
			scope = append(scope, token)
		}
	}
	return scope, nil
}

// Words splits a scope that was granted here, and so is well-formed.
func Words(s string) Scope { return strings.Fields(s) }

// Has reports whether s holds a value. Case matters.
func (s Scope) Has(value string) bool { return slices.Contains(s, value) }

// Within returns the values of s that are allowed. The rest is ignored, not refused (OpenID Connect Core 1.0 section 3.1.2.1);
// the token response then says what was granted (RFC 6749 section 3.3).
func (s Scope) Within(allowed ...string) Scope {
	var granted Scope
	for _, value := range s {
		if slices.Contains(allowed, value) {
			granted = append(granted, value)
		}
	}
	return granted
}

// String writes s as a scope parameter.
func (s Scope) String() string { return strings.Join(s, " ") }

// scopeToken reports whether s is 1*( %x21 / %x23-5B / %x5D-7E ).
func scopeToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
