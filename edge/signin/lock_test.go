//go:build !js

package signin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/session"
)

func TestAnOutsiderLocksStrangersOutAndNotTheOwner(t *testing.T) {
	w := worldOfAda(t)
	owner, outsider := w.browser("192.0.2.2"), w.browser("198.51.100.1")
	_, err := owner.signin(ada, goodPass, false)
	must(t, err)
	locks := func(upn string) (after int, wait int64) {
		for ; after < 20; after++ {
			if _, err := outsider.signin(upn, badPass, false); isCode(err, api.CodeLocked) {
				return after, err.(*api.Problem).RetryAfter
			} else if err != errWrong {
				t.Fatalf("%s, guess %d: %v", upn, after, err)
			}
		}
		return after, 0
	}
	knownAfter, knownWait := locks(ada)
	unknownAfter, unknownWait := locks("nobody@example.org")
	if knownAfter != account.DefaultLockPolicy.Tries || knownAfter != unknownAfter || knownWait != unknownWait || knownWait == 0 {
		t.Errorf("known: locked after %d for %d s; unknown: after %d for %d s", knownAfter, knownWait, unknownAfter, unknownWait)
	}
	if got := outsider.last.Header().Get("Retry-After"); got == "" {
		t.Error("no Retry-After")
	}
	if _, err := outsider.signin(ada, goodPass, false); !isCode(err, api.CodeLocked) {
		t.Errorf("the right password while locked: %v", err)
	}
	if _, err := owner.signin(ada, goodPass, false); err != nil {
		t.Errorf("the owner's device: %v", err)
	}
	w.pass(31 * time.Second)
	if _, err := w.browser("203.0.113.1").signin(ada, goodPass, false); err != nil {
		t.Errorf("a new device after the wait: %v", err)
	}
}

func TestAnotherAccountsDeviceIsNoKnownDevice(t *testing.T) {
	w := worldOfAda(t)
	outsider := w.browser("198.51.100.1")
	must(t, outsider.signup(api.SignupEmail, "mallory@example.org", goodPass))
	for i := range account.DefaultLockPolicy.Tries {
		if _, err := outsider.signin(ada, badPass, false); err != errWrong {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	if _, err := w.browser("203.0.113.1").signin(ada, goodPass, false); !isCode(err, api.CodeLocked) {
		t.Errorf("guesses from a browser known to another account were counted apart: %v", err)
	}
}

func TestABrowserRemembersFiveAccounts(t *testing.T) {
	w := newWorld(t)
	w.config.SignupLimit.Count = 10
	b := w.browser("192.0.2.1")
	upns := []string{"a1@example.org", "a2@example.org", "a3@example.org", "a4@example.org", "a5@example.org", "a6@example.org"}
	for _, upn := range upns {
		must(t, b.signup(api.SignupEmail, upn, goodPass))
	}
	if size := len(b.cookies[session.DeviceCookieName].Value); size > 1500 {
		t.Errorf("the device cookie has %d bytes", size)
	}
	for _, upn := range upns {
		outsider := w.browser("198.51.100.1")
		for range account.DefaultLockPolicy.Tries {
			_, _, p := outsider.begin(upn, badPass, "")
			if p != nil {
				t.Fatal(p)
			}
		}
	}
	for i, upn := range upns {
		_, _, p := b.begin(upn, goodPass, "")
		if forgotten := i == 0; forgotten != refusedWith(p, api.CodeLocked) {
			t.Errorf("%s: %v", upn, p)
		}
	}
}

func TestAttemptsFromOneAddressAreLimited(t *testing.T) {
	w := worldOfAda(t)
	w.config.SigninLimit.Count = 4
	b := w.browser("2001:db8::1")
	for i := range 4 {
		if _, _, p := b.begin(strings.Repeat("x", i+1)+"@example.org", badPass, ""); p != nil {
			t.Fatal(p)
		}
	}
	b.address = "2001:db8::2:1"
	if _, _, p := b.begin(ada, goodPass, ""); !refusedWith(p, api.CodeTooManyAttempts) || p.RetryAfter == 0 {
		t.Errorf("the fifth from one /64: %v", p)
	}
	b.address = "2001:db8:0:1::1"
	if _, _, p := b.begin(ada, goodPass, ""); p != nil {
		t.Errorf("from another /64: %v", p)
	}
}
