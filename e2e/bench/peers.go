package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
)

// benchSecret is long enough for every peer.
const benchSecret = "K3v9q0ZxT7mWcYb2LrD5fHs8nJg4PaE6uQiXoRt1VkM"

// provider is a token service under load: Latchkey or a peer. An endpoint that is "" is not measured.
type provider struct {
	name    string
	node    bool // runs on Node and not on workerd
	clients int

	authorize, token, introspect string
	id, secret                   string     // of the application
	refreshID                    string     // of the one that gets refresh tokens
	service                      url.Values // parameters of client credentials
	offline                      string     // scope that brings a refresh token
	browsers                     []*opaquetest.Browser
	refreshTokens                []string
	accessToken                  string // to be introspected
	stop                         func()
}

// startPeer runs a program of peers on the server's core and waits until it is ready.
func (b *bench) startPeer(program string, args ...string) (base string, stop func(), err error) {
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	here, err := os.Getwd()
	if err != nil {
		return "", nil, err
	}
	var full []string
	if program == "worker.mjs" {
		full = append(full, args[0])
		args = args[1:]
	}
	full = append(append(full, port, filepath.Join(b.dir, "peer-"+port)), args...)
	cmd := exec.Command("taskset", append([]string{"-c", serverCore, filepath.Join(here, "node_modules/node/bin/node"), program}, full...)...)
	cmd.Dir, cmd.Stderr = "e2e/bench/peers", os.Stderr
	cmd.Env = append(os.Environ(), "TOOLS="+here, "NODE_NO_WARNINGS=1", "MINIFLARE_TELEMETRY_DISABLED=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "ready" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return "http://127.0.0.1:" + port, stop, nil
		}
	}
	stop()
	return "", nil, fmt.Errorf("%s %v does not start; `make bench` installs it", program, full)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

func (p *provider) open(base string, clients int) {
	p.clients = clients
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	for range clients {
		p.browsers = append(p.browsers, opaquetest.NewBrowser(base, base, &http.Client{Transport: transport}))
	}
}

// oidcProvider is panva's, on Node with SQLite on disk.
func (b *bench) oidcProvider(clients int) (*provider, error) {
	base, stop, err := b.startPeer("node-oidc-provider.mjs", benchSecret)
	if err != nil {
		return nil, err
	}
	p := &provider{name: "oidc-provider on Node", node: true, authorize: base + "/auth", token: base + "/token", introspect: base + "/token/introspection",
		id: "bench", refreshID: "bench-refresh", secret: benchSecret, stop: stop}
	p.open(base, clients)
	return p, nil
}

// betterAuth is better-auth with its oauth-provider over D1.
func (b *bench) betterAuth(clients int) (*provider, error) {
	base, stop, err := b.startPeer("worker.mjs", "better-auth", benchSecret)
	if err != nil {
		return nil, err
	}
	api := base + "/api/auth"
	p := &provider{name: "better-auth", authorize: api + "/oauth2/authorize", token: api + "/oauth2/token", introspect: api + "/oauth2/introspect",
		offline: " offline_access", stop: stop}
	p.open(base, clients)
	if _, err := fetch(p.browsers[0], http.MethodGet, base+"/migrate", nil, nil); err != nil {
		return nil, err
	}
	for i, browser := range p.browsers {
		person := map[string]string{"email": fmt.Sprintf("ada%d@example.com", i), "password": longPassword, "name": "Ada Lovelace"}
		if _, err := fetch(browser, http.MethodPost, api+"/sign-up/email", person, nil); err != nil {
			return nil, err
		}
	}
	return p, p.register(base)
}

// openAuth is @openauthjs/openauth over KV. It has no introspection, nobody is ever signed in, and it gives services refresh tokens.
func (b *bench) openAuth(clients int) (*provider, error) {
	base, stop, err := b.startPeer("worker.mjs", "openauth", benchSecret)
	if err != nil {
		return nil, err
	}
	p := &provider{name: "openauth", authorize: base + "/authorize", token: base + "/token", id: "bench", refreshID: "bench", secret: benchSecret,
		service: url.Values{"provider": {"door"}}, stop: stop}
	p.open(base, clients)
	return p, p.clientCredentials(0) // it makes its keys at the first request, and two at once would make two
}

// workersOAuth is @cloudflare/workers-oauth-provider over KV. It has neither client credentials nor introspection.
func (b *bench) workersOAuth(clients int) (*provider, error) {
	base, stop, err := b.startPeer("worker.mjs", "workers-oauth-provider", benchSecret)
	if err != nil {
		return nil, err
	}
	p := &provider{name: "workers-oauth-provider", authorize: base + "/authorize", token: base + "/token", offline: " offline_access", stop: stop}
	p.open(base, clients)
	return p, p.register(base)
}

// register asks a peer's Worker for an application.
func (p *provider) register(base string) error {
	var made struct{ ID, Secret string }
	if _, err := fetch(p.browsers[0], http.MethodGet, base+"/client", nil, &made); err != nil {
		return err
	}
	p.id, p.refreshID, p.secret = made.ID, made.ID, made.Secret
	return nil
}

// fetch sends JSON as a page of the peer's own would and reads JSON.
func fetch(browser *opaquetest.Browser, method, address string, in, out any) ([]byte, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = strings.NewReader(string(data))
	}
	r, err := http.NewRequest(method, address, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", browser.Issuer)
	answer, data, err := browser.Do(r)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", address, answer.StatusCode, data)
	}
	if err == nil && out != nil {
		err = json.Unmarshal(data, out)
	}
	return data, err
}
