// Command bench is `make bench`: every speed and size that Latchkey promises, each measured beside its comparison in one run.
//
// The machine may be noisy, so what counts are ratios: server and load have a core each, both sides take turns, and the median
// of the rounds is what the table shows. The command ends with status 1 when a target is missed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"text/tabwriter"
)

// row is a line of the table.
type row struct {
	what       string
	value      string
	comparison string
	ratio      string
	target     string
	met        bool
}

// bench is what the measurements share.
type bench struct {
	ctx    context.Context
	dir    string // scratch
	rounds int
	rows   []row
}

func main() {
	rounds := flag.Int("rounds", 9, "rounds of each comparison")
	only := flag.String("only", "", "one of sizes, request, signin, codeflow, memory, grants, vault, seal")
	flag.Parse()
	missed, err := run(*rounds, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if missed > 0 {
		fmt.Fprintf(os.Stderr, "bench: %d targets missed\n", missed)
		os.Exit(1)
	}
}

func run(rounds int, only string) (missed int, err error) {
	if err := pin(os.Getpid(), loadCore); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "latchkey-bench-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	b := &bench{ctx: context.Background(), dir: dir, rounds: rounds}
	for _, m := range []struct {
		name    string
		measure func() error
	}{
		{"sizes", b.sizes}, {"request", b.request}, {"signin", b.signin}, {"codeflow", b.codeflow}, {"memory", b.memory}, {"grants", b.grants}, {"vault", b.vault}, {"seal", b.seal},
	} {
		if only != "" && only != m.name {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s\n", m.name)
		if err := m.measure(); err != nil {
			return 0, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return b.print(), nil
}

func (b *bench) print() (missed int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tvalue\tcomparison\tratio\ttarget\tmet")
	for _, r := range b.rows {
		met := "yes"
		if !r.met {
			met = "NO"
			missed++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.what, r.value, r.comparison, r.ratio, r.target, met)
	}
	_ = w.Flush() // standard output
	return missed
}
