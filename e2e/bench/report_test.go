package main

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatWasMeasuredIsShownWhateverFailsLater(t *testing.T) {
	var rows, progress strings.Builder
	r := report{rows: &rows, progress: &progress}
	r.begin("first")
	r.add(row{what: "speed", value: "10/s", comparison: "theirs 5/s", ratio: "2.0", target: "≥ 1", met: true})
	if !strings.Contains(rows.String(), "speed: 10/s; theirs 5/s; ratio 2.0; target ≥ 1: yes") {
		t.Errorf("not shown at once: %q", rows.String())
	}
	r.begin("second")
	r.failed(errors.New("a peer does not start"))
	r.begin("third")
	r.add(row{what: "size", value: "9 MB", comparison: "theirs 8 MB", target: "≤ 8 MB"})
	if status := r.finish(); status != 2 {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{"second: a peer does not start", "targets missed: 1\n  size: 9 MB; theirs 8 MB; target ≤ 8 MB: NO"} {
		if !strings.Contains(progress.String(), want) {
			t.Errorf("%q is not in %q", want, progress.String())
		}
	}
	if table := rows.String(); strings.Count(table, "10/s") != 2 || strings.Count(table, "9 MB") != 2 {
		t.Errorf("the table at the end: %q", table)
	}
}

func TestTheStatusSaysWhatWentWrong(t *testing.T) {
	for name, c := range map[string]struct {
		row  row
		fail error
		want int
	}{
		"all is well":          {row{what: "a", target: "≤ 1", met: true}, nil, 0},
		"only for information": {row{what: "a"}, nil, 0},
		"a target is missed":   {row{what: "a", target: "≤ 1"}, nil, 1},
		"a stage failed":       {row{what: "a", target: "≤ 1", met: true}, errors.New("x"), 2},
	} {
		r := report{rows: new(strings.Builder), progress: new(strings.Builder)}
		r.add(c.row)
		if c.fail != nil {
			r.failed(c.fail)
		}
		if got := r.finish(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
