package password

import (
	"math"
	"slices"
)

// Costs of the search for the cheapest sequence of matches; the names and values are the paper's.
const (
	bruteforceBase   = 10    // guesses per character of which nothing is known
	minSubmatchOne   = 10    // least guesses of a piece of one character that is not the whole password
	minSubmatchMore  = 50    // … of a longer one
	additionalPieces = 10000 // an attacker tries all sequences of fewer pieces first
)

// step ends one sequence of pieces: which match comes last, and what the sequence costs.
type step struct {
	last    match
	product float64 // of the guesses of all pieces
	total   float64 // what is minimised; 0 means that there is no such sequence
}

// table holds the best sequence of each number of pieces for each end: steps[to][pieces].
type table struct {
	size  int
	steps [][]step
}

// cheapest finds the sequence of non-overlapping matches, gaps filled by brute force, that needs the fewest guesses
// l!·∏gᵢ + D^(l-1), by dynamic programming over the end and the number of pieces (Wheeler 2016, section 4).
func cheapest(text []rune, found []match) (guesses float64, pieces []match) {
	n := len(text)
	byEnd := make([][]match, n)
	for _, m := range found {
		byEnd[m.to] = append(byEnd[m.to], m)
	}
	t := &table{size: n, steps: make([][]step, n)}
	cells := make([]step, n*(n+1)/2+n)
	for to := range n {
		t.steps[to], cells = cells[:to+2], cells[to+2:] // at most to+1 pieces end at to
		for _, m := range byEnd[to] {
			t.extend(m, false)
		}
		for from := 0; from <= to; from++ {
			t.extend(bruteforce(from, to), true)
		}
	}
	return t.best(n - 1)
}

func bruteforce(from, to int) match {
	return match{from: from, to: to, guesses: math.Pow(bruteforceBase, float64(to-from+1))}
}

// extend puts m behind every sequence that ends just before it. Two brute-force pieces in a row are one longer piece.
func (t *table) extend(m match, brute bool) {
	m.guesses = t.floor(m)
	if m.from == 0 {
		t.offer(m, 1, m.guesses)
		return
	}
	for pieces, before := range t.steps[m.from-1] {
		if before.total == 0 || (brute && before.last.pattern == patternBruteforce) {
			continue
		}
		t.offer(m, pieces+1, before.product*m.guesses)
	}
}

// floor is the price of m, at least what a piece of its length costs. Brute force costs one more, so that a known pattern
// of the same price wins.
func (t *table) floor(m match) float64 {
	least := 1.0
	if m.length() < t.size {
		least = minSubmatchMore
		if m.length() == 1 {
			least = minSubmatchOne
		}
	}
	if m.pattern == patternBruteforce {
		least++
	}
	return max(m.guesses, least)
}

// offer keeps the sequence unless one of as many pieces or fewer is as cheap.
func (t *table) offer(last match, pieces int, product float64) {
	total := factorial(pieces)*product + math.Pow(additionalPieces, float64(pieces-1))
	row := t.steps[last.to]
	for _, other := range row[:pieces+1] {
		if other.total != 0 && other.total <= total {
			return
		}
	}
	row[pieces] = step{last, product, total}
}

// best picks the cheapest sequence that ends at to and walks it back.
func (t *table) best(to int) (float64, []match) {
	pieces := 0
	for n, s := range t.steps[to] {
		if s.total != 0 && (pieces == 0 || s.total < t.steps[to][pieces].total) {
			pieces = n
		}
	}
	guesses := t.steps[to][pieces].total
	var sequence []match
	for ; pieces > 0; pieces-- {
		last := t.steps[to][pieces].last
		sequence = append(sequence, last)
		to = last.from - 1
	}
	slices.Reverse(sequence)
	return guesses, sequence
}

func factorial(n int) float64 {
	value := 1.0
	for i := 2; i <= n; i++ {
		value *= float64(i)
	}
	return value
}
