package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// buildCommandLine builds the command once for all tests, beside the service's state, which is removed in the end.
var buildCommandLine = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(service.State), "latchkey")
	out, err := exec.Command("go", "build", "-o", path, "../wasm/cmd/latchkey").CombinedOutput()
	if err != nil {
		os.Stderr.Write(out)
	}
	return path, err
})

// computer is one on which the command line runs, with a home of its own and no keyring.
type computer struct {
	t    *testing.T
	path string
	home string
}

func newComputer(t *testing.T) *computer {
	t.Helper()
	path, err := buildCommandLine()
	if err != nil {
		t.Fatal(err)
	}
	return &computer{t, path, t.TempDir()}
}

func (c *computer) command(ctx context.Context, words ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, words...)
	cmd.Env = []string{
		"HOME=" + c.home, "PATH=" + os.Getenv("PATH"), "LATCHKEY_SERVICE=" + service.Issuer, "LATCHKEY_CA=" + service.Certificates.CA,
		"LATCHKEY_KEYRING=file", "BROWSER=true",
	}
	return cmd
}

// run runs a command to its end and wants an exit status.
func (c *computer) run(status int, in string, words ...string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	cmd := c.command(ctx, words...)
	var out, problems bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &out, &problems
	err := cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != status {
		c.t.Fatalf("latchkey %s: exit status %d (%v), want %d\n%s\n%s", strings.Join(words, " "), got, err, status, &out, &problems)
	}
	return out.String()
}

// running is a command that asks something of a person.
type running struct {
	t     *testing.T
	name  string
	cmd   *exec.Cmd
	in    io.Writer
	out   bytes.Buffer
	lines *bufio.Scanner
}

// begin starts a command.
func (c *computer) begin(words ...string) *running {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Minute)
	c.t.Cleanup(cancel)
	r := &running{t: c.t, name: strings.Join(words, " "), cmd: c.command(ctx, words...)}
	r.cmd.Stdout = &r.out
	var failed error
	r.in, failed = r.cmd.StdinPipe()
	terminal, err := r.cmd.StderrPipe()
	if err = errors.Join(err, failed); err == nil {
		err = r.cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	r.lines = bufio.NewScanner(terminal)
	return r
}

// shows waits until the terminal shows what matches.
func (r *running) shows(pattern string) string {
	r.t.Helper()
	want, all := regexp.MustCompile(pattern), ""
	for r.lines.Scan() {
		if got := want.FindString(r.lines.Text()); got != "" {
			return got
		}
		all += r.lines.Text() + "\n"
	}
	r.t.Fatalf("latchkey %s does not show %s:\n%s", r.name, pattern, all)
	return ""
}

// types answers a question.
func (r *running) types(line string) {
	r.t.Helper()
	if _, err := io.WriteString(r.in, line+"\n"); err != nil {
		r.t.Fatal(err)
	}
}

// ends waits until the command is done, and returns its result.
func (r *running) ends() string {
	r.t.Helper()
	rest := ""
	for r.lines.Scan() {
		rest += r.lines.Text() + "\n"
	}
	if err := r.cmd.Wait(); err != nil {
		r.t.Fatalf("latchkey %s: %v\n%s", r.name, err, rest)
	}
	return r.out.String()
}

// devices are those of the account, as the command line lists them.
func (c *computer) devices() (list []struct {
	Name    string         `json:"name"`
	Kind    api.DeviceKind `json:"kind"`
	Current bool           `json:"current"`
}) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.run(0, "", "devices", "--json")), &list); err != nil {
		c.t.Fatal(err)
	}
	return list
}

// TestTheCommandLineSignsInByABrowser: the address that it opens leads to the page that says what it gets, and back to it.
func TestTheCommandLineSignsInByABrowser(t *testing.T) {
	b, c := newBrowser(t), newComputer(t)
	name := newLocal()
	b.signUp(name)
	c.run(3, "", "whoami")
	signin := c.begin("signin", "--host", "lovelace")
	b.open(signin.shows(`https://\S+`))
	if gets := b.see("#gets"); !strings.Contains(gets, "All that you can do with your account") {
		t.Errorf("the page says %q", gets)
	}
	if who := b.see("#fact-application"); who != "Latchkey command line" {
		t.Errorf("the page names %q", who)
	}
	b.screenshot("consent-command-line")
	b.click(`button[value="allow"]`)
	if out := signin.ends(); !strings.Contains(out, name+"@") {
		t.Errorf("it says %q", out)
	}
	b.holds(`document.body.innerText.includes("Go back to the terminal")`)
	var own string
	for _, d := range c.devices() {
		if d.Current {
			own = d.Name
			if d.Kind != api.DeviceCommandLine {
				t.Errorf("it is a %q", d.Kind)
			}
		}
	}
	if own != "latchkey on lovelace" {
		t.Errorf("it is called %q", own)
	}
	b.open(service.Issuer + "/account")
	b.holds(`document.body.innerText.includes("latchkey on lovelace")`)
	c.run(0, "", "signout")
	c.run(3, "", "whoami")
}

// TestTheCommandLineSignsInByACode: a computer without a browser shows a code, which the person types elsewhere.
func TestTheCommandLineSignsInByACode(t *testing.T) {
	b, c := newBrowser(t), newComputer(t)
	name := newLocal()
	b.signUp(name)
	signin := c.begin("signin", "--device-code")
	code := signin.shows(`[A-Z]{4}-[A-Z]{4}`)
	b.open(service.Issuer + "/device")
	b.fill("#code", code)
	b.click(`[data-step="code"] button.primary`)
	if got := b.see("#shown"); got != code {
		t.Errorf("the page shows %q, the terminal %q", got, code)
	}
	if gets := b.see("#gets"); !strings.Contains(gets, "All that you can do with your account") {
		t.Errorf("the page says %q", gets)
	}
	b.screenshot("device-command-line")
	b.click("#mine")
	b.click(`button[value="allow"]`)
	b.see(`[data-step="allowed"] h1`)
	if out := signin.ends(); !strings.Contains(out, name+"@") {
		t.Errorf("it says %q", out)
	}
}

// signInOn signs a command line in from a browser.
func (b *browser) signInOn(c *computer) {
	b.t.Helper()
	signin := c.begin("signin")
	b.open(signin.shows(`https://\S+`))
	b.click(`button[value="allow"]`)
	signin.ends()
}

// TestABrowserAndTheCommandLineShareSettings: A7, A8. The command line gets nothing until a browser has approved it by the number that
// the terminal shows; then each has what the other writes.
func TestABrowserAndTheCommandLineShareSettings(t *testing.T) {
	b, c := newBrowser(t), newComputer(t)
	b.signUp(newLocal())
	b.settled()
	b.set("editor", "theme", "dark")
	b.signInOn(c)
	c.run(4, "", "vault", "get", "editor", "theme")
	trust := c.begin("trust", "--method", "approval")
	b.open(trust.shows(`https://\S+/approve`))
	b.click("#requests button")
	b.see("#confirm-heading")
	b.fill("#number", strings.ReplaceAll(trust.shows(`^  [0-9 ]{6,7}$`), " ", ""))
	b.click(`button[value="allow"]`)
	b.see("#allowed-heading")
	trust.types(b.see("#answer"))
	if out := trust.ends(); !strings.Contains(out, "your settings are open here") {
		t.Errorf("it says %q", out)
	}
	b.settled() // sends what it had not when the person went on
	b.until("the command line has what the browser wrote", func() bool {
		out, err := c.command(t.Context(), "vault", "get", "editor", "theme").Output()
		return err == nil && string(out) == "dark\n"
	})
	c.run(0, "light\n", "vault", "set", "editor", "theme")
	b.shows("theme", "light")
	c.run(0, "", "signout")
}
