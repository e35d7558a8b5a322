package password

import (
	"math"
	"unicode"
)

// pattern is the kind of a match.
type pattern uint8

const (
	patternBruteforce pattern = iota // nothing known: every character counts
	patternWord
	patternKeyboard
	patternRepeat
	patternSequence
	patternDate
	patternYear
)

// match is one piece of a password that can be guessed faster than by trying all characters.
type match struct {
	from, to  int // in text, both included
	guesses   float64
	pattern   pattern
	list      listKind // of a word
	disguised bool     // a word in leet or reversed
}

func (m match) length() int { return m.to - m.from + 1 }

// search collects the matches of one text.
type search struct {
	meter       *Meter
	text, lower []rune // of equal length
	persons     map[string]int
	year        int
	found       []match
}

func (s *search) add(m match) { s.found = append(s.found, m) }

// lower keeps the number of runes, so that places in both texts agree.
func lower(r rune) rune { return unicode.ToLower(r) }

// caseGuesses is how many ways of capitalising an attacker tries before the one at hand: the usual ones cost a factor
// of two, others every choice of as many capitals.
func caseGuesses(word []rune) float64 {
	upper, lower := 0, 0
	for _, r := range word {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	first, last := unicode.IsUpper(word[0]), unicode.IsUpper(word[len(word)-1])
	switch {
	case upper == 0:
		return 1
	case lower == 0, upper == 1 && (first || last):
		return 2
	}
	return choices(upper, lower)
}

// choices is the number of ways to treat up to the smaller of a and b characters differently among a+b.
func choices(a, b int) float64 {
	if a == 0 || b == 0 {
		return 2
	}
	sum := 0.0
	for i := 1; i <= min(a, b); i++ {
		sum += binomial(a+b, i)
	}
	return sum
}

func binomial(n, k int) float64 {
	if k > n {
		return 0
	}
	value := 1.0
	for i := 1; i <= k; i++ {
		value = value * float64(n-k+i) / float64(i)
	}
	return math.Round(value)
}
