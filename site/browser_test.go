package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var pictures = flag.String("pictures", "", "directory to keep pictures of every page in")

const patience = 20 * time.Second // for one step on a busy machine

// tab is one tab of a Chromium with a profile of its own. Whatever the browser reports as an error, a violated policy among
// it, fails the test.
type tab struct {
	*testing.T
	ctx    context.Context
	host   *host
	ignore string // part of an error that the test provokes
}

func newTab(t *testing.T, h *host, extra ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed; `make chromium` does it")
	}
	options := append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("ignore-certificate-errors", true), chromedp.Flag("accept-lang", "en-US"),
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"), chromedp.WindowSize(1280, 900),
	}, extra...)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	b := &tab{T: t, host: h, ignore: "404"}
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(func(event any) {
		switch event := event.(type) {
		case *log.EventEntryAdded:
			if event.Entry.Level == log.EntryLevelError && !strings.Contains(event.Entry.Text, b.ignore) {
				t.Errorf("browser: %s (%s)", event.Entry.Text, event.Entry.URL)
			}
		case *runtime.EventConsoleAPICalled:
			if event.Type == "error" {
				t.Errorf("console.error: %s", arguments(event.Args))
			}
		case *runtime.EventExceptionThrown:
			t.Errorf("uncaught: %s %s", event.ExceptionDetails.Text, arguments([]*runtime.RemoteObject{event.ExceptionDetails.Exception}))
		}
	}))
	t.Cleanup(cancel)
	b.ctx = ctx
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	command(b, log.Enable, cdp.Empty{})
	return b
}

func arguments(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		words = append(words, fmt.Sprintf("%s %s", a.Value, a.Description))
	}
	return strings.Join(words, " ")
}

// run runs an action within the time of one step.
func run[T any](b *tab, action chromedp.Action[T]) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.Fatal(err)
	}
	return value
}

// command sends a command of the protocol.
func command[P, R any](b *tab, c cdp.Command[P, R], params P) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, c, params); err != nil {
		b.Fatal(err)
	}
}

func (b *tab) open(path string) {
	b.Helper()
	run(b, chromedp.Navigate(b.host.URL+path))
}

// eval gives the value of a JavaScript expression, or of its promise.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	return run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func (b *tab) click(selector string) { b.Helper(); run(b, chromedp.Click(chromedp.CSS(selector))) }

// fill types over what stands in a field.
func (b *tab) fill(selector, text string) {
	b.Helper()
	b.click(selector)
	eval[any](b, "document.activeElement.select(); null")
	b.keys(text)
}

// until waits for a JavaScript condition.
func (b *tab) until(condition string) {
	b.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
		cancel()
		if err == nil && holds {
			return
		}
	}
	b.Fatalf("never came true: %s\nat %s\n%s", condition, eval[string](b, "location.href"), eval[string](b, "document.querySelector('main')?.innerText ?? ''"))
}

// keys types into whatever has the focus.
func (b *tab) keys(text string) { b.Helper(); run(b, chromedp.KeyEvent(text)) }

func (b *tab) enter() { b.Helper(); b.keys(kb.Enter) }

// step waits for a step of a page.
func (b *tab) step(name string) {
	b.Helper()
	b.until(`document.querySelector("[data-step=` + name + `]:not([hidden])")`)
}

// ready waits until the field that gets the focus has it and the page's module listens.
func (b *tab) ready(id string) {
	b.Helper()
	b.until(`history.state && document.activeElement.id === "` + id + `"`)
}

// focused is the id of the focused element.
func (b *tab) focused() string { b.Helper(); return eval[string](b, "document.activeElement.id") }

func (b *tab) scheme(name string) {
	b.Helper()
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
}

func (b *tab) width(pixels int64) {
	b.Helper()
	command(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: pixels, Height: 860, DeviceScaleFactor: 1})
}

// picture keeps a picture when -pictures says where.
func (b *tab) picture(name string) {
	b.Helper()
	if *pictures == "" {
		return
	}
	png := run(b, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(*pictures, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), png, 0o644); err != nil {
		b.Fatal(err)
	}
}
