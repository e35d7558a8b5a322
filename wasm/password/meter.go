package password

import (
	"strings"
	"time"
)

// MaxMeasured is how many code points are measured; what follows is ignored, which can only make a password look
// weaker than it is. It keeps a measurement within a keystroke whatever is pasted.
const MaxMeasured = 64

// Meter measures passwords. It is immutable and may be used by many goroutines.
type Meter struct {
	dictionary *Dictionary
	layouts    []*layout
	now        func() time.Time
}

// MeterConfig is what a Meter needs.
type MeterConfig struct {
	Dictionary *Dictionary      // nil before it is loaded: words, common passwords and names then go unnoticed
	Now        func() time.Time // years near now are guessed first
}

// NewMeter returns a meter.
func NewMeter(c MeterConfig) *Meter {
	return &Meter{dictionary: c.Dictionary, layouts: []*layout{newLayout(qwerty), newLayout(qwertz)}, now: c.Now}
}

// Complete reports whether the meter has its dictionary: without it no password may be accepted.
func (m *Meter) Complete() bool { return m.dictionary != nil }

// Strength is a measurement.
type Strength struct {
	Guesses     float64      // how many an attacker who knows the method needs
	Score       int          // 0 to 4, by the thresholds of the paper: 10^3, 10^6, 10^8 and 10^10 guesses
	Suggestions []Suggestion // none from score 3 on
}

// Strength estimates how many guesses password takes for somebody who knows about (UPN, display name).
func (m *Meter) Strength(password string, about []string) Strength {
	text := []rune(Normalize(password))
	if len(text) > MaxMeasured {
		text = text[:MaxMeasured]
	}
	persons := map[string]int{}
	for i, part := range nameParts(about) {
		persons[part] = i + 1
	}
	guesses, pieces := m.measure(text, persons)
	s := Strength{Guesses: guesses, Score: score(guesses), Suggestions: []Suggestion{}}
	if s.Score < Acceptable {
		s.Suggestions = suggestionsFor(pieces)
	}
	return s
}

// measure finds everything guessable in text and the cheapest way to put it together.
func (m *Meter) measure(text []rune, persons map[string]int) (float64, []match) {
	if len(text) == 0 {
		return 1, nil
	}
	s := &search{meter: m, text: text, lower: []rune(strings.Map(lower, string(text))), persons: persons, year: m.now().UTC().Year()}
	s.words()
	s.reversedWords()
	s.leetWords()
	s.keyboard()
	s.repeats()
	s.sequences()
	s.years()
	s.dates()
	return cheapest(text, s.found)
}

// score maps guesses to the scale of the paper.
func score(guesses float64) int {
	for i, threshold := range []float64{1e3, 1e6, 1e8, 1e10} {
		if guesses < threshold {
			return i
		}
	}
	return 4
}
