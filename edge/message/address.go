package message

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of RFC 5321 section 4.5.3.1, in bytes.
const (
	maxAddress = 254
	maxLocal   = 64
)

// validAddress reports whether s is one address that can go into an SMTP command and a header as it is: local@domain without quotes,
// comments and routes (the dot-string of RFC 5321 section 4.1.2, and RFC 6531 section 3.3). Nothing in it can end a line or
// begin another address.
func validAddress(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && len(s) <= maxAddress && len(local) <= maxLocal && utf8.ValidString(s) &&
		dotted(local, atom) && dotted(domain, label) && !strings.HasPrefix(domain, "-")
}

// dotted reports whether s is one or more non-empty parts of allowed characters with dots between them.
func dotted(s string, allowed func(r rune) bool) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool { return !allowed(r) }) {
			return false
		}
	}
	return true
}

func atom(r rune) bool {
	return label(r) || strings.ContainsRune("!#$%&'*+/=?^_`{|}~", r)
}

func label(r rune) bool {
	if r >= utf8.RuneSelf {
		return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r)
	}
	return r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// parseFrom reads the sender of a mail URL.
func parseFrom(s string) (mail.Address, error) {
	if s == "" {
		return mail.Address{}, errors.New("the mail URL has no from: add ?from=noreply@your.domain")
	}
	from, err := mail.ParseAddress(s)
	if err != nil || !validAddress(from.Address) || !ascii(from.Address) || strings.ContainsFunc(from.Name, unicode.IsControl) {
		return mail.Address{}, errors.New("the from of the mail URL is no address: use noreply@your.domain or Name <noreply@your.domain>, percent-encoded")
	}
	return *from, nil
}

// domainOf is what is behind the @ of a valid address.
func domainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return domain
}
