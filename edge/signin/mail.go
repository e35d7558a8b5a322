package signin

import (
	"context"
	"encoding/json"
)

// Letter says what a mail is for.
type Letter string

// The letters.
const (
	LetterCode   Letter = "signup_code"   // the code that proves the address
	LetterExists Letter = "signup_exists" // somebody, perhaps the owner, wanted a second account for the address
)

// Mail composes letters.
type Mail interface {
	// Compose returns what the account object puts in its outbox for account.TopicMail, where it waits until delivered, so the
	// code in it is sealed. language is a BCP 47 tag or "". code is for LetterCode, "" otherwise. It sends nothing itself.
	Compose(ctx context.Context, letter Letter, to, language, code string) (json.RawMessage, error)
}

// maxLanguage is longer than any language tag that we translate to (RFC 5646 section 4.4.1), in bytes.
const maxLanguage = 35

// language lets through what can be a BCP 47 tag; "" stands for anything else and means the service's own choice.
func language(tag string) string {
	if len(tag) > maxLanguage {
		return ""
	}
	for _, c := range []byte(tag) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
			return ""
		}
	}
	return tag
}
