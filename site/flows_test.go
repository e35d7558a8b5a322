package main

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// path waits until the browser has gone there.
func (b *tab) path(want string) {
	b.Helper()
	b.until(`location.pathname + location.search === "` + want + `"`)
}

func TestSigninByKeyboardAlone(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/signin?flow=abc")
	b.until(`document.activeElement.id === "username"`)
	b.enter()
	b.until(wrong("username"))
	if b.focused() != "username" {
		t.Errorf("after an error the focus is on %q", b.focused())
	}
	b.keys("Ada@Example.com")
	b.enter()
	b.step("password")
	b.until(`document.activeElement.id === "password"`)
	if got := eval[string](b, "document.title"); got != "Enter your password · Latchkey" {
		t.Errorf("title %q", got)
	}
	if got := eval[string](b, `document.getElementById("who").textContent`); got != "ada@example.com" {
		t.Errorf("the page says it is %q", got)
	}
	b.keys("nonsense")
	b.enter()
	b.until(wrong("password"))
	b.keys("correct horse battery") // the wrong one is selected, so typing replaces it
	b.keys(kb.Tab + " ")
	if got := eval[string](b, `document.getElementById("password").type`); got != "text" {
		t.Errorf("the button beside the password makes its type %q", got)
	}
	b.keys(kb.Tab + " ")
	if !eval[bool](b, `document.getElementById("keep").checked`) {
		t.Error("the space bar does not check the box")
	}
	b.keys(kb.Tab + kb.Enter)
	b.path("/oauth2/resume?flow=abc")
}

func TestNameIsTakenBeforeTheModuleHasArrived(t *testing.T) {
	h := newHost(t, built(t))
	h.delay = 3 * time.Second
	b := newTab(t, h)
	start := time.Now()
	b.open("/signin")
	b.until(`document.activeElement.id === "username"`)
	b.keys("ada@example.com")
	b.enter()
	b.until(`document.getElementById("signin").ariaBusy === "true" && !document.querySelector(".progress").hidden`)
	if waited := time.Since(start); waited > h.delay {
		t.Fatalf("the page needed %s", waited)
	}
	b.step("password")
	if waited := time.Since(start); waited < h.delay {
		t.Errorf("the step came after %s, before the module could answer", waited)
	}
}

func TestBackGoesToTheNameAndForgetsNothing(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/signin?login_hint=ada@example.com")
	b.until(`document.getElementById("username").value === "ada@example.com"`)
	b.until(`history.state`)
	b.enter()
	b.step("password")
	eval[any](b, `history.back(); null`)
	b.step("name")
	b.until(`document.activeElement.id === "username"`)
	eval[any](b, `history.forward(); null`)
	b.step("password")
	b.click("#change")
	b.step("name")
	if got := eval[string](b, `document.getElementById("username").value`); got != "ada@example.com" {
		t.Errorf("the name is %q", got)
	}
	run(b, chromedp.Reload())
	b.step("name")
}

func TestFormsTellPasswordManagersWhatTheyAre(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	for path, want := range map[string]string{
		"/signin":  "username:username webauthn password:current-password",
		"/signup":  "name:name email:email local:off code:one-time-code username:username new-password:new-password",
		"/account": "username:username old-password:current-password new-password:new-password",
	} {
		b.open(path)
		got := eval[string](b, `[...document.querySelectorAll("form input[autocomplete]")].map((i) => i.id + ":" + i.autocomplete).join(" ")`)
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestWaitIsCountedDownInWords(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/signin")
	toPassword(b)
	b.keys("locked")
	b.enter()
	b.until(`document.querySelector("[data-step=password] .notice").textContent.includes("3 seconds")`)
	b.until(`document.querySelector("[data-step=password] .notice").textContent.includes("1 second.")`)
	b.until(`document.querySelector("[data-step=password] .notice").textContent === "You can try again now."`)
}

// By a clock that is an hour ahead, every challenge has expired when it comes.
func TestAWrongClockAsksForNoChallengeAfterTheOther(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/signin?flow=ahead")
	eval[bool](b, `(() => {
		globalThis.asked = 0;
		const post = Worker.prototype.postMessage;
		Worker.prototype.postMessage = function (message) {
			if (message.method === "passkeyOptions") asked++;
			post.call(this, message);
		};
		return true;
	})()`)
	time.Sleep(time.Second)
	if n := eval[int](b, "asked"); n > 1 {
		t.Errorf("asked %d times in a second", n)
	}
}

func TestSignupWithAnAddressOfOnesOwn(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/signup?flow=abc")
	if got := eval[string](b, `document.querySelector(".aside a").search`); got != "?flow=abc" {
		t.Errorf("the link to sign in keeps %q of the flow", got)
	}
	toCode(b)
	b.keys("111111")
	b.enter()
	b.until(wrong("code") + `.includes("4")`)
	b.click("#resend")
	b.until(`document.getElementById("code-news").textContent && document.activeElement.id === "code"`)
	b.keys("123 456")
	b.enter()
	b.step("password")
	b.keys("short")
	b.until(`document.querySelector(".strength").dataset.score === "1"`)
	b.enter()
	b.until(wrong("new-password") + `.includes("12")`)
	b.keys("quite a long and odd one")
	b.until(`document.querySelector(".strength").dataset.score === "4"`)
	b.enter()
	b.path("/account")
}

func TestSignupWithANewAddress(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/signup")
	b.until(`document.getElementById("domain").textContent === "@latchkey.localhost"`)
	b.fill("#name", "Ada")
	b.click("[value=new]")
	b.fill("#local", "name_taken")
	b.enter()
	b.until(wrong("local"))
	b.keys("ada") // what was wrong is selected
	b.enter()
	b.step("password")
	if got := eval[string](b, `document.getElementById("username").value`); got != "ada@latchkey.localhost" {
		t.Errorf("the password manager is told %q", got)
	}
}

func TestSessionsEndOneByOneAndTogether(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/account")
	b.until(`document.querySelectorAll("#sessions li").length === 3`)
	b.click("#sessions li:nth-child(2) button")
	b.until(`document.querySelectorAll("#sessions li").length === 2`)
	b.until(`document.getElementById("sessions-status").textContent`)
	b.click("#end-others")
	b.until(`document.querySelectorAll("#sessions li").length === 1 && document.getElementById("end-others").hidden`)
}

func TestAccessIsRemovedByKeyboardAlone(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/account")
	b.until(`document.querySelectorAll("#applications > li").length === 3`)
	facts := eval[string](b, `document.getElementById("applications").textContent`)
	for _, want := range []string{"Photo prints", "prints.example.com", "since", "last used 2 hours ago", "Photo library", "photos.read", "stays when you sign out", "no longer exists", "by the operator"} {
		if !strings.Contains(facts, want) {
			t.Errorf("the list does not say %q: %s", want, facts)
		}
	}
	if got := eval[string](b, `[...document.querySelectorAll("#applications .badge:not([hidden])")].map((e) => e.parentElement.firstChild.textContent).join()`); got != "Quizzes" {
		t.Errorf("marked as not checked: %s", got)
	}
	eval[any](b, `document.querySelector("#applications button").focus(); null`)
	if got := eval[string](b, `document.activeElement.getAttribute("aria-label")`); got != "Remove access of Photo prints" {
		t.Errorf("the button is called %q", got)
	}
	b.enter()
	b.until(`document.querySelectorAll("#applications > li").length === 2`)
	b.until(`document.getElementById("applications-status").textContent === "Photo prints no longer has access."`)
	if got := eval[string](b, `document.activeElement.id`); got != "applications-heading" {
		t.Errorf("the focus is on %q", got)
	}
	for range 2 {
		b.click("#applications button")
		b.until(`document.activeElement.id === "applications-heading"`)
		eval[any](b, `document.activeElement.blur(); null`)
	}
	b.until(`!document.querySelector("#applications > li") && !document.getElementById("no-applications").hidden`)
}

func TestAppsOpenWithOneKey(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/apps")
	b.until(`document.querySelectorAll("#apps li").length === 3`)
	if got := eval[string](b, `[...document.querySelectorAll("#apps a")].map((a) => a.querySelector("strong").textContent + "=" + a.getAttribute("href")).slice(0, 2).join(" ")`); got != "Bank=https://bank.example.com/ Photo prints=https://prints.example.com/go?iss=x" {
		t.Errorf("the tiles lead to %s", got)
	}
}

func TestPasswordChange(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/account")
	b.until(`document.querySelectorAll("#sessions li").length === 3`)
	b.click("#open-change")
	b.until(`document.activeElement.id === "old-password"`)
	b.keys("nonsense")
	b.fill("#new-password", "quite a long and odd one")
	b.enter()
	b.until(wrong("old-password"))
	b.keys("correct horse battery")
	b.enter()
	b.until(`!document.getElementById("changed").hidden && document.getElementById("change").hidden`)
	if got := eval[string](b, `document.getElementById("new-password").value`); got != "" {
		t.Error("the new password still stands in the page")
	}
}

func TestSignoutTellsApplicationsAndGoesOn(t *testing.T) {
	h := newHost(t, built(t))
	b := newTab(t, h)
	b.open("/signout?flow=shop&confirm=1")
	b.step("ask")
	if h.asked("/front-channel") {
		t.Error("an application was told before the person was asked")
	}
	b.click("[data-step=ask] .primary")
	b.until(`location.href.startsWith("https://shop.test:") && location.pathname === "/bye"`)
	if !h.asked("/front-channel") {
		t.Error("no application was told")
	}
}

func TestSignoutWithoutAFlowStaysHere(t *testing.T) {
	b := newTab(t, newHost(t, built(t)))
	b.open("/signout")
	b.step("ask") // anybody can link here
	b.click("[data-step=ask] .primary")
	b.step("done")
	if got := eval[string](b, "document.title"); got != "Signed out · Latchkey" {
		t.Errorf("title %q", got)
	}
}

func TestLanguageFollowsTheBrowserThenThePerson(t *testing.T) {
	h := newHost(t, built(t))
	b := newTab(t, h, chromedp.Flag("accept-lang", "de-DE,de,en"), chromedp.Flag("lang", "de-DE"))
	b.open("/signin?login_hint=ada@example.com")
	b.path("/de/signin?login_hint=ada@example.com")
	b.open("/signin?flow=abc") // here the server has chosen
	b.until(`history.state && document.documentElement.lang === "en"`)
	b.open("/de/signin?flow=abc")
	b.click("a[data-language=en]")
	b.path("/signin?flow=abc")
	b.open("/signin")
	b.until(`history.state && document.documentElement.lang === "en"`)
}
