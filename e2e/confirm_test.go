package e2e

import (
	"context"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/edge/api"
)

// ways are what the pages call the kinds of proofs.
var ways = map[api.Proof]string{
	api.ProofEmail: "A code by mail", api.ProofSMS: "A code by text message", api.ProofCall: "A code by phone call",
	api.ProofTOTP: "A code of your authenticator app", api.ProofPasskey: "A passkey", api.ProofRecovery: "Your printed recovery code",
}

// token is a second proof that somebody gives by means of the pages.
type token struct {
	proof
	printed string // the recovery code
}

func newToken(t *testing.T, kind api.Proof) *token {
	p := &token{proof: proof{t: t, kind: kind}}
	switch kind {
	case api.ProofEmail:
		p.to = newLocal() + "@example.com"
	case api.ProofSMS, api.ProofCall:
		p.to = fmt.Sprintf("+4930%09d", time.Now().UnixNano()%1_000_000_000)
	}
	return p
}

// now is the code that just arrived, or that the authenticator shows.
func (p *token) now() string {
	p.t.Helper()
	p.step = max(p.step, time.Now().Unix()/30-1)
	return p.code()
}

// registers adds the proof on the page of a trusted browser.
func (p *token) registers(b *browser) {
	p.t.Helper()
	if p.kind == api.ProofPasskey {
		b.virtualPasskeys()
	}
	add := map[api.Proof]string{api.ProofSMS: "phone", api.ProofCall: "phone"}[p.kind]
	if add == "" {
		add = string(p.kind)
	}
	b.open(service.Issuer + "/security")
	b.holds(`document.getElementById("factors").ariaBusy === "false"`)
	b.click("[data-add=" + add + "]")
	switch p.kind {
	case api.ProofEmail:
		b.fill("#address", p.to)
		b.click("#go")
		b.fill("#code", p.now())
	case api.ProofSMS, api.ProofCall:
		b.fill("#phone", p.to)
		b.click(`input[value="` + string(p.kind) + `"]`)
		b.click("#go")
		b.fill("#code", p.now())
	case api.ProofTOTP:
		secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(b.see("#secret"), " ", ""))
		must(p.t, err)
		p.secret = secret
		b.fill("#code", p.now())
	case api.ProofPasskey:
		b.fill("#name", "Key ring")
	case api.ProofRecovery:
		p.printed = b.see("#recovery")
		b.click("#kept")
	}
	b.screenshot("security-add-" + string(p.kind))
	b.click("#go")
	b.see("#news")
}

// elsewhere is a browser that nobody knows. A passkey comes along, as on a key ring: the authenticator stays where it is, and the browser
// around it forgets everything.
func (p *token) elsewhere(b *browser) *browser {
	p.t.Helper()
	if p.kind != api.ProofPasskey {
		return newBrowser(p.t)
	}
	b.open("about:blank")
	run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, network.ClearBrowserCookies, cdp.Empty{})
		if err == nil {
			_, err = cdp.Call(ctx, t, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: service.Issuer, StorageTypes: "all"})
		}
		return chromedp.Void{}, err
	})
	return b
}

// confirms proves a device on the page that asks how.
func (p *token) confirms(b *browser) {
	p.t.Helper()
	b.see("#choose-heading")
	offered := run(b, chromedp.Evaluate[[]string](`[...document.querySelectorAll("#methods .name")].map((e) => e.textContent)`))
	at := slices.Index(offered, ways[p.kind])
	if at < 0 {
		p.t.Fatalf("the page offers %q", offered)
	}
	b.click(fmt.Sprintf("#methods label:nth-of-type(%d) input", at+1))
	b.screenshot("trust-" + string(p.kind))
	b.click("#choose")
	p.gives(b)
	b.see("#done-heading")
}

// gives answers what a page asks for once the way is chosen.
func (p *token) gives(b *browser) {
	p.t.Helper()
	switch p.kind {
	case api.ProofPasskey: // nothing is typed
	case api.ProofRecovery:
		b.fill("#recovery", strings.ToLower(p.printed))
		b.click(`[data-step="recovery"] button.primary`)
	default:
		b.see("#code-heading")
		b.fill("#code", p.now())
		b.click(`[data-step="code"] button.primary`)
	}
}

// owner is somebody new with one setting and a proof, in a browser that is trusted.
func (p *token) owner() (b *browser, upn string) {
	p.t.Helper()
	b, name := newBrowser(p.t), newLocal()
	b.signUp(name)
	b.settled()
	b.set("editor", "theme", "dark")
	b.holds(`!document.querySelector("#state").innerText.includes("not been sent")`)
	if p.kind != "" {
		p.registers(b)
	}
	return b, name + "@" + local.DefaultDomain
}

// hides fails when a page shows the setting.
func (b *browser) hides() {
	b.t.Helper()
	if text := run(b, chromedp.Evaluate[string](`document.body.innerText`)); strings.Contains(text, "theme") || strings.Contains(text, "dark") {
		b.t.Fatalf("the page shows settings: %s", text)
	}
}

// TestANewDeviceIsBlockedUntilItIsProved: A7, A9, by the pages, with each kind of proof. Whoever knows the password gets no setting before.
func TestANewDeviceIsBlockedUntilItIsProved(t *testing.T) {
	for kind := range ways {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := newToken(t, kind)
			one, upn := p.owner()
			two := p.elsewhere(one)
			two.signInHere(upn)
			two.open(service.Issuer + "/settings")
			two.see("#gate-trust")
			two.hides()
			two.click("#gate-trust")
			p.confirms(two)
			two.screenshot("trust-done")
			two.settled()
			two.shows("theme", "dark")
		})
	}
}

// TestARemovedDeviceReadsNothingMore: A7. Removed on the page of another device, it is signed out at once; signed in again, it is a stranger.
func TestARemovedDeviceReadsNothingMore(t *testing.T) {
	t.Parallel()
	p := newToken(t, api.ProofEmail)
	one, upn := p.owner()
	two := newBrowser(t)
	two.signInHere(upn)
	two.open(service.Issuer + "/trust")
	p.confirms(two)
	two.settled()
	two.shows("theme", "dark")

	one.open(service.Issuer + "/security")
	one.holds(`document.querySelectorAll("#devices li").length === 2`)
	one.screenshot("security")
	one.click(`#devices li:has([data-is=current][hidden]) [data-do=revoke]`)
	one.click("#ask-yes")
	one.holds(`document.querySelectorAll("#devices li").length === 1`)
	one.settled()
	one.set("editor", "font", "Iosevka")
	two.open(service.Issuer + "/settings")
	two.at(service.Issuer + "/signin")
	two.signInHere(upn)
	two.open(service.Issuer + "/settings")
	two.see("#gate-trust")
	two.hides()
}
