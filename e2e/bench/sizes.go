package main

import (
	"fmt"

	"github.com/latchkey-id/latchkey/e2e/budget"
)

// sizes compares what is built with what it may be.
func (b *bench) sizes() error {
	for _, p := range budget.All {
		size, err := p.Measure(".")
		if err != nil {
			return err
		}
		b.add(row{p.What, kib(size), "budget", fmt.Sprintf("%.2f", float64(size)/float64(p.Most)), "≤ " + kib(p.Most), size <= p.Most})
	}
	return nil
}

func kib(n int64) string { return fmt.Sprintf("%.1f KiB", float64(n)/1024) }
