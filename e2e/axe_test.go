package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// violation is what axe has found wrong.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML    string
		Summary string `json:"failureSummary"`
	}
}

// TestNothingBarsAnybody: F6. axe-core finds nothing wrong with any page at any step, light or dark.
func TestNothingBarsAnybody(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(filepath.Join(root(t), "node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t)
	stops := 0
	b.tour(func(name string) {
		stops++
		for _, a := range []appearance{{320, true}, {1280, true}, {1280, false}} {
			b.wear(a)
			for _, v := range b.axe(string(axe)) {
				for _, n := range v.Nodes {
					t.Errorf("%s, %d wide, %s: %s (%s): %s: %s\n%s", name, a.width, a.scheme(), v.ID, v.Impact, v.Help, n.HTML, n.Summary)
				}
			}
		}
	})
	if stops < 16 {
		t.Errorf("only %d stops", stops)
	}
}

// axe checks the page as it is, with all rules and the best practices.
func (b *browser) axe(source string) []violation {
	b.t.Helper()
	// A statement of its own puts axe into the page; as the browser's own doing, that is not bound by the page's policy.
	b.do(chromedp.Evaluate[chromedp.Void](source + "; undefined"))
	result := run(b, chromedp.Evaluate[string](
		`axe.run(document, { resultTypes: ["violations"] }).then(({ violations, passes }) => JSON.stringify({ violations, passes: passes.length }))`,
		func(p *runtime.EvaluateParams) { yes := true; p.AwaitPromise = &yes },
	))
	var found struct {
		Violations []violation
		Passes     int
	}
	if err := json.NewDecoder(strings.NewReader(result)).Decode(&found); err != nil {
		b.t.Fatal(err)
	}
	if found.Passes < 10 {
		b.t.Errorf("axe has checked only %d rules", found.Passes)
	}
	return found.Violations
}
