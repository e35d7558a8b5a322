package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
)

// acknowledged is what the service has said yes to.
type acknowledged struct {
	mu       sync.Mutex
	accounts map[string]*opaquetest.Person
	sessions []session
}

// session is a sign-in that was answered, and what its browser holds.
type session struct {
	upn     string
	cookies map[string]string
}

func (a *acknowledged) session(upn string, b *opaquetest.Browser) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions = append(a.sessions, session{upn, maps.Clone(b.Cookies)})
}

func (a *acknowledged) account(upn string, p *opaquetest.Person) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.accounts[upn] = p
}

// grow waits until so many more sessions are acknowledged.
func (a *acknowledged) grow(t *testing.T, by int) {
	t.Helper()
	count := func() int {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.sessions)
	}
	least := count() + by
	for deadline := time.Now().Add(patience); count() < least; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the service has acknowledged %d sessions of %d that should follow a kill", by-least+count(), by)
		}
	}
}

// TestAcknowledgedWorkSurvivesKills kills the whole service ten times while people sign up and in. What it had said yes to
// before is there afterwards: each account takes its password, each session is live.
func TestAcknowledgedWorkSurvivesKills(t *testing.T) {
	s := startOwn(t, local.Options{Plain: true, Vars: map[string]string{"LATCHKEY_SIGNIN_LIMIT": "1000/1s", "LATCHKEY_SIGNUP_LIMIT": "1000/1s"}})
	known := &acknowledged{accounts: map[string]*opaquetest.Person{}}
	broken := load(t, s, known, func() {
		for range 10 {
			known.grow(t, 8) // then it is killed in the middle of the next
			if err := s.Restart(t.Context(), true); err != nil {
				t.Fatal(err)
			}
		}
		known.grow(t, 8)
	})
	t.Logf("%d accounts and %d sessions were acknowledged, %d requests broken off", len(known.accounts), len(known.sessions), broken)
	if len(known.accounts) < 20 || broken < 10 {
		t.Errorf("that is too little to show anything")
	}
	for upn, p := range known.accounts {
		if err := apiBrowser(s).SignIn(upn, p); err != nil {
			t.Errorf("%s was created and does not sign in: %v", upn, err)
		}
	}
	for _, kept := range known.sessions {
		b := apiBrowser(s)
		b.Cookies = kept.cookies
		var account api.Account
		if err := b.Call(api.RouteAccount, nil, &account); err != nil || account.UPN != kept.upn {
			t.Errorf("%s was signed in and is not any more: %q, %v", kept.upn, account.UPN, err)
		}
	}
}

// load has four people at a time sign up and then sign in twice more, for as long as during runs. It returns how many of these
// sequences a kill has broken off.
func load(t *testing.T, s *local.Service, known *acknowledged, during func()) (broken int64) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var failures atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				err := person(s, known)
				var problem *api.Problem
				switch {
				case err == nil:
				case errors.As(err, &problem) && problem.Status < 500:
					t.Errorf("the service refused what was right: %v", err)
					return
				default:
					failures.Add(1)
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	defer func() {
		stop()
		all.Wait()
		broken = failures.Load()
	}()
	during()
	return 0
}

// person signs up, and then in twice from other browsers.
func person(s *local.Service, known *acknowledged) error {
	upn, p, b := newUPN(), newPerson(), apiBrowser(s)
	if err := b.SignUp(upn, p); err != nil {
		return fmt.Errorf("sign-up: %w", err)
	}
	known.account(upn, p)
	known.session(upn, b)
	for range 2 {
		b := apiBrowser(s)
		if err := b.SignIn(upn, p); err != nil {
			return fmt.Errorf("sign-in: %w", err)
		}
		known.session(upn, b)
	}
	return nil
}
