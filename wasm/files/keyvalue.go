package files

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// errKeyValue says that a file cannot be kept in step key by key.
var errKeyValue = errors.New("this is not a text file of key=value lines")

// keyValue is a file of key=value lines: ini, desktop settings, .env. Lines it does not understand are kept as they are.
type keyValue struct {
	lines []kvLine
	odd   map[string]string // keys that cannot be kept in step, with the reason
}

// kvLine is one line. name is empty where it sets no key.
type kvLine struct {
	name                string // "key", or "[section] key"
	before, value, rest string // text of the line is before + value + rest; rest has the line end
	section             string // in which it stands
	header              bool   // begins the section
}

func (l kvLine) text() string { return l.before + l.value + l.rest }

// parseKeyValue reads a file. Error: errKeyValue.
func parseKeyValue(data []byte) (*keyValue, error) {
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return nil, errKeyValue
	}
	f := &keyValue{odd: map[string]string{}}
	section, plain, quote := "", true, byte(0)
	all := slices.Collect(strings.Lines(string(data)))
	for i, text := range all {
		l := kvLine{before: text, section: section}
		trimmed := strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
		switch {
		case quote != 0: // inside a value of several lines
			if strings.IndexByte(trimmed, quote) >= 0 {
				quote = 0
			}
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case trimmed[0] == '[':
			section, plain = sectionOf(trimmed)
			l.section, l.header = section, true
		case plain:
			l = splitLine(text, section)
			if l.name != "" {
				quote = f.note(l, all[i+1:])
			}
		}
		f.lines = append(f.lines, l)
	}
	f.findDouble()
	return f, nil
}

// sectionOf reads a header. One that could not be told from the key behind it is not understood, nor are the keys in it.
func sectionOf(trimmed string) (section string, ok bool) {
	section, ok = strings.CutSuffix(trimmed[1:], "]")
	if !ok || section == "" || strings.Contains(section, "] ") || !plainName(section) {
		return "", false
	}
	return section, true
}

func splitLine(text, section string) kvLine {
	body := strings.TrimRight(text, " \t\r\n")
	key, value, ok := strings.Cut(body, "=")
	name := strings.TrimSpace(strings.TrimPrefix(key, "\ufeff"))
	if rest, exported := strings.CutPrefix(name, "export "); exported {
		name = strings.TrimSpace(rest)
	}
	if section != "" {
		name = "[" + section + "] " + name
	}
	trimmed := strings.TrimLeft(value, " \t")
	if !ok || strings.TrimSpace(key) == "" || strings.HasSuffix(name, "] ") || !plainName(name) {
		return kvLine{before: text, section: section}
	}
	at := len(body) - len(trimmed)
	return kvLine{name: name, before: text[:at], value: trimmed, rest: text[len(body):], section: section}
}

// note remembers that a key has a value of several lines, and returns the quote that ends it.
func (f *keyValue) note(l kvLine, following []string) byte {
	if strings.HasSuffix(l.value, `\`) {
		f.odd[l.name] = "its value goes on in the next line"
		return 0
	}
	if strings.ContainsFunc(l.value, isControl) {
		f.odd[l.name] = "its value has control characters"
		return 0
	}
	if l.value == "" || l.value[0] != '"' && l.value[0] != '\'' || strings.IndexByte(l.value[1:], l.value[0]) >= 0 {
		return 0
	}
	for _, text := range following {
		if strings.IndexByte(text, l.value[0]) >= 0 {
			f.odd[l.name] = "its value goes over several lines"
			return l.value[0]
		}
	}
	return 0
}

func (f *keyValue) findDouble() {
	seen := map[string]bool{}
	for _, l := range f.lines {
		if l.name != "" && seen[l.name] {
			f.odd[l.name] = "it stands in the file more than once"
		}
		seen[l.name] = true
	}
}

// values returns the keys that can be kept in step.
func (f *keyValue) values() map[string]string {
	all := map[string]string{}
	for _, l := range f.lines {
		if l.name != "" && f.odd[l.name] == "" {
			all[l.name] = l.value
		}
	}
	return all
}

// with returns the file with the keys changed; a nil value removes one. Error: errKey when a key or a value would not come
// out of the file as it went in.
func (f *keyValue) with(changes map[string]*string) ([]byte, error) {
	next := &keyValue{lines: slices.Clone(f.lines), odd: f.odd}
	for _, name := range sorted(changes) {
		next.change(name, changes[name])
	}
	var b bytes.Buffer
	for _, l := range next.lines {
		b.WriteString(l.text())
	}
	return b.Bytes(), f.check(b.Bytes(), changes)
}

// errKey says that a key from the vault does not fit into this file.
var errKey = errors.New("its name or value cannot be written into a key=value file")

// check reads what was made: the changed keys must be as wanted and all the others as before.
func (f *keyValue) check(made []byte, changes map[string]*string) error {
	g, err := parseKeyValue(made)
	if err != nil {
		return errKey
	}
	want, got := f.values(), g.values()
	for name, value := range changes {
		if delete(want, name); value != nil {
			want[name] = *value
		}
	}
	if len(want) != len(got) || len(f.odd) != len(g.odd) {
		return errKey
	}
	for name, value := range want {
		if other, ok := got[name]; !ok || other != value {
			return errKey
		}
	}
	return nil
}

func (f *keyValue) change(name string, value *string) {
	at := slices.IndexFunc(f.lines, func(l kvLine) bool { return l.name == name })
	switch {
	case at >= 0 && value == nil:
		f.lines = slices.Delete(f.lines, at, at+1)
	case at >= 0:
		f.lines[at].value = *value
	case value != nil:
		f.add(name, *value)
	}
}

// add puts a new key behind the last one of its section, in the way the keys there are written.
func (f *keyValue) add(name, value string) {
	section, key := "", name
	if strings.HasPrefix(name, "[") {
		if s, k, ok := strings.Cut(name[1:], "] "); ok {
			section, key = s, k
		}
	}
	end := f.lineEnd()
	after, like := -1, ""
	for i, l := range f.lines {
		if l.section != section || l.name == "" && !l.header {
			continue
		}
		after = i
		if l.name != "" {
			like = l.before
		}
	}
	at := after + 1
	switch {
	case after < 0 && section != "":
		at = f.addSection(section, end)
	case after < 0:
		at = f.leadingComments()
	}
	if at > 0 && !strings.HasSuffix(f.lines[at-1].text(), "\n") {
		f.lines[at-1].rest += end
	}
	l := kvLine{name: name, before: key + separator(like), value: value, rest: end, section: section}
	f.lines = slices.Insert(f.lines, at, l)
}

func (f *keyValue) addSection(section, end string) int {
	if n := len(f.lines); n > 0 {
		if !strings.HasSuffix(f.lines[n-1].text(), "\n") {
			f.lines[n-1].rest += end
		}
		f.lines = append(f.lines, kvLine{before: end})
	}
	f.lines = append(f.lines, kvLine{before: "[" + section + "]" + end, section: section, header: true})
	return len(f.lines)
}

// leadingComments counts the lines of the comment that a file begins with.
func (f *keyValue) leadingComments() int {
	n := slices.IndexFunc(f.lines, func(l kvLine) bool { return !strings.HasPrefix(l.text(), "#") })
	if n < 0 {
		return len(f.lines)
	}
	return n
}

func (f *keyValue) lineEnd() string {
	if len(f.lines) > 0 && strings.HasSuffix(f.lines[0].text(), "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// separator is what stands between key and value in a line like this one.
func separator(like string) string {
	if at := strings.IndexByte(like, '='); at > 0 {
		if like[at-1] == ' ' {
			return " = "
		}
	}
	return "="
}
