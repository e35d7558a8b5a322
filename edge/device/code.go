package device

import (
	"crypto/rand"
	"errors"
	"strings"
)

const (
	// alphabet of user codes: no vowels, so that no words come out, and no digits (RFC 8628 section 6.1).
	alphabet = "BCDFGHJKLMNPQRSTVWXZ"
	// CodeLength of a user code, in characters: 20^8 codes, 34.5 bits.
	CodeLength = 8
	// MaxTyped bounds what is taken for a typed code, in bytes.
	MaxTyped = 64
)

// ErrCode says that text is no user code.
var ErrCode = errors.New("device: no user code")

// NewCode makes a user code: CodeLength characters, each as likely as any other.
func NewCode() string {
	code := make([]byte, 0, CodeLength)
	for len(code) < CodeLength {
		var b [CodeLength]byte
		rand.Read(b[:])
		for _, n := range b {
			if n < 240 && len(code) < CodeLength { // the rest would make some characters likelier
				code = append(code, alphabet[n%20])
			}
		}
	}
	return string(code)
}

// alike has for what is not in the alphabet what a person may have meant who read it from a screen.
var alike = strings.NewReplacer("8", "B", "6", "G", "1", "L", "I", "L", "0", "Q", "O", "Q", "5", "S", "U", "V", "Y", "V", "2", "Z")

// separators are what people put between groups of characters.
const separators = " \t\r\n\u00a0-_.\u2010\u2011\u2012\u2013\u2014\u2212"

// ParseCode reads what a person typed: in small or capital letters, with or without separators, with the usual misreadings. ErrCode
// when no code can have been meant.
func ParseCode(typed string) (string, error) {
	if len(typed) > MaxTyped {
		return "", ErrCode
	}
	code := alike.Replace(strings.ToUpper(strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return -1
		}
		return r
	}, typed)))
	if len(code) != CodeLength || strings.Trim(code, alphabet) != "" {
		return "", ErrCode
	}
	return code, nil
}

// FormatCode writes a code as it is shown: two groups of four letters with a hyphen between.
func FormatCode(code string) string { return code[:CodeLength/2] + "-" + code[CodeLength/2:] }
