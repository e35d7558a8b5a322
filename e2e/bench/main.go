// Command bench is `make bench`: every speed and size that Latchkey promises, each measured beside its comparison in one run.
//
// The machine may be noisy, so what counts are ratios: server and load have a core each, both sides take turns, and the median
// of the rounds is what the table shows. Each row is shown as soon as it is measured and all of them again at the end; a stage that fails
// does not stop the others. The command ends with status 1 when a target is missed, with 2 when a stage failed, and says which.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// bench is what the measurements share.
type bench struct {
	ctx    context.Context
	dir    string // scratch
	rounds int
	report
}

// stage is what is measured together. Several may have one name.
type stage struct {
	name, what string
	measure    func() error
}

func (b *bench) stages() []stage {
	return []stage{
		{"sizes", "the Worker and the pages", b.sizes},
		{"request", "a trivial request", b.request},
		{"signin", "a password sign-in", b.signin},
		{"codeflow", "the code flow", b.codeflow},
		{"memory", "the isolate's memory", b.memory},
		{"grants", "the token endpoint beside others", b.grants},
		{"vault", "the first sync", b.firstSync},
		{"vault", "one change, live", b.live},
		{"vault", "one change on the wire", b.onTheWire},
		{"vault", "the server's step for a record", b.step},
		{"seal", "sealing in a browser", b.seal},
		{"page", "the memory of a page", b.pageMemory},
	}
}

// names are those that -only takes.
func names(stages []stage) string {
	var list []string
	for _, s := range stages {
		if n := len(list); n == 0 || list[n-1] != s.name {
			list = append(list, s.name)
		}
	}
	return strings.Join(list, ", ")
}

func main() {
	b := &bench{ctx: context.Background(), report: report{rows: os.Stdout, progress: os.Stderr}}
	flag.IntVar(&b.rounds, "rounds", 9, "rounds of each comparison")
	only := flag.String("only", "", "one of "+names(b.stages()))
	flag.Parse()
	if err := b.run(*only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	os.Exit(b.finish())
}

// run measures one stage after the other.
func (b *bench) run(only string) (err error) {
	if err := pin(os.Getpid(), loadCore); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "latchkey-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	found := false
	for _, s := range b.stages() {
		if only != "" && only != s.name {
			continue
		}
		found = true
		b.begin(s.name + ": " + s.what)
		began := time.Now()
		if err := s.measure(); err != nil {
			b.failed(err)
		}
		b.say("%.0f s", time.Since(began).Seconds())
	}
	if !found {
		return fmt.Errorf("-only takes one of %s", names(b.stages()))
	}
	return nil
}
