package client

import "strings"

// Addresses are read here and not by net/url, which would make the browser's module larger by 36 KiB and accepts far more
// than a service's address may be. What a browser could read in another way than we do is refused.

const scheme = "https://"

// ParseBase returns the origin that text names, without a trailing slash. Anything but https://host[:port] is refused
// with CodeInsecure: no other scheme, no user, no path, no query.
func ParseBase(text string) (string, error) {
	text = strings.TrimSuffix(text, "/")
	authority, secure := strings.CutPrefix(text, scheme)
	if !secure || !validAuthority(authority) {
		return "", problem(CodeInsecure, "The address of the service must be https://host.")
	}
	return text, nil
}

// redirect checks a place that an answer sends the browser to: a path of this service or an https URL. Anything else
// (another scheme, a path that a browser reads as another host) is refused with CodeBadAnswer.
func (c *Client) redirect(target string) error {
	fine := strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "//")
	if rest, secure := strings.CutPrefix(target, scheme); secure {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		fine = validAuthority(rest[:end])
	}
	if !fine || strings.ContainsFunc(target, misread) {
		return problem(CodeBadAnswer, "The service named a place to go that this client refuses.")
	}
	return nil
}

// misread are the characters that browsers drop from an address or take for a slash.
func misread(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }

// validAuthority reports whether text is a host in ASCII, or an IPv6 address in brackets, with or without a port.
func validAuthority(text string) bool {
	host, rest := text, ""
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']') + 1
		host, rest = text[:end], text[end:]
		if len(host) < 4 || strings.Trim(host[1:end-1], "0123456789abcdefABCDEF:.") != "" {
			return false
		}
	} else if colon := strings.IndexByte(text, ':'); colon >= 0 {
		host, rest = text[:colon], text[colon:]
	}
	if !strings.HasPrefix(host, "[") && (host == "" || len(host) > 253 || strings.ContainsFunc(host, notHost)) {
		return false
	}
	return rest == "" || validPort(rest)
}

func notHost(r rune) bool {
	letter := (r|0x20 >= 'a' && r|0x20 <= 'z')
	return !letter && (r < '0' || r > '9') && r != '.' && r != '-'
}

// validPort takes ":" and one to five digits.
func validPort(text string) bool {
	digits := text[1:]
	return text[0] == ':' && len(digits) >= 1 && len(digits) <= 5 && strings.Trim(digits, "0123456789") == ""
}
