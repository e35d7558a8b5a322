package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The peers are the libraries that sites and programs already use, pinned in e2e/peers/package.json and run unmodified against
// the shared service. A peer in Node is a program that converses with its test by lines of JSON (e2e/peers/conversation.mjs); one
// for the browser is a page.

// conversation is a peer's program under way.
type conversation struct {
	t       *testing.T
	browser *browser
	in      io.Writer
	out     *bufio.Scanner
	errors  *journal
	back    string // where the person comes back to
}

// line is one thing that a peer says.
type line struct {
	Open     string          `json:"open"`     // send the person there
	Pair     string          `json:"pair"`     // a user code to be typed
	At       string          `json:"at"`       // where to type it
	Complete string          `json:"complete"` // the same with the code in it
	Facts    json.RawMessage `json:"facts"`    // the end
}

// peer runs a program of e2e/peers with Node. Whatever it asks of a person, b does.
func peer(t *testing.T, b *browser, script, back string, config map[string]any) *conversation {
	t.Helper()
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "../../node_modules/node/bin/node", script)
	cmd.Dir = "peers"
	cmd.Env = append(os.Environ(), "PEER="+string(data), "NODE_EXTRA_CA_CERTS="+service.Certificates.CA)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &conversation{t: t, browser: b, in: in, out: bufio.NewScanner(out), errors: &journal{}, back: back}
	c.out.Buffer(nil, 1<<20)
	cmd.Stderr = c.errors
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v; `make e2e` installs the peers", script, err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait() // what it had to say was heard
	})
	return c
}

// next is the peer's next line. One that ends without facts has failed.
func (c *conversation) next() line {
	c.t.Helper()
	for c.out.Scan() {
		var l line
		if json.Unmarshal(c.out.Bytes(), &l) == nil {
			return l
		}
		c.t.Logf("peer: %s", c.out.Text())
	}
	c.t.Fatalf("the peer gave up:\n%s", c.errors)
	return line{}
}

func (c *conversation) answer(at string) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.in, "{\"at\":%q}\n", at); err != nil {
		c.t.Fatal(err)
	}
}

// facts sends the person wherever the peer wants and returns what it found out in the end. visited is called when the browser has
// been sent to an address, to do there what a person does.
func (c *conversation) facts(into any, visited func(l line)) {
	c.t.Helper()
	for {
		l := c.next()
		switch {
		case l.Facts != nil:
			c.t.Logf("facts: %s", l.Facts)
			if err := json.Unmarshal(l.Facts, into); err != nil {
				c.t.Fatal(err)
			}
			return
		case l.Open != "":
			c.browser.open(l.Open)
			if visited != nil {
				visited(l)
			}
			c.answer(c.arrived())
		default:
			visited(l)
			c.answer("")
		}
	}
}

// arrived waits until the person is back at the application, or on a page of ours that leads nowhere, and returns the address.
func (c *conversation) arrived() string {
	c.t.Helper()
	var at string
	c.browser.until("back at "+c.back, func() bool {
		var err error
		at, err = glance[string](c.browser, "location.href")
		if err != nil || strings.HasPrefix(at, service.Issuer+"/signout") {
			done, err := glance[bool](c.browser, `document.querySelector('[data-step="done"]:not([hidden])') !== null`)
			return err == nil && done
		}
		return strings.HasPrefix(at, c.back) || strings.HasPrefix(at, service.Issuer+"/error")
	})
	return at
}

// callbacks serves a site whose pages say nothing: a place to come back to.
func callbacks(t *testing.T) string {
	t.Helper()
	server := tlsServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>application</title><link rel=icon href=data:,><p>Back at the application.")
	}))
	return "https://app.localhost:" + portOf(server.URL)
}

// singlePage bundles a page's script with the library in it and serves it at every address, as such applications are.
func singlePage(t *testing.T, script string, config func(origin string) map[string]any) string {
	t.Helper()
	bundle := filepath.Join(t.TempDir(), "bundle.js")
	cmd := exec.CommandContext(t.Context(), "../../node_modules/.bin/esbuild", script, "--bundle", "--format=esm", "--outfile="+bundle)
	cmd.Dir = "peers"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("esbuild: %v: %s; `make e2e` installs the peers", err, out)
	}
	var server *httptest.Server
	server = tlsServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bundle.js" {
			http.ServeFile(w, r, bundle)
			return
		}
		data, _ := json.Marshal(config("https://app.localhost:" + portOf(server.URL)))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>application</title><link rel=icon href=data:,>
			<button id=signin>Sign in</button><button id=refresh>Refresh</button><button id=signout>Sign out</button>
			<script type=application/json id=config>%s</script><p id=facts></p><script type=module src=/bundle.js></script>`,
			strings.NewReplacer("<", `\u003c`).Replace(html.UnescapeString(string(data))))
	}))
	return "https://app.localhost:" + portOf(server.URL)
}

// registered loads one application of its own for a test.
func registered(t *testing.T, application map[string]any, resources ...map[string]any) {
	t.Helper()
	file := map[string]any{"applications": []any{application}}
	if len(resources) > 0 {
		file["resources"] = resources
	}
	data, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Load(t.Context(), data); err != nil {
		t.Fatal(err)
	}
}

// newMember signs a new person up at the service itself and returns the UPN.
func newMember(b *browser) string {
	b.t.Helper()
	name := newLocal()
	b.open(service.Issuer + "/signup")
	b.createAccount(name)
	b.at(service.Issuer + "/account")
	return name + "@latchkey.localhost"
}

// initialAccessToken lets one application register itself.
func initialAccessToken(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, service.URL+"/operator/initial-access-tokens", strings.NewReader(`{"uses": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+service.Secrets.OperatorKey)
	r.Header.Set("Content-Type", "application/json")
	answer, err := service.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var out struct{ Token string }
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil || out.Token == "" {
		t.Fatalf("no initial access token: %s, %v", answer.Status, err)
	}
	return out.Token
}
