package main

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// A link that brings a code along fills it in and does nothing else: who only opened it has answered nothing (RFC 8628 section 3.3.1).
func TestDeviceCodeOfALinkIsNeverSubmitted(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/device?user_code=WDJB-MJHT")
	b.until(`document.getElementById("code").value === "WDJB-MJHT"`)
	time.Sleep(500 * time.Millisecond)
	if eval[bool](b, `document.querySelector("[data-step=code]").hidden || document.getElementById("device").ariaBusy === "true"`) {
		t.Error("the page went on by itself")
	}
}

func TestDeviceByKeyboardAlone(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/device")
	b.until(`document.activeElement.id === "code"`)
	b.enter()
	b.until(wrong("code"))
	b.keys("wdjb mjht9")
	b.enter()
	b.until(wrong("code") + `.startsWith("No device")`)
	b.keys("FDJB-MJHT") // the wrong one is selected
	b.enter()
	b.step("confirm")
	b.until(`document.activeElement.id === "confirm-heading"`)
	facts := eval[string](b, `[...document.querySelectorAll("#asks, #shown, #elsewhere, dd, #gets li")].map((e) => e.textContent).join("|")`)
	for _, want := range []string{"Living-room TV", "|FDJB-MJHT|", "another network", "Berlin, DE", "ada@example.com", "Film library", "films.read", "stays when you sign out"} {
		if !strings.Contains(facts, want) {
			t.Errorf("the page does not say %q: %s", want, facts)
		}
	}
	b.keys(kb.Tab)
	b.keys(kb.Enter) // in the box: answers nothing
	time.Sleep(300 * time.Millisecond)
	b.step("confirm")
	b.keys(kb.Tab + kb.Tab + kb.Enter) // Allow, without the box
	b.until(wrong("mine"))
	if b.focused() != "mine" {
		t.Errorf("the focus is on %q", b.focused())
	}
	b.keys(" " + kb.Tab + kb.Tab + kb.Enter)
	b.step("allowed")
}

// To say no takes no more than to say yes, and looks the same.
func TestDeviceIsDeniedAsPlainlyAsAllowed(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/device?user_code=WDJB-MJHT")
	toDevice(b)
	look := `((v) => { const e = document.querySelector("[value=" + v + "]"), s = getComputedStyle(e), r = e.getBoundingClientRect();
		return [s.color, s.backgroundColor, s.borderColor, s.fontSize, s.fontWeight, r.width, r.height, r.top].join() })`
	if deny, allow := eval[string](b, look+`("deny")`), eval[string](b, look+`("allow")`); deny != allow {
		t.Errorf("Deny is %s, Allow is %s", deny, allow)
	}
	b.click("[value=deny]")
	b.step("denied")
	if !eval[bool](b, `document.getElementById("unverified").hidden`) {
		t.Error("the page warns of an application that the operator registered")
	}
	b.open("/device?user_code=SIGN-INNN")
	b.until(`document.activeElement.id === "code"`)
	b.enter()
	b.path("/signin?flow=device")
}

// Device-code phishing by an application that registered itself: its name is whatever it says.
func TestDevicePageSaysWhenNobodyHasCheckedTheApplication(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/device?user_code=XDJB-MJHT")
	toDevice(b)
	if eval[bool](b, `document.getElementById("unverified").hidden`) {
		t.Error("the page does not say that nobody has checked the application")
	}
}
