package token

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"slices"
	"strings"
)

// maxName bounds a distinguished name, in bytes.
const maxName = 1024

// attributes are the short names of RFC 4514 section 3, and the two that OpenSSL writes besides.
var attributes = map[string]string{
	"CN": "2.5.4.3", "SERIALNUMBER": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8", "STREET": "2.5.4.9", "O": "2.5.4.10",
	"OU": "2.5.4.11", "POSTALCODE": "2.5.4.17", "DC": "0.9.2342.19200300.100.1.25", "UID": "0.9.2342.19200300.100.1.1",
	"EMAILADDRESS": "1.2.840.113549.1.9.1", "ORGANIZATIONIDENTIFIER": "2.5.4.97",
}

// sameName reports whether a distinguished name in text (RFC 4514) is the subject of a certificate. Attribute types may have either
// name and any case; values are compared as they are.
func sameName(text string, subject []byte) bool {
	wanted, ok := parseName(text)
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(subject, &rdns); !ok || err != nil || len(rest) > 0 || len(rdns) != len(wanted) {
		return false
	}
	for i, rdn := range rdns {
		var have []string
		for _, a := range rdn {
			value, isText := a.Value.(string)
			if !isText {
				return false
			}
			have = append(have, a.Type.String()+"="+value)
		}
		slices.Sort(have)
		if !slices.Equal(have, wanted[len(wanted)-1-i]) { // the text begins with the last
			return false
		}
	}
	return true
}

// parseName takes a name apart into its parts, and those into "type=value", sorted.
func parseName(text string) (name [][]string, ok bool) {
	if text == "" || len(text) > maxName {
		return nil, false
	}
	var part []string
	for rest, end := text, byte(','); end != 0; {
		var kind, value string
		if kind, rest, ok = strings.Cut(rest, "="); !ok {
			return nil, false
		}
		kind = strings.ToUpper(strings.TrimSpace(kind))
		if long, known := attributes[kind]; known {
			kind = long
		}
		if value, rest, end, ok = cutValue(rest); !ok || kind == "" || strings.ContainsAny(kind, ",+\\\"") {
			return nil, false
		}
		part = append(part, kind+"="+value)
		if end != '+' {
			slices.Sort(part)
			name, part = append(name, part), nil
		}
	}
	return name, true
}

// cutValue reads a value up to the comma or plus sign that ends it, or to the end of the text (RFC 4514 section 2.4).
func cutValue(s string) (value, rest string, end byte, ok bool) {
	s = strings.TrimLeft(s, " ")
	var b strings.Builder
	spaces := 0 // at the end, not escaped: they do not count
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ',', '+':
			return b.String()[:b.Len()-spaces], s[i+1:], c, b.Len() > spaces
		case '"', ';', '<', '>', 0:
			return "", "", 0, false
		case '\\':
			plain, n := unescape(s[i+1:])
			if n == 0 {
				return "", "", 0, false
			}
			b.WriteByte(plain)
			i, spaces = i+n, 0
		default:
			b.WriteByte(c)
			if spaces++; c != ' ' {
				spaces = 0
			}
		}
	}
	return b.String()[:b.Len()-spaces], "", 0, b.Len() > spaces
}

// unescape returns what stands after a backslash, and how many bytes that is.
func unescape(s string) (plain byte, n int) {
	if s != "" && strings.IndexByte(` "#+,;<=>\`, s[0]) >= 0 {
		return s[0], 1
	}
	if len(s) >= 2 {
		if raw, err := hex.DecodeString(s[:2]); err == nil {
			return raw[0], 2
		}
	}
	return 0, 0
}
