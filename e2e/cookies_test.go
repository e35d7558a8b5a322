package e2e

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

func (b *browser) allCookies() []*network.Cookie {
	b.t.Helper()
	return run(b, func(ctx context.Context, t *chromedp.Target) ([]*network.Cookie, error) {
		result, err := cdp.Call(ctx, t, network.GetCookies, network.GetCookiesParams{URLs: []string{service.Issuer, service.Shop, service.Books}})
		if err != nil {
			return nil, err
		}
		return result.Cookies, nil
	})
}

// cookies are the names of what the browser holds.
func (b *browser) cookies() (names []string) {
	for _, c := range b.allCookies() {
		names = append(names, c.Name)
	}
	return names
}

// persistent reports whether a cookie outlives the browser.
func (b *browser) persistent(name string) bool {
	for _, c := range b.allCookies() {
		if c.Name == name {
			return !c.Session
		}
	}
	b.t.Errorf("no cookie %s", name)
	return false
}
