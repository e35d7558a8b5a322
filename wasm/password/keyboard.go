package password

import "strings"

// Rows of keys from top to bottom, each key as its plain and its shifted character. Rows are slanted as on a desk: the
// neighbours of a key are its row's, the two above it and the two below. A row starts one step in from the digit row,
// unless "·" says that it has a key there.
const (
	qwerty = "`~ 1! 2@ 3# 4$ 5% 6^ 7& 8* 9( 0) -_ =+\n" +
		"·· qQ wW eE rR tT yY uU iI oO pP [{ ]} \\|\n" +
		"·· aA sS dD fF gG hH jJ kK lL ;: '\"\n" +
		"·· zZ xX cC vV bB nN mM ,< .> /?"
	qwertz = "^° 1! 2\" 3§ 4$ 5% 6& 7/ 8( 9) 0= ß? ´`\n" +
		"·· qQ wW eE rR tT zZ uU iI oO pP üÜ +*\n" +
		"·· aA sS dD fF gG hH jJ kK lL öÖ äÄ #'\n" +
		"<> yY xX cC vV bB nN mM ,; .: -_"
)

// steps are the six directions on a slanted keyboard.
var steps = [...]place{{-1, 0}, {0, -1}, {1, -1}, {1, 0}, {0, 1}, {-1, 1}}

type place struct{ x, y int }

type key struct {
	place
	shifted bool
}

// layout knows where each character is.
type layout struct {
	keys   map[rune]key
	degree float64 // average number of neighbours
}

func newLayout(rows string) *layout {
	l := &layout{keys: map[rune]key{}}
	taken := map[place]bool{}
	for y, row := range strings.Split(rows, "\n") {
		for x, pair := range strings.Fields(row) {
			if pair == "··" {
				continue
			}
			chars := []rune(pair)
			l.keys[chars[0]] = key{place{x, y}, false}
			l.keys[chars[1]] = key{place{x, y}, true}
			taken[place{x, y}] = true
		}
	}
	neighbours := 0
	for p := range taken {
		for _, step := range steps {
			if taken[place{p.x + step.x, p.y + step.y}] {
				neighbours++
			}
		}
	}
	l.degree = float64(neighbours) / float64(len(taken))
	return l
}

// direction says which step leads from a to b, or -1 when they are not neighbours.
func (l *layout) direction(a, b key) int {
	for i, step := range steps {
		if a.x+step.x == b.x && a.y+step.y == b.y {
			return i
		}
	}
	return -1
}

// keyboard finds walks of three keys and more.
func (s *search) keyboard() {
	for _, l := range s.meter.layouts {
		for from := 0; from < len(s.text); {
			w := l.walk(s.text[from:])
			if w.length > 2 {
				s.add(match{from: from, to: from + w.length - 1, pattern: patternKeyboard, guesses: l.guesses(w)})
			}
			from += max(1, w.length-1) // the last key of one walk may be the first of the next
		}
	}
}

// walk is a run of neighbouring keys.
type walk struct{ length, turns, shifted int }

// walk follows text, which is not empty, for as long as each key is the neighbour of the one before.
func (l *layout) walk(text []rune) walk {
	w := walk{length: 1}
	at, ok := l.keys[text[0]]
	if !ok {
		return w
	}
	w.press(at)
	heading := -1
	for _, r := range text[1:] {
		next, ok := l.keys[r]
		if !ok {
			return w
		}
		direction := l.direction(at, next)
		if direction < 0 {
			return w
		}
		if direction != heading {
			w.turns++
			heading = direction
		}
		w.length++
		w.press(next)
		at = next
	}
	return w
}

func (w *walk) press(k key) {
	if k.shifted {
		w.shifted++
	}
}

// guesses counts the walks that are as long or shorter with as many turns or fewer, from any key.
func (l *layout) guesses(w walk) float64 {
	total := 0.0
	for length := 2; length <= w.length; length++ {
		power := 1.0
		for turns := 1; turns <= min(w.turns, length-1); turns++ {
			power *= l.degree
			total += binomial(length-1, turns-1) * float64(len(l.keys)) * power
		}
	}
	switch plain := w.length - w.shifted; {
	case w.shifted == 0:
	case plain == 0:
		total *= 2
	default:
		total *= choices(w.shifted, plain)
	}
	return total
}
