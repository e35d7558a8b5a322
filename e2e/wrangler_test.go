package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
)

// wrangler is the pinned one, with a home of its own: no login, no metrics, no questions.
func wrangler(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, filepath.Join(root(t), "node_modules/node/bin/node"),
		append([]string{filepath.Join(root(t), "node_modules/wrangler/bin/wrangler.js")}, args...)...)
	home := t.TempDir()
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "WRANGLER_SEND_METRICS=false", "CI=1", "NO_COLOR=1")
	return cmd
}

// TestWranglerUploadsTheWholeWorker: what `make deploy` checks before it uploads, and that no module stays behind.
func TestWranglerUploadsTheWholeWorker(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	text, err := wrangler(t.Context(), t, "deploy", "--dry-run", "--outdir", out).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if bytes.Contains(text, []byte("WARNING")) {
		t.Errorf("wrangler warns: %s", text)
	}
	dist := filepath.Join(root(t), "edge/dist")
	err = fs.WalkDir(os.DirFS(dist), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == "assets.mjs" { // serves pages where Cloudflare does not
			return err
		}
		if _, err := os.Stat(filepath.Join(out, path)); err != nil {
			t.Errorf("%s is not uploaded", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestWranglerServesTheWorker runs `wrangler dev`, the nearest thing to Cloudflare that a machine of one's own has: pages come from its
// asset server by Cloudflare's rules, everything else from the Worker.
func TestWranglerServesTheWorker(t *testing.T) {
	t.Parallel()
	issuer := startWrangler(t)
	b := opaquetest.NewBrowser(issuer, issuer, service.Client())
	for path, want := range map[string]string{
		"/healthz":                          "ok",
		"/signin":                           "<title>Sign in · Latchkey",
		"/.well-known/openid-configuration": `"issuer":"` + issuer + `"`,
		"/nowhere":                          "There is no such page",
	} {
		r, err := http.NewRequest(http.MethodGet, issuer+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/html")
		answer, body, err := b.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if status := map[bool]int{false: 200, true: 404}[path == "/nowhere"]; answer.StatusCode != status || !bytes.Contains(body, []byte(want)) {
			t.Errorf("%s: %s %.300s, want %d …%s…", path, answer.Status, body, status, want)
		}
		wantSecurityHeaders(t, path, answer)
	}
	upn, p := newUPN(), newPerson()
	if err := b.SignUp(upn, p); err != nil {
		t.Fatalf("sign-up: %v", err)
	}
	if err := b.SignIn(upn, p); err != nil {
		t.Errorf("sign-in: %v", err)
	}
	var account api.Account
	if err := b.Call(api.RouteAccount, nil, &account); err != nil || account.UPN != upn {
		t.Errorf("signed in as %q, want %q; %v", account.UPN, upn, err)
	}
}

// startWrangler returns the origin where `wrangler dev` answers. Its processes are a group of their own, which ends with the test.
func startWrangler(t *testing.T) (issuer string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := portOf(listener.Addr().String())
	listener.Close()
	issuer = "https://localhost:" + port
	vars := filepath.Join(t.TempDir(), "vars")
	err = os.WriteFile(vars, fmt.Appendf(nil, "LATCHKEY_ISSUER=%s\nLATCHKEY_MAIL=outbox:\nLATCHKEY_ROOT_KEY=%s\nLATCHKEY_OPERATOR_KEY=%s\n",
		issuer, service.Secrets.RootKey, service.Secrets.OperatorKey), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	log := &journal{}
	cmd := wrangler(context.Background(), t, "dev", "--ip", "127.0.0.1", "--port", port, "--inspector-port", "0", "--persist-to", t.TempDir(), "--env-file", vars,
		"--local-protocol", "https", "--https-cert-path", service.Certificates.Cert, "--https-key-path", service.Certificates.Key)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() { endGroup(cmd.Process.Pid, ended) })
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("wrangler says:\n%s", log)
		}
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatal("wrangler has ended")
		default:
		}
		if strings.Contains(log.String(), "Ready on") {
			return issuer
		}
	}
	t.Fatal("wrangler is not ready after a minute")
	return ""
}

// endGroup asks the processes of a group to end and makes those that don't.
func endGroup(pid int, ended <-chan struct{}) {
	_ = syscall.Kill(-pid, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	<-ended
}
