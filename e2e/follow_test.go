package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/e2e/local"
)

// settled waits until My settings shows what is stored.
func (b *browser) settled() {
	b.t.Helper()
	b.open(service.Issuer + "/settings")
	b.see("#list-heading")
}

// set stores a setting as a person does.
func (b *browser) set(collection, name, value string) {
	b.t.Helper()
	b.fill("#collection-name", collection)
	b.fill("#setting-name", name)
	b.fill("#setting-value", value)
	b.click("#edit button.primary")
	b.shows(name, value)
}

// shows waits until the list has a setting with its value.
func (b *browser) shows(name, value string) {
	b.t.Helper()
	b.holds(fmt.Sprintf(`[...document.querySelectorAll("#list li")].some((e) => e.querySelector(".name").textContent === %q && e.querySelector(".value").textContent === %q)`, name, value))
}

// signInHere signs in at the service itself, by the password: the page would take a passkey as soon as somebody touches one.
func (b *browser) signInHere(upn string) {
	b.t.Helper()
	if b.authenticator != "" {
		b.present(false)
		defer b.present(true)
	}
	b.open(service.Issuer + "/signin")
	b.signIn(upn, goodPassword)
	b.at(service.Issuer + "/account")
}

// askAnotherDevice chooses another device on the page that confirms this one, and waits until the other has taken the request.
func (b *browser) askAnotherDevice() {
	b.t.Helper()
	b.open(service.Issuer + "/trust")
	b.click(`input[value="approval"]`)
	b.click("#choose")
	b.see("#approval-heading")
}

// approve confirms the one device that waits, by the number that it shows.
func (b *browser) approve(waiting *browser) {
	b.t.Helper()
	b.open(service.Issuer + "/approve")
	b.click("#requests button")
	b.see("#confirm-heading")
	number := strings.ReplaceAll(waiting.see("#number"), " ", "")
	b.fill("#number", number)
	b.click(`[value="allow"]`)
	b.see("#allowed-heading")
}

// TestSettingsFollowToAnotherBrowser: A7, A8, A11. A second browser gets nothing until a first one has confirmed it by the number that both
// show; then it has everything, and a change on it shows on the first within a second, without a reload.
func TestSettingsFollowToAnotherBrowser(t *testing.T) {
	t.Parallel()
	one, two := newBrowser(t), newBrowser(t)
	name := newLocal()
	one.signUp(name)
	one.settled()
	one.set("editor", "theme", "dark")
	one.screenshot("settings")

	two.signInHere(name + "@" + local.DefaultDomain)
	two.open(service.Issuer + "/settings")
	two.see("#gate-trust")
	if text := two.see("main"); strings.Contains(text, "theme") || strings.Contains(text, "dark") {
		t.Fatalf("a device that nobody has confirmed shows settings: %s", text)
	}
	two.askAnotherDevice()
	one.approve(two)
	two.see("#done-heading")
	two.settled()
	two.shows("theme", "dark")

	one.settled()
	one.shows("theme", "dark")
	began := time.Now()
	two.set("editor", "theme", "light")
	one.shows("theme", "light")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the change took %v to show", took)
	} else {
		t.Logf("typed, stored, and shown on the other device after %v", took)
	}
}

// TestANewBrowserAsksWhatTheTrustedOneShows: A7. Where no secret of the person's own opens the settings any more, the new browser believes an
// approval only with what the other one shows.
func TestANewBrowserAsksWhatTheTrustedOneShows(t *testing.T) {
	t.Parallel()
	one, two := newBrowser(t), newBrowser(t)
	name := newLocal()
	one.signUp(name)
	one.settled()
	one.set("editor", "theme", "dark")

	two.signInHere(name + "@" + local.DefaultDomain)
	two.forgetsThePassword()
	two.askAnotherDevice()
	one.approve(two)
	two.see("#confirm-heading")
	two.fill("#answer", "x1")
	two.click("[data-step=confirm] .primary")
	two.holds(`document.getElementById("answer").ariaInvalid === "true"`)
	two.fill("#answer", one.see("#answer"))
	two.click("[data-step=confirm] .primary")
	two.see("#done-heading")
	two.settled()
	two.shows("theme", "dark")
}

// forgetsThePassword takes away what a browser keeps for a quarter of an hour after the password was typed.
func (b *browser) forgetsThePassword() {
	b.t.Helper()
	run(b, chromedp.Evaluate[bool](`new Promise((done) => {
		const opening = indexedDB.open("latchkey");
		opening.onsuccess = () => {
			const change = opening.result.transaction("keys", "readwrite");
			change.objectStore("keys").delete("password");
			change.oncomplete = () => { opening.result.close(); done(true); };
		};
	})`, chromedp.EvalAwaitPromise))
}
