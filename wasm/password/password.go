// Package password decides, on the person's own device, whether a password is good enough: a meter in the manner of
// zxcvbn (Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016), the rules of acceptance, and
// the two ends of a range query to a breached-password service. The server never sees a password, so nobody else can
// decide it.
//
// The client core calls it at sign-up and when a password is changed; at sign-in only Normalize is used. It does no I/O:
// the dictionary comes as bytes, the range service's answer too. Results are codes that pages translate, never sentences.
package password

import (
	"strings"
	"unicode"
)

// Normalize prepares a password for hashing, so that the same password typed on another keyboard or system gives the same
// bytes: every space of another script becomes U+0020, then NFC. These are the mapping rules of the OpaqueString profile
// (RFC 8265 section 4.2.2). Unlike the profile it refuses nothing: a password manager may well use what it prohibits.
func Normalize(password string) string {
	return nfc(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, password))
}

// fold reduces text to what makes a word the same word: NFD without marks, in lower case. Müller and muller are one name.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, nfd(text))
}

// reversed returns the runes of text from last to first.
func reversed(text []rune) []rune {
	back := make([]rune, len(text))
	for i, r := range text {
		back[len(text)-1-i] = r
	}
	return back
}
