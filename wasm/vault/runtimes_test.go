//go:build !js

package vault_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// inJavaScript is what the other runtimes run: vectors, lies, merges, and fewer histories than natively.
var inJavaScript = []string{"-test.run=^Test", "-test.skip=Stopped", "-vault.runs=20", "-test.v"}

// TestVectorsInNodeAndBrowser runs this package's tests, the vectors among them, as js/wasm under Node.js and in Chromium.
func TestVectorsInNodeAndBrowser(t *testing.T) {
	dir := t.TempDir()
	module := filepath.Join(dir, "vault.wasm")
	build := exec.Command("go", "test", "-c", "-trimpath", "-o", module, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	loader := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm")
	t.Run("node", func(t *testing.T) { inNode(t, filepath.Join(loader, "wasm_exec_node.js"), module) })
	t.Run("browser", func(t *testing.T) { inBrowser(t, filepath.Join(loader, "wasm_exec.js"), module) })
}

// TestSecondImplementationAgrees: one in JavaScript, written from the specification, makes the same bytes.
func TestSecondImplementationAgrees(t *testing.T) {
	if out, err := exec.Command(node(t), "testdata/second.mjs", "testdata/vectors.json").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func node(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../node_modules/node/bin/node")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run npm ci first", err)
	}
	return path
}

func inNode(t *testing.T, loader, module string) {
	command := exec.Command(node(t), append([]string{"--stack-size=8192", loader, module}, inJavaScript...)...)
	out, err := command.CombinedOutput()
	passed(t, string(out))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// passed checks that the vectors were among what ran.
func passed(t *testing.T, out string) {
	t.Helper()
	for _, name := range []string{"TestVectorsOfKeys", "TestVectorsOfRecords", "TestVectorsOfWraps", "TestVectorsOfMerges", "TestDevicesConverge"} {
		if !strings.Contains(out, "--- PASS: "+name) {
			t.Errorf("%s did not pass", name)
		}
	}
}

func inBrowser(t *testing.T, loader, module string) {
	files := map[string]string{"/": "testdata/browser.html", "/wasm_exec.js": loader, "/vault.wasm": module}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if file, ok := files[r.URL.Path]; ok {
			http.ServeFile(w, r, file)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	allocator, stop := chromedp.NewExecAllocator(context.Background(), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.ExecPath("chromium"), chromedp.UserDataDir(t.TempDir()))
	defer stop()
	var mu sync.Mutex
	var printed strings.Builder
	page, cancel := chromedp.NewContext(allocator, chromedp.WithListener(func(event any) {
		if e, ok := event.(*runtime.EventConsoleAPICalled); ok {
			mu.Lock()
			defer mu.Unlock()
			for _, a := range e.Args {
				printed.WriteString(strings.Trim(string(a.Value), `"`) + "\n")
			}
		}
	}))
	defer cancel()
	query := url.Values{"argument": inJavaScript}.Encode()
	if _, err := chromedp.Run(page, chromedp.Navigate(server.URL+"/?"+query)); err != nil {
		t.Fatal(err)
	}
	title, err := chromedp.Run(page, chromedp.Poll[string](`document.title.startsWith("exit ") && document.title`,
		chromedp.WithPollingInterval(100*time.Millisecond), chromedp.WithPollingTimeout(2*time.Minute)))
	mu.Lock()
	defer mu.Unlock()
	if err != nil || title != "exit 0" {
		t.Fatalf("%v, %q\n%s", err, title, printed.String())
	}
	passed(t, printed.String())
}
