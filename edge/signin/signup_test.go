//go:build !js

package signin_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/signin"
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
	if p := two.finish(late); !refusedWith(p, api.CodeNameTaken) {
		t.Errorf("the second: %v", p)
	}
	if _, err := two.session(); err == nil {
		t.Error("the loser is signed in")
	}
}

// A finish that is under way, or was cut off, holds the address for a while.
func TestWhoFinishesMeanwhileIsToldToWait(t *testing.T) {
	w := newWorld(t)
	b := w.browser("192.0.2.1")
	up, err := b.prove(api.SignupEmail, ada)
	must(t, err)
	if _, err := w.names.Reserve(t.Context(), ada, names.Owner{Kind: names.Account, ID: "other"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if p := b.finish(b.finishRequest(up, goodPass)); !refusedWith(p, api.CodeUnavailable) || p.RetryAfter == 0 {
		t.Errorf("before the name is committed: %v", p)
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

// Strangers who share the work, each with a sign-up of his own, get no more tries at an address than one would.
func TestGuessesAtOneAddressAreBoundedWhoeverMakesThem(t *testing.T) {
	w := newWorld(t)
	codes := 0
	for hour := range 24 {
		for n := range 12 {
			b := w.browser(fmt.Sprintf("192.0.%d.%d", hour, n))
			switch p := b.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: ada}, new(api.SignupState)); {
			case p == nil:
				codes++
			case !refusedWith(p, api.CodeTooManyAttempts):
				t.Fatal(p)
			}
		}
		w.pass(59 * time.Minute)
	}
	if codes != 20 {
		t.Errorf("%d codes for one address in a day, want 20", codes)
	}
	w.pass(24 * time.Hour)
	if p := w.browser("192.0.2.1").post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: ada}, new(api.SignupState)); p != nil {
		t.Errorf("a day later: %v", p)
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

func TestComingBackToANewAddressFindsOnesOwnReservation(t *testing.T) {
	w := newWorld(t)
	b := w.browser("192.0.2.1")
	begin := func(b *browser, upn string) (up api.SignupState, p *api.Problem) {
		p = b.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupNew, UPN: upn}, &up)
		return up, p
	}
	first, p := begin(b, "ada.lovelace@"+ownDomain)
	if p != nil {
		t.Fatal(p)
	}
	again, p := begin(b, "Ada.Lovelace@"+ownDomain)
	if p != nil || again != first {
		t.Errorf("the same browser: %+v, %v", again, p)
	}
	if _, p := begin(w.browser("192.0.2.2"), "ada.lovelace@"+ownDomain); !refusedWith(p, api.CodeNameTaken) {
		t.Errorf("another browser: %v", p)
	}
	if p := b.finish(b.finishRequest(again, goodPass)); p != nil {
		t.Fatal(p)
	}
	if _, p := begin(b, "ada.lovelace@"+ownDomain); !refusedWith(p, api.CodeNameTaken) {
		t.Errorf("after it was made: %v", p)
	}
	b.cookies["__Host-signup"] = &http.Cookie{Name: "__Host-signup", Value: first.State}
	if _, p := begin(b, "ada.lovelace@"+ownDomain); !refusedWith(p, api.CodeNameTaken) {
		t.Errorf("after it was made, with the cookie of before: %v", p)
	}
	b.cookies["__Host-signup"].Value = tamper(first.State)
	if _, p := begin(b, "grace.hopper@"+ownDomain); p != nil {
		t.Errorf("a changed cookie stands in the way: %v", p)
	}
}

// atoi reads a code.
func atoi(code string) (n int) {
	for _, c := range code {
		n = n*10 + int(c-'0')
	}
	return n
}
