package password

import "unicode"

// maxStep is the widest step between code points that still is a sequence: acegik.
const maxStep = 5

// sequences finds runs of code points at equal distance: abcd, 9753, αβγδ.
func (s *search) sequences() {
	from, step := 0, rune(0)
	for i := 1; i <= len(s.text); i++ {
		next := rune(0)
		if i < len(s.text) {
			next = s.text[i] - s.text[i-1]
			if i == from+1 {
				step = next
			}
			if next == step {
				continue
			}
		}
		s.sequence(from, i-1, step)
		from, step = i-1, next
	}
}

func (s *search) sequence(from, to int, step rune) {
	distance := max(step, -step)
	if distance == 0 || distance > maxStep || to-from < 1 || (to-from == 1 && distance != 1) {
		return
	}
	guesses := sequenceStarts(s.text[from])
	if step < 0 {
		guesses *= 2
	}
	s.add(match{from: from, to: to, pattern: patternSequence, guesses: guesses * float64(to-from+1)})
}

// sequenceStarts is how many places to start at an attacker tries before first: the obvious ones come early.
func sequenceStarts(first rune) float64 {
	switch {
	case first == 'a', first == 'A', first == 'z', first == 'Z', first == '0', first == '1', first == '9':
		return 4
	case unicode.IsDigit(first):
		return 10
	}
	return 26
}
