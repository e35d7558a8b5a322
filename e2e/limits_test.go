package e2e

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
)

// browserFrom is a browser without pages whose packets come from one address of the loopback network.
func browserFrom(s *local.Service, address string) *opaquetest.Browser {
	client := s.Client()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, to string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, "127.0.0.1:"+portOf(to))
	}
	return opaquetest.NewBrowser(s.URL, s.Issuer, client)
}

func newUPN() string { return newLocal() + "@" + local.DefaultDomain }

// wantProblem fails unless err is the problem with this code, and returns it.
func wantProblem(t *testing.T, err error, code api.Code) *api.Problem {
	t.Helper()
	problem, ok := errors.AsType[*api.Problem](err)
	if !ok || problem.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return problem
}

// TestThreeAccountsADay: A6. The fourth account from one address has to wait, and the refusal says for how long.
func TestThreeAccountsADay(t *testing.T) {
	s := startOwn(t, local.Options{Vars: map[string]string{"LATCHKEY_SIGNUP_LIMIT": "3/24h", "LATCHKEY_SIGNUP_ALLOW": "127.0.0.7"}})
	for n := range 3 {
		if err := apiBrowser(s).SignUp(newUPN(), newPerson()); err != nil {
			t.Fatalf("account %d: %v", n+1, err)
		}
	}
	problem := wantProblem(t, apiBrowser(s).SignUp(newUPN(), newPerson()), api.CodeSignupLimit)
	if problem.Status != http.StatusTooManyRequests || problem.RetryAfter < 86_000 || problem.RetryAfter > 86_400 {
		t.Errorf("the refusal has status %d and says to wait %d s, want 429 and nearly a day", problem.Status, problem.RetryAfter)
	}
	t.Run("the client's word on its address counts for nothing", func(t *testing.T) {
		b := apiBrowser(s)
		for _, name := range []string{"CF-Connecting-IP", "X-Forwarded-For", "X-Real-IP", "Forwarded"} {
			b.Header.Set(name, "127.0.0.7")
		}
		wantProblem(t, b.SignUp(newUPN(), newPerson()), api.CodeSignupLimit)
	})
	t.Run("another address has its own count", func(t *testing.T) {
		if err := browserFrom(s, "127.0.0.8").SignUp(newUPN(), newPerson()); err != nil {
			t.Error(err)
		}
	})
	t.Run("an address on the allow-list has no limit", func(t *testing.T) {
		for range 5 {
			if err := browserFrom(s, "127.0.0.7").SignUp(newUPN(), newPerson()); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("the page says when to try again", func(t *testing.T) {
		b := newBrowser(t)
		b.open(s.Issuer + "/signup")
		b.fill("#name", "Ada Lovelace")
		b.click(`input[name="kind"][value="new"]`)
		b.fill("#local", newLocal())
		b.click(`[data-step="address"] button.primary`)
		if said := b.see(`[data-step="address"] .notice`); !strings.Contains(said, "Try again in 24 hours") {
			t.Errorf("the page says %q", said)
		}
	})
}

// guess begins a sign-in with a password that is wrong, and finishes it with what can't be right.
func guess(b *opaquetest.Browser, upn string) error {
	attempt, err := opaquetest.NewPerson("not the password at all").Begin()
	if err != nil {
		return err
	}
	var begun api.PasswordBeginResponse
	if err := b.Call(api.RoutePasswordBegin, api.PasswordBeginRequest{UPN: upn, KE1: attempt.KE1}, &begun); err != nil {
		return err
	}
	return b.Call(api.RoutePasswordFinish, api.PasswordFinishRequest{State: begun.State, KE3: make([]byte, 64)}, &api.PasswordFinishResponse{})
}

// TestGuessesLockOutTheGuesserOnly: after ten wrong passwords nobody new may try, and the owner's own browser still signs in. A
// name that nobody has locks in the same way.
func TestGuessesLockOutTheGuesserOnly(t *testing.T) {
	upn, owner, home := newUPN(), newPerson(), apiBrowser(service)
	if err := home.SignUp(upn, owner); err != nil {
		t.Fatal(err)
	}
	for what, name := range map[string]string{"a name": upn, "a name that nobody has": newUPN()} {
		t.Run(what, func(t *testing.T) {
			for range 10 {
				wantProblem(t, guess(apiBrowser(service), name), api.CodeInvalidCredentials)
			}
			problem := wantProblem(t, guess(apiBrowser(service), name), api.CodeLocked)
			if problem.Status != http.StatusTooManyRequests || problem.RetryAfter < 1 || problem.RetryAfter > 30 {
				t.Errorf("the refusal has status %d and says to wait %d s, want 429 and up to 30", problem.Status, problem.RetryAfter)
			}
		})
	}
	// The right password does not help in a browser that the account does not know: otherwise the lock would tell a right guess.
	wantProblem(t, apiBrowser(service).SignIn(upn, owner), api.CodeLocked)
	delete(home.Cookies, "__Host-session")
	if err := home.SignIn(upn, owner); err != nil {
		t.Errorf("the owner's own browser is locked out by somebody else's guesses: %v", err)
	}
}
