package e2e

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/latchkey-id/latchkey/e2e/local"
)

const goodPassword = "maroon-trellis 49 kettle orbit"

// newLocal returns the local part of an address that nobody has.
func newLocal() string { return "ada." + strings.ToLower(rand.Text()[:10]) }

// signUp creates an account with a new address of the service, beginning at an application's door, and ends on its members' page.
func (b *browser) signUp(local string) {
	b.t.Helper()
	b.open(service.Shop)
	b.click("#signin")
	b.at(service.Issuer + "/signin?flow=")
	b.click(`a[href*="/signup"]`)
	b.at(service.Issuer + "/signup?")
	b.createAccount(local)
	b.at(service.Shop + "/members")
}

// createAccount goes through the sign-up page.
func (b *browser) createAccount(local string) {
	b.t.Helper()
	b.fill("#name", "Ada Lovelace")
	b.click(`input[name="kind"][value="new"]`)
	b.fill("#local", local)
	b.click(`[data-step="address"] button.primary`)
	b.fill("#new-password", goodPassword)
	b.click(`[data-step="password"] button.primary`)
}

// signIn fills the sign-in page.
func (b *browser) signIn(upn, password string) {
	b.t.Helper()
	b.fill("#username", upn)
	b.click(`[data-step="name"] button.primary`)
	b.fill("#password", password)
	b.click(`[data-step="password"] button.primary`)
}

// TestSignUpThenComeBackSignedIn is the main line: A1, A2, A4.
func TestSignUpThenComeBackSignedIn(t *testing.T) {
	b := newBrowser(t)
	name := newLocal()
	b.signUp(name)
	if got := b.see("#upn"); got != name+"@"+local.DefaultDomain {
		t.Errorf("the shop knows %q", got)
	}
	b.screenshot("shop-members")
	// One set of credentials for every site: the second application does not ask.
	b.open(service.Books)
	b.click("#signin")
	b.at(service.Books + "/members")
	if got := b.see("#who"); got != "Ada Lovelace" {
		t.Errorf("the second shop knows %q", got)
	}
}

// TestSignOutEverywhere: A3. Signing out of one application signs out of the other and of the service.
func TestSignOutEverywhere(t *testing.T) {
	b := newBrowser(t)
	b.signUp(newLocal())
	b.open(service.Books)
	b.click("#signin")
	b.at(service.Books + "/members")
	b.click("#signout")
	b.at(service.Books + "/")
	b.see("#signin")
	// The back channel may be a moment behind.
	b.until("the first shop forgets", func() bool {
		b.open(service.Shop + "/")
		return run(b, chromedp.Evaluate[bool](`!!document.querySelector("#signin")`))
	})
	b.click("#signin")
	b.at(service.Issuer + "/signin?flow=") // the service has forgotten as well
	for _, c := range b.cookies() {
		if strings.HasPrefix(c, "__Host-session") || c == "__Host-shop" || c == "__Host-books" {
			t.Errorf("cookie %s is still there", c)
		}
	}
}

// TestSignInAgain signs in with the password in a browser that has never been here.
func TestSignInAgain(t *testing.T) {
	name := newLocal()
	newBrowser(t).signUp(name)
	b := newBrowser(t)
	b.open(service.Shop)
	b.click("#signin")
	b.at(service.Issuer + "/signin?flow=")
	b.fill("#username", name+"@"+local.DefaultDomain)
	b.click(`[data-step="name"] button.primary`)
	b.fill("#password", "not the password at all")
	b.click(`[data-step="password"] button.primary`)
	b.holds(`document.querySelector("#password-error").textContent.length > 0`)
	b.screenshot("signin-wrong")
	b.fill("#password", goodPassword)
	b.click(`[data-step="password"] button.primary`)
	b.at(service.Shop + "/members")
}

// TestUnknownNameLooksLikeAKnownOne: a person can't tell either.
func TestUnknownNameLooksLikeAKnownOne(t *testing.T) {
	name := newLocal()
	newBrowser(t).signUp(name)
	seen := map[string]string{}
	for _, upn := range []string{name, newLocal()} {
		b := newBrowser(t)
		b.open(service.Issuer + "/signin")
		b.signIn(upn+"@"+local.DefaultDomain, "wrong wrong wrong wrong")
		b.holds(`document.querySelector("#password-error").textContent.length > 0`)
		seen[run(b, chromedp.Evaluate[string](`document.body.innerText.replace(/ada\.[a-z0-9]+/g, "NAME")`))] = upn
	}
	if len(seen) != 1 {
		t.Errorf("the pages differ: %q", seen)
	}
}

// TestSessions: a person sees where the account is signed in and ends a session there.
func TestSessions(t *testing.T) {
	name := newLocal()
	first := newBrowser(t)
	first.signUp(name)
	second := newBrowser(t)
	second.open(service.Issuer + "/signin")
	second.signIn(name+"@"+local.DefaultDomain, goodPassword)
	second.at(service.Issuer + "/account")
	second.holds(`document.querySelectorAll("#sessions li").length === 2`)
	second.screenshot("account")
	second.click("#sessions li button")
	second.holds(`document.querySelectorAll("#sessions li").length === 1`)
	first.open(service.Issuer + "/account")
	first.at(service.Issuer + "/signin")
	first.until("the shop forgets", func() bool {
		first.open(service.Shop + "/")
		return run(first, chromedp.Evaluate[bool](`!!document.querySelector("#signin")`))
	})
}

// TestChangePassword: A10's change with the old password; other sessions end, the old password is worth nothing.
func TestChangePassword(t *testing.T) {
	const fresh = "quiet harbour 71 lantern sprocket"
	name := newLocal()
	b := newBrowser(t) // the device of the account's making: others have to be confirmed before they can take the settings along
	b.signUp(name)
	other := newBrowser(t)
	other.open(service.Issuer + "/signin")
	other.signIn(name+"@"+local.DefaultDomain, goodPassword)
	other.at(service.Issuer + "/account")
	b.open(service.Issuer + "/account")
	b.holds(`document.querySelectorAll("#sessions li").length === 2`) // the page has stopped moving
	b.click("#open-change")
	b.fill("#old-password", goodPassword)
	b.fill("#new-password", fresh)
	b.click("#change button.primary")
	b.see("#changed")
	b.holds(`document.querySelectorAll("#sessions li").length === 1`)
	other.open(service.Issuer + "/account")
	other.at(service.Issuer + "/signin")
	other.signIn(name+"@"+local.DefaultDomain, goodPassword)
	other.holds(`document.querySelector("#password-error").textContent.length > 0`)
	other.fill("#password", fresh)
	other.click(`[data-step="password"] button.primary`)
	other.at(service.Issuer + "/account")
}

// TestKeepMeSignedIn: with the box ticked the cookie outlives the browser, without it it doesn't.
func TestKeepMeSignedIn(t *testing.T) {
	name := newLocal()
	newBrowser(t).signUp(name)
	for _, keep := range []bool{false, true} {
		b := newBrowser(t)
		b.open(service.Issuer + "/signin")
		b.fill("#username", name+"@"+local.DefaultDomain)
		b.click(`[data-step="name"] button.primary`)
		b.fill("#password", goodPassword)
		if keep {
			b.click("#keep")
		}
		b.click(`[data-step="password"] button.primary`)
		b.at(service.Issuer + "/account")
		if got := b.persistent("__Host-session"); got != keep {
			t.Errorf("keep me signed in %v: the cookie is persistent: %v", keep, got)
		}
	}
}

// TestSignUpWithOwnAddress proves an e-mail address by the code that the outbox holds: A4.
func TestSignUpWithOwnAddress(t *testing.T) {
	b := newBrowser(t)
	address := newLocal() + "@example.com"
	b.open(service.Issuer + "/signup")
	b.fill("#name", "Ada Lovelace")
	b.fill("#email", address)
	b.click(`[data-step="address"] button.primary`)
	b.fill("#code", "000000")
	b.click(`[data-step="code"] button.primary`)
	b.holds(`document.querySelector("#code-error").textContent.length > 0`)
	b.screenshot("signup-code")
	b.fill("#code", mailedCode(t, address))
	b.click(`[data-step="code"] button.primary`)
	b.fill("#new-password", goodPassword)
	b.click(`[data-step="password"] button.primary`)
	b.at(service.Issuer + "/account")
	b.holds(`document.querySelector("#fact-email").textContent !== ""`)
	if got := b.see("#fact-email"); got != address {
		t.Errorf("the account's e-mail address is %q", got)
	}
}

// TestWeakPasswordsAreRefusedWithTheReason: A4.
func TestWeakPasswordsAreRefusedWithTheReason(t *testing.T) {
	b := newBrowser(t)
	b.open(service.Issuer + "/signup")
	b.fill("#name", "Ada Lovelace")
	b.click(`input[name="kind"][value="new"]`)
	b.fill("#local", newLocal())
	b.click(`[data-step="address"] button.primary`)
	for _, weak := range []string{"short", "password1234", "adaLovelace!!", "qwertyuiop[]", "aaaaaaaaaaaaaaa"} {
		b.fill("#new-password", weak)
		b.click(`[data-step="password"] button.primary`)
		b.holds(`document.querySelector("#new-password-error").textContent.length > 0`)
		t.Logf("%s: %s", weak, b.see("#new-password-error"))
		if at := run(b, chromedp.Location()); !strings.HasPrefix(at, service.Issuer+"/signup") {
			t.Fatalf("%q was accepted", weak)
		}
	}
	b.screenshot("signup-weak")
}

// TestKeyboardAlone signs in without the mouse: F6.
func TestKeyboardAlone(t *testing.T) {
	name := newLocal()
	newBrowser(t).signUp(name)
	b := newBrowser(t)
	b.open(service.Issuer + "/signin")
	b.find("#username")
	b.do(chromedp.KeyEvent(name+"@"+local.DefaultDomain), chromedp.KeyEvent(kb.Enter))
	b.holds(`document.activeElement?.id === "password"`)
	b.do(chromedp.KeyEvent(goodPassword), chromedp.KeyEvent(kb.Enter))
	b.at(service.Issuer + "/account")
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// mailedCode waits for the mail to an address and reads the code in it.
func mailedCode(t *testing.T, address string) string {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		r, err := http.NewRequest(http.MethodGet, service.URL+"/operator/outbox", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+service.Secrets.OperatorKey)
		r.Header.Set("Accept", "application/json")
		answer, err := service.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var box struct {
			Messages []struct{ To, Text string } `json:"messages"`
		}
		err = json.NewDecoder(answer.Body).Decode(&box)
		answer.Body.Close()
		if err != nil {
			t.Fatalf("outbox: %d: %v", answer.StatusCode, err)
		}
		for _, m := range box.Messages {
			text := strings.ReplaceAll(m.Text, ", ", "") // a call says it digit by digit
			if m.To == address && sixDigits.MatchString(text) {
				return sixDigits.FindString(text)
			}
		}
	}
	t.Fatalf("no mail to %s", address)
	return ""
}
