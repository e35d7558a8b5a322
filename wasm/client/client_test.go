package client_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/password"
)

func TestOnlyHTTPSOriginsAreServices(t *testing.T) {
	for text, want := range map[string]string{
		"https://latchkey.test": "https://latchkey.test", "https://latchkey.test/": "https://latchkey.test",
		"https://localhost:8787": "https://localhost:8787", "https://[::1]:8787": "https://[::1]:8787",
		"http://latchkey.test": "", "http://localhost": "", "HTTP://latchkey.test": "", "ftp://latchkey.test": "", "latchkey.test": "",
		"//latchkey.test": "", "https:latchkey.test": "", "https:///x": "", "https://": "", "": "", "https://a@latchkey.test": "",
		"https://latchkey.test/path": "", "https://latchkey.test?q": "", "https://latchkey.test?": "", "https://latchkey.test#f": "",
		"https://latchkey.test#": "", "javascript:alert(1)": "", "https://:443": "",
	} {
		got, err := client.ParseBase(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if err != nil && codeOf(t, err) != client.CodeInsecure {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSignUpThenSignIn(t *testing.T) {
	s := newService(t)
	c := s.client()
	ctx := t.Context()
	state, err := c.SignupBegin(ctx, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: upn, Language: "de"})
	if err != nil || !state.NeedsCode {
		t.Fatal(state, err)
	}
	if state, err = c.SignupResend(ctx, state.State); err != nil {
		t.Fatal(err)
	}
	_, err = c.SignupCode(ctx, api.SignupCodeRequest{State: state.State, Code: "000000"})
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != api.CodeWrong || p.TriesLeft != 4 {
		t.Fatal(err)
	}
	if state, err = c.SignupCode(ctx, api.SignupCodeRequest{State: state.State, Code: "123456"}); err != nil {
		t.Fatal(err)
	}
	done, err := c.SignupFinish(ctx, client.SignupFinish{State: state.State, Name: "Ada Lovelace", Password: good})
	if err != nil || done.Redirect != "/account" {
		t.Fatal(done, err)
	}
	found, err := c.Discover(ctx, "f1", "ADA@example.org")
	if err != nil || found.UPN != upn {
		t.Fatal(found, err)
	}
	in, err := c.SignIn(ctx, client.SignIn{Flow: "f1", UPN: found.UPN, Password: good})
	if err != nil || in.Redirect != "/oauth2/resume?flow=f1" {
		t.Fatal(in, err)
	}
	_, err = c.SignIn(ctx, client.SignIn{UPN: upn, Password: good + "."})
	if codeOf(t, err) != api.CodeInvalidCredentials {
		t.Fatal(err)
	}
}

func TestTheSamePasswordTypedOnAnotherSystemSignsIn(t *testing.T) {
	s := newService(t)
	s.signUp("Zu\u0308rich und Gru\u0308nfink am Teich")
	if _, err := s.client().SignIn(t.Context(), client.SignIn{UPN: upn, Password: "Z\u00fcrich\u00a0und Gr\u00fcnfink am Teich"}); err != nil {
		t.Fatal(err)
	}
}

func TestPasswordChangeNeedsTheOldOne(t *testing.T) {
	s := newService(t)
	s.signUp(good)
	c := s.client()
	if err := c.ChangePassword(t.Context(), "not the password", better); codeOf(t, err) != api.CodeInvalidCredentials {
		t.Fatal(err)
	}
	if s.asked(api.RouteChangeBegin) {
		t.Fatal("a change was begun without the proof")
	}
	if err := c.ChangePassword(t.Context(), good, better); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SignIn(t.Context(), client.SignIn{UPN: upn, Password: better}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SignIn(t.Context(), client.SignIn{UPN: upn, Password: good}); codeOf(t, err) != api.CodeInvalidCredentials {
		t.Fatal(err)
	}
}

func TestStretchingIsRaisedOnTheWayIn(t *testing.T) {
	s := newService(t)
	s.signUp(good)
	s.KSF, s.Upgrade = dearer, true
	answer, err := s.client().SignIn(t.Context(), client.SignIn{UPN: upn, Password: good})
	if err != nil || answer.UpgradeProof != "" {
		t.Fatal(answer, err)
	}
	if s.Records[upn].ksf != dearer {
		t.Fatalf("record is at %+v", s.Records[upn].ksf)
	}
	s.Upgrade = false
	if _, err := s.client().SignIn(t.Context(), client.SignIn{UPN: upn, Password: good}); err != nil {
		t.Fatal(err)
	}
}

func TestAFailedUpgradeFailsNoSignIn(t *testing.T) {
	tests := map[string]func(s *service){
		"service unreachable": func(s *service) {
			s.Intercept = func(r client.Request) (client.Response, error, bool) {
				return client.Response{}, errDown, strings.HasSuffix(r.URL, api.RouteChangeBegin)
			}
		},
		"proof refused": func(s *service) {
			s.Intercept = func(r client.Request) (client.Response, error, bool) {
				return client.Response{Status: 410}, nil, strings.HasSuffix(r.URL, api.RouteChangeFinish)
			}
		},
		"parameters refused": func(s *service) { s.KSF = api.KSF{Name: "argon2id", Time: 1, Memory: 1, Threads: 1} },
		"parameters lowered": func(s *service) { s.KSF = cheap },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			s.KSF = dearer
			s.signUp(good)
			s.Upgrade = true
			spoil(s)
			if _, err := s.client().SignIn(t.Context(), client.SignIn{UPN: upn, Password: good}); err != nil {
				t.Fatal(err)
			}
			if s.Records[upn].ksf != dearer {
				t.Fatalf("record was replaced: %+v", s.Records[upn].ksf)
			}
		})
	}
}

func TestNewPasswordsMustMeetTheRules(t *testing.T) {
	s := newService(t)
	s.signUp(good)
	_, suffix := password.RangeQuery(breached)
	s.Range = suffix + ":17\r\n" + strings.Repeat("0", 35) + ":0\r\n"
	tests := []struct {
		secret string
		reason password.Reason
	}{
		{"", password.ReasonBlank},
		{"short", password.ReasonTooShort},
		{"Password1234", password.ReasonCommon},
		{"ada.lovelace!", password.ReasonNamePart},
		{"example-example", password.ReasonNamePart},
		{"aaaaaaaaaaaaaaa", password.ReasonWeak},
		{breached, password.ReasonBreached},
	}
	for _, test := range tests {
		c := s.client()
		state, err := c.SignupBegin(t.Context(), api.SignupBeginRequest{Kind: api.SignupNew, UPN: upn})
		if err != nil {
			t.Fatal(err)
		}
		_, signup := c.SignupFinish(t.Context(), client.SignupFinish{State: state.State, Name: "Ada Lovelace", Password: test.secret})
		change := c.ChangePassword(t.Context(), good, test.secret)
		for _, err := range []error{signup, change} {
			r, ok := errors.AsType[*client.Refused](err)
			if !ok || r.Verdict.Reason != test.reason || codeOf(t, err) != client.CodePasswordRefused {
				t.Errorf("%q: %v", test.secret, err)
			}
		}
	}
	if s.asked(api.RouteChangeBegin) || slices.Contains(s.paths()[5:], api.RouteSignupPassword) {
		t.Error("a refused password was registered all the same")
	}
}

func TestWithoutItsDictionaryNoNewPasswordIsTaken(t *testing.T) {
	s := newService(t)
	c, err := client.New(client.Config{Base: base, Transport: s, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CheckPassword(t.Context(), good, nil); codeOf(t, err) != api.CodeUnavailable {
		t.Fatal(err)
	}
	if v := c.PasswordStrength(good, nil); v.Score != 4 {
		t.Fatalf("%+v", v)
	}
}

func TestRangeServiceLearnsFiveDigitsAndNobody(t *testing.T) {
	s := newService(t)
	v, err := s.client().CheckPassword(t.Context(), good, nil)
	if err != nil || !v.Acceptable || !v.Checked || v.Breached {
		t.Fatal(v, err)
	}
	last := s.seen[len(s.seen)-1]
	prefix, _ := password.RangeQuery(good)
	if last.URL != ranges+prefix || len(prefix) != 5 || !last.Anonymous || last.Header["Add-Padding"] != "true" || last.Body != nil || len(last.Header) != 1 {
		t.Fatalf("%+v", last)
	}
}

func TestRangeServiceThatFailsRefusesNobody(t *testing.T) {
	tests := map[string]func(s *service){
		"unreachable":           func(s *service) { s.RangeDown = true },
		"no answer of its kind": func(s *service) { s.Range = "<html>" },
		"too large":             func(s *service) { s.Range = strings.Repeat(strings.Repeat("0", 35)+":0\r\n", 60_000) },
		"not https": func(s *service) {
			s.Alter = func(_ string, answer any) any {
				if c, ok := answer.(api.Configuration); ok {
					c.RangeService = "http://ranges.test/range/"
					return c
				}
				return answer
			}
		},
		"none": func(s *service) {
			s.Alter = func(_ string, answer any) any {
				if c, ok := answer.(api.Configuration); ok {
					c.RangeService = ""
					return c
				}
				return answer
			}
		},
	}
	for name, spoil := range tests {
		s := newService(t)
		spoil(s)
		v, err := s.client().CheckPassword(t.Context(), breached, nil)
		if err != nil || !v.Acceptable || v.Checked || v.Breached {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

func TestSignOutKeepsOnlyFramesOverHTTPS(t *testing.T) {
	s := newService(t)
	answer, err := s.client().SignOut(t.Context(), "f1")
	if err != nil || !slices.Equal(answer.FrontChannel, []string{"https://shop.test/logout"}) {
		t.Fatal(answer, err)
	}
	if body := string(s.seen[0].Body); body != `{"flow":"f1"}` {
		t.Fatal(body)
	}
}
