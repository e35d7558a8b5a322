package password

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// attribution travels inside the asset, as the licences of the lists ask.
const attribution = `# Ranked word lists from @zxcvbn-ts/language-common, language-en and language-de (MIT licence),
# Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc., Copyright (c) 2021 @zxcvbn-ts; normalised, merged and cut.
# Includes data derived from OpenSubtitles 2024 via OPUS, Helsinki-NLP (https://opus.nlpl.eu/), licence ODC-BY:
# tokenised, aggregated by frequency, normalised and filtered. Any redistribution must retain this notice.
`

// WriteDictionary writes lists, each from its most to its least common word, as an asset that ParseDictionary reads.
// ListPasswords and ListNames have a meaning; every other name is a list of ordinary words. The output depends on the input
// alone, so its hash can name it. Words that no piece of a password can equal are left out.
func WriteDictionary(w io.Writer, lists map[string][]string) error {
	out := &strings.Builder{}
	fmt.Fprintf(out, "%s\n%s", dictionaryHeader, attribution)
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
			return fmt.Errorf("%w: list %q", ErrDictionary, name)
		}
		fmt.Fprintf(out, "=%s\n", name)
		words := clean(lists[name])
		for start := 0; start < len(words); {
			end := min(len(words), (start+1)*5/4+1)
			writeBlock(out, words[start:end])
			start = end
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// clean lowers words and drops repeats and what cannot be looked up.
func clean(words []string) []string {
	var kept []string
	seen := make(map[string]bool, len(words))
	for _, word := range words {
		word = strings.ToLower(Normalize(word))
		length := utf8.RuneCountInString(word)
		if length < 2 || length > maxWord || seen[word] || strings.ContainsFunc(word, unwritable) {
			continue
		}
		seen[word] = true
		kept = append(kept, word)
	}
	return kept
}

func unwritable(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || marker(r) || r == utf8.RuneError
}

func writeBlock(out *strings.Builder, words []string) {
	before := ""
	for _, word := range slices.Sorted(slices.Values(words)) {
		keep := shared(before, word)
		out.WriteByte(byte('A' + keep))
		out.WriteString(word[keep:])
		before = word
	}
	out.WriteByte('\n')
}

// shared is the length in bytes of the common prefix, cut at a code point and at what one letter can say.
func shared(a, b string) int {
	n := 0
	for n < min(len(a), len(b), maxPrefix) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(b) && !utf8.RuneStart(b[n]) {
		n--
	}
	return n
}
