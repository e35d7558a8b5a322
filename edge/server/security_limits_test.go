//go:build !js

package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/webauthn/webauthntest"
)

// A passkey of another account, or one that answers another challenge, proves nothing.
func TestAPasskeyOfAnotherAccountProvesNothing(t *testing.T) {
	w := newWorld(t, "")
	own, mallory := w.browser(), w.browser()
	own.signup(ada)
	mallory.signup("mallory@example.org")
	passkey, theirs := webauthntest.New(t, issuer, "login.test"), webauthntest.New(t, issuer, "login.test")
	for b, p := range map[*browser]*webauthntest.Passkey{own: passkey, mallory: theirs} {
		var making api.PasskeyBegun
		w.must(b.post(api.RoutePasskeyBegin, struct{}{}, &making))
		credential := p.Create(t, making.Options)
		finish := api.PasskeyFinishRequest{Challenge: making.Challenge, Credential: credential, Name: "Key"}
		w.must(b.post(api.RoutePasskeyFinish, finish, &struct{}{}))
		b.wants("replayed", b.post(api.RoutePasskeyFinish, finish, &struct{}{}), api.CodeSpent)
	}
	other := w.browser()
	w.must(other.begin(ada)())
	ask := func() (sent api.TrustSent) {
		w.must(other.post(api.RouteTrustSend, api.TrustSendRequest{Method: other.method(api.ProofPasskey)}, &sent))
		return sent
	}
	first, second := ask(), ask()
	for rule, in := range map[string]api.TrustProveRequest{
		"another account's":  {Challenge: first.Challenge, Assertion: theirs.Get(t, first.Options)},
		"another challenge":  {Challenge: first.Challenge, Assertion: passkey.Get(t, second.Options)},
		"no answer":          {Challenge: first.Challenge, Assertion: "{}"},
		"an address's code":  {Challenge: first.Challenge, Code: "123456"},
		"another account id": {Challenge: first.Challenge, Assertion: strings.Replace(passkey.Get(t, first.Options), `"userHandle":"`, `"userHandle":"AAAA`, 1)},
	} {
		var p *api.Problem
		err := other.post(api.RouteTrustProve, in, new(any))
		if ok := refusedWith(err, api.CodePasskeyInvalid) || refusedWith(err, api.CodeWrong) || refusedWith(err, api.CodeSpent); !ok {
			t.Errorf("%s: %v %v", rule, err, p)
		}
	}
	copied := *passkey
	sent := ask()
	w.must(other.post(api.RouteTrustProve, api.TrustProveRequest{Challenge: sent.Challenge, Assertion: passkey.Get(t, sent.Options)}, new(any)))
	if copied.Counter = 0; !other.trust().Trusted {
		t.Fatal("the right one")
	}
	sent = api.TrustSent{}
	var method string
	for _, f := range own.security().Factors {
		if f.Kind == api.ProofPasskey {
			method = f.ID
		}
	}
	w.must(own.post(api.RouteConfirmSend, api.TrustSendRequest{Method: method}, &sent))
	own.wants("a copy of it", own.post(api.RouteConfirmProve, api.TrustProveRequest{Challenge: sent.Challenge, Assertion: copied.Get(t, sent.Options)}, new(any)),
		api.CodePasskeyInvalid)
}

// What is wrong with an address or a number is said at once, in words of its own.
func TestNumbersThatNothingReaches(t *testing.T) {
	w := newWorld(t, "")
	status := http.StatusCreated
	phones := httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.WriteHeader(status)
		out.Write([]byte(`{"code":21211,"message":"not a valid number"}`))
	}))
	t.Cleanup(phones.Close)
	w.settings["LATCHKEY_SMS"] = strings.Replace(phones.URL, "https://", "https://AC1:t0ken@", 1) + "/?from=%2B4930123456"
	w.outbound = phones.Client().Transport
	w.start()
	own := w.browser()
	own.signup(ada)
	add := func(number, channel string) error {
		return own.post(api.RoutePhoneAdd, api.PhoneAddRequest{Number: number, Channel: channel}, new(api.SecuritySent))
	}
	w.must(add("+49 (30) 123-456", "call"))
	own.wants("no number", add("030 123456", "sms"), api.CodePhoneInvalid)
	own.wants("another channel", add("+4930123456", "pigeon"), api.CodeBadRequest)
	own.wants("no address", own.post(api.RouteEmailAdd, api.EmailAddRequest{Address: "ada"}, new(any)), api.CodeAddressInvalid)
	status = http.StatusBadRequest
	own.wants("nothing reaches it", add("+4930999999", "sms"), api.CodeUndeliverable)
	status = http.StatusInternalServerError
	own.wants("the service is down", add("+4930999999", "sms"), api.CodeUnavailable)
}

// Messages to one number, and to numbers that begin alike, are bounded over all accounts: who earns by them has many of both.
func TestNobodyEarnsByMessages(t *testing.T) {
	w := newWorld(t, "")
	w.settings["LATCHKEY_SIGNUP_ALLOW"] = "0.0.0.0/0,::/0"
	w.start()
	sent, locked := 0, false
	for i := range 9 {
		own := w.browser()
		own.signup(fmt.Sprintf("ada%d@example.org", i))
		for j := range 5 {
			err := own.post(api.RoutePhoneAdd, api.PhoneAddRequest{Number: fmt.Sprintf("+4930123%02d%d", i, j), Channel: "sms"}, new(api.SecuritySent))
			if err == nil {
				sent++
			} else if locked = true; !refusedWith(err, api.CodeTooManyAttempts) {
				t.Fatal(err)
			}
		}
	}
	if sent != 30 || !locked {
		t.Errorf("%d messages went out to one range", sent)
	}
}
