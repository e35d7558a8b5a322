package files

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"
)

// Diff shows what a step changes as a unified diff, from what is to what will be: here for Take and ThereWins, in the vault for Send and
// HereWins. "" when nothing of the content changes.
func (s *Step) Diff() string {
	name := s.Source + "/" + s.Name
	from, to, a, b := s.view.here, s.view.there, "here/"+name, "vault/"+name
	switch {
	case s.Do == Refuse:
		return ""
	case s.Do == Send || s.Do == HereWins || s.Do == DeleteThere:
		from, to, a, b = to, from, b, a
	}
	if from == nil {
		a = "/dev/null"
	}
	if to == nil {
		b = "/dev/null"
	}
	return modes(from, to, name) + unified(a, b, readable(from), readable(to))
}

func modes(from, to *item, name string) string {
	if from == nil || to == nil || from.mode == to.mode {
		return ""
	}
	return fmt.Sprintf("# %s: %v becomes %v\n", name, from.mode, to.mode)
}

// readable is what a diff shows of a state. It has no control characters that could steer a terminal.
func readable(i *item) []byte {
	switch {
	case i == nil:
		return nil
	case i.mode&fs.ModeSymlink != 0:
		return []byte(strings.Map(steady, "link to "+string(i.value)) + "\n")
	case !utf8.Valid(i.value) || bytes.IndexByte(i.value, 0) >= 0:
		return fmt.Appendf(nil, "%d bytes that are no text (%s)\n", len(i.value), i.id())
	}
	return bytes.Map(steady, i.value)
}

// steady keeps a character from steering a terminal.
func steady(r rune) rune {
	if isControl(r) && r != '\n' && r != '\t' && r != '\r' {
		return '?'
	}
	return r
}

const (
	context3  = 3    // lines around a change
	maxScript = 1500 // changed lines, beyond which everything between the first and the last change is shown as one
)

// edit is lines of one kind: ' ' in both, '-' only in the old, '+' only in the new.
type edit struct {
	kind byte
	line string
}

// unified is the diff of two texts in the form that patch takes.
func unified(a, b string, from, to []byte) string {
	if bytes.Equal(from, to) {
		return ""
	}
	edits := compare(strings.SplitAfter(string(from), "\n"), strings.SplitAfter(string(to), "\n"))
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", a, b)
	oldLine, newLine := 1, 1
	for i := 0; i < len(edits); {
		start, end := hunk(edits, i)
		for ; i < start; i++ {
			oldLine, newLine = oldLine+1, newLine+1
		}
		if start == end {
			break
		}
		olds, news := count(edits[start:end])
		fmt.Fprintf(&out, "@@ -%s +%s @@\n", span(oldLine, olds), span(newLine, news))
		for _, e := range edits[start:end] {
			out.WriteByte(e.kind)
			out.WriteString(strings.TrimSuffix(e.line, "\n"))
			out.WriteByte('\n')
			if !strings.HasSuffix(e.line, "\n") {
				out.WriteString("\\ No newline at end of file\n")
			}
		}
		oldLine, newLine, i = oldLine+olds, newLine+news, end
	}
	return out.String()
}

// hunk finds the next changes from i on with the lines around them; start == end is none.
func hunk(edits []edit, i int) (start, end int) {
	first := i
	for first < len(edits) && edits[first].kind == ' ' {
		first++
	}
	if first == len(edits) {
		return first, first
	}
	last := first
	for n := first; n < len(edits) && n <= last+2*context3; n++ {
		if edits[n].kind != ' ' {
			last = n
		}
	}
	return max(i, first-context3), min(len(edits), last+1+context3)
}

func count(edits []edit) (olds, news int) {
	for _, e := range edits {
		if e.kind != '+' {
			olds++
		}
		if e.kind != '-' {
			news++
		}
	}
	return olds, news
}

func span(line, lines int) string {
	if lines == 0 {
		return fmt.Sprintf("%d,0", line-1)
	}
	if lines == 1 {
		return fmt.Sprint(line)
	}
	return fmt.Sprintf("%d,%d", line, lines)
}

// compare finds the edits between two texts.
func compare(from, to []string) []edit {
	from, to = withoutLast(from), withoutLast(to)
	head := 0
	for head < min(len(from), len(to)) && from[head] == to[head] {
		head++
	}
	tail := 0
	for tail < min(len(from), len(to))-head && from[len(from)-1-tail] == to[len(to)-1-tail] {
		tail++
	}
	var all []edit
	all = lines(all, ' ', from[:head])
	all = append(all, shortest(from[head:len(from)-tail], to[head:len(to)-tail])...)
	return lines(all, ' ', from[len(from)-tail:])
}

// withoutLast drops the empty rest behind the last line end.
func withoutLast(all []string) []string {
	if n := len(all); n > 0 && all[n-1] == "" {
		return all[:n-1]
	}
	return all
}

func lines(all []edit, kind byte, text []string) []edit {
	for _, line := range text {
		all = append(all, edit{kind, line})
	}
	return all
}

// shortest is the algorithm of Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy form.
func shortest(from, to []string) []edit {
	var trace [][]int
	most := min(len(from)+len(to), maxScript)
	reach := make([]int, 2*most+3)
	for d := 0; d <= most; d++ {
		trace = append(trace, append([]int(nil), reach[most-d:most+d+3]...))
		for k := -d; k <= d; k += 2 {
			at := most + 1 + k
			x := reach[at-1] + 1
			if k == -d || k != d && reach[at-1] < reach[at+1] {
				x = reach[at+1]
			}
			for x < len(from) && x-k < len(to) && from[x] == to[x-k] {
				x++
			}
			if reach[at] = x; x >= len(from) && x-k >= len(to) {
				return back(trace, from, to)
			}
		}
	}
	return lines(lines(nil, '-', from), '+', to)
}

// back walks from the end of both texts to their beginning along what shortest has reached.
func back(trace [][]int, from, to []string) []edit {
	var reversed []edit
	x, y := len(from), len(to)
	for d := len(trace) - 1; d >= 0; d-- {
		reach := func(k int) int { return trace[d][k+d+1] }
		k := x - y
		before := k - 1
		if k == -d || k != d && reach(k-1) < reach(k+1) {
			before = k + 1
		}
		wasX := reach(before)
		wasY := wasX - before
		if d == 0 {
			wasX, wasY = 0, 0
		}
		for x > wasX && y > wasY {
			x, y = x-1, y-1
			reversed = append(reversed, edit{' ', from[x]})
		}
		if d == 0 {
			break
		}
		if x == wasX {
			reversed = append(reversed, edit{'+', to[wasY]})
		} else {
			reversed = append(reversed, edit{'-', from[wasX]})
		}
		x, y = wasX, wasY
	}
	for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
		reversed[i], reversed[j] = reversed[j], reversed[i]
	}
	return reversed
}
