package main

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

func TestConsentByKeyboardAlone(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/consent?flow=f")
	b.step("ask")
	b.until(`document.activeElement.id === "ask-heading"`)
	facts := eval[string](b, `[...document.querySelectorAll("#asks, dd, #gets li")].map((e) => e.textContent).join("|")`)
	for _, want := range []string{"Photo prints", "prints.example.com", "ada@example.com", "Photo library", "photos.read", "name and sign-in address", "stays when you sign out"} {
		if !strings.Contains(facts, want) {
			t.Errorf("the page does not say %q: %s", want, facts)
		}
	}
	if !eval[bool](b, `document.getElementById("unverified").hidden && document.getElementById("tos").hidden && document.getElementById("policy").rel === "noopener noreferrer"`) {
		t.Error("the page warns of an application that the operator registered, or links to what is not there")
	}
	b.keys(kb.Tab)
	if got := eval[string](b, `document.activeElement.getAttribute("href")`); got != "/signin?flow=f" {
		t.Errorf("the way to another account leads to %q", got)
	}
	b.keys(kb.Tab + kb.Tab + kb.Tab + kb.Enter)
	b.path("/oauth2/resume?flow=f-true")
}

// To say no takes no more than to say yes, and looks the same.
func TestConsentIsRefusedAsPlainlyAsGiven(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/consent?flow=self")
	b.step("ask")
	look := `((v) => { const e = document.querySelector(".even [value=" + v + "]"), s = getComputedStyle(e), r = e.getBoundingClientRect();
		return [s.color, s.backgroundColor, s.borderColor, s.fontSize, s.fontWeight, r.width, r.height, r.top].join() })`
	if deny, allow := eval[string](b, look+`("deny")`), eval[string](b, look+`("allow")`); deny != allow {
		t.Errorf("Cancel is %s, Allow is %s", deny, allow)
	}
	if eval[bool](b, `document.getElementById("unverified").hidden`) {
		t.Error("the page does not say that nobody has checked the application")
	}
	b.click(".even [value=deny]")
	b.path("/oauth2/resume?flow=self-false")
}

// Nothing is answered but by one of the buttons: not by loading the page, and not by the key that submits a form.
func TestConsentIsAnsweredByItsButtonsOnly(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/consent?flow=f")
	b.step("ask")
	eval[any](b, `document.getElementById("consent").requestSubmit(); null`)
	time.Sleep(300 * time.Millisecond)
	if got := eval[string](b, `location.pathname`); got != "/consent" {
		t.Errorf("the page went to %s", got)
	}
	b.open("/consent?flow=choose")
	b.step("choose")
	if got := eval[string](b, `document.getElementById("person").textContent`); got != "Ada Lovelace (ada@example.com)" {
		t.Errorf("the page shows %q", got)
	}
	b.click("[data-step=choose] .primary")
	b.path("/oauth2/resume?flow=choose-true")
	b.open("/consent?flow=out")
	b.path("/signin?flow=out")
}

// The pages where a person decides must not be framed by whoever wants the click (OpenID Connect Core 1.0 section 3.1.2.3).
func TestPagesOfDecisionsAreNeverFramed(t *testing.T) {
	h := &host{rules: parseHeaders(t, string(built(t)["_headers"]))}
	for _, page := range []string{"/consent", "/de/consent", "/signin", "/device", "/signout", "/error"} {
		header := map[string][]string{}
		h.setHeaders(header, page)
		if !strings.Contains(header["Content-Security-Policy"][0], "frame-ancestors 'none'") || header["X-Frame-Options"][0] != "DENY" {
			t.Errorf("%s: %v", page, header)
		}
	}
}

func TestWhoMayNotUseAnApplicationLearnsItAndCanGoBack(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/error?code=not_assigned&flow=f")
	b.until(`document.getElementById("explanation").textContent.includes("not for the account")`)
	if got := eval[string](b, `document.getElementById("other").getAttribute("href")`); got != "/signin?flow=f" {
		t.Errorf("another account: %q", got)
	}
	b.click("#application")
	b.path("/oauth2/resume?flow=f")
}
