//go:build !js

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/message"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
)

// deployment is a directory with everything that the native server needs.
type deployment struct {
	t *testing.T
	options
	roots *x509.CertPool
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	dir := t.TempDir()
	d := &deployment{t: t, roots: x509.NewCertPool(), options: options{
		listen: "127.0.0.1:0", state: filepath.Join(dir, "state"), cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"),
		site: filepath.Join(dir, "site"),
	}}
	d.certificate()
	d.write(filepath.Join(d.site, "_headers"), "/*\n  Content-Security-Policy: default-src 'self'\n/assets/*\n  Cache-Control: public, max-age=31536000, immutable\n")
	d.write(filepath.Join(d.site, "signin.html"), "<title>Sign in</title>")
	d.write(filepath.Join(d.site, "de", "index.html"), "<title>Start</title>")
	d.write(filepath.Join(d.site, "404.html"), "<title>Nothing here</title>")
	d.write(filepath.Join(d.site, "de", "404.html"), "<title>Hier ist nichts</title>")
	d.write(filepath.Join(d.site, "assets", "style.css"), "p {}")
	t.Setenv("LATCHKEY_ISSUER", "https://localhost")
	t.Setenv("LATCHKEY_DEFAULT_DOMAIN", "latchkey.localhost")
	t.Setenv("LATCHKEY_ROOT_KEY", "r1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
	t.Setenv("LATCHKEY_MAIL", "outbox:")
	return d
}

func (d *deployment) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *deployment) write(name, content string) {
	d.t.Helper()
	d.must(os.MkdirAll(filepath.Dir(name), 0o700))
	d.must(os.WriteFile(name, []byte(content), 0o600))
}

// certificate makes one for localhost.
func (d *deployment) certificate() {
	d.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	d.must(err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	d.must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	d.must(err)
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	d.roots.AppendCertsFromPEM(chain)
	d.write(d.cert, string(chain))
	d.write(d.key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}

// start runs the server and returns its address and how to stop it.
func (d *deployment) start() (address string, stop func()) {
	d.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := serve(ctx, slog.New(slog.NewJSONHandler(in, nil)), d.options)
		in.CloseWithError(err)
		ended <- err
	}()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var line struct{ Msg, Address string }
		d.must(json.Unmarshal(lines.Bytes(), &line))
		if line.Msg == "serving https" {
			address = line.Address
			break
		}
	}
	if address == "" {
		cancel()
		d.t.Fatalf("the server does not start: %v", <-ended)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // until the pipe is closed
	return address, func() {
		d.t.Helper()
		cancel()
		d.must(<-ended)
	}
}

// browser talks to the server as to https://localhost, whatever its port is. It keeps cookies.
type browser struct {
	*deployment
	client http.Client
}

func (d *deployment) browser(address string, jar http.CookieJar) *browser {
	return &browser{d, http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: d.roots}, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}}
}

func (b *browser) do(method, path, accept string, body []byte) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequest(method, "https://localhost"+path, bytes.NewReader(body))
	b.must(err)
	r.Header.Set("Accept", accept)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "https://localhost")
	answer, err := b.client.Do(r)
	b.must(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	b.must(err)
	return answer, string(text)
}

func (b *browser) call(method, route string, in, out any) {
	b.t.Helper()
	body, err := json.Marshal(in)
	b.must(err)
	answer, text := b.do(method, route, "application/json", body)
	if answer.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %d %s", route, answer.StatusCode, text)
	}
	b.must(json.Unmarshal([]byte(text), out))
}

const (
	ada    = "ada@example.com"
	secret = "correct horse battery staple"
)

func (b *browser) signup() {
	b.t.Helper()
	var up api.SignupState
	b.call("POST", api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: ada}, &up)
	var letters message.Letters
	for deadline := time.Now().Add(10 * time.Second); len(letters.Messages) == 0; { // an alarm delivers it
		if b.call("GET", message.RouteOutbox, nil, &letters); time.Now().After(deadline) {
			b.t.Fatal("no mail")
		}
	}
	b.call("POST", api.RouteSignupCode, api.SignupCodeRequest{State: up.State, Code: letters.Messages[0].Code}, &up)
	record := passwordtest.Register(b.t, secret, api.CurrentKSF, func(request []byte) []byte {
		var out api.RegistrationResponse
		b.call("POST", api.RouteSignupPassword, api.SignupPasswordRequest{State: up.State, Request: request}, &out)
		return out.Response
	})
	b.call("POST", api.RouteSignupFinish, api.SignupFinishRequest{
		State: up.State, Name: "Ada", Record: record, KSF: api.CurrentKSF, Keep: true,
	}, new(api.SignupFinishResponse))
}

func (b *browser) signin() {
	b.t.Helper()
	login := passwordtest.Begin(b.t, secret)
	var begun api.PasswordBeginResponse
	b.call("POST", api.RoutePasswordBegin, api.PasswordBeginRequest{UPN: ada, KE1: login.KE1}, &begun)
	ke3, err := login.Finish(begun.KE2, begun.KSF)
	b.must(err)
	b.call("POST", api.RoutePasswordFinish, api.PasswordFinishRequest{State: begun.State, KE3: ke3}, new(api.PasswordFinishResponse))
}

// The native server does what the Worker does: it takes an account, knows it after a restart, and the browser is still signed in.
func TestNativeServerKeepsAccountsAndSessionsOverARestart(t *testing.T) {
	d := newDeployment(t)
	jar, err := cookiejar.New(nil)
	d.must(err)
	address, stop := d.start()
	d.browser(address, jar).signup()
	stop()
	address, stop = d.start()
	defer stop()
	var account api.Account
	d.browser(address, jar).call("GET", api.RouteAccount, nil, &account)
	if account.UPN != ada {
		t.Errorf("%+v", account)
	}
	other, err := cookiejar.New(nil)
	d.must(err)
	b := d.browser(address, other)
	b.signin()
	var sessions api.Sessions
	b.call("GET", api.RouteSessions, nil, &sessions)
	if len(sessions.Sessions) != 2 {
		t.Errorf("%d sessions, want both browsers'", len(sessions.Sessions))
	}
	for _, c := range other.Cookies(&url.URL{Scheme: "https", Host: "localhost", Path: "/"}) {
		if !strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("cookie %s", c.Name)
		}
	}
}

func TestNativeServerServesPagesBeforeHandlers(t *testing.T) {
	d := newDeployment(t)
	address, stop := d.start()
	defer stop()
	b := d.browser(address, nil)
	const page, data = "text/html,*/*;q=0.8", "application/json"
	for _, c := range []struct {
		method, path, accept string
		status               int
		body, policy         string
	}{
		{"GET", "/signin", page, 200, "<title>Sign in</title>", "default-src 'self'"},
		{"HEAD", "/signin", page, 200, "", "default-src 'self'"},
		{"GET", "/de/", page, 200, "<title>Start</title>", "default-src 'self'"},
		{"GET", "/assets/style.css", "text/css", 200, "p {}", "default-src 'self'"},
		{"GET", "/healthz", page, 200, "ok\n", "default-src 'none'"},
		{"POST", "/signin", page, 404, `"code":"not_found"`, "default-src 'none'"},
		{"GET", "/nothing", data, 404, `"code":"not_found"`, "default-src 'none'"},
		{"GET", "/nothing", page, 404, "<title>Nothing here</title>", "default-src 'self'"},
		{"HEAD", "/nothing", page, 404, "", "default-src 'self'"},
		{"GET", "/de/nichts", page, 404, "<title>Hier ist nichts</title>", "default-src 'self'"},
		{"GET", "/_headers", data, 404, `"code":"not_found"`, "default-src 'none'"},
		{"GET", "/%2e%2e/cert.pem", data, 404, `"code":"not_found"`, "default-src 'none'"},
		{"GET", api.RouteConfiguration, data, 200, `"issuer":"https://localhost"`, "default-src 'none'"},
	} {
		answer, body := b.do(c.method, c.path, c.accept, nil)
		if answer.StatusCode != c.status || !strings.Contains(body, c.body) || c.body == "" && body != "" ||
			!strings.Contains(answer.Header.Get("Content-Security-Policy"), c.policy) {
			t.Errorf("%s %s: %d %v %q", c.method, c.path, answer.StatusCode, answer.Header, body)
		}
	}
	if answer, _ := b.do("GET", "/assets/style.css", "*/*", nil); !strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("headers of the build are not set: %v", answer.Header)
	}
}

func TestNativeServerSaysWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*deployment)
		want  string
	}{
		"certificate": {func(d *deployment) { d.cert = "" }, "-cert and -key are required"},
		"settings":    {func(d *deployment) { d.t.Setenv("LATCHKEY_ISSUER", "http://localhost") }, "LATCHKEY_ISSUER: "},
		"site":        {func(d *deployment) { d.must(os.Remove(filepath.Join(d.site, "_headers"))) }, "make build"},
		"address":     {func(d *deployment) { d.listen = "127.0.0.1:x" }, "listen tcp"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeployment(t)
			d.t = t
			c.spoil(d)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := serve(ctx, slog.New(slog.DiscardHandler), d.options); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// What only the platform may say is taken from the platform.
func TestNativePlatformHeadersAreNotTheClients(t *testing.T) {
	for header, want := range map[string]string{"CF-Connecting-IP": "192.0.2.7", "X-Real-IP": "198.51.100.1"} {
		var seen http.Header
		h := platform(header, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header }))
		r := &http.Request{Header: http.Header{}, RemoteAddr: "192.0.2.7:4711"}
		r.Header.Set(header, "198.51.100.1") // X-Real-IP: by a proxy that the operator has named
		r.Header.Set("Latchkey-Place", "Nowhere")
		r.Header.Set("Latchkey-Certificate", "verified :AAAA:")
		r.Header.Set("Latchkey-Request", "mine")
		h.ServeHTTP(nil, r)
		if got := seen.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
		if id := seen.Get("Latchkey-Request"); seen.Get("Latchkey-Place")+seen.Get("Latchkey-Certificate") != "" || id == "mine" || len(id) != 16 {
			t.Errorf("%v", seen)
		}
	}
}
