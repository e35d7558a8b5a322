package password

// leet lists the letters a digit or sign may stand for, the usual one first.
var leet = map[rune]string{
	'4': "a", '@': "a", '8': "b", '(': "c", '{': "c", '[': "c", '<': "c", '3': "e", '€': "e", '6': "g", '9': "g",
	'1': "il", '!': "il", '|': "il", '0': "o", '$': "s", '5': "s", '+': "t", '7': "tl", '%': "x", '2': "z",
}

// maxLeetTables bounds how many readings of one text are tried.
const maxLeetTables = 8

// leetTable is one reading: which letter each sign stands for, everywhere in a text.
type leetTable map[rune]rune

// leetTables returns the readings of text; none when there is nothing to read.
func leetTables(text []rune) []leetTable {
	tables := []leetTable{{}}
	seen := map[rune]bool{}
	for _, r := range text {
		letters := leet[r]
		if letters == "" || seen[r] {
			continue
		}
		seen[r] = true
		tables = branch(tables, r, letters)
	}
	if len(seen) == 0 {
		return nil
	}
	return tables
}

// branch extends every table by each meaning of sign, or by the usual one when that would be too many.
func branch(tables []leetTable, sign rune, letters string) []leetTable {
	if len(tables)*len(letters) > maxLeetTables {
		letters = letters[:1]
	}
	var grown []leetTable
	for _, letter := range letters {
		for _, table := range tables {
			next := leetTable{sign: letter}
			for s, l := range table {
				next[s] = l
			}
			grown = append(grown, next)
		}
	}
	return grown
}

// undo replaces signs by letters and says where.
func (t leetTable) undo(text []rune) (plain []rune, changed []bool) {
	plain, changed = make([]rune, len(text)), make([]bool, len(text))
	for i, r := range text {
		plain[i] = r
		if letter, ok := t[r]; ok {
			plain[i], changed[i] = letter, true
		}
	}
	return plain, changed
}

// guesses is how many ways of replacing letters an attacker tries before the one in word, which is in lower case.
func (t leetTable) guesses(word []rune) float64 {
	count := map[rune]int{}
	for _, r := range word {
		count[r]++
	}
	total := 1.0
	for sign, letter := range t {
		if count[sign] > 0 {
			total *= choices(count[sign], count[letter])
		}
	}
	return total
}
