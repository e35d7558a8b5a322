package password

import (
	"strings"
	"unicode"
)

// minNamePart is the shortest name part that counts, in code points: shorter ones are inside too many words.
const minNamePart = 3

// nameParts takes apart what is known of a person: a UPN into its local part and domain labels without the last, a
// display name into its words; each also in one piece without the signs between. Folded, without repeats.
func nameParts(about []string) []string {
	var parts []string
	seen := map[string]bool{}
	add := func(part string) {
		if len([]rune(part)) >= minNamePart && !seen[part] {
			seen[part] = true
			parts = append(parts, part)
		}
	}
	for _, text := range about {
		local, domain, _ := strings.Cut(fold(text), "@")
		words := strings.FieldsFunc(local, notAlphanumeric)
		add(strings.Join(words, ""))
		for _, word := range words {
			add(word)
		}
		labels := strings.Split(domain, ".")
		for _, label := range labels[:len(labels)-1] {
			add(label)
		}
	}
	return parts
}

func notAlphanumeric(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// mostlyName reports whether more than half of the letters and digits of the password belong to name parts, also
// reversed or in leet.
func mostlyName(password string, about []string) bool {
	text := []rune(fold(password))
	covered := make([]bool, len(text))
	variants := [][]rune{text}
	for _, table := range leetTables(text) {
		plain, _ := table.undo(text)
		variants = append(variants, plain)
	}
	for _, part := range nameParts(about) {
		forward := []rune(part)
		for _, variant := range variants {
			cover(covered, variant, forward)
			cover(covered, variant, reversed(forward))
		}
	}
	inName, all := 0, 0
	for i, r := range text {
		switch {
		case covered[i]:
			inName++
			all++
		case !notAlphanumeric(r):
			all++
		}
	}
	return inName*2 > all
}

// cover marks every place in text where part stands.
func cover(covered []bool, text, part []rune) {
	for i := 0; i+len(part) <= len(text); i++ {
		if string(text[i:i+len(part)]) == string(part) {
			for j := range part {
				covered[i+j] = true
			}
		}
	}
}
