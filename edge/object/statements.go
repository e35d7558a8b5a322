package object

import "strings"

// statements splits an SQL script at the semicolons that end statements: not those in strings, quoted names, comments and
// trigger bodies. Parts with nothing but space and comments are left out.
func statements(script string) []string {
	var list []string
	var s splitter
	start := 0
	for i := 0; i < len(script); {
		end := i + tokenLength(script[i:])
		if s.token(script[i:end]) {
			list = append(list, strings.TrimSpace(script[start:i]))
			start = end
		} else if s.count == 0 {
			start = end // space, comments and lone semicolons before a statement
		}
		i = end
	}
	if s.count > 0 {
		list = append(list, strings.TrimSpace(script[start:]))
	}
	return list
}

// splitter sees the tokens of one statement after another.
type splitter struct {
	count   int // tokens of the statement so far
	create  bool
	trigger bool
	last    [2]string // the two tokens before, upper case
}

// token takes the next token and reports whether it ends a statement. The body of a trigger ends with "; END ;".
func (s *splitter) token(text string) bool {
	if isBlank(text) {
		return false
	}
	word := strings.ToUpper(text)
	if word == ";" && (s.count == 0 || !s.trigger || s.last == [2]string{";", "END"}) {
		ends := s.count > 0
		*s = splitter{}
		return ends
	}
	switch {
	case s.count == 0:
		s.create = word == "CREATE"
	case s.count == 1, s.count == 2 && strings.HasPrefix(s.last[1], "TEMP"): // CREATE [TEMP | TEMPORARY] TRIGGER
		s.trigger = s.create && word == "TRIGGER"
	}
	s.count++
	s.last = [2]string{s.last[1], word}
	return false
}

func isBlank(token string) bool {
	return strings.HasPrefix(token, "--") || strings.HasPrefix(token, "/*") || strings.TrimSpace(token) == ""
}

// tokenLength returns the length of the token that s, which is not empty, starts with.
func tokenLength(s string) int {
	switch c := s[0]; {
	case strings.HasPrefix(s, "--"):
		return until(s, 2, "\n")
	case strings.HasPrefix(s, "/*"):
		return until(s, 2, "*/")
	case c == '[':
		return until(s, 1, "]")
	case c == '\'' || c == '"' || c == '`': // a doubled quote inside reads as two tokens, which splits no differently
		return until(s, 1, s[:1])
	case isWord(c):
		n := 1
		for n < len(s) && isWord(s[n]) {
			n++
		}
		return n
	}
	return 1
}

func until(s string, from int, mark string) int {
	i := strings.Index(s[from:], mark)
	if i < 0 {
		return len(s)
	}
	return from + i + len(mark)
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
