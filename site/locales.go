package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// source is the language that pages are written in; it lives at the root, every other one below /<language>.
const source = "en"

// locales holds the words of every page in every language, and remembers which of them were asked for.
type locales struct {
	languages []string // source first
	words     map[string]map[string]string
	used      map[string]bool
}

var slot = regexp.MustCompile(`\{[a-z]+\}`)

// loadLocales reads dir/*.json. A key that one language has and another lacks is an error, so is a differing slot.
func loadLocales(dir string) (*locales, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	l := &locales{words: map[string]map[string]string{}, used: map[string]bool{}}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		words := map[string]string{}
		decoder := json.NewDecoder(bytes.NewReader(data))
		if err := decoder.Decode(&words); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		language := strings.TrimSuffix(filepath.Base(name), ".json")
		l.words[language] = words
		if language != source {
			l.languages = append(l.languages, language)
		}
	}
	if l.words[source] == nil {
		return nil, fmt.Errorf("%s has no %s.json", dir, source)
	}
	l.languages = slices.Insert(l.languages, 0, source)
	return l, l.agree()
}

// agree checks each language against the source language, in both directions.
func (l *locales) agree() error {
	var problems []error
	for _, language := range l.languages[1:] {
		for key, text := range l.words[source] {
			other, ok := l.words[language][key]
			switch {
			case !ok:
				problems = append(problems, fmt.Errorf("locales/%s.json lacks the key %q", language, key))
			case !slices.Equal(slots(text), slots(other)):
				problems = append(problems, fmt.Errorf("locales/%s.json: %q has other {slots} than %s.json", language, key, source))
			}
		}
		for key := range l.words[language] {
			if _, ok := l.words[source][key]; !ok {
				problems = append(problems, fmt.Errorf("locales/%s.json has the key %q that %s.json lacks", language, key, source))
			}
		}
	}
	return errors.Join(problems...)
}

func slots(text string) []string {
	found := slot.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// text is the text of key in a language; where names the file that asked for it.
func (l *locales) text(language, key, where string) (string, error) {
	text, ok := l.words[language][key]
	if !ok {
		return "", fmt.Errorf("%s: no text for the key %q in locales/%s.json", where, key, language)
	}
	l.used[key] = true
	return text, nil
}

// below gives all texts whose key starts with prefix.
func (l *locales) below(language, prefix, where string) (map[string]string, error) {
	found := map[string]string{}
	for key, text := range l.words[language] {
		if strings.HasPrefix(key, prefix) {
			found[key], l.used[key] = text, true
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no text starts with %q in locales/%s.json", where, prefix, language)
	}
	return found, nil
}

// unused is an error that names every key nobody asked for.
func (l *locales) unused() error {
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(l.words[source])) {
		if !l.used[key] {
			problems = append(problems, fmt.Errorf("locales/*.json: no page uses the key %q", key))
		}
	}
	return errors.Join(problems...)
}
