package e2e

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// tour goes through everything that a person meets, as one person would, and calls visit at each stop.
func (b *browser) tour(visit func(name string)) {
	b.t.Helper()
	b.open(service.Shop)
	b.find("#signin")
	visit("shop")
	b.click("#signin")
	b.at(service.Issuer + "/signin?flow=")
	b.find("#username")
	visit("signin")
	b.click(`a[href*="/signup"]`)
	b.at(service.Issuer + "/signup?")
	address := b.tourSignUp(visit)
	b.at(service.Shop + "/members")
	b.find("#upn")
	visit("shop-members")
	b.tourAccount(visit)
	b.open(service.Issuer + "/signin")
	b.fill("#username", address)
	b.click(`[data-step="name"] button.primary`)
	b.find("#password")
	visit("signin-password")
	b.fill("#password", "not the password at all")
	b.click(`[data-step="password"] button.primary`)
	b.holds(`document.querySelector("#password-error").textContent.length > 0`)
	visit("signin-wrong")
	for _, page := range []struct{ name, path, shows string }{
		{"error", "/error?code=redirect_uri&request=8a1f6c2e", "#reference"},
		{"home", "/", "h1"},
		{"missing", "/nowhere", "h1"},
		{"docs", "/docs", "h1"},
		{"docs-page", "/docs/threat-model", "h1"},
		{"de-signup", "/de/signup", "#name"},
	} {
		b.open(service.Issuer + page.path)
		b.find(page.shows)
		visit(page.name)
	}
}

// tourSignUp creates an account with an address of the person's own and returns the address.
func (b *browser) tourSignUp(visit func(name string)) (address string) {
	b.t.Helper()
	b.find("#name")
	visit("signup")
	address = newLocal() + "@example.com"
	b.fill("#name", "Ada Lovelace")
	b.fill("#email", address)
	b.click(`[data-step="address"] button.primary`)
	b.find("#code")
	visit("signup-code")
	b.fill("#code", mailedCode(b.t, address))
	b.click(`[data-step="code"] button.primary`)
	b.fill("#new-password", "kettle orbit")
	b.holds(`document.querySelector(".strength").dataset.score !== ""`)
	visit("signup-meter")
	b.fill("#new-password", "adalovelace12")
	b.click(`[data-step="password"] button.primary`)
	b.holds(`document.querySelector("#new-password-error").textContent.length > 0`)
	visit("signup-refused")
	b.fill("#new-password", goodPassword)
	b.click(`[data-step="password"] button.primary`)
	return address
}

// tourAccount looks at the account, starts to change the password and signs out.
func (b *browser) tourAccount(visit func(name string)) {
	b.t.Helper()
	b.open(service.Issuer + "/account")
	b.holds(`document.querySelectorAll("#sessions li").length > 0`)
	visit("account")
	b.click("#open-change")
	b.find("#old-password")
	visit("account-change")
	b.open(service.Issuer + "/signout?confirm=1")
	b.find(`[data-step="ask"] button.primary`)
	visit("signout")
	b.click(`[data-step="ask"] button.primary`)
	b.find("#continue")
	visit("signout-done")
}

// appearance is how a page is shown.
type appearance struct {
	width int64
	dark  bool
}

func (a appearance) scheme() string {
	if a.dark {
		return "dark"
	}
	return "light"
}

// wear shows the page in an appearance from now on.
func (b *browser) wear(a appearance) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(a.width, 900), func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: a.scheme()}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return chromedp.Void{}, err
	})
	b.holds(`matchMedia("(prefers-color-scheme: ` + a.scheme() + `)").matches`)
}
