package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	cdp "github.com/chromedp/cdproto/page"
)

// view is a page in one of its states.
type view struct {
	name, path string
	reach      func(*tab)
}

// views lists every page, and every step of those that have several.
var views = []view{
	{"home", "/", nil},
	{"signin-1-name", "/signin", nil},
	{"signin-2-error", "/signin", func(b *tab) {
		b.ready("username")
		b.keys("domain_unknown@nowhere.example")
		b.enter()
		b.until(wrong("username"))
	}},
	{"signin-3-password", "/signin?flow=f", func(b *tab) { toPassword(b) }},
	{"signin-4-wrong", "/signin", func(b *tab) { toPassword(b); b.keys("nonsense"); b.enter(); b.until(wrong("password")) }},
	{"signin-5-hashing", "/signin", func(b *tab) {
		toPassword(b)
		b.keys("slow")
		b.enter()
		b.until(`document.querySelector(".progress p").textContent.length > 15`)
	}},
	{"signin-6-locked", "/signin", func(b *tab) {
		toPassword(b)
		b.keys("locked")
		b.enter()
		b.until(`document.querySelector(".notice:not([hidden])")`)
	}},
	{"signup-1-address", "/signup", nil},
	{"signup-2-new", "/signup", func(b *tab) {
		b.click("[value=new]")
		b.until(`document.getElementById("domain").textContent`)
	}},
	{"signup-3-code", "/signup", func(b *tab) { toCode(b) }},
	{"signup-4-password", "/signup", func(b *tab) {
		toCode(b)
		b.keys("123456")
		b.enter()
		b.step("password")
	}},
	{"signup-5-weak", "/signup", func(b *tab) {
		toCode(b)
		b.keys("123456")
		b.enter()
		b.step("password")
		b.keys("short")
		b.enter()
		b.until(wrong("new-password"))
	}},
	{"account-1", "/account", func(b *tab) { b.until(`document.querySelectorAll("#sessions li").length === 3`) }},
	{"account-2-change", "/account", func(b *tab) {
		b.until(`document.querySelectorAll("#sessions li").length === 3`)
		b.click("#open-change")
	}},
	{"account-3-applications", "/account", func(b *tab) {
		b.until(`document.querySelectorAll("#applications > li").length === 3`)
		eval[any](b, `document.getElementById("applications-heading").scrollIntoView(); null`)
	}},
	{"apps-1", "/apps", func(b *tab) { b.until(`document.querySelectorAll("#apps li").length === 3`) }},
	{"device-1-code", "/device?user_code=WDJB-MJHT", nil},
	{"device-2-wrong", "/device", func(b *tab) { b.ready("code"); b.keys("nothing"); b.enter(); b.until(wrong("code")) }},
	{"device-3-confirm", "/device?user_code=WDJB-MJHT", toDevice},
	{"device-4-elsewhere", "/device?user_code=FDJB-MJHT", func(b *tab) { toDevice(b); b.click("[value=allow]"); b.until(wrong("mine")) }},
	{"device-5-denied", "/device?user_code=WDJB-MJHT", func(b *tab) { toDevice(b); b.click("[value=deny]"); b.step("denied") }},
	{"consent-1-ask", "/consent?flow=f", func(b *tab) { b.step("ask") }},
	{"consent-2-self-registered", "/consent?flow=self", func(b *tab) { b.step("ask") }},
	{"consent-3-choose", "/consent?flow=choose", func(b *tab) { b.step("choose") }},
	{"consent-4-gone", "/consent?flow=gone", func(b *tab) { b.until(`document.querySelector(".notice:not([hidden])")`) }},
	{"settings-1", "/settings", toSettings},
	{"settings-2-untrusted", "/settings", func(b *tab) { toGate(b, "untrusted") }},
	{"settings-3-locked", "/settings", func(b *tab) { toGate(b, "locked") }},
	{"settings-4-history", "/settings", func(b *tab) {
		toSettings(b)
		b.click("[data-do=history]")
		b.until(`document.getElementById("past").open`)
	}},
	{"settings-5-delete-all", "/settings", func(b *tab) { toSettings(b); b.click("#delete-all"); b.until(`document.getElementById("ask").open`) }},
	{"settings-6-missing", "/settings", func(b *tab) {
		toSettings(b)
		b.click("#edit .primary")
		b.until(wrong("collection-name"))
	}},
	{"settings-7-earlier", "/settings", func(b *tab) {
		toSettings(b)
		b.click("#kept [data-do=restore]")
		b.until(`document.activeElement.id === "ask-word"`)
		b.keys("NOT THIS ONE")
		b.enter()
		b.until(wrong("ask-word"))
	}},
	{"settings-8-anew", "/settings", func(b *tab) {
		toGate(b, "locked")
		b.fill("#password", "correct horse battery")
		b.click("#open-anew")
		b.until(`document.getElementById("ask").open`)
	}},
	{"settings-9-code", "/settings", func(b *tab) {
		toGate(b, "replaced")
		b.click("#other-way")
		b.keys("NOT THIS ONE")
		b.enter()
		b.until(wrong("recovery"))
	}},
	{"settings-kept-1", "/settings", func(b *tab) {
		toSettings(b)
		b.until(`document.querySelectorAll("#keeper-list > li").length === 3`)
		eval[any](b, `document.getElementById("keepers").scrollIntoView(); null`)
	}},
	{"settings-kept-2-look", "/settings", func(b *tab) {
		toSettings(b)
		b.click("#keeper-list [data-do=look]")
		b.until(`document.getElementById("inside").open`)
	}},
	{"settings-kept-3-erase", "/settings", func(b *tab) {
		toSettings(b)
		b.click("#keeper-list [data-do=erase]")
		b.until(`document.getElementById("ask").open`)
	}},
	{"trust-1-choose", "/trust", func(b *tab) { b.step("choose") }},
	{"trust-2-wrong", "/trust", func(b *tab) {
		b.step("choose")
		b.click("[value=m]")
		b.click("#choose")
		b.step("code")
		b.keys("000000")
		b.enter()
		b.until(wrong("code"))
	}},
	{"trust-3-recovery", "/trust", func(b *tab) { b.step("choose"); b.click("[value=r]"); b.click("#choose"); b.step("recovery") }},
	{"trust-4-number", "/trust", func(b *tab) {
		b.step("choose")
		b.click("#choose")
		b.step("approval")
		b.until(`document.getElementById("number").textContent`)
	}},
	{"trust-5-confirm", "/trust", func(b *tab) { toConfirm(b); b.keys("71"); b.enter(); b.until(wrong("answer")) }},
	{"trust-6-nothing", "/trust", func(b *tab) { toConfirm(b); b.click("#nothing"); b.step("approval") }},
	{"trust-7-done", "/trust", func(b *tab) { toConfirm(b); b.keys("17"); b.enter(); b.step("done") }},
	{"approve-1-list", "/approve", func(b *tab) { b.until(`document.querySelectorAll("#requests li").length === 1`) }},
	{"approve-2-wrong", "/approve", func(b *tab) { toApproval(b); b.keys("123456"); b.click("[value=allow]"); b.until(wrong("number")) }},
	{"approve-3-allowed", "/approve", func(b *tab) { toApproval(b); b.keys("042917"); b.click("[value=allow]"); b.step("allowed") }},
	{"security-1", "/security", toSecurity},
	{"security-2-password", "/security", func(b *tab) {
		toSecurity(b)
		b.click("[data-add=email]")
		b.until(`document.activeElement.id === "address"`)
		b.keys("ada@example.net")
		b.enter()
		b.until(`document.activeElement.id === "password"`)
	}},
	{"security-3-totp", "/security", func(b *tab) {
		toSecurity(b)
		b.click("[data-add=totp]")
		b.until(`document.querySelector("#qr svg")`)
		b.keys("000000")
		b.enter()
		b.until(wrong("code"))
	}},
	{"security-4-recovery", "/security", func(b *tab) {
		toSecurity(b)
		b.click("[data-add=recovery]")
		b.until(`document.getElementById("recovery").textContent`)
	}},
	{"security-5-remove", "/security", func(b *tab) {
		toSecurity(b)
		b.click("#devices li:nth-child(2) [data-do=revoke]")
		b.until(`document.getElementById("ask").open`)
	}},
	{"recover-1-name", "/recover", nil},
	{"recover-2-way", "/recover", func(b *tab) { toWays(b) }},
	{"recover-3-code", "/recover", func(b *tab) {
		toWays(b)
		b.click("[value=email]")
		b.click("[data-step=way] .primary")
		b.step("value")
		b.keys("ada@example.org")
		b.enter()
		b.step("code")
	}},
	{"recover-4-password", "/recover", func(b *tab) {
		toWays(b)
		b.click("[data-step=way] .primary")
		b.step("recovery")
		b.keys("7M3K9QX-2C8VJ4T")
		b.enter()
		b.step("password")
	}},
	{"signout-1-ask", "/signout?confirm=1", func(b *tab) { b.step("ask") }},
	{"signout-2-done", "/signout", func(b *tab) {
		b.step("ask")
		b.click("[data-step=ask] .primary")
		b.step("done")
	}},
	{"error", "/error?code=redirect_uri", nil},
	{"error-not-assigned", "/error?code=not_assigned&flow=f", nil},
	{"missing", "/no-such-page", nil},
	{"docs", "/docs", nil},
	{"document", "/docs/threat-model", nil},
}

func wrong(id string) string { return `document.getElementById("` + id + `-error").textContent` }

func toPassword(b *tab) {
	b.ready("username")
	b.keys("ada@example.com")
	b.enter()
	b.step("password")
}

func toCode(b *tab) {
	b.ready("name")
	b.keys("Ada Lovelace")
	b.fill("#email", "ada@example.com")
	b.enter()
	b.step("code")
	b.until(`document.getElementById("code-hint").textContent`)
}

func toDevice(b *tab) {
	b.ready("code")
	b.enter()
	b.step("confirm")
}

func toSettings(b *tab) {
	b.until(`document.querySelectorAll("#list li").length === 4 && !document.getElementById("all").hidden`)
}

func toSecurity(b *tab) {
	b.until(`document.querySelectorAll("#devices > li, #factors > li").length === 7`)
}

func toWays(b *tab) {
	b.ready("username")
	b.keys("ada@example.com")
	b.enter()
	b.step("way")
}

// toGate opens the settings of a device that cannot open them.
func toGate(b *tab, state string) {
	toSettings(b)
	eval[any](b, `caches.open("test").then((c) => c.put("/vault", new Response("`+state+`"))).then(() => void setTimeout(() => location.reload()))`) // after its answer
	b.until(`!document.getElementById("gate").hidden`)
}

func toConfirm(b *tab) { b.step("choose"); b.click("#choose"); b.step("confirm") }

func toApproval(b *tab) {
	b.until(`document.querySelector("#requests button")`)
	b.click("#requests button")
	b.step("confirm")
}

// languages are the prefixes of all languages.
var languages = map[string]string{"en": "", "de": "/de"}

// TestNoAccessibilityViolation runs axe-core over every view, language and colour scheme.
func TestNoAccessibilityViolation(t *testing.T) {
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err, "(npm ci installs it)")
	}
	b := newTab(t, newHost(t, built(t)))
	command(b, cdp.SetBypassCSP, cdp.SetBypassCSPParams{Enabled: true}) // for axe itself; TestNoPolicyIsViolated runs without
	for language, prefix := range languages {
		for _, scheme := range schemesOf(language) {
			b.scheme(scheme)
			for _, v := range views {
				b.open(prefix + v.path)
				if v.reach != nil {
					v.reach(b)
				}
				eval[any](b, string(axe)+"; null")
				report := eval[string](b, `axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) =>
					JSON.stringify(r.violations.map((v) => v.id + ": " + v.help + "\n  " + v.nodes.map((n) => n.html + " " + n.failureSummary).join("\n  "))))`)
				var violations []string
				if err := json.Unmarshal([]byte(report), &violations); err != nil {
					t.Fatal(err)
				}
				for _, violation := range violations {
					t.Errorf("%s %s %s: %s", v.name, language, scheme, violation)
				}
			}
		}
	}
}

// schemesOf looks at each colour scheme in one language: contrast does not depend on the words.
func schemesOf(language string) []string {
	if language == "de" {
		return []string{"dark"}
	}
	return []string{"light"}
}

// TestNoPolicyIsViolated walks through every view with the policies in force: the tab fails the test when the browser
// reports one. On the way it looks at what only a laid-out page shows.
func TestNoPolicyIsViolated(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	schemes := []string{"light"}
	if *pictures != "" {
		schemes = append(schemes, "dark")
	}
	for language, prefix := range languages {
		for _, scheme := range schemes {
			b.scheme(scheme)
			for _, width := range widths(language) {
				b.width(width)
				for _, v := range views {
					b.open(prefix + v.path)
					if v.reach != nil {
						v.reach(b)
					}
					checkLayout(b, fmt.Sprintf("%s %s %d", v.name, language, width))
					b.picture(fmt.Sprintf("%s-%s-%s-%d", v.name, language, scheme, width))
				}
			}
		}
	}
}

// widths are what a language is looked at in. Unless there are pictures to make, the one with the longer words gets the narrow screen
// and the other the wide one.
func widths(language string) []int64 {
	switch {
	case *pictures != "":
		return []int64{320, 1280}
	case language == "de":
		return []int64{320}
	}
	return []int64{1280}
}

// checkLayout: nothing scrolls sideways, every target has 24 by 24 pixels (WCAG 2.2, 2.5.8; links within a sentence are
// excepted), the page says its language and title.
func checkLayout(b *tab, where string) {
	b.Helper()
	problems := eval[[]string](b, `(() => {
		const found = [];
		const root = document.documentElement;
		if (root.scrollWidth > root.clientWidth) found.push("scrolls sideways: " + root.scrollWidth + " > " + root.clientWidth);
		for (const target of document.querySelectorAll("main button, main a, header a, main label.check, main label.option")) {
			const box = target.getBoundingClientRect();
			if (box.width === 0 || target.closest("article, .skip")) continue;
			if (box.height < 24 || box.width < 24) found.push("small target: " + target.outerHTML + " " + box.width + "×" + box.height);
		}
		for (const part of document.querySelectorAll(".card *, dialog[open] *")) {
			const card = part.closest(".card, dialog").getBoundingClientRect(), box = part.getBoundingClientRect();
			if (box.width > 1 && box.right > card.right + 1 && !part.closest(".progress")) found.push("cut off: " + part.outerHTML);
		}
		if (!/^(en|de)$/.test(root.lang)) found.push("language " + root.lang);
		if (!/\S · Latchkey$/.test(document.title)) found.push("title " + document.title);
		if (document.querySelectorAll("h1").length < 1) found.push("no h1");
		return found;
	})()`)
	for _, problem := range problems {
		b.Errorf("%s: %s", where, problem)
	}
}

func TestEveryPageIsLookedAt(t *testing.T) {
	for name := range built(t) {
		page, isPage := strings.CutSuffix(name, ".html")
		if !isPage || strings.HasPrefix(page, "de/") || strings.HasPrefix(page, "docs/") {
			continue
		}
		known := map[string]string{"index": "/", "404": "/no-such-page"}
		path := "/" + page
		if known[page] != "" {
			path = known[page]
		}
		var seen bool
		for _, v := range views {
			bare, _, _ := strings.Cut(v.path, "?")
			seen = seen || bare == path
		}
		if !seen {
			t.Errorf("no view looks at %s", name)
		}
	}
}
