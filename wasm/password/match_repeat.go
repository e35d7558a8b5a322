package password

import "slices"

// repeats finds pieces that stand two times or more in a row, and prices them as the piece times the count.
func (s *search) repeats() {
	for from := 0; from < len(s.text); {
		period, count := longestRepeat(s.text[from:])
		if count < 2 {
			from++
			continue
		}
		guesses, _ := s.meter.measure(s.text[from:from+period], s.persons)
		to := from + period*count - 1
		s.add(match{from: from, to: to, pattern: patternRepeat, guesses: guesses * float64(count)})
		from = to + 1
	}
}

// longestRepeat returns the period at the start of text that covers the most, and how often it stands there.
func longestRepeat(text []rune) (period, count int) {
	for p := 1; 2*p <= len(text); p++ {
		n := 1
		for (n+1)*p <= len(text) && slices.Equal(text[:p], text[n*p:(n+1)*p]) {
			n++
		}
		if n > 1 && n*p > period*count {
			period, count = p, n
		}
	}
	return period, count
}
