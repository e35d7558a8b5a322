package files

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of the configuration.
const (
	MaxConfig  = 64 << 10 // bytes of the file
	maxSources = 100
	maxLists   = 1000 // lines of one source
	maxName    = 64   // bytes of a source's name
)

// Kind is what a source consists of.
type Kind string

// The kinds of sources.
const (
	Files     Kind = "file"      // single files, each named
	Tree      Kind = "tree"      // a directory and what is below it
	Keys      Kind = "keys"      // the keys of one key=value file
	Dconf     Kind = "dconf"     // the keys below directories of dconf
	Gsettings Kind = "gsettings" // the keys of schemas, through gsettings
)

// Source is one section of the configuration. Homes that shall be in step name it alike.
type Source struct {
	Name             string
	Kind             Kind
	Paths            []string // below the home, or directories of dconf, or schemas
	Include, Exclude []string // patterns; no Include is everything
}

// Config is what a person chose to keep in step.
type Config struct {
	Sources []Source
	Metered bool // sync over metered connections, too
}

// Fault is a line of the configuration that cannot be understood.
type Fault struct {
	Line int // from 1
	What string
}

// Error is a sentence for the person.
func (f *Fault) Error() string { return fmt.Sprintf("line %d: %s", f.Line, f.What) }

// ParseConfig reads a configuration: sections in brackets, one "word = value" a line, comments after "#" or ";" at the beginning of
// a line. It takes nothing that it does not know. Error: *Fault.
func ParseConfig(data []byte) (Config, error) {
	if len(data) > MaxConfig {
		return Config{}, &Fault{1, fmt.Sprintf("the file is larger than %d KiB", MaxConfig>>10)}
	}
	if !utf8.Valid(data) {
		return Config{}, &Fault{1, "the file is not UTF-8"}
	}
	var p configParser
	for line := range bytes.Lines(data) {
		p.line++
		if what := p.take(strings.TrimSpace(string(line))); what != "" {
			return Config{}, &Fault{p.line, what}
		}
	}
	if what := p.finish(); what != "" {
		return Config{}, &Fault{p.begun, what}
	}
	return p.config, nil
}

type configParser struct {
	config      Config
	line, begun int // begun: line of the section that is being read
	lists       int
	said        bool // the metered word
}

// take reads one line and says what is wrong with it.
func (p *configParser) take(line string) string {
	switch {
	case line == "" || line[0] == '#' || line[0] == ';':
		return ""
	case line[0] == '[':
		return p.section(line)
	}
	word, value, ok := strings.Cut(line, "=")
	word, value = strings.TrimSpace(word), strings.TrimSpace(value)
	if !ok {
		return fmt.Sprintf("%q is neither a [section] nor a word = value", line)
	}
	if value == "" {
		return word + " has no value"
	}
	if len(p.config.Sources) == 0 {
		return p.global(word, value)
	}
	if p.lists++; p.lists > maxLists {
		return fmt.Sprintf("a section has at most %d lines", maxLists)
	}
	return p.config.Sources[len(p.config.Sources)-1].take(word, value)
}

func (p *configParser) global(word, value string) string {
	switch {
	case word != "metered":
		return fmt.Sprintf("%q does not stand before the first [section]; metered does", word)
	case p.said:
		return "metered was said before"
	case value != "pause" && value != "sync":
		return "metered is pause or sync"
	}
	p.said, p.config.Metered = true, value == "sync"
	return ""
}

func (p *configParser) section(line string) string {
	name, ok := strings.CutSuffix(line[1:], "]")
	named := func(s Source) bool { return s.Name == name }
	odd := func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	switch {
	case !ok:
		return "the ] of a section is missing"
	case name == "" || len(name) > maxName || strings.ContainsFunc(name, odd):
		return fmt.Sprintf("a section is named with 1 to %d letters, digits, dots, dashes and underscores", maxName)
	case slices.ContainsFunc(p.config.Sources, named):
		return fmt.Sprintf("there is a section [%s] already", name)
	case len(p.config.Sources) == maxSources:
		return fmt.Sprintf("there are at most %d sections", maxSources)
	}
	if what := p.finish(); what != "" {
		p.line = p.begun
		return what
	}
	p.begun, p.lists = p.line, 0
	p.config.Sources = append(p.config.Sources, Source{Name: name})
	return ""
}

// finish checks the section that ends here.
func (p *configParser) finish() string {
	if n := len(p.config.Sources); n > 0 && p.config.Sources[n-1].Kind == "" {
		return fmt.Sprintf("[%s] does not say what it is: file, tree, keys, dconf or gsettings", p.config.Sources[n-1].Name)
	}
	return ""
}

func (s *Source) take(word, value string) string {
	switch word {
	case "include", "exclude":
		return s.pattern(word, value)
	case string(Files), string(Tree), string(Keys), string(Dconf), string(Gsettings):
	default:
		return fmt.Sprintf("%q is not known: file, tree, keys, dconf, gsettings, include and exclude are", word)
	}
	kind := Kind(word)
	switch {
	case s.Kind != "" && s.Kind != kind:
		return fmt.Sprintf("[%s] is of the kind %s already; put %s into a section of its own", s.Name, s.Kind, word)
	case s.Kind != "" && (kind == Tree || kind == Keys):
		return fmt.Sprintf("[%s] has its %s already; put another one into a section of its own", s.Name, word)
	}
	path, what := checkPath(kind, value)
	if what != "" {
		return what
	}
	if slices.Contains(s.Paths, path) {
		return path + " was named before"
	}
	s.Kind, s.Paths = kind, append(s.Paths, path)
	return ""
}

func (s *Source) pattern(word, value string) string {
	if what := checkPattern(value); what != "" {
		return what
	}
	if word == "include" {
		s.Include = append(s.Include, value)
	} else {
		s.Exclude = append(s.Exclude, value)
	}
	return ""
}

// checkPath returns a path as the package uses it, or what is wrong with it.
func checkPath(kind Kind, value string) (path, what string) {
	switch kind {
	case Dconf:
		if !isDconfDir(value) {
			return "", "dconf takes a directory such as /org/gnome/desktop/, with a / at both ends"
		}
		return value, ""
	case Gsettings:
		if !isSchema(value) {
			return "", "gsettings takes a schema such as org.gnome.desktop.interface"
		}
		return value, ""
	}
	path = strings.TrimSuffix(strings.TrimPrefix(value, "~/"), "/")
	switch {
	case strings.HasPrefix(path, "/") || strings.HasPrefix(path, "~"):
		return "", value + " is not below the home: name it as ~/…"
	case path == ".":
		return "", "the whole home cannot be kept in step: name what is below it"
	case !fs.ValidPath(path) || !plainName(path):
		return "", value + " is not a path below the home"
	}
	return path, ""
}

// plainName reports whether a name is fit for the vault, a terminal and a file system.
func plainName(name string) bool {
	return name != "" && len(name) <= maxRecordName && utf8.ValidString(name) && !strings.ContainsFunc(name, isControl)
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }
