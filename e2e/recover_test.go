package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/edge/api"
)

const freshPassword = "quiet harbour 71 lantern sprocket"

// replaces sets a new password on the page for a forgotten one, and returns what the page says about the settings.
func (p *token) replaces(b *browser, upn string) string {
	p.t.Helper()
	b.open(service.Issuer + "/recover")
	b.fill("#username", upn)
	b.click(`[data-step="name"] button.primary`)
	if first := b.see(`[data-step="way"] fieldset`); !strings.HasPrefix(first, "This also opens your settings again") || !strings.Contains(first, ways[api.ProofRecovery]) {
		p.t.Errorf("the page leads first to %q", first)
	}
	if second := b.see(`[data-step="way"] fieldset + fieldset`); !strings.HasPrefix(second, "This only gives you a new password") || !strings.Contains(second, ways[api.ProofEmail]) {
		p.t.Errorf("the page leads then to %q", second)
	}
	b.click(`input[name="way"][value="` + string(p.kind) + `"]`)
	b.screenshot("recover-way")
	b.click(`[data-step="way"] button.primary`)
	if p.to != "" {
		b.fill("#value", p.to)
		b.click(`[data-step="value"] button.primary`)
	}
	p.gives(b)
	b.see("#password-heading")
	says := b.see("#password-lead")
	b.fill("#new-password", freshPassword)
	b.screenshot("recover-password-" + string(p.kind))
	b.click(`[data-step="password"] button.primary`)
	b.at(service.Issuer + "/account")
	return says
}

// sealed waits until My settings says that nothing here opens them.
func (b *browser) sealed() {
	b.t.Helper()
	b.open(service.Issuer + "/settings")
	b.see("#unlock")
	if got := b.see("#gate-heading"); got != "Open your settings on this device" {
		b.t.Errorf("the page says %q", got)
	}
	b.hides()
}

// TestAForgottenPasswordWithWhatOpensTheSettings: A10. The recovery code, and a passkey that can, give a new password and the settings.
func TestAForgottenPasswordWithWhatOpensTheSettings(t *testing.T) {
	for _, kind := range []api.Proof{api.ProofRecovery, api.ProofPasskey} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := newToken(t, kind)
			one, upn := p.owner()
			two := p.elsewhere(one)
			if says := p.replaces(two, upn); !strings.HasPrefix(says, "Your settings stay.") {
				t.Errorf("the page says %q", says)
			}
			two.settled()
			two.shows("theme", "dark")
			if kind == api.ProofRecovery { // the other one is the same browser
				one.open(service.Issuer + "/account")
				one.at(service.Issuer + "/signin")
			}
		})
	}
}

// TestAForgottenPasswordOnATrustedBrowser: A10. A code by mail gives no key, but this browser has one.
func TestAForgottenPasswordOnATrustedBrowser(t *testing.T) {
	t.Parallel()
	p := newToken(t, api.ProofEmail)
	b, upn := p.owner()
	p.replaces(b, upn)
	b.settled()
	b.shows("theme", "dark")
}

// TestAPasskeyOpensSealedSettings: A8, A10. After a code by mail the settings stay sealed, and a passkey opens them without a password.
func TestAPasskeyOpensSealedSettings(t *testing.T) {
	t.Parallel()
	key := newToken(t, api.ProofPasskey)
	one, upn := key.owner()
	mail := newToken(t, api.ProofEmail)
	mail.registers(one)
	two := key.elsewhere(one)
	mail.replaces(two, upn)
	two.sealed()
	two.click("#by-passkey")
	two.see("#list-heading")
	two.shows("theme", "dark")
}

// begunAnew is somebody whose password was forgotten, in a browser where nothing opens the settings: they were begun anew there, and hold a
// font. The earlier browser, with the theme, is signed out.
func begunAnew(t *testing.T) (earlier, now *browser, paper *token, upn string) {
	t.Helper()
	paper = newToken(t, api.ProofRecovery)
	earlier, upn = paper.owner()
	mail := newToken(t, api.ProofEmail)
	mail.registers(earlier)
	now = newBrowser(t)
	if says := mail.replaces(now, upn); !strings.Contains(says, "Your settings stay sealed") {
		t.Errorf("the page says %q", says)
	}
	now.sealed()
	now.fill("#password", freshPassword)
	now.click("#open-anew")
	now.see("#ask-heading")
	now.screenshot("settings-anew")
	now.click("#ask-yes")
	now.see("#list-heading")
	now.lacks("theme")
	now.set("editor", "font", "Iosevka")
	return earlier, now, paper, upn
}

// lacks waits until the list is there without a setting.
func (b *browser) lacks(name string) {
	b.t.Helper()
	b.holds(fmt.Sprintf(`document.getElementById("list").ariaBusy === "false" && ![...document.querySelectorAll("#list .name")].some((e) => e.textContent === %q)`, name))
}

// keeps waits until one vault is offered that was put aside, and says so with the day until when.
func (b *browser) keeps() {
	b.t.Helper()
	b.holds(`document.querySelectorAll("#kept li").length === 1`)
	day := time.Now().Add(api.VaultKeptFor * time.Second).Format("January 2, 2006")
	if says := b.see("#kept"); !strings.Contains(says, "kept until "+day) {
		b.t.Errorf("the page says %q, want that it is kept until %s", says, day)
	}
}

// presses presses a button of the vault that is kept, wherever it stands: the list above it may still grow.
func (b *browser) presses(what string) {
	b.t.Helper()
	selector := "#kept [data-do=" + what + "]"
	b.find(selector)
	run(b, chromedp.Evaluate[any](fmt.Sprintf("document.querySelector(%q).click(); null", selector)))
}

// TestAForgottenPasswordWithEmptySettings: A10. Nothing is left that opens the settings, so the person begins with empty ones. The recovery
// code that turns up later brings the former ones back, and those that were begun meanwhile are kept in their place: nothing is lost.
func TestAForgottenPasswordWithEmptySettings(t *testing.T) {
	t.Parallel()
	_, b, paper, _ := begunAnew(t)
	b.settled()
	b.shows("font", "Iosevka")
	b.keeps()
	b.presses("restore")
	b.fill("#ask-word", "not what was printed")
	b.click("#ask-yes")
	b.holds(`document.getElementById("ask-word-error").textContent.includes("typing mistake")`)
	b.fill("#ask-word", strings.ToLower(paper.printed))
	b.screenshot("settings-earlier")
	b.click("#ask-yes")
	b.shows("theme", "dark")
	b.lacks("font")
	b.keeps()
	b.presses("restore") // this browser has had them: no code is asked for
	b.see("#ask-heading")
	b.click("#ask-yes")
	b.shows("font", "Iosevka")
	b.lacks("theme")
	b.keeps()
	b.presses("erase")
	b.see("#ask-heading")
	b.click("#ask-yes")
	b.holds(`document.getElementById("earlier").hidden`)
	b.shows("font", "Iosevka")
}

// TestAnEarlierDeviceBringsTheSettingsBack: A10. The browser that had the settings before they were begun anew follows to the new ones, and
// brings its own back without a code.
func TestAnEarlierDeviceBringsTheSettingsBack(t *testing.T) {
	t.Parallel()
	old, _, _, upn := begunAnew(t)
	old.signInAnew(upn)
	old.open(service.Issuer + "/settings")
	old.see("#unlock")
	if got := old.see("#gate-heading"); got != "Your settings were started anew" {
		t.Errorf("the page says %q", got)
	}
	old.screenshot("settings-replaced")
	old.fill("#password", freshPassword)
	old.click("#unlock button.primary")
	old.shows("font", "Iosevka")
	old.lacks("theme")
	old.keeps()
	old.presses("restore")
	old.see("#ask-heading")
	old.click("#ask-yes")
	old.shows("theme", "dark")
}

// signInAnew signs in with the password that was set in the place of the forgotten one.
func (b *browser) signInAnew(upn string) {
	b.t.Helper()
	b.open(service.Issuer + "/signin")
	b.signIn(upn, freshPassword)
	b.at(service.Issuer + "/account")
}

// TestAnotherDeviceHasTheNewPasswordOpenTheSettings: A10. After a code by mail the settings stay sealed for the new password, until a
// browser that they are open in has signed in with it.
func TestAnotherDeviceHasTheNewPasswordOpenTheSettings(t *testing.T) {
	t.Parallel()
	mail := newToken(t, api.ProofEmail)
	one, upn := mail.owner()
	two := newBrowser(t)
	mail.replaces(two, upn)
	two.sealed()
	two.fill("#password", freshPassword)
	two.click("#unlock button.primary")
	two.holds(`document.getElementById("password-error").textContent.includes("still sealed")`)
	two.screenshot("settings-sealed")
	one.signInAnew(upn)
	one.settled()
	one.shows("theme", "dark")
	two.fill("#password", freshPassword)
	two.click("#unlock button.primary")
	two.shows("theme", "dark")
}
