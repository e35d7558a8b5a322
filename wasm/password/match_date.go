package password

import "slices"

// Years that people put in passwords.
const (
	firstYear = 1900
	lastYear  = 2049
	// minYearSpace is the least number of years an attacker tries around the present one.
	minYearSpace = 20
	maxDateYear  = 2050
	minDateYear  = 1000
)

// years finds four digits that are a year of the last or this century.
func (s *search) years() {
	for from := 0; from+4 <= len(s.text); from++ {
		year, ok := number(s.text[from : from+4])
		if ok && year >= firstYear && year <= lastYear {
			s.add(match{from: from, to: from + 3, pattern: patternYear, guesses: s.yearGuesses(year)})
		}
	}
}

func (s *search) yearGuesses(year int) float64 {
	return float64(max(year-s.year, s.year-year, minYearSpace))
}

// dates finds days, with one sign between the numbers or none.
func (s *search) dates() {
	for from := range s.text {
		for length := 4; length <= 10 && from+length <= len(s.text); length++ {
			piece := s.text[from : from+length]
			m := match{from: from, to: from + length - 1, pattern: patternDate}
			if year, ok := s.plainDate(piece); ok {
				m.guesses = s.yearGuesses(year) * 365
				s.add(m)
			} else if year, ok := separatedDate(piece); ok {
				m.guesses = s.yearGuesses(year) * 365 * 4
				s.add(m)
			}
		}
	}
}

// dateSplits says where 4 to 8 digits may fall apart into three numbers: 1 1 91, 11 1 91, 1991 1 1 and so on.
var dateSplits = map[int][][2]int{
	4: {{1, 2}, {2, 3}},
	5: {{1, 3}, {2, 3}},
	6: {{1, 2}, {2, 4}, {4, 5}},
	7: {{1, 3}, {2, 3}, {4, 5}, {4, 6}},
	8: {{2, 4}, {4, 6}},
}

// plainDate reads digits as a date; of several readings the one whose year is nearest wins.
func (s *search) plainDate(piece []rune) (year int, found bool) {
	if _, ok := number(piece); !ok {
		return 0, false
	}
	for _, at := range dateSplits[len(piece)] {
		a, _ := number(piece[:at[0]])
		b, _ := number(piece[at[0]:at[1]])
		c, _ := number(piece[at[1]:])
		candidate, ok := dateYear(a, b, c)
		if ok && (!found || s.yearGuesses(candidate) < s.yearGuesses(year)) {
			year, found = candidate, true
		}
	}
	return year, found
}

// separatedDate reads three numbers with the same sign between them.
func separatedDate(piece []rune) (year int, ok bool) {
	first := slices.IndexFunc(piece, notDigit)
	if first < 1 || first > 4 || !slices.Contains([]rune(` /\_.-`), piece[first]) {
		return 0, false
	}
	rest := piece[first+1:]
	second := slices.Index(rest, piece[first])
	if second < 1 || second > 2 || len(rest)-second-1 < 1 || len(rest)-second-1 > 4 {
		return 0, false
	}
	a, okA := number(piece[:first])
	b, okB := number(rest[:second])
	c, okC := number(rest[second+1:])
	if !okA || !okB || !okC {
		return 0, false
	}
	return dateYear(a, b, c)
}

// dateYear reports the year of three numbers that make a day, a month and a year in any usual order.
func dateYear(a, b, c int) (int, bool) {
	if b < 1 || b > 31 || !plausible(a, b, c) {
		return 0, false
	}
	orders := [][3]int{{c, a, b}, {a, b, c}} // year, then the other two
	for _, o := range orders {
		if o[0] >= minDateYear && o[0] <= maxDateYear {
			return o[0], dayMonth(o[1], o[2])
		}
	}
	for _, o := range orders {
		if o[0] <= 99 && dayMonth(o[1], o[2]) {
			return century(o[0]), true
		}
	}
	return 0, false
}

// plausible refuses numbers that can be nothing in a date.
func plausible(numbers ...int) bool {
	over12, over31, zero := 0, 0, 0
	for _, n := range numbers {
		if (n > 99 && n < minDateYear) || n > maxDateYear {
			return false
		}
		if n > 31 {
			over31++
		}
		if n > 12 {
			over12++
		}
		if n < 1 {
			zero++
		}
	}
	return over31 < 2 && over12 < 3 && zero < 2
}

func dayMonth(a, b int) bool {
	return (a >= 1 && a <= 31 && b >= 1 && b <= 12) || (b >= 1 && b <= 31 && a >= 1 && a <= 12)
}

func century(year int) int {
	if year > 50 {
		return 1900 + year
	}
	return 2000 + year
}

// number reads ASCII digits and nothing else; at most nine fit.
func number(digits []rune) (int, bool) {
	value := 0
	for _, r := range digits {
		if notDigit(r) {
			return 0, false
		}
		value = value*10 + int(r-'0')
	}
	return value, len(digits) > 0 && len(digits) <= 9
}

func notDigit(r rune) bool { return r < '0' || r > '9' }
