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

// TestAMemberErasesWhatTheShopKeeps: A12. My settings shows what the shop keeps, and erases it: the shop is told on every device that its key is
// an old one, asks for it again, and begins empty.
func TestAMemberErasesWhatTheShopKeeps(t *testing.T) {
	t.Parallel()
	one, two := newBrowser(t), newBrowser(t)
	name := newLocal()
	one.signUp(name)
	one.connect()
	one.click("#buy")
	one.holds(`document.querySelector("#cart")?.textContent === "1"`)
	one.click("#theme")
	one.holds(`document.documentElement.dataset.theme === "dark"`)
	two.signInHere(name + "@" + local.DefaultDomain)
	two.askAnotherDevice()
	one.approve(two)
	two.see("#done-heading")
	two.open(service.Shop + "/members")
	two.see("#connect")
	two.connect()
	two.holds(`document.querySelector("#cart")?.textContent === "1"`)

	two.open(service.Issuer + "/settings")
	two.holds(`document.querySelectorAll("#keeper-list > li").length === 1 && document.querySelectorAll("#list li").length === 0`)
	two.click("#keeper-list [data-do=look]")
	two.holds(`document.querySelector("#inside").open && document.querySelector("#inside-list").innerText.includes("dark")`)
	two.screenshot("settings-kept-by-the-shop")
	two.click("#inside button")
	two.click("#keeper-list [data-do=erase]")
	two.click("#ask-yes")
	two.holds(`document.querySelectorAll("#keeper-list > li").length === 0 && !document.querySelector("#no-keepers").hidden`)

	one.open(service.Shop + "/members") // with the old key
	one.see("#connect")
	one.connect()
	if cart := one.see("#cart"); cart != "0" {
		t.Errorf("the first device finds %q in the cart", cart)
	}
	one.click("#buy")
	one.holds(`document.querySelector("#cart")?.textContent === "1" && !document.documentElement.dataset.theme`)
	two.open(service.Shop + "/members") // with the old key, beside what is kept under the new one
	two.see("#connect")
	two.connect()
	two.holds(`document.querySelector("#cart")?.textContent === "1"`)
}
