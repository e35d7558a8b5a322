//go:build !js

package server_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/message"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
	"github.com/latchkey-id/latchkey/edge/webauthn/webauthntest"
)

func (b *browser) security() (out api.Security) {
	b.t.Helper()
	b.w.must(b.call(http.MethodGet, api.RouteSecurity, nil, &out))
	return out
}

func (b *browser) trust() (out api.TrustState) {
	b.t.Helper()
	b.w.must(b.post(api.RouteTrust, struct{}{}, &out))
	return out
}

// method is the id of the second proof of a kind that is offered here.
func (b *browser) method(kind api.Proof) string {
	b.t.Helper()
	methods := b.trust().Methods
	i := slices.IndexFunc(methods, func(m api.TrustMethod) bool { return m.Kind == kind })
	if i < 0 {
		b.t.Fatalf("no %s among %+v", kind, methods)
	}
	return methods[i].ID
}

// code is the newest that went to an address or a number.
func (w *world) code(to string) string {
	w.t.Helper()
	w.wake()
	var letters message.Letters
	w.operate(http.MethodGet, message.RouteOutbox, "", &letters)
	for _, m := range letters.Messages {
		if m.To == to && m.Code != "" {
			return m.Code
		}
	}
	w.t.Fatalf("no code to %s", to)
	return ""
}

// addPhone registers a phone.
func (b *browser) addPhone(number string) {
	b.t.Helper()
	var sent api.SecuritySent
	b.w.must(b.post(api.RoutePhoneAdd, api.PhoneAddRequest{Number: number, Channel: "sms"}, &sent))
	code := b.w.code(strings.ReplaceAll(number, " ", ""))
	b.w.must(b.post(api.RouteFactorVerify, api.FactorVerifyRequest{Challenge: sent.Challenge, Code: code}, &struct{}{}))
}

func (b *browser) wants(rule string, err error, code api.Code) {
	b.t.Helper()
	if !refusedWith(err, code) {
		b.t.Errorf("%s: %v, want %s", rule, err, code)
	}
}

// shown is what an authenticator shows for a secret in base32: RFC 6238, written down a second time.
func shown(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	var step [8]byte
	binary.BigEndian.PutUint64(step[:], uint64(at.Unix()/30))
	h := hmac.New(sha1.New, key)
	h.Write(step[:])
	sum := h.Sum(nil)
	o := sum[19] & 15
	n := (int(sum[o])&127)<<24 | int(sum[o+1])<<16 | int(sum[o+2])<<8 | int(sum[o+3])
	return fmt.Sprintf("%06d", n%1000000)
}

// registerAll registers one of each kind, beside the address.
func (b *browser) registerAll() (secret string, passkey *webauthntest.Passkey, recovery api.Bytes) {
	b.t.Helper()
	b.addPhone("+49 30 123456")

	var begun api.TOTPBegun
	b.w.must(b.post(api.RouteTOTPBegin, struct{}{}, &begun))
	if !strings.HasPrefix(begun.URI, "otpauth://totp/login.test:ada@") || !strings.Contains(begun.URI, "secret="+begun.Secret) {
		b.t.Errorf("%+v", begun)
	}
	b.w.must(b.post(api.RouteTOTPFinish, api.TOTPFinishRequest{ID: begun.ID, Code: shown(b.t, begun.Secret, b.w.clock.Now())}, &struct{}{}))

	passkey = webauthntest.New(b.t, issuer, "login.test")
	var making api.PasskeyBegun
	b.w.must(b.post(api.RoutePasskeyBegin, struct{}{}, &making))
	b.w.must(b.post(api.RoutePasskeyFinish, api.PasskeyFinishRequest{
		Challenge: making.Challenge, Credential: passkey.Create(b.t, making.Options), Name: "Key",
	}, &struct{}{}))
	recovery = slices.Repeat(api.Bytes{7}, api.RecoveryProofSize)
	b.w.must(b.post(api.RouteRecoveryPut, api.RecoveryPutRequest{Verifier: recovery}, &struct{}{}))
	if got := b.security(); len(got.Factors) != 5 || !got.Phones {
		b.t.Fatalf("%+v", got)
	}
	return begun.Secret, passkey, recovery
}

// send asks for a code or a challenge.
func (b *browser) send(kind api.Proof, channel string) (sent api.TrustSent) {
	b.t.Helper()
	b.w.must(b.post(api.RouteTrustSend, api.TrustSendRequest{Method: b.method(kind), Channel: channel}, &sent))
	return sent
}

// TestANewDeviceIsProvedByEachKind goes all the way for each second proof: the new device sees no setting before it, and all after.
func TestANewDeviceIsProvedByEachKind(t *testing.T) {
	w := newWorld(t, "")
	own := w.browser()
	own.signup(ada)
	own.makeVault()
	secret, passkey, recovery := own.registerAll()
	w.pass(time.Minute) // the authenticator goes on
	for kind, answer := range map[api.Proof]func(b *browser) api.TrustProveRequest{
		api.ProofEmail: func(b *browser) api.TrustProveRequest {
			return api.TrustProveRequest{Challenge: b.send(api.ProofEmail, "").Challenge, Code: w.code(ada)}
		},
		api.ProofSMS: func(b *browser) api.TrustProveRequest {
			return api.TrustProveRequest{Challenge: b.send(api.ProofSMS, "sms").Challenge, Code: w.code("+4930123456")}
		},
		api.ProofCall: func(b *browser) api.TrustProveRequest {
			return api.TrustProveRequest{Challenge: b.send(api.ProofCall, "call").Challenge, Code: w.code("+4930123456")}
		},
		api.ProofTOTP: func(b *browser) api.TrustProveRequest {
			return api.TrustProveRequest{Method: b.method(api.ProofTOTP), Code: shown(t, secret, w.clock.Now())}
		},
		api.ProofPasskey: func(b *browser) api.TrustProveRequest {
			sent := b.send(api.ProofPasskey, "")
			return api.TrustProveRequest{Challenge: sent.Challenge, Assertion: passkey.Get(t, sent.Options)}
		},
		api.ProofRecovery: func(b *browser) api.TrustProveRequest {
			return api.TrustProveRequest{Method: b.method(api.ProofRecovery), Recovery: recovery}
		},
	} {
		other := w.browser()
		w.must(other.begin(ada)())
		other.wants(string(kind)+" before", other.post(api.RouteVaultPull, api.VaultPullRequest{}, new(map[string]any)), api.CodeDeviceUntrusted)
		var state api.TrustState
		if err := other.post(api.RouteTrustProve, answer(other), &state); err != nil || !state.Trusted {
			t.Errorf("%s: %+v, %v", kind, state, err)
			continue
		}
		var page api.VaultPullResponse
		w.must(other.post(api.RouteVaultPull, api.VaultPullRequest{}, &page))
		if len(page.Records) != 1 {
			t.Errorf("%s: %+v", kind, page)
		}
		var devices api.Devices
		w.must(other.post(api.RouteDevices, struct{}{}, &devices))
		if i := slices.IndexFunc(devices.Devices, func(d api.Device) bool { return d.Current }); i < 0 || devices.Devices[i].Proof != kind {
			t.Errorf("%s: %+v", kind, devices)
		}
	}
	var letters message.Letters
	w.operate(http.MethodGet, message.RouteOutbox, "", &letters)
	for _, about := range []message.Template{message.TemplateAdded, message.TemplateTrusted} {
		if !slices.ContainsFunc(letters.Messages, func(m message.Kept) bool { return m.Template == about && m.To == ada }) {
			t.Errorf("the owner was not told %q", about)
		}
	}
}

// Who knows only the password sees no address, registers nothing and guesses at most as often as the lock says.
func TestThePasswordAloneGetsNothing(t *testing.T) {
	w := newWorld(t, "")
	own, thief := w.browser(), w.browser()
	own.signup(ada)
	own.addPhone("+4930123456")
	w.must(thief.begin(ada)())
	for _, f := range thief.security().Factors {
		if f.Value == ada || strings.Contains(f.Value, "012345") {
			t.Errorf("shown to the password alone: %+v", f)
		}
	}
	for route, in := range map[string]any{
		api.RouteEmailAdd: api.EmailAddRequest{Address: "thief@example.org"}, api.RoutePhoneAdd: api.PhoneAddRequest{Number: "+4930666666", Channel: "sms"},
		api.RouteTOTPBegin: struct{}{}, api.RoutePasskeyBegin: struct{}{},
		api.RouteRecoveryPut:  api.RecoveryPutRequest{Verifier: make(api.Bytes, api.RecoveryProofSize)},
		api.RouteFactorRemove: api.FactorRemoveRequest{ID: own.security().Factors[0].ID},
	} {
		thief.wants(route, thief.post(route, in, new(map[string]any)), api.CodeDeviceUntrusted)
	}
	thief.wants("waiting", thief.post(api.RouteTrustWait, api.TrustWaitRequest{}, new(map[string]any)), api.CodeTrustOtherwise)

	var sent api.TrustSent
	w.must(thief.post(api.RouteTrustSend, api.TrustSendRequest{Method: thief.method(api.ProofEmail)}, &sent))
	thief.wants("no digits", thief.post(api.RouteTrustProve, api.TrustProveRequest{Challenge: sent.Challenge, Code: "12345x"}, new(any)), api.CodeBadRequest)
	code := w.code(ada)
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	for range api.CodeTries - 1 {
		thief.wants("a guess", thief.post(api.RouteTrustProve, api.TrustProveRequest{Challenge: sent.Challenge, Code: wrong}, new(any)), api.CodeWrong)
	}
	for range 2 {
		thief.wants("the last guess", thief.post(api.RouteTrustProve, api.TrustProveRequest{Challenge: sent.Challenge, Code: wrong}, new(any)), api.CodeSpent)
	}
	thief.wants("the right one, too late", thief.post(api.RouteTrustProve, api.TrustProveRequest{Challenge: sent.Challenge, Code: code}, new(any)), api.CodeSpent)
	if strings.Contains(w.logged(), code) {
		t.Error("a code is in the log")
	}
}

// Who may not register an address or a number uses up none of the messages that may go there: they can be somebody else's.
func TestAStrangerDoesNotUseUpTheMessagesToAnAddress(t *testing.T) {
	w := newWorld(t, "")
	own, thief, stale := w.browser(), w.browser(), w.browser()
	own.signup(ada)
	stale.signup("eve@example.org")
	w.pass(api.ConfirmLifetime * time.Second)
	w.must(thief.begin(ada)())
	w.must(own.begin(ada)())
	for range 25 {
		for _, c := range []struct {
			who  *browser
			code api.Code
		}{{thief, api.CodeDeviceUntrusted}, {stale, api.CodeConfirmRequired}} {
			add := api.PhoneAddRequest{Number: "+4930123456", Channel: "sms"}
			c.who.wants("adding it", c.who.post(api.RoutePhoneAdd, add, new(api.SecuritySent)), c.code)
		}
	}
	own.addPhone("+4930123456")
}

// A change needs a recent proof: the password again, or a factor.
func TestConfirmByPasswordOrFactor(t *testing.T) {
	w := newWorld(t, "")
	own := w.browser()
	own.signup(ada)
	w.pass(api.ConfirmLifetime * time.Second)
	add := func() error {
		return own.post(api.RouteEmailAdd, api.EmailAddRequest{Address: "Ada@Example.org"}, new(api.SecuritySent))
	}
	own.wants("too long ago", add(), api.CodeConfirmRequired)
	login := passwordtest.Begin(t, secret)
	var begun api.PasswordBeginResponse
	w.must(own.post(api.RouteReauthBegin, api.ReauthBeginRequest{KE1: login.KE1}, &begun))
	ke3, err := login.Finish(begun.KE2, cheap)
	w.must(err)
	var proof api.ReauthFinishResponse
	w.must(own.post(api.RouteReauthFinish, api.ReauthFinishRequest{State: begun.State, KE3: ke3}, &proof))
	var confirmed api.Confirmed
	w.must(own.post(api.RouteConfirm, api.ConfirmRequest(proof), &confirmed))
	if confirmed.Until != w.clock.Now().Unix()+api.ConfirmLifetime {
		t.Errorf("%+v", confirmed)
	}
	own.wants("a proof twice", own.post(api.RouteConfirm, api.ConfirmRequest(proof), new(any)), api.CodeExpired)
	own.wants("registered already, in other letters", add(), api.CodeFactorExists)
	w.pass(api.ConfirmLifetime * time.Second)
	var sent api.TrustSent
	w.must(own.post(api.RouteConfirmSend, api.TrustSendRequest{Method: own.security().Factors[0].ID}, &sent))
	in := api.TrustProveRequest{Challenge: sent.Challenge, Code: w.code(ada)}
	own.wants("for trust", own.post(api.RouteTrustProve, in, new(any)), api.CodeSpent)
	w.must(own.post(api.RouteConfirmProve, in, &confirmed))
	own.wants("confirmed", add(), api.CodeFactorExists)
}

// The last factor goes after a week with notices, and any trusted device stops that.
func TestRemovingTheLastFactorWaits(t *testing.T) {
	w := newWorld(t, "")
	own := w.browser()
	own.signup(ada)
	var gone api.FactorRemoved
	id := own.security().Factors[0].ID
	w.must(own.post(api.RouteFactorRemove, api.FactorRemoveRequest{ID: id, Language: "de"}, &gone))
	if gone.Waiting == nil || gone.Waiting.Subject != id {
		t.Fatalf("%+v", gone)
	}
	if m := w.mail(ada); m.Template != message.TemplateRemoving || m.Language != "de" {
		t.Errorf("%+v", m)
	}
	w.must(own.post(api.RouteSecurityUndo, api.SecurityUndoRequest{ID: gone.Waiting.ID}, &struct{}{}))
	own.wants("twice", own.post(api.RouteSecurityUndo, api.SecurityUndoRequest{ID: gone.Waiting.ID}, new(any)), api.CodeNotFound)
	if m := w.mail(ada); m.Template != message.TemplateUndone {
		t.Errorf("%+v", m)
	}
	w.must(own.post(api.RouteFactorRemove, api.FactorRemoveRequest{ID: id}, &gone))
	w.pass(7*24*time.Hour + time.Hour)
	if m := w.mail(ada); m.Template != message.TemplateRemoved {
		t.Errorf("%+v", m)
	}
	if got := own.security(); len(got.Factors) != 0 || len(got.Waiting) != 0 {
		t.Errorf("%+v", got)
	}
}

// A clock may be one step off, early or late, and not two (RFC 6238 section 5.2).
func TestAnAuthenticatorIsAStepOffAtMost(t *testing.T) {
	w := newWorld(t, "")
	own := w.browser()
	own.signup(ada)
	var begun api.TOTPBegun
	w.must(own.post(api.RouteTOTPBegin, struct{}{}, &begun))
	w.must(own.post(api.RouteTOTPFinish, api.TOTPFinishRequest{ID: begun.ID, Code: shown(t, begun.Secret, w.clock.Now())}, &struct{}{}))
	w.pass(10 * time.Minute)
	for _, c := range []struct {
		off time.Duration
		ok  bool
	}{{-time.Minute, false}, {time.Minute, false}, {-30 * time.Second, true}, {0, true}, {30 * time.Second, true}} {
		err := own.post(api.RouteConfirmProve, api.TrustProveRequest{Method: begun.ID, Code: shown(t, begun.Secret, w.clock.Now().Add(c.off))}, new(any))
		if (err == nil) != c.ok || err != nil && !refusedWith(err, api.CodeWrong) {
			t.Errorf("%s off: %v", c.off, err)
		}
	}
}

// No secret of an authenticator, no code and no recovery proof is in what is answered later or stored.
func TestSecurityTellsNoSecretTwice(t *testing.T) {
	w := newWorld(t, "")
	own := w.browser()
	own.signup(ada)
	var begun api.TOTPBegun
	w.must(own.post(api.RouteTOTPBegin, struct{}{}, &begun))
	w.must(own.post(api.RouteTOTPFinish, api.TOTPFinishRequest{ID: begun.ID, Code: shown(t, begun.Secret, w.clock.Now())}, &struct{}{}))
	own.wants("the same code again", own.post(api.RouteConfirmProve, api.TrustProveRequest{
		Method: begun.ID, Code: shown(t, begun.Secret, w.clock.Now()),
	}, new(any)), api.CodeWrong)
	text, err := json.Marshal(own.security())
	w.must(err)
	if strings.Contains(string(text), begun.Secret) || strings.Contains(w.logged(), begun.Secret) {
		t.Error("the secret is told again")
	}
}
