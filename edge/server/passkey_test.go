//go:build !js

package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/message"
	"github.com/latchkey-id/latchkey/edge/webauthn/webauthntest"
)

// passkey registers one.
func (b *browser) passkey() *webauthntest.Passkey {
	b.t.Helper()
	p := webauthntest.New(b.t, issuer, "login.test")
	var making api.PasskeyBegun
	b.w.must(b.post(api.RoutePasskeyBegin, struct{}{}, &making))
	finish := api.PasskeyFinishRequest{Challenge: making.Challenge, Credential: p.Create(b.t, making.Options), Name: "Key"}
	b.w.must(b.post(api.RoutePasskeyFinish, finish, &struct{}{}))
	return p
}

// challenged begins a sign-in with a passkey.
func (b *browser) challenged() (begun api.PasskeySigninBegun) {
	b.t.Helper()
	b.w.must(b.post(api.RouteSigninPasskeyBegin, api.PasskeySigninBeginRequest{}, &begun))
	return begun
}

func (b *browser) answers(begun api.PasskeySigninBegun, assertion string) error {
	return b.post(api.RouteSigninPasskeyFinish, api.PasskeySigninFinishRequest{State: begun.State, Assertion: assertion}, new(api.PasskeySigninFinished))
}

// A passkey has verified its person, so it signs in and proves the device, without a name and without a password; and the owner hears of it.
func TestAPasskeySignsInAndConfirmsTheDevice(t *testing.T) {
	w := newWorld(t, "")
	own := w.browser()
	own.signup(ada)
	p := own.passkey()
	other := w.browser()
	begun := other.challenged()
	w.must(other.answers(begun, p.Get(t, begun.Options)))
	if account, err := other.account(); err != nil || account.UPN != ada {
		t.Errorf("%+v, %v", account, err)
	}
	if at := other.trust(); !at.Trusted || other.security().Confirmed == 0 {
		t.Errorf("%+v, %+v", at, other.security())
	}
	w.wake()
	var letters message.Letters
	w.operate(http.MethodGet, message.RouteOutbox, "", &letters)
	if !slices.ContainsFunc(letters.Messages, func(m message.Kept) bool { return m.Template == message.TemplateTrusted }) {
		t.Errorf("nobody hears of it: %+v", letters)
	}

	begun = other.challenged() // the browser that it knows, in the session that it is in
	before := other.trust().Device
	w.must(other.answers(begun, p.Get(t, begun.Options)))
	if at := other.trust(); at.Device != before {
		t.Errorf("signing in again made device %s of %s", at.Device, before)
	}
	var list api.Sessions
	w.must(other.call(http.MethodGet, api.RouteSessions, nil, &list))
	if len(list.Sessions) != 2 {
		t.Errorf("%d sessions, want one of each browser", len(list.Sessions))
	}
}

// Web Authentication Level 3 section 7.2: whatever is wrong with an answer signs nobody in, and looks alike.
func TestWhatIsWrongWithAPasskeysAnswer(t *testing.T) {
	w := newWorld(t, "")
	own, mallory, other := w.browser(), w.browser(), w.browser()
	own.signup(ada)
	mallory.signup("mallory@example.org")
	p, theirs := own.passkey(), mallory.passkey()
	begun, second := other.challenged(), other.challenged()
	as := func(change func(*webauthntest.Passkey)) string {
		copied := *p
		change(&copied)
		return copied.Get(t, begun.Options)
	}
	forged := bytes.Clone(p.User)
	forged[len(forged)-1] ^= 1
	elsewhere := strings.Repeat("a", 26) + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 16))
	for rule, assertion := range map[string]string{
		"another challenge":       p.Get(t, second.Options),
		"another site's page":     as(func(p *webauthntest.Passkey) { p.Origin = "https://evil.test" }),
		"another relying party":   as(func(p *webauthntest.Passkey) { p.RPID = "evil.test" }),
		"the handle of somebody":  as(func(p *webauthntest.Passkey) { p.User = theirs.User }),
		"a forged handle":         as(func(p *webauthntest.Passkey) { p.User = forged }),
		"a handle of no account":  as(func(p *webauthntest.Passkey) { p.User = []byte(elsewhere) }),
		"no handle":               as(func(p *webauthntest.Passkey) { p.User = nil }),
		"a signature that is not": strings.Replace(p.Get(t, begun.Options), `"signature":"`, `"signature":"AAAA`, 1),
		"what is not an answer":   "{}",
		"a credential of no one":  webauthntest.New(t, issuer, "login.test").Get(t, begun.Options),
	} {
		other.wants(rule, other.answers(begun, assertion), api.CodePasskeyInvalid)
	}
	if log := w.logged(); !strings.Contains(log, "user handle") {
		t.Error("the log does not say why", log)
	}
	other.wants("another flow", other.post(api.RouteSigninPasskeyFinish, api.PasskeySigninFinishRequest{
		State: begun.State, Assertion: p.Get(t, begun.Options), Flow: "AAAAAAAAAAAAAAAAAAAAAA",
	}, new(any)), api.CodeExpired)
	other.wants("a state of our own make", other.answers(api.PasskeySigninBegun{State: "x"}, p.Get(t, begun.Options)), api.CodeExpired)
	w.must(other.answers(begun, p.Get(t, begun.Options)))
}

// Replay, a copied authenticator, a challenge that is too old, a passkey that was removed.
func TestAPasskeysAnswerCountsOnce(t *testing.T) {
	w := newWorld(t, "")
	own, other := w.browser(), w.browser()
	own.signup(ada)
	p := own.passkey()
	begun, late := other.challenged(), other.challenged()
	answer := p.Get(t, begun.Options)
	w.must(other.answers(begun, answer))
	thief := w.browser()
	thief.wants("the same answer again", thief.answers(begun, answer), api.CodeExpired)
	thief.wants("a new answer to the same challenge", thief.answers(begun, p.Get(t, begun.Options)), api.CodeExpired)
	begun = thief.challenged()
	copied := *p
	copied.Counter = 0
	thief.wants("a copy that counts behind", thief.answers(begun, copied.Get(t, begun.Options)), api.CodePasskeyInvalid)
	w.pass(time.Hour)
	thief.wants("after an hour", thief.answers(late, p.Get(t, late.Options)), api.CodeExpired)

	w.must(other.answers(other.fresh(p)))
	for _, f := range other.security().Factors {
		if f.Kind == api.ProofPasskey {
			w.must(other.post(api.RouteFactorRemove, api.FactorRemoveRequest{ID: f.ID}, &struct{}{}))
		}
	}
	w.pass(8 * 24 * time.Hour)
	w.wake()
	begun, assertion := thief.fresh(p)
	thief.wants("one that was removed", thief.answers(begun, assertion), api.CodePasskeyInvalid)
}

// fresh is a challenge and its answer.
func (b *browser) fresh(p *webauthntest.Passkey) (begun api.PasskeySigninBegun, assertion string) {
	begun = b.challenged()
	return begun, p.Get(b.t, begun.Options)
}

// Nothing that happens to the passkey, the device or the session in between makes an answer count again.
func TestAPasskeysAnswerStaysSpent(t *testing.T) {
	w := newWorld(t, "")
	own, other, thief := w.browser(), w.browser(), w.browser()
	own.signup(ada)
	p := own.passkey()
	p.Counter = 0
	begun, answer := other.fresh(p)
	w.must(other.answers(begun, answer))
	w.must(own.post(api.RouteDevicesRevoke, api.DeviceRevokeRequest{ID: other.trust().Device}, &struct{}{}))
	thief.wants("its device was removed", thief.answers(begun, answer), api.CodeExpired)
	w.must(own.post(api.RouteSessionsEnd, api.SessionsEndRequest{Others: true}, &struct{}{}))
	thief.wants("all others were signed out", thief.answers(begun, answer), api.CodeExpired)
	for _, f := range own.security().Factors {
		if f.Kind == api.ProofPasskey {
			w.must(own.post(api.RouteFactorRemove, api.FactorRemoveRequest{ID: f.ID}, &struct{}{}))
		}
	}
	thief.wants("it was removed", thief.answers(begun, answer), api.CodePasskeyInvalid)
	p.Counter = 0
	var making api.PasskeyBegun
	w.must(own.post(api.RoutePasskeyBegin, struct{}{}, &making))
	again := api.PasskeyFinishRequest{Challenge: making.Challenge, Credential: p.Create(t, making.Options), Name: "Key"}
	w.must(own.post(api.RoutePasskeyFinish, again, &struct{}{}))
	thief.wants("it came back", thief.answers(begun, answer), api.CodeExpired)
	w.pass(59 * time.Minute)
	w.wake()
	thief.wants("shortly before the challenge expires", thief.answers(begun, answer), api.CodeExpired)
	w.pass(2 * time.Minute)
	w.wake()
	thief.wants("after the row is gone", thief.answers(begun, answer), api.CodeExpired)
}

// What the threat model says of it: a device that is removed comes back by a passkey that it has, until that is removed, too.
func TestAPasskeyOutlivesTheDeviceThatItIsOn(t *testing.T) {
	w := newWorld(t, "")
	own, lost := w.browser(), w.browser()
	own.signup(ada)
	p := own.passkey()
	w.must(lost.answers(lost.fresh(p)))
	w.must(own.post(api.RouteDevicesRevoke, api.DeviceRevokeRequest{ID: lost.trust().Device}, &struct{}{}))
	if _, err := lost.account(); !refusedWith(err, api.CodeSessionRequired) {
		t.Errorf("a removed device: %v", err)
	}
	w.must(lost.answers(lost.fresh(p)))
	if !lost.trust().Trusted {
		t.Error("the passkey does not confirm the device")
	}
	for _, f := range own.security().Factors {
		if f.Kind == api.ProofPasskey {
			w.must(own.post(api.RouteFactorRemove, api.FactorRemoveRequest{ID: f.ID}, &struct{}{}))
		}
	}
	w.must(own.post(api.RouteDevicesRevoke, api.DeviceRevokeRequest{ID: lost.trust().Device}, &struct{}{}))
	begun, answer := lost.fresh(p)
	lost.wants("both were removed", lost.answers(begun, answer), api.CodePasskeyInvalid)
}

// Signing in again gives the session another secret, so a copy of its cookie ends; and no other site signs a browser in to its own account.
func TestAPasskeyEndsCopiesOfTheCookieAndNoSiteUsesItsOwn(t *testing.T) {
	w := newWorld(t, "")
	own, thief, mallory := w.browser(), w.browser(), w.browser()
	own.signup(ada)
	p := own.passkey()
	for name, c := range own.cookies {
		thief.cookies[name] = c
	}
	w.must(own.answers(own.fresh(p)))
	if _, err := thief.account(); !refusedWith(err, api.CodeSessionRequired) {
		t.Errorf("a copy of the cookie: %v", err)
	}
	mallory.signup("mallory@example.org")
	begun, answer := mallory.fresh(mallory.passkey())
	body, err := json.Marshal(api.PasskeySigninFinishRequest{State: begun.State, Assertion: answer})
	w.must(err)
	for _, page := range [][3]string{
		{"https://evil.test", "cross-site", "application/json"}, {"https://evil.login.test", "same-site", "application/json"},
		{"null", "", "application/json"}, {"", "", "application/json"}, {issuer, "cross-site", "application/json"}, {issuer, "", "text/plain"},
	} {
		r := httptest.NewRequest(http.MethodPost, issuer+api.RouteSigninPasskeyFinish, bytes.NewReader(body))
		r.Header.Set("Origin", page[0])
		r.Header.Set("Sec-Fetch-Site", page[1])
		r.Header.Set("Content-Type", page[2])
		if a := own.do(r); a.StatusCode < http.StatusBadRequest {
			t.Errorf("%q: %d", page, a.StatusCode)
		}
	}
	if account, err := own.account(); err != nil || account.UPN != ada {
		t.Errorf("%+v, %v", account, err)
	}
}
