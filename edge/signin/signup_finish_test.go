//go:build !js

package signin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

func TestAnAddressCreatesOnlySoManyAccounts(t *testing.T) {
	w := newWorld(t)
	allow, err := throttle.ParseAllowList("203.0.113.0/24")
	must(t, err)
	w.config.SignupAllow = allow
	create := func(address string, n int) error {
		return w.browser(address).signup(api.SignupEmail, fmt.Sprintf("p%d@example.org", n), goodPass)
	}
	held := w.browser("2001:db8:1:1::9")
	late, err := held.prove(api.SignupEmail, "late@example.org")
	must(t, err)
	for i := range 3 {
		must(t, create(fmt.Sprintf("2001:db8:1:1::%d", i), i))
	}
	err = create("2001:db8:1:1:ffff::", 3)
	if !isCode(err, api.CodeSignupLimit) || err.(*api.Problem).RetryAfter == 0 {
		t.Errorf("the fourth from one /64: %v", err)
	}
	finish := held.finishRequest(late, goodPass)
	if p := held.finish(finish); !refusedWith(p, api.CodeSignupLimit) {
		t.Errorf("a sign-up begun before the limit was reached: %v", p)
	}
	must(t, create("2001:db8:1:2::1", 4))
	for i := range 5 {
		must(t, create("203.0.113.7", 10+i))
	}
	w.config.SignupLimit.Count = 4
	held.handler = w.handler()
	if p := held.finish(finish); p != nil {
		t.Errorf("the refused finish left something half done: %v", p)
	}
}

// Who is told that the account is there signs in to it at once: the answer does not run ahead of the outbox.
func TestANewAccountSignsInElsewhereAtOnce(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		kind api.SignupKind
		upn  string
	}{{api.SignupEmail, ada}, {api.SignupNew, "ada.lovelace@" + ownDomain}} {
		b := w.browser("192.0.2.1")
		up, err := b.prove(c.kind, c.upn)
		must(t, err)
		if p := b.finish(b.finishRequest(up, goodPass)); p != nil {
			t.Fatal(p)
		}
		if _, err := w.browser("192.0.2.2").signin(c.upn, goodPass, false); err != nil {
			t.Errorf("%s: %v", c.kind, err)
		}
	}
}

func TestFinishIsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	b := w.browser("192.0.2.1")
	up, err := b.prove(api.SignupEmail, ada)
	must(t, err)
	good := b.finishRequest(up, goodPass)
	for rule, c := range map[string]struct {
		change func(*api.SignupFinishRequest)
		code   api.Code
	}{
		"weak parameters":   {func(r *api.SignupFinishRequest) { r.KSF.Time = 1 }, api.CodeRecordInvalid},
		"short record":      {func(r *api.SignupFinishRequest) { r.Record = r.Record[1:] }, api.CodeRecordInvalid},
		"no name":           {func(r *api.SignupFinishRequest) { r.Name = " \t " }, api.CodeBadRequest},
		"long name":         {func(r *api.SignupFinishRequest) { r.Name = strings.Repeat("ä", 65) }, api.CodeBadRequest},
		"name turns text":   {func(r *api.SignupFinishRequest) { r.Name = "Ada\u202eecalevoL" }, api.CodeBadRequest},
		"name of two lines": {func(r *api.SignupFinishRequest) { r.Name = "Ada\nLovelace" }, api.CodeBadRequest},
		"foreign flow":      {func(r *api.SignupFinishRequest) { r.Flow = "//evil.example" }, api.CodeBadRequest},
		"tampered state":    {func(r *api.SignupFinishRequest) { r.State = tamper(r.State) }, api.CodeExpired},
	} {
		bad := good
		c.change(&bad)
		if p := b.finish(bad); !refusedWith(p, c.code) {
			t.Errorf("%s: %v, want %s", rule, p, c.code)
		}
	}
	if p := b.finish(good); p != nil {
		t.Fatalf("after the refusals: %v", p)
	}
	if p := b.finish(good); !refusedWith(p, api.CodeExpired) {
		t.Errorf("finished twice: %v", p)
	}
	if p := b.post(api.RouteSignupPassword, api.SignupPasswordRequest{State: up.State, Request: make([]byte, 32)}, nil); !refusedWith(p, api.CodeExpired) {
		t.Errorf("a step of a finished sign-up: %v", p)
	}
}

func TestNoPasswordBeforeTheAddressIsProved(t *testing.T) {
	w := newWorld(t)
	b := w.browser("192.0.2.1")
	var up api.SignupState
	if p := b.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: ada}, &up); p != nil {
		t.Fatal(p)
	}
	if p := b.post(api.RouteSignupPassword, api.SignupPasswordRequest{State: up.State, Request: make([]byte, 32)}, nil); !refusedWith(p, api.CodeBadRequest) {
		t.Errorf("registration: %v", p)
	}
	if p := b.finish(api.SignupFinishRequest{State: up.State, Name: "Ada", Record: make([]byte, 192), KSF: w.config.KSF}); !refusedWith(p, api.CodeBadRequest) {
		t.Errorf("finish: %v", p)
	}
}

func TestProblemsOfTheAccountNeverReachThePage(t *testing.T) {
	w := newWorld(t)
	b := w.browser("192.0.2.1")
	up, err := b.prove(api.SignupEmail, ada)
	must(t, err)
	finish := b.finishRequest(up, goodPass)
	w.native.Close()
	p := b.finish(finish)
	if !refusedWith(p, api.CodeInternal) || strings.Contains(b.last.Body.String(), "object") {
		t.Errorf("%v: %s", p, b.last.Body)
	}
}

// tamper changes one character in the middle of a sealed value.
func tamper(sealed string) string {
	i := len(sealed) / 2
	c := byte('A')
	if sealed[i] == c {
		c = 'B'
	}
	return sealed[:i] + string(c) + sealed[i+1:]
}
