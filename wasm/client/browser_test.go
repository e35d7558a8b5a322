package client_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// TestModuleWorksInJavaScript runs the module that browsers load, over TLS, against the same service as the native tests.
func TestModuleWorksInJavaScript(t *testing.T) {
	node, err := filepath.Abs("../../node_modules/node/bin/node")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(node); err != nil {
		t.Fatalf("%v: run npm ci first", err)
	}
	server := serve(t, newService(t))
	dir := t.TempDir()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	write(t, filepath.Join(dir, "ca.pem"), certificate)
	write(t, filepath.Join(dir, "dictionary"), smallAsset(t))
	command := exec.Command(node, "testdata/browser.mjs", build(t, dir), loader(t), server.URL, filepath.Join(dir, "dictionary"))
	command.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+filepath.Join(dir, "ca.pem"))
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.Bytes())
	}
	var answers map[string]json.RawMessage
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for step, want := range map[string]string{
		"unconfigured":   `"code":"bad_request"`,
		"insecure":       `"code":"insecure"`,
		"configure":      `{"ok":{}}`,
		"noDictionary":   `"code":"bad_answer"`,
		"dictionary":     `{"ok":{"words":6}}`,
		"common":         `"reason":"common"`,
		"checked":        `{"ok":{"acceptable":true,"score":4,"suggestions":[],"breached":false,"checked":true}}`,
		"signup":         `{"ok":{"redirect":"/account"}}`,
		"signin":         `{"ok":{"redirect":"/oauth2/resume?flow=f1"}}`,
		"stages":         `["sending","hashing","sending"]`,
		"wrong":          `"code":"invalid_credentials"`,
		"noArguments":    `"upn":"ada@example.org"`,
		"unknown":        `"code":"bad_request"`,
		"tooLarge":       `"code":"unavailable"`,
		"redirected":     `"code":"unavailable"`,
		"together":       `"upn":"ada@example.org"`,
		"listenerThrows": `"code":"internal"`,
	} {
		if !strings.Contains(string(answers[step]), want) {
			t.Errorf("%s: %s, want %s", step, answers[step], want)
		}
	}
	if complaints.Len() > 0 {
		t.Errorf("the module wrote to the console: %s", complaints.Bytes())
	}
}

// serve puts s behind TLS. Two routes misbehave in ways that only a real fetch meets.
func serve(t *testing.T, s *service) *httptest.Server {
	var one sync.Mutex
	var server *httptest.Server
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one.Lock()
		defer one.Unlock()
		switch {
		case r.URL.Path == api.RouteSessions:
			w.Write(make([]byte, api.MaxBody+1))
			return
		case r.URL.Path == api.RouteSignout:
			http.Redirect(w, r, server.URL+api.RouteAccount, http.StatusTemporaryRedirect)
			return
		case strings.HasPrefix(r.URL.Path, "/range/"):
			if r.Header.Get("Add-Padding") != "true" || r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" {
				t.Errorf("range query with %v", r.Header)
			}
			io.WriteString(w, strings.Repeat("0", 35)+":0\r\n")
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		answer, _ := s.Do(r.Context(), client.Request{Method: r.Method, URL: base + r.URL.Path, Body: body})
		w.WriteHeader(answer.Status)
		w.Write(answer.Body)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	server.StartTLS()
	t.Cleanup(server.Close)
	s.Alter = func(_ string, answer any) any {
		if c, ok := answer.(api.Configuration); ok {
			c.RangeService = server.URL + "/range/"
			return c
		}
		return answer
	}
	return server
}

// build compiles the module.
func build(t *testing.T, dir string) string {
	t.Helper()
	module := filepath.Join(dir, "latchkey.wasm")
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", module, "../")
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return module
}

func loader(t *testing.T) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js")
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
