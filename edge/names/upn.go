package names

import (
	"strings"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Limits of a user principal name in bytes (RFC 5321, section 4.5.3.1, and its erratum 1690).
const (
	maxUPN    = 254
	maxTyped  = maxUPN + 128 // with space around it
	maxLocal  = 64
	maxDomain = 253
	maxLabel  = 63
)

// Bounds of the local part of a new address of the service, in bytes.
const (
	MinLocal     = 3
	MaxLocalNew  = 64
	atextSpecial = "!#$%&'*+-/=?^_`{|}~"
)

var (
	// ErrUPN says that text is no user principal name.
	ErrUPN = object.NewError("names: not a user principal name")
	// ErrLocal says that text cannot be the first part of a new address.
	ErrLocal = object.NewError("names: not a possible name")
	// ErrReserved says that a name is kept from people because others would take it for the service itself.
	ErrReserved = object.NewError("names: reserved")
)

// NormalizeUPN brings what a person typed to the one form in which a user principal name is stored and compared, and returns
// it and its parts. Space around it goes, capitals become small.
//
// The rule is strict, so that no two names look alike and no name means something to a mail server, a directory or a page:
// ASCII only; one @; before it a dot-atom of RFC 5322, section 3.2.3, of at most 64 bytes (no quoted strings, no comments);
// after it a host name of at least two labels of letters, digits and inner hyphens, the last not all digits (no address
// literals); 254 bytes in all. International domains are taken in their ASCII form (xn--). The local part loses its case, as
// every mail provider in use treats it. Anything else is ErrUPN.
func NormalizeUPN(s string) (upn, local, domain string, err error) {
	if len(s) > maxTyped {
		return "", "", "", ErrUPN
	}
	upn = lower(strings.TrimSpace(s))
	local, domain, ok := strings.Cut(upn, "@")
	if len(upn) > maxUPN || !ok || !isDotAtom(local) || !IsDomain(domain) {
		return "", "", "", ErrUPN
	}
	return upn, local, domain, nil
}

// lower maps A to Z only: what is not ASCII must not become ASCII (the Kelvin sign would).
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// isDotAtom reports whether s, in small letters, is a local part.
func isDotAtom(s string) bool {
	if s == "" || len(s) > maxLocal {
		return false
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isLetterDigit(r) && !strings.ContainsRune(atextSpecial, r) }) {
			return false
		}
	}
	return true
}

// IsDomain reports whether s is a host name as NormalizeUPN wants it after the @.
func IsDomain(s string) bool {
	if len(s) > maxDomain {
		return false
	}
	labels, last := 0, ""
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool { return !isLetterDigit(r) && r != '-' }) {
			return false
		}
		labels, last = labels+1, label
	}
	return labels >= 2 && strings.Trim(last, "0123456789") != ""
}

func isLetterDigit(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

// ValidLocal reports whether a person may have a new address of the service with this local part, already in small letters:
// 3 to 64 letters, digits, dots, hyphens and underscores, beginning and ending with a letter or digit, no two marks in a row
// (ErrLocal); and none of the names that others would take for the service itself, whatever marks it is written with and, for
// those that speak most plainly for it, whatever digits follow (ErrReserved).
func ValidLocal(local string) error {
	if len(local) < MinLocal || len(local) > MaxLocalNew {
		return ErrLocal
	}
	mark := true // as if before the first
	for _, r := range local {
		isMark := r == '.' || r == '-' || r == '_'
		if !isMark && !isLetterDigit(r) || isMark && mark {
			return ErrLocal
		}
		mark = isMark
	}
	if mark {
		return ErrLocal
	}
	if bare := strings.NewReplacer(".", "", "-", "", "_", "").Replace(local); reserved[bare] || speaking[strings.TrimRight(bare, "0123456789")] {
		return ErrReserved
	}
	return nil
}

// speaking are names that nobody should get mail from, not with digits after it either.
var speaking = words(`abuse account accounts admin administrator billing helpdesk hostmaster latchkey noreply operator
	postmaster root security service support sysadmin webmaster`)

// reserved are the mailbox names of RFC 2142 and others that speak for a service.
var reserved = words(`
		abuse noc security postmaster hostmaster webmaster usenet news uucp ftp www info marketing sales support
		admin administrator admins root superuser sysadmin system operator owner master moderator mod staff team
		account accounts auth authentication login logon logout signin signup signout register registration password passwords
		passkey recovery reset verify verification confirm confirmation token tokens oauth oidc saml sso scim idp
		help helpdesk service services servicedesk customerservice contact feedback billing invoice invoices payment payments
		legal privacy compliance dpo gdpr copyright dmca trust safety fraud phishing spam
		mail email smtp imap pop mailer mailerdaemon daemon noreply donotreply reply bounce bounces newsletter notification
		notifications notify alert alerts everyone all list lists
		api app apps dev developer developers test tester testing demo example guest anonymous nobody null undefined user users
		me self you latchkey official press media jobs careers hr ceo cto cfo ssl sslwebmaster ssladmin ssladministrator tls
		certificate certificates cert certs pki isatap wpad autoconfig autodiscover localhost host
`)

func words(list string) map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		m[word] = true
	}
	return m
}
