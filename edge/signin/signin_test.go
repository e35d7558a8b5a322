//go:build !js

package signin_test

import (
	"bytes"
	"encoding/json"
	"net/http"
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

const flowID = "AAECAwQFBgcICQoLDA0ODw"

// worldOfAda is a world with one account, signed in nowhere that a test looks.
func worldOfAda(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	must(t, w.browser("192.0.2.1").signup(api.SignupEmail, ada, goodPass))
	return w
}

// proof is a sign-in stopped before its last request.
func (b *browser) proof(upn, password, flow string) api.PasswordFinishRequest {
	b.t.Helper()
	login, begun, p := b.begin(upn, password, flow)
	if p != nil {
		b.t.Fatal(p)
	}
	ke3, err := login.Finish(begun.KE2, begun.KSF)
	must(b.t, err)
	return api.PasswordFinishRequest{Flow: flow, State: begun.State, KE3: ke3}
}

func (b *browser) finishSignin(in api.PasswordFinishRequest) (api.PasswordFinishResponse, *api.Problem) {
	b.t.Helper()
	var out api.PasswordFinishResponse
	p := b.post(api.RoutePasswordFinish, in, &out)
	return out, p
}

func TestCookiesOfASignin(t *testing.T) {
	w := worldOfAda(t)
	for _, keep := range []bool{false, true} {
		b := w.browser("192.0.2.2")
		_, err := b.signin(ada, goodPass, keep)
		must(t, err)
		b.live()
		wantAge := map[string]int{session.CookieName: 0, session.DeviceCookieName: int(session.DeviceLifetime / time.Second)}
		if keep {
			wantAge[session.CookieName] = 90 * 24 * 3600
		}
		for name, age := range wantAge {
			c := b.cookies[name]
			if c == nil || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != age {
				t.Errorf("keep %v: %s is %+v", keep, name, c)
			}
		}
		here := b.live()
		list, err := w.accounts.Sessions(t.Context(), here.Account, here.Ref())
		must(t, err)
		i := slices.IndexFunc(list.Sessions, func(s api.Session) bool { return s.Current })
		if s := list.Sessions[i]; s.Device != "Firefox on Linux" || s.Place != "Berlin, DE" || s.Keep != keep {
			t.Errorf("keep %v: row %+v", keep, s)
		}
	}
}

func TestRedirectIsBuiltFromAFlowIDOnly(t *testing.T) {
	w := worldOfAda(t)
	b := w.browser("192.0.2.2")
	out, p := b.finishSignin(b.proof(ada, goodPass, flowID))
	if p != nil || out.Redirect != "/oauth2/resume?flow="+flowID {
		t.Errorf("%+v, %v", out, p)
	}
	for _, flow := range []string{"//evil.example", "https://evil.example/", "x", flowID + "&next=/", flowID[:21], flowID[:21] + "x", "../" + flowID[:19]} {
		if _, _, p := b.begin(ada, goodPass, flow); !refusedWith(p, api.CodeBadRequest) {
			t.Errorf("flow %q: %v", flow, p)
		}
	}
}

func TestSigningInAgainRenewsTheSessionUnderANewSecret(t *testing.T) {
	w := worldOfAda(t)
	b := w.browser("192.0.2.2")
	_, err := b.signin(ada, goodPass, false)
	must(t, err)
	before := b.live()
	_, err = b.signin(ada, goodPass, true)
	must(t, err)
	now := b.live()
	if now.ID != before.ID || now.Secret == before.Secret {
		t.Errorf("before %+v, now %+v", before, now)
	}
	if _, err := w.accounts.TouchSession(t.Context(), before.Account, before.Ref()); err == nil {
		t.Error("the old secret is still good")
	}
}

func TestSigningInAgainAfterTheSessionHasEndedMakesAnother(t *testing.T) {
	w := worldOfAda(t)
	for _, rule := range []string{"ended elsewhere", "renewed in another tab"} {
		b := w.browser("192.0.2.2")
		_, err := b.signin(ada, goodPass, false)
		must(t, err)
		before, cookie := b.live(), b.cookies[session.CookieName]
		if rule == "ended elsewhere" {
			_, err = w.accounts.EndSession(t.Context(), before.Account, account.EndSessionIn{Session: before.Ref()})
		} else {
			_, err = b.signin(ada, goodPass, false)
		}
		must(t, err)
		b.cookies[session.CookieName] = cookie
		_, err = b.signin(ada, goodPass, false)
		must(t, err)
		if now := b.live(); now.ID == before.ID {
			t.Errorf("%s: the session was revived", rule)
		}
	}
}

func TestSigningInAsAnotherPersonEndsTheSessionBefore(t *testing.T) {
	w := worldOfAda(t)
	must(t, w.browser("192.0.2.9").signup(api.SignupEmail, "bob@example.org", goodPass))
	b := w.browser("192.0.2.2")
	_, err := b.signin(ada, goodPass, false)
	must(t, err)
	before := b.live()
	_, err = b.signin("bob@example.org", goodPass, false)
	must(t, err)
	if now := b.live(); now.ID == before.ID || now.Secret == before.Secret {
		t.Error("the session of before goes on")
	}
	if _, err := w.accounts.TouchSession(t.Context(), before.Account, before.Ref()); err == nil {
		t.Error("the session of before is still live")
	}
}

func TestASessionPlantedInABrowserIsNotTheVictims(t *testing.T) {
	w := worldOfAda(t)
	must(t, w.browser("192.0.2.9").signup(api.SignupEmail, "mallory@example.org", goodPass))
	attacker, victim := w.browser("192.0.2.9"), w.browser("192.0.2.2")
	_, err := attacker.signin("mallory@example.org", goodPass, false)
	must(t, err)
	planted := attacker.live()
	victim.cookies[session.CookieName] = attacker.cookies[session.CookieName]
	_, err = victim.signin(ada, goodPass, false)
	must(t, err)
	if now := victim.live(); now.ID == planted.ID || now.Account == planted.Account {
		t.Error("the planted session was taken over")
	}
}

func TestAStateIsGoodOnceForTwoMinutesAndOneFlow(t *testing.T) {
	w := worldOfAda(t)
	b := w.browser("192.0.2.2")
	good := b.proof(ada, goodPass, flowID)
	other := b.proof(ada, goodPass, flowID)
	up, err := w.browser("192.0.2.3").prove(api.SignupEmail, "eve@example.org")
	must(t, err)
	with := func(change func(*api.PasswordFinishRequest)) api.PasswordFinishRequest {
		in := good
		in.KE3 = bytes.Clone(good.KE3)
		change(&in)
		return in
	}
	for _, c := range []struct {
		rule string
		in   api.PasswordFinishRequest
		code api.Code
	}{
		{"tampered", with(func(r *api.PasswordFinishRequest) { r.State = tamper(r.State) }), api.CodeExpired},
		{"empty", with(func(r *api.PasswordFinishRequest) { r.State = "" }), api.CodeExpired},
		{"longer than anything sealed", with(func(r *api.PasswordFinishRequest) { r.State = strings.Repeat("a", 8192) }), api.CodeExpired},
		{"of a sign-up", with(func(r *api.PasswordFinishRequest) { r.State = up.State }), api.CodeExpired},
		{"of another flow", with(func(r *api.PasswordFinishRequest) { r.Flow = "" }), api.CodeExpired},
		{"of another attempt", with(func(r *api.PasswordFinishRequest) { r.State = other.State }), api.CodeInvalidCredentials},
		{"with one bit of KE3 changed", with(func(r *api.PasswordFinishRequest) { r.KE3[63] ^= 1 }), api.CodeInvalidCredentials},
		{"with a short KE3", with(func(r *api.PasswordFinishRequest) { r.KE3 = r.KE3[1:] }), api.CodeBadRequest},
		{"with a KE3 of zeros", with(func(r *api.PasswordFinishRequest) { clear(r.KE3) }), api.CodeInvalidCredentials},
	} {
		if _, p := b.finishSignin(c.in); !refusedWith(p, c.code) {
			t.Errorf("a state %s: %v, want %s", c.rule, p, c.code)
		}
		if len(b.cookies) != 0 {
			t.Fatalf("a state %s set cookies", c.rule)
		}
	}
	if _, p := b.finishSignin(good); p != nil {
		t.Fatalf("the good one after the others: %v", p)
	}
	for _, again := range []*browser{b, w.browser("198.51.100.1")} {
		if _, p := again.finishSignin(good); !refusedWith(p, api.CodeExpired) {
			t.Errorf("replayed: %v", p)
		}
	}
	late := b.proof(ada, goodPass, "")
	w.pass(2 * time.Minute)
	if _, p := b.finishSignin(late); !refusedWith(p, api.CodeExpired) {
		t.Errorf("after two minutes: %v", p)
	}
}

func TestMalformedKE1IsRefused(t *testing.T) {
	w := worldOfAda(t)
	b := w.browser("192.0.2.2")
	good := passwordtest.Begin(t, goodPass).KE1
	for _, upn := range []string{ada, "nobody@example.org"} {
		for rule, ke1 := range map[string][]byte{
			"empty": {}, "short": good[1:], "long": append(bytes.Clone(good), 0), "no point": bytes.Repeat([]byte{0xff}, password.KE1Length),
			"identity as blinded element": slices.Concat(make([]byte, 32), good[32:]), "identity as key share": slices.Concat(good[:64], make([]byte, 32)),
		} {
			if p := b.post(api.RoutePasswordBegin, api.PasswordBeginRequest{UPN: upn, KE1: ke1}, nil); !refusedWith(p, api.CodeBadRequest) {
				t.Errorf("%s, %s: %v", upn, rule, p)
			}
		}
	}
}

func TestAnUnknownNameLooksLikeAKnownOne(t *testing.T) {
	w := worldOfAda(t)
	type seen struct {
		beginStatus, beginLength, state, ke2 int
		ksf                                  api.KSF
		beginCalls, members                  string
		finishStatus, finishLength           int
		finishBody, finishCalls              string
	}
	look := func(upn string) (s seen) {
		b := w.browser("192.0.2.2")
		w.called()
		login, begun, p := b.begin(upn, badPass, flowID)
		if p != nil {
			t.Fatal(p)
		}
		s.beginStatus, s.beginLength, s.state, s.ke2, s.ksf = b.last.Code, b.last.Body.Len(), len(begun.State), len(begun.KE2), begun.KSF
		s.beginCalls, s.members = strings.Join(w.called(), " "), members(t, b.last.Body.Bytes())
		if _, err := login.Finish(begun.KE2, begun.KSF); err == nil {
			t.Errorf("%s: the client found the password right", upn)
		}
		_, p = b.finishSignin(api.PasswordFinishRequest{Flow: flowID, State: begun.State, KE3: bytes.Repeat([]byte{7}, password.KE3Length)})
		if !refusedWith(p, api.CodeInvalidCredentials) || len(b.cookies) != 0 {
			t.Errorf("%s: %v, cookies %v", upn, p, b.cookies)
		}
		s.finishStatus, s.finishLength, s.finishBody, s.finishCalls = b.last.Code, b.last.Body.Len(), b.last.Body.String(), strings.Join(w.called(), " ")
		return s
	}
	known := look(ada)
	for _, upn := range []string{"bob@example.org", "eve@example.org", "joe@example.org"} {
		if unknown := look(upn); unknown != known {
			t.Errorf("known:   %+v\n%s: %+v", known, upn, unknown)
		}
	}
	if known.ke2 != password.KE2Length || known.beginCalls != "throttle.take names.lookup account.begin_signin" || known.finishCalls != "" {
		t.Errorf("a sign-in is %+v", known)
	}
}

// members are the names in a JSON object, in order.
func members(t *testing.T, body []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	var names []string
	for {
		token, err := d.Token()
		if err != nil {
			return strings.Join(names, " ")
		}
		if name, ok := token.(string); ok && len(name) < 10 {
			names = append(names, name)
		}
	}
}

func TestTheFakeOfANameIsStable(t *testing.T) {
	w := worldOfAda(t)
	ke1 := passwordtest.Begin(t, badPass).KE1
	ask := func(upn string) []byte {
		var out api.PasswordBeginResponse
		if p := w.browser("192.0.2.2").post(api.RoutePasswordBegin, api.PasswordBeginRequest{UPN: upn, KE1: ke1}, &out); p != nil {
			t.Fatal(p)
		}
		return out.KE2[:32] // the evaluation of the blinded element
	}
	for _, upn := range []string{ada, "nobody@example.org"} {
		if !bytes.Equal(ask(upn), ask(" "+strings.ToUpper(upn))) {
			t.Errorf("%s: asking twice tells it from the other kind", upn)
		}
	}
	if bytes.Equal(ask("nobody@example.org"), ask("somebody@example.org")) {
		t.Error("all unknown names have one fake")
	}
}

func TestAWeakRecordIsUpgradedAtSignin(t *testing.T) {
	w := worldOfAda(t)
	w.config.KSF = api.KSF{Name: "argon2id", Time: 3, Memory: 19 << 10, Threads: 1}
	w.config.FormerKSF = []api.KSF{passwordtest.KSF}
	b := w.browser("192.0.2.2")
	out, err := b.signin(ada, goodPass, false)
	must(t, err)
	proof, err := password.OpenProof(t.Context(), w.ring, out.UpgradeProof)
	must(t, err)
	here := b.live()
	if !proof.Upgrade || proof.Account != here.Account || proof.Session != here.ID {
		t.Errorf("proof %+v", proof)
	}
	must(t, w.accounts.ReplaceCredential(t.Context(), here.Account, account.ReplaceCredentialIn{
		Session: here.Ref(), ProofHash: account.Hash(proof.Secret), Record: make([]byte, password.RecordLength), KSF: w.config.KSF, KeyID: "k",
	}))
	fresh := w.browser("192.0.2.3")
	if _, begun, p := fresh.begin("nobody@example.org", badPass, ""); p != nil || begun.KSF != w.config.KSF && begun.KSF != passwordtest.KSF {
		t.Errorf("an unknown name: %+v, %v", begun.KSF, p)
	}
}
