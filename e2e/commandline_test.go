package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
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

// buildCommandLine builds the command once for all tests.
var buildCommandLine = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "latchkey-e2e-bin-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "latchkey")
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

// begin starts a command that asks something of a person, and returns what the terminal shows when it matches, and how to wait for its end.
func (c *computer) begin(shows string, words ...string) (shown string, end func() string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Minute)
	c.t.Cleanup(cancel)
	cmd := c.command(ctx, words...)
	var out bytes.Buffer
	cmd.Stdout = &out
	terminal, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	lines := bufio.NewScanner(terminal)
	for shown == "" && lines.Scan() {
		shown = regexp.MustCompile(shows).FindString(lines.Text())
	}
	if shown == "" {
		c.t.Fatalf("latchkey %s does not show %s", strings.Join(words, " "), shows)
	}
	var rest bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines.Scan() {
			rest.WriteString(lines.Text() + "\n")
		}
	}()
	return shown, func() string {
		c.t.Helper()
		<-done
		if err := cmd.Wait(); err != nil {
			c.t.Fatalf("latchkey %s: %v\n%s", strings.Join(words, " "), err, &rest)
		}
		return out.String()
	}
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
	address, end := c.begin(`https://\S+`, "signin", "--host", "lovelace")
	b.open(address)
	if gets := b.see("#gets"); !strings.Contains(gets, "All that you can do with your account") {
		t.Errorf("the page says %q", gets)
	}
	if who := b.see("#fact-application"); who != "Latchkey command line" {
		t.Errorf("the page names %q", who)
	}
	b.screenshot("consent-command-line")
	b.click(`button[value="allow"]`)
	if out := end(); !strings.Contains(out, name+"@") {
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
	code, end := c.begin(`[A-Z]{4}-[A-Z]{4}`, "signin", "--device-code")
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
	if out := end(); !strings.Contains(out, name+"@") {
		t.Errorf("it says %q", out)
	}
}
