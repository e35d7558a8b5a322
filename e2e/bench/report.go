package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// row is a line of the table.
type row struct {
	what       string
	value      string
	comparison string
	ratio      string
	target     string // "": for information
	met        bool
}

// verdict says whether the target is met.
func (r row) verdict() string {
	switch {
	case r.target == "":
		return ""
	case r.met:
		return "yes"
	}
	return "NO"
}

// String is the row outside of a table.
func (r row) String() string {
	line := fmt.Sprintf("%s: %s; %s", r.what, r.value, r.comparison)
	if r.ratio != "" {
		line += "; ratio " + r.ratio
	}
	if r.target != "" {
		line += fmt.Sprintf("; target %s: %s", r.target, r.verdict())
	}
	return line
}

// report is what has been measured so far.
type report struct {
	rows, progress io.Writer // tables, and what is under way
	done           []row
	stage          string
	broken         []string // stages that failed, and why
}

func (r *report) begin(stage string) {
	r.stage = stage
	fmt.Fprintf(r.progress, "measuring %s\n", stage)
}

// say tells how far a stage is.
func (r *report) say(format string, a ...any) {
	fmt.Fprintf(r.progress, "  "+format+"\n", a...)
}

// add shows a row, which has been measured.
func (r *report) add(n row) {
	r.done = append(r.done, n)
	fmt.Fprintln(r.rows, n)
}

// failed notes that the stage ends without all of its rows.
func (r *report) failed(err error) {
	text := fmt.Sprintf("%s: %v", r.stage, err)
	r.broken = append(r.broken, text)
	fmt.Fprintf(r.progress, "  FAILED: %s\n", text)
}

// finish shows the whole table and what is wrong, and returns the status that the command ends with.
func (r *report) finish() int {
	w := tabwriter.NewWriter(r.rows, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nwhat\tvalue\tcomparison\tratio\ttarget\tmet")
	var missed []string
	for _, n := range r.done {
		fmt.Fprintln(w, strings.Join([]string{n.what, n.value, n.comparison, n.ratio, n.target, n.verdict()}, "\t"))
		if n.verdict() == "NO" {
			missed = append(missed, n.String())
		}
	}
	_ = w.Flush() // standard output
	if len(missed) > 0 {
		fmt.Fprintf(r.progress, "bench: targets missed: %d\n  %s\n", len(missed), strings.Join(missed, "\n  "))
	}
	if len(r.broken) > 0 {
		fmt.Fprintf(r.progress, "bench: stages failed: %d\n  %s\n", len(r.broken), strings.Join(r.broken, "\n  "))
		return 2
	}
	return min(len(missed), 1)
}
