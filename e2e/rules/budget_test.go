package rules

import (
	"testing"

	"github.com/latchkey-id/latchkey/e2e/budget"
)

// TestSizeBudgets measures what `make build` made.
func TestSizeBudgets(t *testing.T) {
	for _, b := range budget.All {
		size, err := b.Measure(root(t))
		if err != nil {
			t.Errorf("%s: %v", b.What, err)
			continue
		}
		t.Logf("%s: %d of %d bytes", b.What, size, b.Most)
		if size > b.Most {
			t.Errorf("%s: %d bytes, %d more than it may have", b.What, size, size-b.Most)
		}
	}
}
