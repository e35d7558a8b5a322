//go:build !js

package signin_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/signin"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

const (
	ada      = "ada@example.org"
	goodPass = "correct horse battery staple"
	badPass  = "correct horse battery stable"
)

func TestSignupWithOwnAddressSignsIn(t *testing.T) {
	w := newWorld(t)
	b := w.browser("192.0.2.1")
	must(t, b.signup(api.SignupEmail, " Ada@Example.org ", goodPass))
	here := b.live()
	profile, err := w.accounts.Profile(t.Context(), here.Account, here.Ref())
	must(t, err)
	if profile.UPN != ada || profile.Email != ada || !profile.EmailVerified || profile.Name != "Ada Lovelace" {
		t.Errorf("profile %+v", profile)
	}
	if mail := w.lastMail(ada); mail.Letter != signin.LetterCode || mail.Language != "de" || len(mail.Code) != api.CodeDigits {
		t.Errorf("mail %+v", mail)
	}
	out, err := w.browser("192.0.2.2").signin(ada, goodPass, false)
	if err != nil || out.Redirect != "/account" || out.UpgradeProof != "" {
		t.Errorf("sign-in afterwards: %+v, %v", out, err)
	}
}

func TestSignupWithNewAddressNeedsNoCode(t *testing.T) {
	w := newWorld(t)
	b := w.browser("192.0.2.1")
	must(t, b.signup(api.SignupNew, "ada.lovelace@"+ownDomain, goodPass))
	b.live()
	if _, err := w.browser("192.0.2.2").signin("ada.lovelace@"+ownDomain, goodPass, false); err != nil {
		t.Errorf("sign-in afterwards: %v", err)
	}
	if err := b.signup(api.SignupNew, "ada.lovelace@"+ownDomain, goodPass); !isCode(err, api.CodeNameTaken) {
		t.Errorf("the same name again: %v", err)
	}
}

func TestSignupRefusesNamesThatCannotBe(t *testing.T) {
	w := newWorld(t)
	token, err := w.names.Reserve(t.Context(), "domain:contoso.com", names.Owner{Kind: names.Domain, ID: "contoso"}, time.Hour)
	must(t, err)
	must(t, w.names.Commit(t.Context(), "domain:contoso.com", token))
	b := w.browser("192.0.2.1")
	for _, c := range []struct {
		kind api.SignupKind
		upn  string
		code api.Code
	}{
		{api.SignupNew, "admin@" + ownDomain, api.CodeNameInvalid},
		{api.SignupNew, "ab@" + ownDomain, api.CodeNameInvalid},
		{api.SignupNew, "ada@example.org", api.CodeNameInvalid},
		{api.SignupNew, "ada", api.CodeInvalidUPN},
		{api.SignupEmail, "ada@" + ownDomain, api.CodeNameInvalid},
		{api.SignupEmail, "ada@contoso.com", api.CodeNameInvalid},
		{api.SignupEmail, "ada@contoso." + ownDomain, api.CodeDomainUnknown},
		{api.SignupEmail, "ada@mail.localhost", api.CodeDomainUnknown},
		{api.SignupEmail, "ada@", api.CodeInvalidUPN},
		{"admin", ada, api.CodeBadRequest},
	} {
		p := b.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: c.kind, UPN: c.upn}, nil)
		if !refusedWith(p, c.code) {
			t.Errorf("%s %s: %v, want %s", c.kind, c.upn, p, c.code)
		}
	}
}

func TestTwoWhoRaceForANewAddress(t *testing.T) {
	w := newWorld(t)
	var wait sync.WaitGroup
	problems := make([]*api.Problem, 8)
	for i := range problems {
		b := w.browser(fmt.Sprintf("192.0.2.%d", i))
		wait.Go(func() {
			problems[i] = b.post(api.RouteSignupBegin,
				api.SignupBeginRequest{Kind: api.SignupNew, UPN: "ada.lovelace@" + ownDomain}, new(api.SignupState))
		})
	}
	wait.Wait()
	won := 0
	for _, p := range problems {
		if p == nil {
			won++
		} else if p.Code != api.CodeNameTaken {
			t.Errorf("a loser hears %v", p)
		}
	}
	if won != 1 {
		t.Errorf("%d got the name", won)
	}
}

func TestOfTwoWhoProvedOneAddressTheFirstToFinishGetsIt(t *testing.T) {
	w := newWorld(t)
	one, two := w.browser("192.0.2.1"), w.browser("192.0.2.2")
	first, err := one.prove(api.SignupEmail, ada)
	must(t, err)
	second, err := two.prove(api.SignupEmail, ada)
	must(t, err)
	late := two.finishRequest(second, goodPass)
	if p := one.finish(one.finishRequest(first, goodPass)); p != nil {
		t.Fatal(p)
	}
	if p := two.finish(late); !refusedWith(p, api.CodeUnavailable) || p.RetryAfter == 0 {
		t.Errorf("before the name is committed: %v", p)
	}
	w.wake()
	if p := two.finish(late); !refusedWith(p, api.CodeNameTaken) {
		t.Errorf("after the name is committed: %v", p)
	}
	if _, err := two.session(); err == nil {
		t.Error("the loser is signed in")
	}
}

func TestABegunSignupBlocksNobodysAddress(t *testing.T) {
	w := newWorld(t)
	outsider := w.browser("198.51.100.1")
	var up api.SignupState
	if p := outsider.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: ada}, &up); p != nil {
		t.Fatal(p)
	}
	must(t, w.browser("192.0.2.1").signup(api.SignupEmail, ada, goodPass))
}

func TestSignupForAnAddressWithAnAccountLooksTheSame(t *testing.T) {
	w := newWorld(t)
	must(t, w.browser("192.0.2.1").signup(api.SignupEmail, ada, goodPass))
	type seen struct {
		status, length, state int
		needs                 bool
		expires               int64
		calls                 string
	}
	look := func(upn string) (*browser, api.SignupState, seen) {
		b := w.browser("192.0.2.2")
		w.called()
		var up api.SignupState
		p := b.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: upn}, &up)
		if p != nil {
			t.Fatal(p)
		}
		return b, up, seen{b.last.Code, b.last.Body.Len(), len(up.State), up.NeedsCode, up.Expires, strings.Join(w.called(), " ")}
	}
	b, up, known := look(ada)
	_, _, unknown := look("bob@example.org")
	if known != unknown {
		t.Errorf("an address with an account: %+v\nwithout: %+v", known, unknown)
	}
	if mail := w.lastMail(ada); mail.Letter != signin.LetterExists || mail.Code != "" {
		t.Errorf("the owner was sent %+v", mail)
	}
	for left := api.CodeTries - 1; left > 0; left-- {
		if p := b.post(api.RouteSignupCode, api.SignupCodeRequest{State: up.State, Code: "000000"}, nil); !refusedWith(p, api.CodeWrong) || p.TriesLeft != left {
			t.Errorf("with %d left: %v", left, p)
		}
	}
	if p := b.post(api.RouteSignupCode, api.SignupCodeRequest{State: up.State, Code: "000000"}, nil); !refusedWith(p, api.CodeSpent) {
		t.Errorf("after the last try: %v", p)
	}
	if p := b.post(api.RouteSignupResend, api.SignupState{State: up.State}, &up); p != nil || !up.NeedsCode {
		t.Errorf("resend: %v, %+v", p, up)
	}
	if mail := w.lastMail(ada); mail.Letter != signin.LetterExists {
		t.Errorf("the second mail is %+v", mail)
	}
}

func TestCodeIsFiveTriesTenMinutesAndReplaceable(t *testing.T) {
	w := newWorld(t)
	b := w.browser("192.0.2.1")
	begin := func() (up api.SignupState) {
		if p := b.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: ada}, &up); p != nil {
			t.Fatal(p)
		}
		return up
	}
	try := func(up api.SignupState, code string) (api.SignupState, *api.Problem) {
		p := b.post(api.RouteSignupCode, api.SignupCodeRequest{State: up.State, Code: code}, &up)
		return up, p
	}
	wrong := func(code string) string { return fmt.Sprintf("%06d", (atoi(code)+1)%1_000_000) }

	up := begin()
	code := w.lastMail(ada).Code
	for _, malformed := range []string{"", "12345", "1234567", "12345a", "１２３４５６"} {
		if _, p := try(up, malformed); !refusedWith(p, api.CodeBadRequest) {
			t.Errorf("%q: %v", malformed, p)
		}
	}
	if _, p := try(up, wrong(code)); !refusedWith(p, api.CodeWrong) || p.TriesLeft != api.CodeTries-1 {
		t.Errorf("malformed codes were counted: %v", p)
	}
	if proved, p := try(up, code); p != nil || proved.NeedsCode {
		t.Fatalf("the right code: %v", p)
	}
	if again, p := try(up, code); p != nil || again.NeedsCode {
		t.Errorf("the right code again, because the answer was lost: %v", p)
	}

	up = begin()
	code = w.lastMail(ada).Code
	w.pass(api.CodeLifetime * time.Second)
	if _, p := try(up, code); !refusedWith(p, api.CodeSpent) {
		t.Errorf("after ten minutes: %v", p)
	}
	if p := b.post(api.RouteSignupResend, up, &up); p != nil {
		t.Fatal(p)
	}
	fresh := w.lastMail(ada).Code
	if _, p := try(up, fresh); p != nil {
		t.Errorf("the new code: %v", p)
	}
	w.pass(30 * time.Minute)
	if _, p := try(up, fresh); !refusedWith(p, api.CodeExpired) {
		t.Errorf("the sign-up after half an hour: %v", p)
	}
}

func TestCodesAndMailsAreBounded(t *testing.T) {
	w := newWorld(t)
	b := w.browser("192.0.2.1")
	var up api.SignupState
	if p := b.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: ada}, &up); p != nil {
		t.Fatal(p)
	}
	sent := 1
	for ; sent <= account.MaxCodes; sent++ {
		if p := b.post(api.RouteSignupResend, up, &up); p != nil {
			if p.Code != api.CodeExpired {
				t.Errorf("after the last code: %v", p)
			}
			break
		}
	}
	if sent != account.MaxCodes {
		t.Errorf("%d codes were sent, want %d", sent, account.MaxCodes)
	}
	var last *api.Problem
	for range 10 {
		last = b.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: ada}, &up)
	}
	if !refusedWith(last, api.CodeTooManyAttempts) || last.RetryAfter == 0 {
		t.Errorf("many mails to one address: %v", last)
	}
}

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

func TestAnAbandonedNewAddressIsFreeAgain(t *testing.T) {
	w := newWorld(t)
	begin := func() *api.Problem {
		return w.browser("192.0.2.1").post(api.RouteSignupBegin,
			api.SignupBeginRequest{Kind: api.SignupNew, UPN: "ada.lovelace@" + ownDomain}, new(api.SignupState))
	}
	if p := begin(); p != nil {
		t.Fatal(p)
	}
	if p := begin(); !refusedWith(p, api.CodeNameTaken) {
		t.Errorf("while it is reserved: %v", p)
	}
	w.pass(31 * time.Minute)
	if p := begin(); p != nil {
		t.Errorf("after the reservation: %v", p)
	}
}

// atoi reads a code.
func atoi(code string) (n int) {
	for _, c := range code {
		n = n*10 + int(c-'0')
	}
	return n
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
