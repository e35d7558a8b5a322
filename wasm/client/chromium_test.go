//go:build !js

package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// chromium is a browser with an empty page of the service, in which the client core runs as the site's worker would have it.
type chromium struct {
	*world
	named   atomic.Pointer[string] // what the service says whose session it is; nil: the truth
	server  *httptest.Server
	browser context.Context
}

const emptyPage = `<!doctype html><title>latchkey</title><script src="/wasm_exec.js"></script><script>
const ready = (async () => {
  const go = new Go();
  const { instance } = await WebAssembly.instantiateStreaming(fetch("/latchkey.wasm"), go.importObject);
  go.run(instance);
  globalThis.memory = instance.exports.mem;
  await latchkey.call("configure", JSON.stringify({ base: location.origin }));
  await latchkey.loadDictionary(await (await fetch("/dictionary")).arrayBuffer());
})();
const events = [];
const call = async (method, args) => {
  await ready;
  latchkey.onevent = (text) => events.push(JSON.parse(text));
  return JSON.parse(await latchkey.call(method, JSON.stringify(args)));
};
</script>`

func newChromium(t *testing.T) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed; `make chromium` does it")
	}
	dir := t.TempDir()
	c := &chromium{}
	build(t, dir)
	write(t, filepath.Join(dir, "dictionary"), smallAsset(t))
	c.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, emptyPage)
		case "/latchkey.wasm", "/dictionary":
			http.ServeFile(w, r, filepath.Join(dir, filepath.Base(r.URL.Path)))
		case "/wasm_exec.js":
			http.ServeFile(w, r, loader(t))
		case "/favicon.ico":
		case api.RouteAccount:
			if id := c.named.Load(); id != nil {
				json.NewEncoder(w).Encode(api.Account{ID: *id, UPN: ada})
				return
			}
			c.handler.ServeHTTP(w, r)
		default:
			c.handler.ServeHTTP(w, r)
		}
	}))
	c.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	c.world = newWorldAt(t, "https://"+c.server.Listener.Addr().String(), "64MiB")
	c.server.StartTLS()
	t.Cleanup(c.server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("ignore-certificate-errors", true), chromedp.UserDataDir(filepath.Join(dir, "profile")), chromedp.Env("HOME="+dir))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	browser, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	c.browser = browser
	c.must(chromedp.Do(browser, chromedp.Navigate("about:blank")))
	return c
}

// tab is another one, with the page.
func (c *chromium) tab() context.Context {
	c.Helper()
	tab, cancel := chromedp.NewContext(c.browser)
	c.Cleanup(cancel)
	c.must(chromedp.Do(tab, chromedp.Navigate(c.server.URL+"/")))
	return tab
}

// call calls the core in a tab; the result is JSON.
func (c *chromium) call(tab context.Context, method string, arguments any) string {
	c.Helper()
	in, err := json.Marshal(arguments)
	c.must(err)
	return c.evaluate(tab, fmt.Sprintf("call(%q, %s)", method, in))
}

func (c *chromium) evaluate(tab context.Context, script string) string {
	c.Helper()
	tab, cancel := context.WithTimeout(tab, time.Minute)
	defer cancel()
	out, err := chromedp.Run(tab, chromedp.Evaluate[string]("Promise.resolve("+script+").then(JSON.stringify)", chromedp.EvalAwaitPromise))
	c.must(err)
	return out
}

func (c *chromium) gives(tab context.Context, method string, arguments any, want string) {
	c.Helper()
	if got := c.call(tab, method, arguments); !strings.Contains(got, want) {
		c.Fatalf("%s: %s, want %s", method, got, want)
	}
}

type fields = map[string]any

// owns makes an account in a tab.
func (c *chromium) owns() context.Context {
	c.Helper()
	tab := c.tab()
	state := new(struct{ OK api.SignupState })
	c.must(json.Unmarshal([]byte(c.call(tab, "signupBegin", fields{"kind": "new", "upn": ada})), state))
	c.gives(tab, "signupFinish", fields{"state": state.OK.State, "upn": ada, "name": "Ada", "password": good}, `"redirect"`)
	c.gives(tab, "trust", fields{}, `"state":"open"`)
	return tab
}

// What WebAssembly has taken it never gives back, so its size is the most that was ever needed.
func TestTenThousandSettingsNeedLittleMemory(t *testing.T) {
	const most = 96 << 20
	c := newChromium(t)
	tab := c.owns()
	c.evaluate(tab, `(async () => {
		const settings = Array.from({ length: 10000 }, (_, i) => ({ collection: "c" + (i % 10), name: "setting " + i, value: "x".repeat(200) }));
		return call("importSettings", { text: JSON.stringify({ format: "latchkey-settings-1", account: "", exported: "", settings }) });
	})()`)
	c.gives(tab, "syncSettings", fields{}, `"ok"`)
	page := c.tab()
	size := func(work string) (bytes int) {
		t.Helper()
		c.must(json.Unmarshal([]byte(c.evaluate(page, "(async () => { const { problem } = "+work+"; return problem ? -1 : memory.buffer.byteLength; })()")), &bytes))
		return bytes
	}
	first := size(`await call("repairVault", {})`)
	last := size(`await (async () => { for (let i = 0; i < 10; i++) { var r = await call("syncSettings", {}); if (r.problem) break; } return r; })()`)
	t.Logf("%d MiB after the first exchange, %d MiB after ten more", first>>20, last>>20)
	if first < 0 || first > most || last < 0 || last > first+first/10 {
		t.Errorf("%d bytes, then %d; want at most %d, and no growth", first, last, most)
	}
}

func TestTheBrowserKeepsWhatOpensTheVault(t *testing.T) {
	c := newChromium(t)
	tab := c.owns()
	c.gives(tab, "setSetting", fields{"collection": "c", "name": "theme", "value": "dark"}, `"ok"`)
	c.gives(tab, "syncSettings", fields{}, `"ok"`)
	c.gives(tab, "vaultStatus", fields{}, `"state":"open","pending":0`)
	for _, rule := range []struct {
		name string
		test func(t *testing.T, tab context.Context)
	}{
		{"it is there after a reload, and in two tabs at once", c.twoTabs},
		{"the service tells of changes", c.hears},
		{"what is removed is gone", c.empties},
		{"its keys cannot be read out", c.keepsKeys},
		{"the kept password opens in the place of the device's key", c.opensByPassword},
		{"only the id of an account names what is kept of it", c.namesAccounts},
		{"a tab that is closed at work leaves the lock", c.dies},
	} {
		t.Run(rule.name, func(t *testing.T) { rule.test(t, tab) })
	}
}

func (c *chromium) twoTabs(t *testing.T, tab context.Context) {
	other := c.tab()
	c.gives(other, "settings", fields{"collection": "c"}, `"value":"dark"`)
	c.gives(other, "setSetting", fields{"collection": "c", "name": "theme", "value": "light"}, `"ok"`)
	c.gives(tab, "settings", fields{"collection": "c"}, `"value":"light"`)
	c.gives(tab, "syncSettings", fields{}, `"ok"`)
	c.gives(other, "vaultStatus", fields{}, `"pending":0`)
	script := `Promise.all(Array.from({length: 20}, (_, i) => call("setSetting", {collection: "c", name: "n" + i + "%s", value: "v"})))`
	first, second := make(chan string), make(chan string)
	go func() { first <- c.evaluate(tab, fmt.Sprintf(script, "a")) }()
	go func() { second <- c.evaluate(other, fmt.Sprintf(script, "b")) }()
	if a, b := <-first, <-second; strings.Contains(a+b, "problem") {
		t.Error(a, b)
	}
	var all struct{ OK []client.Setting }
	c.must(json.Unmarshal([]byte(c.call(tab, "settings", fields{})), &all))
	if len(all.OK) != 41 {
		t.Errorf("%d settings of two tabs, want 41", len(all.OK))
	}
}

func (c *chromium) hears(t *testing.T, tab context.Context) {
	listening := c.tab()
	c.gives(listening, "watchSettings", fields{}, `"ok"`)
	c.evaluate(listening, `new Promise((done) => setTimeout(() => done((events.length = 0)), 1000))`)
	c.gives(tab, "setSetting", fields{"collection": "d", "name": "live", "value": "1"}, `"ok"`)
	c.gives(tab, "syncSettings", fields{}, `"ok"`)
	got := c.evaluate(listening, `new Promise((done) => {
		const began = performance.now();
		const look = () => {
			if (events.some(({ changed }) => changed?.includes("d")) || performance.now() - began > 5000) done(performance.now() - began);
			else setTimeout(look, 10);
		};
		look();
	})`)
	var waited float64
	c.must(json.Unmarshal([]byte(got), &waited))
	t.Logf("heard after %.0f ms", waited)
	if waited > 1000 {
		t.Error("later than a second")
	}
}

func (c *chromium) keepsKeys(t *testing.T, tab context.Context) {
	c.call(tab, "signin", fields{"upn": ada, "password": good})
	got := c.evaluate(tab, `(async () => {
		const open = indexedDB.open("latchkey");
		await new Promise((done) => (open.onsuccess = done));
		const all = open.result.transaction("keys").objectStore("keys").getAll();
		await new Promise((done) => (all.onsuccess = done));
		const refused = await Promise.all(all.result.map(({ private: key }) => Promise.all(["jwk", "pkcs8"].map((form) =>
			crypto.subtle.exportKey(form, key).then(() => "given away", (error) => error.name)))));
		return all.result.map(({ private: key }) => [key.extractable, key.usages].join()).join(" ") + " " + refused.join();
	})()`)
	if got != `"false,deriveBits false,deriveBits InvalidAccessError,InvalidAccessError,InvalidAccessError,InvalidAccessError"` {
		t.Error(got)
	}
}

// The ids come from the service, and stand in the database beside names of ours.
func (c *chromium) namesAccounts(t *testing.T, tab context.Context) {
	defer c.named.Store(nil)
	const names = `(async () => {
		const open = indexedDB.open("latchkey");
		await new Promise((done) => (open.onsuccess = done));
		const stores = [...open.result.objectStoreNames];
		const asked = stores.map((name) => open.result.transaction(name).objectStore(name).getAllKeys());
		return JSON.stringify((await Promise.all(asked.map((all) => new Promise((done) => (all.onsuccess = () => done(all.result)))))).flat()
			.filter((name) => !name.includes("/00")));
	})()`
	c.call(tab, "signin", fields{"upn": ada, "password": good})
	before := c.evaluate(tab, names)
	if !strings.Contains(before, "password") {
		t.Fatal(before)
	}
	for _, id := range []string{"", "password", "x", "a/b", "a#revision", strings.Repeat("a", 25), strings.Repeat("a", 27), strings.Repeat("a", 25) + "b",
		strings.Repeat("A", 26), strings.Repeat("a", 1<<16)} {
		c.named.Store(&id)
		other := c.tab()
		for _, method := range []string{"trust", "settings", "syncSettings", "repairVault", "vaultStatus"} {
			if got := c.call(other, method, fields{}); strings.Contains(got, `"state":"open"`) {
				t.Errorf("%.30q: %s: %s", id, method, got)
			}
		}
		c.call(other, "setSetting", fields{"collection": "c", "name": "n", "value": "v"})
		if after := c.evaluate(other, names); after != before {
			t.Errorf("%.30q: %s became %s", id, before, after)
		}
	}
}

func (c *chromium) opensByPassword(_ *testing.T, tab context.Context) {
	c.evaluate(tab, `(async () => {
		const open = indexedDB.open("latchkey");
		await new Promise((done) => (open.onsuccess = done));
		const change = open.result.transaction(["keys", "memory", "notes"], "readwrite");
		const keys = change.objectStore("keys").getAllKeys();
		keys.onsuccess = () => keys.result.filter((key) => key !== "password").forEach((key) => change.objectStore("keys").delete(key));
		change.objectStore("memory").clear();
		change.objectStore("notes").clear();
		await new Promise((done) => (change.oncomplete = done));
		return true;
	})()`)
	again := c.tab()
	c.gives(again, "trust", fields{}, `"state":"open"`)
	c.gives(again, "syncSettings", fields{}, `"ok"`)
	c.gives(again, "settings", fields{"collection": "c"}, `"value":"light"`)
}

func (c *chromium) dies(_ *testing.T, tab context.Context) {
	dying, cancel := chromedp.NewContext(c.browser)
	c.must(chromedp.Do(dying, chromedp.Navigate(c.server.URL+"/")))
	c.evaluate(dying, `ready.then(() => (call("syncSettings", {}), true))`)
	cancel()
	c.gives(tab, "settings", fields{"collection": "c"}, `"ok"`)
}

func (c *chromium) empties(t *testing.T, tab context.Context) {
	const bytes = `(async () => {
		const open = indexedDB.open("latchkey");
		await new Promise((done) => (open.onsuccess = done));
		const all = open.result.transaction("memory").objectStore("memory").getAll();
		await new Promise((done) => (all.onsuccess = done));
		return String(all.result.reduce((sum, { byteLength }) => sum + (byteLength ?? 0), 0));
	})()`
	if before := c.evaluate(tab, bytes); len(before) < 5 {
		t.Errorf("%s bytes are kept", before)
	}
	c.gives(tab, "signout", fields{}, `"ok"`)
	if after := c.evaluate(tab, bytes); after != `"0"` {
		t.Errorf("after sign-out %s bytes are kept", after)
	}
	c.gives(tab, "signin", fields{"upn": ada, "password": good}, `"ok"`)
	c.gives(tab, "syncSettings", fields{}, `"ok"`)
	c.gives(tab, "settings", fields{}, `"value":"light"`)
	for range 40 {
		c.gives(tab, "setSetting", fields{"collection": "d", "name": "often", "value": c.evaluate(tab, "String(Math.random())")}, `"ok"`)
	}
	again := c.tab()
	c.gives(again, "settings", fields{"collection": "c"}, `"value":"light"`)
	c.gives(again, "syncSettings", fields{}, `"ok"`)
}
