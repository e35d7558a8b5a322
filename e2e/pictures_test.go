package e2e

import (
	"fmt"
	"testing"
)

// TestPictures takes pictures of everything a person meets, narrow and wide, light and dark, for people to look at:
// e2e/screenshots/NAME-WIDTH-SCHEME.png. It fails where a page is wider than the window.
func TestPictures(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	usual := appearance{1280, false}
	b.wear(usual)
	b.tour(func(name string) {
		for _, a := range []appearance{{320, false}, {320, true}, {1280, true}, {1280, false}} {
			b.wear(a)
			b.screenshot(fmt.Sprintf("%s-%d-%s", name, a.width, a.scheme()))
			if over, err := glance[float64](b, "document.documentElement.scrollWidth - innerWidth"); err != nil || over > 0 {
				t.Errorf("%s is %v pixels wider than a window of %d; %v", name, over, a.width, err)
			}
		}
	})
}
