package password

import (
	"slices"
	"unicode/utf8"
)

// words finds dictionary words and name parts as they stand.
func (s *search) words() {
	s.scan(s.lower, func(from, to int, h hit) {
		s.add(s.word(from, to, h, 1))
	})
}

// reversedWords finds them written backwards, which costs an attacker a factor of two.
func (s *search) reversedWords() {
	n := len(s.lower)
	s.scan(reversed(s.lower), func(from, to int, h hit) {
		from, to = n-1-to, n-1-from
		if piece := s.lower[from : to+1]; slices.Equal(piece, reversed(piece)) {
			return // a palindrome is a word already
		}
		m := s.word(from, to, h, 2)
		m.disguised = true
		s.add(m)
	})
}

// leetWords finds them with digits and signs for letters.
func (s *search) leetWords() {
	for _, table := range leetTables(s.lower) {
		plain, changed := table.undo(s.lower)
		s.scan(plain, func(from, to int, h hit) {
			if from == to || !slices.Contains(changed[from:to+1], true) {
				return
			}
			m := s.word(from, to, h, table.guesses(s.lower[from:to+1]))
			m.disguised = true
			s.add(m)
		})
	}
}

func (s *search) word(from, to int, h hit, factor float64) match {
	return match{
		from: from, to: to, pattern: patternWord, list: h.list,
		guesses: float64(h.rank) * caseGuesses(s.text[from:to+1]) * factor,
	}
}

// hit is a word that was found.
type hit struct {
	rank int
	list listKind
}

// scan looks up every piece of text that may be a word.
func (s *search) scan(text []rune, report func(from, to int, h hit)) {
	bytes := make([]byte, 0, 2*len(text))
	offset := make([]int, len(text)+1)
	for i, r := range text {
		bytes = utf8.AppendRune(bytes, r)
		offset[i+1] = len(bytes)
	}
	for from := range text {
		for to := from; to < len(text); to++ {
			piece := bytes[offset[from]:offset[to+1]]
			if rank, ok := s.persons[string(piece)]; ok {
				report(from, to, hit{rank, listPerson})
				continue
			}
			if h, ok := s.meter.dictionary.lookup(piece); ok {
				report(from, to, h)
			}
		}
	}
}
