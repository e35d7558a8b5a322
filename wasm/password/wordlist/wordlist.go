// Package wordlist reads the word lists that the password dictionary is made of. The site build calls it; it is never part
// of the browser's module.
package wordlist

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/wasm/password"
)

// source is one list of the dictionary: the files it is woven from, by rank in turn, and how many words to keep.
type source struct {
	name  string
	files []string // below node_modules/@zxcvbn-ts
	keep  int
}

// sources are cut where further words would cost download and no longer change a score: a word at rank 40,000 is worth
// more than four random letters.
var sources = []source{
	{password.ListPasswords, []string{"language-common/src/passwords.json"}, 50_000},
	{"english", []string{"language-en/src/commonWords.json", "language-en/src/wikipedia.json"}, 40_000},
	{"german", []string{"language-de/src/commonWords.json", "language-de/src/wikipedia.json"}, 40_000},
	{password.ListNames, []string{
		"language-en/src/lastnames.json", "language-de/src/lastnames.json",
		"language-en/src/firstnames.json", "language-de/src/firstnames.json",
	}, 20_000},
}

// Load reads the lists for password.WriteDictionary from a node_modules directory that holds @zxcvbn-ts/language-common,
// language-en and language-de.
func Load(nodeModules string) (map[string][]string, error) {
	lists := make(map[string][]string, len(sources))
	for _, s := range sources {
		var parts [][]string
		for _, file := range s.files {
			words, err := read(filepath.Join(nodeModules, "@zxcvbn-ts", filepath.FromSlash(file)))
			if err != nil {
				return nil, err
			}
			parts = append(parts, words)
		}
		words := weave(parts)
		lists[s.name] = words[:min(len(words), s.keep)]
	}
	return lists, nil
}

// read reads a JSON array of words. An empty list would make the meter blind, so it is an error.
func read(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("wordlist: %w", err)
	}
	var words []string
	if err := json.Unmarshal(data, &words); err != nil {
		return nil, fmt.Errorf("wordlist: %s: %w", path, err)
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("wordlist: %s is empty", path)
	}
	return words, nil
}

// weave takes a word of each list in turn, so that every list keeps its order; repeats keep their best place. Words of
// several parts and single letters go: they never stand in a password as one piece, or are not worth a lookup.
func weave(lists [][]string) []string {
	var woven []string
	seen := map[string]bool{}
	longest := len(slices.MaxFunc(lists, func(a, b []string) int { return len(a) - len(b) }))
	for rank := range longest {
		for _, list := range lists {
			if rank >= len(list) {
				continue
			}
			word := strings.ToLower(list[rank])
			if seen[word] || utf8.RuneCountInString(word) < 2 || strings.ContainsAny(word, " \t\n") {
				continue
			}
			seen[word] = true
			woven = append(woven, word)
		}
	}
	return woven
}
