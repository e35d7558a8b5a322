package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// seal measures how fast the client core seals and opens settings in a browser, beside the browser's own AES-GCM in the same page.
func (b *bench) seal() error {
	module := filepath.Join(b.dir, "vault.wasm")
	build := exec.Command("go", "test", "-c", "-trimpath", "-o", module, "./wasm/vault")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	files := map[string]string{
		"/": "e2e/bench/testdata/seal.html", "/vault.wasm": module,
		"/wasm_exec.js": filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, files[r.URL.Path]) }))
	defer server.Close()
	allocator, stop := chromedp.NewExecAllocator(b.ctx, chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.ExecPath("chromium"), chromedp.UserDataDir(filepath.Join(b.dir, "sealing")))
	defer stop()
	page, cancel := chromedp.NewContext(allocator)
	defer cancel()
	if _, err := chromedp.Run(page, chromedp.Navigate(server.URL+"/")); err != nil {
		return err
	}
	our, their, ratio, err := b.turns(
		func() (float64, error) { return evaluate(page, "theirs()") }, // how many of ours fit into theirs: the speed
		func() (float64, error) { return evaluate(page, "ours()") },
	)
	if err != nil {
		return err
	}
	b.add(row{"sealing and opening 10,000 settings, browser", fmt.Sprintf("%.0f ms", their), fmt.Sprintf("WebCrypto AES-GCM one by one %.0f ms", our),
		fmt.Sprintf("%.1f", ratio), "≥ 1.0", ratio >= 1})
	return nil
}

func evaluate(page context.Context, script string) (float64, error) {
	return chromedp.Run(page, chromedp.Evaluate[float64](script, chromedp.EvalAwaitPromise))
}
