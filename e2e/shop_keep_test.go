package e2e

import (
	"testing"

	"github.com/latchkey-id/latchkey/e2e/local"
)

// connect lets the shop keep the member's theme and cart.
func (b *browser) connect() {
	b.t.Helper()
	b.click("#connect")
	b.at(service.Issuer + "/consent")
	b.click(`[data-step="ask"] [value="allow"]`)
	b.at(service.Shop + "/members")
	b.see("#cart")
}

// TestTheShopFindsItsCartOnASecondDevice: A12. The shop stores nothing of it: on a second device of the member's, once that is confirmed, it has
// the theme and the cart of the first.
func TestTheShopFindsItsCartOnASecondDevice(t *testing.T) {
	t.Parallel()
	one, two := newBrowser(t), newBrowser(t)
	name := newLocal()
	one.signUp(name)
	one.connect()
	one.click("#buy")
	one.holds(`document.querySelector("#cart")?.textContent === "1"`)
	one.click("#buy")
	one.holds(`document.querySelector("#cart")?.textContent === "2"`)
	one.click("#theme")
	one.holds(`document.documentElement.dataset.theme === "dark"`)
	one.screenshot("shop-kept")

	two.signInHere(name + "@" + local.DefaultDomain)
	two.askAnotherDevice()
	one.approve(two)
	two.see("#done-heading")
	two.open(service.Shop + "/members")
	two.see("#connect")
	two.connect()
	if cart := two.see("#cart"); cart != "2" {
		t.Errorf("the second device finds %q in the cart", cart)
	}
	two.holds(`document.documentElement.dataset.theme === "dark"`)
}
