package password

import "slices"

// Suggestion says what would make a password better. The codes are stable; pages translate them.
type Suggestion string

const (
	AddWords           Suggestion = "add_words"           // another word or two, uncommon ones
	MakeLonger         Suggestion = "make_longer"         // more characters
	MakeShorter        Suggestion = "make_shorter"        // fewer characters
	AvoidName          Suggestion = "avoid_name"          // names, one's own before all
	AvoidCommon        Suggestion = "avoid_common"        // passwords that many people use
	AvoidSubstitutions Suggestion = "avoid_substitutions" // @ for a, reversed words
	AvoidSequence      Suggestion = "avoid_sequence"      // abc, 6543
	AvoidRepeat        Suggestion = "avoid_repeat"        // aaa, abcabc
	AvoidDates         Suggestion = "avoid_dates"         // dates and years
	AvoidKeyboard      Suggestion = "avoid_keyboard"      // rows of keys
	AvoidReuse         Suggestion = "avoid_reuse"         // a password that another site has lost
)

// suggestionsFor names what made pieces of the password cheap to guess, the costliest mistake (the longest piece) first.
func suggestionsFor(pieces []match) []Suggestion {
	pieces = slices.Clone(pieces)
	slices.SortStableFunc(pieces, func(a, b match) int { return b.length() - a.length() })
	found := []Suggestion{}
	for _, piece := range pieces {
		found = merge(found, piece.suggestions())
	}
	return found
}

func (m match) suggestions() []Suggestion {
	switch m.pattern {
	case patternKeyboard:
		return []Suggestion{AvoidKeyboard}
	case patternRepeat:
		return []Suggestion{AvoidRepeat}
	case patternSequence:
		return []Suggestion{AvoidSequence}
	case patternDate, patternYear:
		return []Suggestion{AvoidDates}
	case patternWord:
		return m.wordSuggestions()
	}
	return nil
}

func (m match) wordSuggestions() []Suggestion {
	var found []Suggestion
	switch m.list {
	case listPerson, listNames:
		found = append(found, AvoidName)
	case listPasswords:
		found = append(found, AvoidCommon)
	}
	if m.disguised {
		found = append(found, AvoidSubstitutions)
	}
	return found
}

// merge appends to first what it does not hold yet.
func merge(first, second []Suggestion) []Suggestion {
	for _, s := range second {
		if !slices.Contains(first, s) {
			first = append(first, s)
		}
	}
	return first
}
