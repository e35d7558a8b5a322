//go:build !js

package recover_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
	"github.com/latchkey-id/latchkey/edge/session"
)

// answers are the right proof of each kind.
func (w *world) answer(kind api.Proof, state string) api.RecoverProveRequest {
	in := api.RecoverProveRequest{State: state}
	switch kind {
	case api.ProofTOTP:
		in.Code = "123456"
	case api.ProofPasskey:
		in.Assertion = "assertion"
	case api.ProofRecovery:
		in.Recovery = []byte(strings.Repeat("r", api.RecoveryProofSize))
	default:
		in.Code = w.code()
	}
	return in
}

func TestEachProofGivesANewPassword(t *testing.T) {
	for kind, keeps := range map[api.Proof]bool{api.ProofEmail: false, api.ProofTOTP: false, api.ProofPasskey: true, api.ProofRecovery: true} {
		w := newWorld(t)
		b := w.browser()
		in := api.RecoverBeginRequest{UPN: " ADA@example.org", Kind: kind}
		if kind == api.ProofEmail {
			in.Value = "Ada@Example.org"
		}
		begun := b.begins(in)
		if (begun.Options != "") != (kind == api.ProofPasskey) || begun.Expires != w.clock.Now().Unix()+api.CodeLifetime {
			t.Errorf("%s: %+v", kind, begun)
		}
		var proved api.RecoverProved
		b.wants(string(kind), b.post(api.RouteRecoverProve, w.answer(kind, begun.State), &proved), "")
		if proved.Account != w.id || proved.UPN != ada || proved.Keeps != keeps {
			t.Errorf("%s: %+v", kind, proved)
		}
		done, p := b.finishes(proved.State)
		if b.wants(string(kind), p, ""); done.Redirect != "/account" || !done.Trusted {
			t.Errorf("%s: %+v", kind, done)
		}
		w.signsIn(t, newPass)
		cookie := b.here()
		trusted, err := w.accounts.Trusted(t.Context(), w.id, cookie.Ref())
		w.must(err)
		if _, err := w.accounts.TouchSession(t.Context(), w.id, w.first.Ref()); err == nil || !trusted {
			t.Errorf("%s: the former session %v, trusted %v", kind, err, trusted)
		}
		_, p = b.finishes(proved.State)
		b.wants("again", p, api.CodeExpired)
	}
}

// here is the session that a browser is in.
func (b *browser) here() session.Cookie {
	b.t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(b.cookies[session.CookieName])
	c, err := session.Read(b.t.Context(), b.ring, r)
	b.must(err)
	return c
}

// signsIn holds that a password opens the account.
func (w *world) signsIn(t *testing.T, secret string) {
	t.Helper()
	login := passwordtest.Begin(t, secret)
	begun, err := w.accounts.BeginSignin(t.Context(), w.id, account.BeginSigninIn{Name: "n", Attempt: account.NewID()})
	w.must(err)
	answer, err := w.passwords.Login(t.Context(), login.KE1, password.Credential{Identifier: w.id, Record: begun.Record})
	w.must(err)
	ke3, err := login.Finish(answer.KE2, begun.KSF)
	w.must(err)
	w.must(w.passwords.Check(t.Context(), ke3, answer.MAC))
}

// Nothing tells a name that somebody has from one that nobody has: not the answers, nor their length, nor what is done.
func TestAnUnknownNameLooksLikeAKnownOne(t *testing.T) {
	for _, kind := range []api.Proof{api.ProofEmail, api.ProofSMS, api.ProofCall, api.ProofTOTP, api.ProofPasskey, api.ProofRecovery} {
		value := map[api.Proof]string{api.ProofEmail: "eve@example.org", api.ProofSMS: "+4930123456", api.ProofCall: "+4930123456"}[kind]
		var bytes [2][]int
		var codes [2][]api.Code
		var calls [2][]string
		for i, name := range []string{ada, nobody} {
			w := newWorld(t)
			b := w.browser()
			w.calls = nil
			var begun api.RecoverBegun
			if p := b.post(api.RouteRecoverBegin, api.RecoverBeginRequest{UPN: name, Kind: kind, Value: value}, &begun); p != nil {
				t.Fatal(p)
			}
			bytes[i] = append(bytes[i], b.last.Body.Len())
			for range api.CodeTries + 1 {
				in := api.RecoverProveRequest{State: begun.State, Code: "000000"}
				switch kind {
				case api.ProofRecovery:
					in.Recovery = make([]byte, api.RecoveryProofSize)
				case api.ProofPasskey:
					in.Assertion = "guess"
				}
				p := b.post(api.RouteRecoverProve, in, &api.RecoverProved{})
				if p == nil {
					t.Fatalf("%s: a guess is right", kind)
				}
				codes[i], bytes[i] = append(codes[i], p.Code), append(bytes[i], b.last.Body.Len())
			}
			calls[i] = w.calls
			if w.native.Wake(t.Context()); len(w.mails) != 0 {
				t.Errorf("%s: %v went out", kind, w.mails)
			}
		}
		if !slices.Equal(bytes[0], bytes[1]) || !slices.Equal(codes[0], codes[1]) || !slices.Equal(calls[0], calls[1]) {
			t.Errorf("%s: known %v %v %v, unknown %v %v %v", kind, bytes[0], codes[0], calls[0], bytes[1], codes[1], calls[1])
		}
	}
}

func TestStepsCannotBeSkippedOrMixed(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	begun := b.begins(api.RecoverBeginRequest{UPN: ada, Kind: api.ProofEmail, Value: ada})
	b.wants("no proof", b.post(api.RouteRecoverPassword, api.RecoverPasswordRequest{State: begun.State}, nil), api.CodeBadRequest)
	b.wants("no proof", b.post(api.RouteRecoverFinish, api.RecoverFinishRequest{State: begun.State}, nil), api.CodeBadRequest)
	b.wants("no state", b.post(api.RouteRecoverProve, api.RecoverProveRequest{State: "x"}, nil), api.CodeExpired)
	b.wants("another proof", b.post(api.RouteRecoverProve, api.RecoverProveRequest{
		State: begun.State, Recovery: []byte(strings.Repeat("r", api.RecoveryProofSize)),
	}, nil), api.CodeBadRequest)
	var proved api.RecoverProved
	b.wants("prove", b.post(api.RouteRecoverProve, w.answer(api.ProofEmail, begun.State), &proved), "")
	b.wants("proved twice", b.post(api.RouteRecoverProve, api.RecoverProveRequest{State: proved.State, Code: "123456"}, nil), api.CodeBadRequest)
	b.wants("no record", b.post(api.RouteRecoverFinish, api.RecoverFinishRequest{
		State: proved.State, Record: []byte("record"), KSF: passwordtest.KSF,
	}, nil), api.CodeRecordInvalid)
	weak := passwordtest.KSF
	weak.Memory /= 2
	b.wants("a weak record", b.post(api.RouteRecoverFinish, api.RecoverFinishRequest{State: proved.State, Record: make([]byte, 192), KSF: weak}, nil),
		api.CodeRecordInvalid)
	w.clock.Pass(21 * time.Minute)
	b.wants("too late", b.post(api.RouteRecoverPassword, api.RecoverPasswordRequest{State: proved.State}, nil), api.CodeExpired)
}

func TestBadBeginningsAreRefused(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for name, c := range map[string]struct {
		in   api.RecoverBeginRequest
		code api.Code
	}{
		"no name":       {api.RecoverBeginRequest{Kind: api.ProofTOTP}, api.CodeInvalidUPN},
		"no kind":       {api.RecoverBeginRequest{UPN: ada}, api.CodeBadRequest},
		"approval":      {api.RecoverBeginRequest{UPN: ada, Kind: api.ProofApproval}, api.CodeBadRequest},
		"no address":    {api.RecoverBeginRequest{UPN: ada, Kind: api.ProofEmail}, api.CodeBadRequest},
		"value of none": {api.RecoverBeginRequest{UPN: ada, Kind: api.ProofTOTP, Value: "x"}, api.CodeBadRequest},
		"flow":          {api.RecoverBeginRequest{UPN: ada, Kind: api.ProofTOTP, Flow: "/evil"}, api.CodeBadRequest},
	} {
		b.wants(name, b.post(api.RouteRecoverBegin, c.in, nil), c.code)
	}
	w.handler = w.serve(false)
	b.wants("phones", b.post(api.RouteRecoverBegin, api.RecoverBeginRequest{UPN: ada, Kind: api.ProofSMS, Value: "+4930123456"}, nil), api.CodePhonesOff)
}

func TestBeginningsAreCountedByClientAndByName(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	in := api.RecoverBeginRequest{UPN: ada, Kind: api.ProofEmail, Value: ada}
	for range 5 {
		b.begins(in)
	}
	if p := b.post(api.RouteRecoverBegin, in, nil); p == nil || p.Code != api.CodeLocked || p.RetryAfter != 60 {
		t.Errorf("by name: %v", p)
	}
	for n := range 34 {
		in.UPN = strings.Repeat("x", n+1) + "@example.org"
		b.begins(in)
	}
	if p := b.post(api.RouteRecoverBegin, in, nil); p == nil || p.Code != api.CodeTooManyAttempts || p.RetryAfter == 0 {
		t.Errorf("by client: %v", p)
	}
}

// The browser that has forgotten goes on to where it was going, and keeps the device that the account knows it as.
func TestAKnownBrowserStaysTheSameDevice(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	set := httptest.NewRecorder()
	w.must(session.IssueDevices(t.Context(), w.ring, set, session.Devices{w.device}, w.clock.Now()))
	other := session.Cookie{Account: account.NewID(), ID: account.NewID(), Secret: account.NewSecret()}
	w.must(session.Issue(t.Context(), w.ring, set, other, w.clock.Now(), time.Hour, false))
	for _, c := range set.Result().Cookies() {
		b.cookies[c.Name] = c
	}
	flow := strings.Repeat("A", 22)
	begun := b.begins(api.RecoverBeginRequest{UPN: ada, Kind: api.ProofTOTP, Flow: flow})
	var proved api.RecoverProved
	b.wants("prove", b.post(api.RouteRecoverProve, w.answer(api.ProofTOTP, begun.State), &proved), "")
	done, p := b.finishes(proved.State)
	if b.wants("finish", p, ""); done.Redirect != "/oauth2/resume?flow="+flow {
		t.Errorf("%+v", done)
	}
	facts, err := w.accounts.TrustFacts(t.Context(), w.id, b.here().Ref())
	w.must(err)
	if facts.Device != w.device.ID || !facts.Trusted {
		t.Errorf("%+v", facts)
	}
	if strings.Contains(w.log.String(), "goes on until it expires") { // the other account's session was none
		t.Error(w.log.String())
	}
	if c := b.cookies[session.CookieName]; c.MaxAge != 0 || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("%+v", c)
	}
}
