//go:build !js

package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// phones is a provider of texts and calls that counts what goes where.
func (w *world) phones() (told map[string]int) {
	w.t.Helper()
	told = map[string]int{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		told[r.FormValue("To")]++
		w.mu.Unlock()
		out.WriteHeader(http.StatusCreated)
	}))
	w.t.Cleanup(server.Close)
	w.settings["LATCHKEY_SMS"] = strings.Replace(server.URL, "https://", "https://AC1:t0ken@", 1) + "/?from=%2B4930123456"
	w.outbound = server.Client().Transport
	return told
}

func sum(told map[string]int) (n int) {
	for _, one := range told {
		n += one
	}
	return n
}

// forget begins a forgotten password, from an address of its own each time.
func (w *world) forget(n int, upn string, kind api.Proof, value string) error {
	b := w.browser()
	b.address = fmt.Sprintf("198.51.%d.%d", n/250, n%250)
	return b.post(api.RouteRecoverBegin, api.RecoverBeginRequest{UPN: upn, Kind: kind, Value: value}, new(api.RecoverBegun))
}

// Toll fraud by forgotten passwords: numbers of the attacker's own, in accounts of the attacker's own, from everywhere, and decoys for the rest.
func TestForgottenPasswordsReachNumbersOnlySoOften(t *testing.T) {
	w := newWorld(t, t.TempDir())
	w.settings["LATCHKEY_SIGNUP_ALLOW"] = "0.0.0.0/0,::/0"
	w.start()
	for i := range 9 {
		own := w.browser()
		own.signup(fmt.Sprintf("ada%d@example.org", i))
		own.addPhone(fmt.Sprintf("+4930123%d", i))
	}
	told := w.phones()
	w.start()
	w.pass(2 * time.Hour)
	for n := range 90 { // within an hour, and as fast as an account lets them be asked for
		_ = w.forget(n, fmt.Sprintf("ada%d@example.org", n%9), []api.Proof{api.ProofSMS, api.ProofCall}[n%2], fmt.Sprintf("+4930123%d", n%9))
		if w.pass(30 * time.Second); n%9 == 0 {
			w.must(w.forget(1000+n, fmt.Sprintf("nobody%d@example.org", n), api.ProofSMS, "+49301230"))
			w.wake()
		}
	}
	w.wake()
	for number, n := range told {
		if n > 6 {
			t.Errorf("%s was called %d times in an hour", number, n)
		}
	}
	if got := sum(told); got != 30 {
		t.Errorf("%d messages to one range in an hour, want 30", got)
	}
	for n := range 40 {
		_ = w.forget(2000+n, "ada0@example.org", api.ProofSMS, "+49301230")
		w.pass(10 * time.Minute)
		w.wake()
	}
	if got := told["+49301230"]; got > 12 {
		t.Errorf("%d messages to one number in a day", got)
	}
	if !strings.Contains(w.logged(), `"msg":"a message was not sent"`) {
		t.Error("the log does not say so")
	}
}

// One client has only so many codes sent, whether it knows a password or has forgotten it.
func TestForgottenPasswordsCountForTheClient(t *testing.T) {
	w := newWorld(t, t.TempDir())
	var err error
	b, n := w.browser(), 0
	for ; n < 100 && err == nil; n++ {
		err = b.post(api.RouteRecoverBegin, api.RecoverBeginRequest{UPN: fmt.Sprintf("n%d@example.org", n), Kind: api.ProofEmail, Value: ada}, new(api.RecoverBegun))
	}
	if b.wants("too many", err, api.CodeTooManyAttempts); n != 31 {
		t.Errorf("refused at the %dth", n)
	}
	w.must(b.post(api.RouteRecoverBegin, api.RecoverBeginRequest{UPN: ada, Kind: api.ProofRecovery}, new(api.RecoverBegun)))
}

// A thief of the password has codes sent for a day, as often as the service lets, from one address after the other. The owner's trusted
// device and the owner who has forgotten the password still get theirs.
func TestAThiefOfThePasswordLeavesTheOwnerCodes(t *testing.T) {
	w := newWorld(t, t.TempDir())
	own := w.browser()
	own.signup(ada)
	phone := "+4930123456"
	own.addPhone(phone)
	told := w.phones()
	w.start()
	w.pass(25 * time.Hour)
	for i := range 40 {
		thief := w.browser()
		thief.address = fmt.Sprintf("198.51.100.%d", i)
		w.must(thief.begin(ada)())
		for _, kind := range []api.Proof{api.ProofSMS, api.ProofEmail} {
			_ = thief.post(api.RouteTrustSend, api.TrustSendRequest{Method: thief.method(kind), Channel: "sms"}, new(api.TrustSent))
		}
		w.pass(10 * time.Minute)
	}
	if n := told[phone]; n == 0 || n > 12 {
		t.Errorf("the thief had %d texts sent in a day", n)
	}
	thief := w.browser()
	thief.address = "203.0.113.1"
	w.pass(time.Hour) // the account's own lock
	w.must(thief.begin(ada)())
	thief.wants("the thief's share", thief.post(api.RouteTrustSend, api.TrustSendRequest{Method: thief.method(api.ProofSMS), Channel: "sms"}, new(api.TrustSent)),
		api.CodeTooManyAttempts)

	var list api.Security
	w.must(own.begin(ada)())
	w.must(own.call(http.MethodGet, api.RouteSecurity, nil, &list))
	for _, f := range list.Factors {
		w.must(own.post(api.RouteConfirmSend, api.TrustSendRequest{Method: f.ID, Channel: "sms"}, new(api.TrustSent)))
	}
	before := told[phone]
	w.must(w.forget(1, ada, api.ProofSMS, phone))
	w.wake()
	if told[phone] != before+1 {
		t.Error("the owner who has forgotten the password gets no code")
	}
}

// Somebody who knows a name and a number has codes for a forgotten password sent until there are no more. The owner's trusted device has
// its own.
func TestAStrangerLeavesTheTrustedDeviceCodesForAForgottenPassword(t *testing.T) {
	w := newWorld(t, t.TempDir())
	own := w.browser()
	own.signup(ada)
	phone := "+4930123456"
	own.addPhone(phone)
	told := w.phones()
	w.start()
	for n := range 40 {
		_ = w.forget(n, ada, api.ProofSMS, phone)
		w.pass(10 * time.Minute)
		w.wake()
	}
	if n := told[phone]; n == 0 || n > 12 {
		t.Errorf("the stranger had %d texts sent in a day", n)
	}
	before := told[phone]
	w.must(own.post(api.RouteRecoverBegin, api.RecoverBeginRequest{UPN: ada, Kind: api.ProofSMS, Value: phone}, new(api.RecoverBegun)))
	if w.wake(); told[phone] != before+1 {
		t.Error("the owner's trusted device gets no code")
	}
}

// One address of a thief's takes no more than its part of what may go to an address.
func TestOneClientTakesNotAllOfAShare(t *testing.T) {
	w := newWorld(t, t.TempDir())
	w.browser().signup(ada)
	w.pass(25 * time.Hour)
	ask := func(address string) error {
		b := w.browser()
		b.address = address
		w.must(b.begin(ada)())
		return b.post(api.RouteTrustSend, api.TrustSendRequest{Method: b.method(api.ProofEmail)}, new(api.TrustSent))
	}
	sent := 0
	for range 20 {
		if ask("198.51.100.1") == nil {
			sent++
		}
		w.pass(time.Hour)
	}
	if sent != 8 {
		t.Errorf("one address had %d sent in a day", sent)
	}
	w.must(ask("198.51.100.2"))
}

// A removal that is asked for and undone again and again tells phones of it only so often.
func TestUndoneRemovalsCallNoNumberWithoutEnd(t *testing.T) {
	w := newWorld(t, t.TempDir())
	own := w.browser()
	own.signup(ada)
	phone := "+4930123456"
	own.addPhone(phone)
	told := w.phones()
	w.start()
	for _, f := range own.security().Factors {
		if f.Kind == api.ProofEmail {
			w.must(own.post(api.RouteFactorRemove, api.FactorRemoveRequest{ID: f.ID}, new(api.FactorRemoved)))
		}
	}
	factors := own.security().Factors
	for range 40 {
		var out api.FactorRemoved
		if err := own.post(api.RouteFactorRemove, api.FactorRemoveRequest{ID: factors[len(factors)-1].ID}, &out); err != nil {
			t.Fatal(err)
		}
		if out.Waiting == nil {
			t.Fatal("gone")
		}
		w.must(own.post(api.RouteSecurityUndo, api.SecurityUndoRequest{ID: out.Waiting.ID}, new(struct{})))
		w.wake()
	}
	if n := told[phone]; n == 0 || n > 6 {
		t.Errorf("%d texts in a moment", n)
	}
}
