package password

import (
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Reason says why a password is refused. The codes are stable; pages translate them.
type Reason string

const (
	ReasonBlank    Reason = "blank"     // nothing, or nothing but space
	ReasonTooShort Reason = "too_short" // fewer than api.MinPassword code points
	ReasonTooLong  Reason = "too_long"  // more than api.MaxPassword code points
	ReasonNamePart Reason = "name_part" // is, or is mostly, the person's name or address
	ReasonCommon   Reason = "common"    // among the most used passwords, plain or thinly disguised
	ReasonWeak     Reason = "weak"      // score below Acceptable
	ReasonBreached Reason = "breached"  // known from a breach; only the client core, which can ask, says so
)

// Acceptable is the lowest score that is taken: 10^8 guesses and more.
const Acceptable = 3

// Verdict is what the rules say of a password.
type Verdict struct {
	Acceptable  bool         `json:"acceptable"`
	Score       int          `json:"score"` // 0 to 4
	Reason      Reason       `json:"reason,omitempty"`
	Suggestions []Suggestion `json:"suggestions"`
	Breached    bool         `json:"breached"`
	Checked     bool         `json:"checked"` // the range service was asked and answered
}

// Refuse returns v refused for reason, with what helps against it in front of the suggestions.
func (v Verdict) Refuse(reason Reason, help ...Suggestion) Verdict {
	v.Acceptable, v.Reason = false, reason
	v.Suggestions = merge(help, v.Suggestions)
	return v
}

// Check applies every rule that needs no network, in the order of the reasons above, and stops at the first refusal.
// about is what is known of the person: the UPN, the display name.
func (m *Meter) Check(password string, about []string) Verdict {
	password = Normalize(password)
	verdict := Verdict{Suggestions: []Suggestion{}}
	length := utf8.RuneCountInString(password)
	if blank(password) {
		return verdict.Refuse(ReasonBlank, AddWords)
	}
	if length > api.MaxPassword {
		return verdict.Refuse(ReasonTooLong, MakeShorter)
	}
	strength := m.Strength(password, about)
	verdict.Score, verdict.Suggestions = strength.Score, strength.Suggestions
	switch {
	case length < api.MinPassword:
		return verdict.Refuse(ReasonTooShort, MakeLonger, AddWords)
	case mostlyName(password, about):
		return verdict.Refuse(ReasonNamePart, AvoidName)
	case m.common(password):
		return verdict.Refuse(ReasonCommon, AvoidCommon, AddWords)
	case strength.Score < Acceptable:
		return verdict.Refuse(ReasonWeak, AddWords)
	}
	verdict.Acceptable = true
	return verdict
}

// blank reports whether nobody could see a difference to an empty password.
func blank(password string) bool {
	for _, r := range password {
		if unicode.IsGraphic(r) && !unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

// common reports whether the password, or what is left of it without digits and signs around it, is in the list of
// used passwords, be it reversed or in leet.
func (m *Meter) common(password string) bool {
	text := []rune(fold(password))
	core := trim(text)
	if m.listed(text) {
		return true
	}
	return len(core)*2 >= len(text) && m.listed(core)
}

// listed looks a word up among the used passwords as it stands, reversed, and with leet undone.
func (m *Meter) listed(word []rune) bool {
	if m.dictionary.common(string(word)) || m.dictionary.common(string(reversed(word))) {
		return true
	}
	for _, table := range leetTables(word) {
		plain, _ := table.undo(word)
		if m.dictionary.common(string(plain)) {
			return true
		}
	}
	return false
}

// trim cuts everything but letters off both ends.
func trim(text []rune) []rune {
	for len(text) > 0 && !unicode.IsLetter(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && !unicode.IsLetter(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}
