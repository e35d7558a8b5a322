//go:build !js

package account_test

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
)

func TestFamiliesEndWithWhatTheyHangOn(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(h *holder)
		session bool // a family without offline_access lives
		offline bool // one with it
	}{
		"nothing": {func(*holder) {}, true, true},
		"sign-out": {func(h *holder) {
			_, err := h.w.EndSession(h.w.t.Context(), h.id, account.EndSessionIn{Session: h.ref})
			must(h.w.t, err)
		}, false, true},
		"sign-out elsewhere": {func(h *holder) {
			must(h.w.t, h.w.EndOthers(h.w.t.Context(), h.id, h.w.signin(h.id, nil, nil)))
		}, false, true},
		"session idle for too long": {func(h *holder) { h.w.pass(24 * time.Hour) }, false, true},
		"password change here":      {func(h *holder) { h.w.changePassword(h.id, h.ref) }, true, false},
		"password change elsewhere": {func(h *holder) { h.w.changePassword(h.id, h.w.signin(h.id, nil, nil)) }, false, false},
		"access removed": {func(h *holder) {
			must(h.w.t, h.w.RevokeConsent(h.w.t.Context(), h.id, account.RevokeConsentIn{Session: h.ref, ClientID: "shop"}))
		}, false, false},
		"revocation": {func(h *holder) {
			must(h.w.t, h.w.RevokeGrant(h.w.t.Context(), h.id, account.RevokeGrantIn{GrantID: h.grant, ClientID: "shop"}))
			must(h.w.t, h.w.RevokeGrant(h.w.t.Context(), h.id, account.RevokeGrantIn{GrantID: h.grant, ClientID: "shop"}))
		}, false, false},
		"revocation by another": {func(h *holder) {
			must(h.w.t, h.w.RevokeGrant(h.w.t.Context(), h.id, account.RevokeGrantIn{GrantID: h.grant, ClientID: "thief"}))
		}, true, true},
	} {
		for scope, want := range map[string]bool{"openid": c.session, "openid offline_access": c.offline} {
			w := newWorld(t)
			h := w.hold(scope)
			c.happens(h)
			reason := account.ReasonUnknown
			if want {
				reason = ""
			}
			if _, out := h.show(h.token); out.Reason != reason {
				t.Errorf("%s, scope %s: %+v, want %q", name, scope, out, reason)
			}
		}
	}
}

// changePassword proves the password in a session and replaces it.
func (w *world) changePassword(id string, ref account.SessionRef) {
	w.t.Helper()
	attempt, proof := account.NewID(), account.Hash(account.NewSecret())
	_, err := w.Credential(w.t.Context(), id, account.CredentialIn{Session: ref, Attempt: attempt})
	must(w.t, err)
	must(w.t, w.BeginProof(w.t.Context(), id, account.BeginProofIn{Session: ref, Attempt: attempt, ProofHash: proof}))
	must(w.t, w.ReplaceCredential(w.t.Context(), id, account.ReplaceCredentialIn{
		Session: ref, ProofHash: proof, Record: record, KSF: ksf, KeyID: "k1",
	}))
}

func TestReplayOfACodeEndsTheRefreshFamily(t *testing.T) {
	for _, signedOut := range []bool{false, true} {
		w := newWorld(t)
		id, ref := w.account()
		in := authorization(ref, "code")
		in.Scope = "openid offline_access"
		must(t, authorized(w.Authorize(t.Context(), id, in)))
		h := &holder{w: w, id: id, ref: ref, token: account.NewSecret()}
		w.redeem(id, h.redemption("code"))
		h.token = h.wants(h.token, "")
		if signedOut {
			must(t, errOf(w.EndSession(t.Context(), id, account.EndSessionIn{Session: ref})))
		}
		if out := w.redeem(id, redemption("code")); out.Reason != account.ReasonReplayed {
			t.Errorf("replay: %+v", out)
		}
		h.wants(h.token, account.ReasonUnknown)
	}
}
