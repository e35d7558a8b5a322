package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser is one Chromium with a profile of its own, which trusts the local authority and nothing more than usual. Its
// console goes to the test's log, and a console error fails the test.
type browser struct {
	authenticator webauthn.AuthenticatorID // "": none
	t             *testing.T
	ctx           context.Context
}

const patience = 20 * time.Second // for one step of a flow on a busy machine

// newBrowser starts Chromium. Each flag that is not about being a test is about having no network but the loopback.
func newBrowser(t *testing.T, extra ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	home := t.TempDir()
	trust(t, home, service.Certificates.CA)
	options := append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium(t)), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Env("HOME="+home, "LANG=en_US.UTF-8"), chromedp.UserDataDir(filepath.Join(home, "profile")),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("lang", "en-US"), chromedp.Flag("accept-lang", "en-US"), chromedp.WindowSize(1280, 900),
	}, extra...)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			t.Logf("console.%s: %s", ev.Type, arguments(ev.Args))
			if ev.Type == "error" {
				t.Errorf("the page logged an error")
			}
		case *runtime.EventExceptionThrown:
			t.Errorf("the page threw: %s", ev.ExceptionDetails.Text)
		}
	}))
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	// The first step starts the browser, which lives as long as the context it is given: not one of do, with its deadline.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return b
}

func arguments(args []*runtime.RemoteObject) string {
	var s []string
	for _, a := range args {
		s = append(s, fmt.Sprintf("%s %s", a.Value, a.Description))
	}
	return strings.Join(s, " ")
}

// trust puts the authority into a new NSS database, which is where Chromium looks.
func trust(t *testing.T, home, ca string) {
	t.Helper()
	db := "sql:" + filepath.Join(home, ".pki/nssdb")
	if err := os.MkdirAll(filepath.Join(home, ".pki/nssdb"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-d", db, "-N", "--empty-password"},
		{"-d", db, "-A", "-t", "C,,", "-n", "latchkey", "-i", ca},
	} {
		if out, err := exec.Command("certutil", args...).CombinedOutput(); err != nil {
			t.Fatalf("certutil (package libnss3-tools): %v: %s", err, out)
		}
	}
}

func chromium(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed; `make chromium` does it")
	}
	return path
}

// do runs steps and fails the test, with a picture of the page, when one does not work in time.
func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.fail(err)
	}
}

func (b *browser) fail(err error) {
	b.t.Helper()
	b.screenshot("failed-" + b.t.Name())
	ctx, cancel := context.WithTimeout(b.ctx, patience) // a page that hangs answers nothing
	defer cancel()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	b.t.Fatalf("%v\nat %s:\n%s", err, at, text)
}

func run[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		b.fail(err)
	}
	return v
}

func (b *browser) open(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address))
}

// glance evaluates an expression and gives up soon: a page that is on its way out may never answer.
func glance[T any](b *browser, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression))
}

// place is where an element is in the window.
type place struct{ X, Y float64 }

// find waits until an element can be seen and used, brings it into the window and says where its middle is. It asks the page
// anew each time, so that a navigation in between does no harm.
func (b *browser) find(selector string) place {
	b.t.Helper()
	quoted, err := json.Marshal(selector)
	if err != nil {
		b.t.Fatal(err)
	}
	script := fmt.Sprintf(`(() => {
		const e = [...document.querySelectorAll(%s)].find((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled);
		if (!e || document.readyState !== "complete") return null;
		e.scrollIntoView({ block: "center", behavior: "instant" });
		const r = e.getBoundingClientRect();
		return { X: r.x + r.width / 2, Y: r.y + r.height / 2 };
	})()`, quoted)
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		// An error here is a page on its way out.
		if at, err := glance[*place](b, script); err == nil && at != nil {
			return *at
		}
		if time.Now().After(deadline) {
			b.fail(fmt.Errorf("nobody can see %s", selector))
		}
	}
}

// see waits until an element is visible and returns its text.
func (b *browser) see(selector string) string {
	b.t.Helper()
	b.find(selector)
	quoted, _ := json.Marshal(selector) // a string
	return run(b, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector(%s).innerText`, quoted)))
}

func (b *browser) click(selector string) {
	b.t.Helper()
	at := b.find(selector)
	b.do(chromedp.MouseClickXY(at.X, at.Y))
}

// fill types into a field, key by key, as a person does, in place of what is there.
func (b *browser) fill(selector, text string) {
	b.t.Helper()
	b.click(selector)
	b.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(kb.ModifierCtrl)), chromedp.KeyEvent(kb.Delete), chromedp.KeyEvent(text))
}

// at waits until the address begins with prefix.
func (b *browser) at(prefix string) string {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		address, _ := glance[string](b, "location.href")
		if strings.HasPrefix(address, prefix) {
			return address
		}
		if time.Now().After(deadline) {
			b.fail(fmt.Errorf("still at %s, want %s", address, prefix))
		}
	}
}

// holds waits until a JavaScript expression is true.
func (b *browser) holds(expression string) {
	b.t.Helper()
	b.until(expression, func() bool {
		so, err := glance[bool](b, expression)
		return err == nil && so
	})
}

// until tries something again until it is so.
func (b *browser) until(what string, so func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.fail(fmt.Errorf("in vain: %s", what))
		}
	}
}

// screenshot keeps a picture in e2e/screenshots, for people to look at.
func (b *browser) screenshot(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Logf("no screenshot: %v", err)
		return
	}
	if err := os.MkdirAll("screenshots", 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("screenshots", url.PathEscape(name)+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
