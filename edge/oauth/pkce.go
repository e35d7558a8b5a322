package oauth

import (
	"crypto/sha256"
	"encoding/base64"
)

// MethodS256 is the one code challenge method on offer. "plain" would hand the verifier to whoever reads the
// authorization request (RFC 7636 section 7.2, RFC 9700 section 2.1.1).
const MethodS256 = "S256"

// ValidChallenge reports whether s is an S256 code challenge: 32 bytes in base64url, 43 characters (RFC 7636 section 4.2).
func ValidChallenge(s string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(s) == 43 && len(raw) == sha256.Size
}

// ValidVerifier reports whether s is a code verifier: 43 to 128 unreserved characters (RFC 7636 section 4.1).
func ValidVerifier(s string) bool {
	if len(s) < 43 || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if !unreserved(s[i]) {
			return false
		}
	}
	return true
}

// Challenge derives the S256 challenge of a verifier (RFC 7636 section 4.6). For text that is no verifier it returns "",
// which is equal to no challenge.
func Challenge(verifier string) string {
	if !ValidVerifier(verifier) {
		return ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// unreserved reports whether c is ALPHA / DIGIT / "-" / "." / "_" / "~" (RFC 3986 section 2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}
