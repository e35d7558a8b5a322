package e2e

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
)

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
