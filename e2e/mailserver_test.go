package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/e2e/local"
)

const mailPassword = "s@cret of the postman"

// mailServer is npm's smtp-server, driven by edge/message/testdata/peer.mjs, behind a tap on the wire.
type mailServer struct {
	letters chan letter
	tap     *tap
}

// letter is a message that the server took.
type letter struct {
	To     []string `json:"to"`
	Secure bool     `json:"secure"` // it came inside TLS
	User   string   `json:"user"`
	Raw    []byte   `json:"raw"`
}

// startMailServer runs a mail server with a certificate for localhost, of the local authority unless another is given.
func startMailServer(t *testing.T, certificates local.Certificates, options map[string]any) *mailServer {
	t.Helper()
	options["modules"] = filepath.Join(root(t), "node_modules")
	options["cert"], options["key"], options["password"] = certificates.Cert, certificates.Key, mailPassword
	argument, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(root(t), "node_modules/node/bin/node"), filepath.Join(root(t), "edge/message/testdata/peer.mjs"), string(argument))
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("the mail server does not start (`npm ci` installs it): %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	var started struct{ Port json.Number }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &started) != nil {
		t.Fatal("the mail server does not say its port")
	}
	s := &mailServer{letters: make(chan letter, 10), tap: newTap(t, "127.0.0.1:"+started.Port.String())}
	go func() {
		for lines.Scan() {
			var l letter
			if json.Unmarshal(lines.Bytes(), &l) == nil {
				s.letters <- l
			}
		}
	}()
	return s
}

// url is the setting that sends mail there.
func (s *mailServer) url() string {
	u := url.URL{
		Scheme: "smtp", User: url.UserPassword("postman", mailPassword), Host: "localhost:" + portOf(s.tap.Addr().String()),
		RawQuery: url.Values{"from": {"Latchkey <noreply@id.example>"}}.Encode(),
	}
	return u.String()
}

// tap passes connections on and keeps what the client sends, as an eavesdropper would.
type tap struct {
	net.Listener
	to   string
	mu   sync.Mutex
	wire bytes.Buffer
}

func newTap(t *testing.T, to string) *tap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	p := &tap{Listener: listener, to: to}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.pass(client)
		}
	}()
	return p
}

func (p *tap) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(client, server)
		client.Close()
	}()
	_, _ = io.Copy(server, io.TeeReader(client, p))
}

func (p *tap) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wire.Write(data)
}

func (p *tap) heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wire.String()
}

// wantNothingHeard fails if an eavesdropper has learnt anything but that there is mail.
func (p *tap) wantNothingHeard(t *testing.T, address string) {
	t.Helper()
	heard := p.heard()
	if !strings.Contains(heard, "EHLO id.example") {
		t.Errorf("nobody has called: %q", heard)
	}
	for _, secret := range []string{"AUTH", "MAIL FROM", "RCPT", "DATA", address, "postman", mailPassword} {
		if strings.Contains(heard, secret) {
			t.Errorf("%q went over the wire in the clear", secret)
		}
	}
}

// next waits for a letter and reads the code in it.
func (s *mailServer) next(t *testing.T, address string) (letter, string) {
	t.Helper()
	select {
	case l := <-s.letters:
		message, err := mail.ReadMessage(bytes.NewReader(l.Raw))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(message.Body)
		code := sixDigits.FindString(string(text))
		if err != nil || code == "" || len(l.To) != 1 || l.To[0] != address {
			t.Fatalf("a letter to %q without a code: %s, %v", l.To, text, err)
		}
		return l, code
	case <-time.After(patience):
		t.Fatal("no letter has come")
		return letter{}, ""
	}
}

// mailAPI is a transactional-mail service that is out of order at first.
type mailAPI struct {
	requests chan mailRequest
	mu       sync.Mutex
	calls    int
}

type mailRequest struct {
	key, authorization string
	body               struct {
		From, Subject, Text, HTML string
		To                        []string
	}
}

func (m *mailAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := mailRequest{key: r.Header.Get("Idempotency-Key"), authorization: r.Header.Get("Authorization")}
	if err := json.NewDecoder(r.Body).Decode(&request.body); err != nil || r.Method != http.MethodPost || r.URL.Path != "/emails" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	m.requests <- request
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calls++; m.calls == 1 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte(`{"id":"1"}`))
}

func mailAPIURL(server *httptest.Server) string {
	return "https://re_token@localhost:" + portOf(server.Listener.Addr().String()) + "/emails?from=" + url.QueryEscape("Latchkey <noreply@id.example>")
}
