package files

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

const convergeRuns = 2000

// story is one random life of two or three homes.
type story struct {
	*rand.Rand
	homes []*home
	wrote int // contents of files, each another one
}

// TestHomesConverge: whatever is edited, deleted, cut off and started anew in two or three homes, in any order and with clocks hours apart, they end
// with the same, and then rest.
func TestHomesConverge(t *testing.T) {
	runs := convergeRuns
	if testing.Short() {
		runs /= 10
	}
	for seed := range runs {
		s := &story{Rand: rand.New(rand.NewPCG(uint64(seed), 7))}
		s.homes = several(t, 2+seed%2, twoSources)
		for _, h := range s.homes {
			h.skew = time.Duration(s.IntN(7)-3) * time.Hour
		}
		var told []string
		for range 4 + s.IntN(12) {
			told = append(told, s.step(t))
		}
		for _, h := range s.homes {
			h.line.cut, h.line.before = false, nil
		}
		for range 4 {
			for _, h := range s.homes {
				h.round(t, Options{Delete: true})
			}
		}
		for _, h := range s.homes[1:] {
			agreed(t, s.homes[0], h)
		}
		for _, h := range s.homes {
			if report := h.round(t, Options{}); len(report.Steps) > 0 {
				t.Errorf("there is no end: %q", said(report))
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, strings.Join(told, "\n"))
		}
	}
}

// step is one thing that happens, in words.
func (s *story) step(t testing.TB) string {
	n := s.IntN(len(s.homes))
	h := s.homes[n]
	for _, each := range s.homes { // time goes on in all
		each.clock = each.clock.Add(time.Duration(s.IntN(3600)) * time.Second)
	}
	switch s.IntN(10) {
	case 0:
		h.line.cut = !h.line.cut
		return fmt.Sprint(n, " cut ", h.line.cut)
	case 1:
		h.open(t, twoSources)
		return fmt.Sprint(n, " starts anew")
	case 2: // the other home comes in between
		other := s.homes[(n+1)%len(s.homes)]
		if other.line.before == nil && h.line.before == nil {
			h.line.before = func() { h.line.before = func() { other.round(t, Options{Delete: true}) } }
		}
		return fmt.Sprint(n, " meets the other ", said(h.round(t, Options{Delete: true})))
	case 3, 4, 5:
		return fmt.Sprint(n, " round ", said(h.round(t, Options{Delete: true})))
	}
	return fmt.Sprint(n, " ", s.edit(h))
}

// edit is what a person does.
func (s *story) edit(h *home) string {
	paths := []string{".rc", ".vimrc", ".config/app/a", ".config/app/b/c", ".config/app/b/d"}
	name := paths[s.IntN(len(paths))]
	switch s.IntN(4) {
	case 0:
		delete(h.files, name)
		return "deletes " + name
	case 1:
		return "edits .env " + s.editKeys(h)
	}
	content := fmt.Sprint("content ", s.wrote)
	s.wrote++
	h.write(name, content, []fs.FileMode{0o600, 0o644, 0o755}[s.IntN(3)])
	return "writes " + name + ": " + content
}

func (s *story) editKeys(h *home) string {
	var data []byte
	if f := h.files[".env"]; f != nil {
		data = f.Data
	}
	file, err := parseKeyValue(data)
	if err != nil {
		panic(err)
	}
	name := []string{"A", "B", "[s] A", "[s] B"}[s.IntN(4)]
	value := text(fmt.Sprint(s.IntN(1000)))
	if s.IntN(4) == 0 {
		value = nil
	}
	made, err := file.with(map[string]*string{name: value})
	if err != nil {
		panic(err)
	}
	h.write(".env", string(made), 0o600)
	return name
}

// TestNoEditIsLost: edits of the same file in two homes, with any rounds in between: every one of them ends in the homes, beside the file,
// or was written over by a person who saw it.
func TestNoEditIsLost(t *testing.T) {
	for seed := range 500 {
		r := rand.New(rand.NewPCG(uint64(seed), 8))
		one, two := pair(t, twoSources)
		homes := []*home{one, two}
		over := map[string]bool{}
		var all, told []string
		for range 3 + r.IntN(10) {
			n := r.IntN(2)
			h := homes[n]
			h.clock = h.clock.Add(time.Duration(r.IntN(100)+1) * time.Second)
			switch r.IntN(5) {
			case 0:
				h.line.cut = !h.line.cut
			case 1, 2:
				told = append(told, fmt.Sprint(n, said(h.round(t, Options{}))))
			default:
				if f := h.files[".rc"]; f != nil {
					over[string(f.Data)] = true
				}
				content := fmt.Sprintf("<%d>", len(all))
				all = append(all, content)
				h.write(".rc", content, 0o644)
				told = append(told, fmt.Sprint(n, " writes ", content))
			}
		}
		for range 3 {
			for _, h := range homes {
				h.line.cut = false
				told = append(told, fmt.Sprint(said(h.round(t, Options{}))))
			}
		}
		left := fmt.Sprint(one.content(), two.content())
		lost := slices.DeleteFunc(all, func(c string) bool { return over[c] || strings.Contains(left, c) })
		if len(lost) > 0 {
			t.Fatalf("seed %d: %v of %v are lost: %s\n%s", seed, lost, len(all), left, strings.Join(told, "\n"))
		}
	}
}
