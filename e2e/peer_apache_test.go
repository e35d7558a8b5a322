package e2e

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/e2e/local"
)

// apacheModules are the least that serves a page over TLS, and the peer.
var apacheModules = []string{"mpm_event", "authn_core", "authz_core", "authz_user", "dir", "mime", "ssl", "socache_shmcb", "auth_openidc"}

// startApache starts Debian's Apache with a configuration of its own, on a port of its own, and returns its address.
func startApache(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := portOf(listener.Addr().String())
	listener.Close()
	base := "https://app.localhost:" + port
	registered(t, map[string]any{
		"client_id": "peer-apache", "name": "mod_auth_openidc", "client_secret": peerSecret,
		"grant_types": []string{"authorization_code", "refresh_token"}, "scopes": []string{"openid", "profile", "email", "offline_access"},
		"redirect_uris": []string{base + "/callback"}, "post_logout_redirect_uris": []string{base + "/out.html"},
	})
	cmd := exec.CommandContext(t.Context(), "apache2", "-d", dir, "-f", configureApache(t, dir, port), "-DFOREGROUND")
	out := &journal{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		t.Fatalf("apache2: %v; Debian's packages are apache2 and libapache2-mod-auth-openidc, `make e2e` installs them", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if data, err := os.ReadFile(filepath.Join(dir, "error.log")); err == nil && t.Failed() {
			t.Logf("apache: %s%s", out, data)
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if conn, err := local.DialLoopback(t.Context(), "tcp", "localhost:"+port); err == nil {
			conn.Close()
			return base
		}
		if time.Now().After(deadline) {
			t.Fatalf("apache2 does not answer: %s", out)
		}
	}
}

// configureApache writes the pages and the configuration, and returns the latter's name.
func configureApache(t *testing.T, dir, port string) string {
	t.Helper()
	for name, page := range map[string]string{"members/index.html": "Members only.", "out.html": "Signed out."} {
		file := filepath.Join(dir, "pages", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("<!doctype html><link rel=icon href=data:,><p>"+page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	modules := map[string]string{}
	for _, name := range apacheModules {
		modules[name+"_module"] = "/usr/lib/apache2/modules/mod_" + name + ".so"
	}
	source, err := template.ParseFiles("peers/httpd.conf")
	if err != nil {
		t.Fatal(err)
	}
	conf, err := os.Create(filepath.Join(dir, "httpd.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Execute(conf, map[string]any{
		"Dir": dir, "Port": port, "Modules": modules, "Issuer": service.Issuer, "Secret": peerSecret, "Passphrase": newLocal(),
		"CA": service.Certificates.CA, "Certificate": service.Certificates.Cert, "Key": service.Certificates.Key,
	}); err != nil {
		t.Fatal(err)
	}
	conf.Close()
	return conf.Name()
}

// TestPeerApache: mod_auth_openidc keeps a page for members, refreshes by itself and signs out.
func TestPeerApache(t *testing.T) {
	base := startApache(t)
	b := newBrowser(t)
	upn := newMember(b)
	b.open(base + "/members/")
	b.at(base + "/members/")
	if got := b.see("p"); got != "Members only." {
		t.Errorf("the page says %q", got)
	}
	before := apacheInfo(b, base, "")
	if before.Userinfo.Name != "Ada Lovelace" || before.IDToken.UPN != upn {
		t.Errorf("Apache knows %+v", before)
	}
	after := apacheInfo(b, base, "&access_token_refresh_interval=0")
	if after.AccessToken == before.AccessToken || after.RefreshToken == before.RefreshToken || after.IDToken.Subject != before.IDToken.Subject {
		t.Error("the tokens were not refreshed")
	}
	b.open(base + "/callback?logout=" + "https%3A%2F%2Fapp.localhost%3A" + portOf(base) + "%2Fout.html")
	b.at(base + "/out.html")
	b.open(base + "/members/")
	if at := b.at(service.Issuer + "/signin?flow="); !strings.Contains(at, "flow=") {
		t.Error("nobody was asked to sign in again")
	}
}

// info is what mod_auth_openidc says of its session.
type info struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      struct {
		Subject string `json:"sub"`
		UPN     string `json:"preferred_username"`
	} `json:"id_token"`
	Userinfo struct {
		Name string `json:"name"`
	} `json:"userinfo"`
}

func apacheInfo(b *browser, base, query string) info {
	b.t.Helper()
	b.open(base + "/callback?info=json" + query)
	var out info
	text := run(b, chromedp.Evaluate[string]("document.body.innerText"))
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		b.t.Fatalf("%v: %s", err, text)
	}
	return out
}
