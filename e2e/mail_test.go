package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
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
	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
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

// beginWithCode begins a sign-up with an address that has to be proved.
func beginWithCode(t *testing.T, b *opaquetest.Browser) (api.SignupState, string) {
	t.Helper()
	address := newLocal() + "@example.com"
	state, err := b.BeginSignUp(api.SignupEmail, address)
	if err != nil || !state.NeedsCode {
		t.Fatalf("sign-up with %s: %v, needs a code: %v", address, err, state.NeedsCode)
	}
	return state, address
}

// finishWithCode proves the address and creates the account.
func finishWithCode(t *testing.T, b *opaquetest.Browser, state api.SignupState, code string) {
	t.Helper()
	if err := b.Call(api.RouteSignupCode, api.SignupCodeRequest{State: state.State, Code: code}, &state); err != nil {
		t.Fatalf("the code from the mail: %v", err)
	}
	if err := b.FinishSignUp(state, newPerson()); err != nil {
		t.Fatal(err)
	}
	var account api.Account
	if err := b.Call(api.RouteAccount, nil, &account); err != nil || account.Email != state.UPN {
		t.Errorf("the account has address %q, want %q; %v", account.Email, state.UPN, err)
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

// TestCodeByMail: A4. The Worker on workerd sends a code over a socket of the runtime, inside TLS, to a server that others wrote.
func TestCodeByMail(t *testing.T) {
	t.Parallel()
	for rule, c := range map[string]struct {
		options map[string]any
		least   time.Duration
	}{
		"at once":                      {map[string]any{}, 0},
		"to a slow server":             {map[string]any{"slow": 1500}, time.Second},
		"again, after a first refusal": {map[string]any{"greylist": 1}, 4 * time.Second},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			server := startMailServer(t, service.Certificates, c.options)
			b := apiBrowser(startOwn(t, local.Options{Vars: map[string]string{"LATCHKEY_MAIL": server.url()}}))
			began := time.Now()
			state, address := beginWithCode(t, b)
			l, code := server.next(t, address)
			if !l.Secure || l.User != "postman" {
				t.Errorf("the letter came inside TLS: %v; from user %q, want postman", l.Secure, l.User)
			}
			if took := time.Since(began); took < c.least {
				t.Errorf("it came after %v: the server has not refused it before", took)
			}
			server.tap.wantNothingHeard(t, address)
			finishWithCode(t, b, state, code)
		})
	}
}

// TestNoMailInTheClear: without TLS to the right server nothing is said but hello.
func TestNoMailInTheClear(t *testing.T) {
	t.Parallel()
	foreign, err := local.EnsureCertificates(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for rule, c := range map[string]struct {
		certificates local.Certificates
		options      map[string]any
		why          string
	}{
		"the server offers no TLS":                      {service.Certificates, map[string]any{"disabled": []string{"STARTTLS"}}, "offers no STARTTLS"},
		"the certificate is of an unknown authority":    {foreign, map[string]any{}, "TLS"},
		"the server offers no TLS and takes everything": {service.Certificates, map[string]any{"disabled": []string{"STARTTLS", "AUTH"}}, "offers no STARTTLS"},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			server, log := startMailServer(t, c.certificates, c.options), &journal{}
			s := startOwn(t, local.Options{Log: log, Vars: map[string]string{"LATCHKEY_MAIL": server.url()}})
			_, address := beginWithCode(t, apiBrowser(s))
			failed := waitFor(func() bool { return strings.Contains(log.String(), "object: effect failed") })
			if !failed || !strings.Contains(log.String(), c.why) {
				t.Errorf("the log does not say %q", c.why)
			}
			server.tap.wantNothingHeard(t, address)
			if len(server.letters) > 0 {
				t.Error("the letter was sent all the same")
			}
			if text := log.String(); strings.Contains(text, address) || strings.Contains(text, mailPassword) {
				t.Error("the log has the address or the mail server's password")
			}
		})
	}
}

// waitFor tries something again until it is so or patience ends.
func waitFor(so func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if so() {
			return true
		}
	}
	return false
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

// TestCodeByMailService sends a code through a service's interface, and again with the same key when it was out of order.
func TestCodeByMailService(t *testing.T) {
	t.Parallel()
	outside := &mailAPI{requests: make(chan mailRequest, 10)}
	s := startOwn(t, local.Options{Vars: map[string]string{"LATCHKEY_MAIL": mailAPIURL(tlsServer(t, outside))}})
	b := apiBrowser(s)
	state, address := beginWithCode(t, b)
	var keys []string
	for range 2 {
		select {
		case r := <-outside.requests:
			if r.authorization != "Bearer re_token" || len(r.body.To) != 1 || r.body.To[0] != address || !strings.Contains(r.body.From, "noreply@id.example") {
				t.Errorf("the service got %+v", r)
			}
			if keys = append(keys, r.key); len(keys) == 2 {
				finishWithCode(t, b, state, sixDigits.FindString(r.body.Text))
			}
		case <-time.After(patience):
			t.Fatalf("%d requests have come, want one and one more after the refusal", len(keys))
		}
	}
	if keys[0] == "" || keys[0] != keys[1] {
		t.Errorf("the keys by which a service drops repeats are %q", keys)
	}
}

// TestNoMailToAnUnknownMailService: a server whose certificate nobody vouches for gets no request.
func TestNoMailToAnUnknownMailService(t *testing.T) {
	t.Parallel()
	outside := &mailAPI{requests: make(chan mailRequest, 10)}
	foreign := httptest.NewUnstartedServer(outside)
	foreign.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo) // of handshakes that the Worker breaks off
	foreign.StartTLS()
	t.Cleanup(foreign.Close)
	log := &journal{}
	s := startOwn(t, local.Options{Log: log, Vars: map[string]string{"LATCHKEY_MAIL": mailAPIURL(foreign)}})
	beginWithCode(t, apiBrowser(s))
	if !waitFor(func() bool { return strings.Contains(log.String(), "object: effect failed") }) {
		t.Error("the log says nothing of the failure")
	}
	if len(outside.requests) > 0 {
		t.Error("the request was made all the same")
	}
}
