//go:build !js

package account_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
)

// signinTo signs a session in to an application and returns the access grant.
func (w *world) signinTo(id string, ref account.SessionRef, client string) string {
	w.t.Helper()
	secret := account.NewSecret()
	in := authorization(ref, secret)
	in.ClientID = client
	in.BackchannelLogoutURI = "https://" + client + ".example/back"
	in.FrontchannelLogoutURI = "https://" + client + ".example/front"
	must(w.t, authorized(w.Authorize(w.t.Context(), id, in)))
	redeem := redemption(secret)
	redeem.ClientID = client
	out, err := w.Redeem(w.t.Context(), id, redeem)
	must(w.t, err)
	if !out.OK {
		w.t.Fatalf("not redeemed: %+v", out)
	}
	return redeem.GrantID
}

func (w *world) granted(id, grant string) bool {
	w.t.Helper()
	_, err := w.GrantFacts(w.t.Context(), id, account.GrantIn{GrantID: grant})
	if err != nil {
		wants(w.t, err, account.ErrGrant)
	}
	return err == nil
}

func logout(id string, ref account.SessionRef, client string) account.Logout {
	return account.Logout{Sub: id, SID: ref.ID, ClientID: client, BackchannelLogoutURI: "https://" + client + ".example/back"}
}

func TestSignoutTellsEachApplicationOnce(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	other := w.signin(id, nil, nil)
	grant := w.signinTo(id, ref, "shop")
	w.signinTo(id, ref, "shop")
	w.signinTo(id, ref, "bank")
	kept := w.signinTo(id, other, "shop")

	out, err := w.EndSession(t.Context(), id, account.EndSessionIn{Session: ref})
	must(t, err)
	want := []account.FrontChannel{{ClientID: "bank", URI: "https://bank.example/front"}, {ClientID: "shop", URI: "https://shop.example/front"}}
	slices.SortFunc(out.FrontChannel, func(a, b account.FrontChannel) int { return cmp.Compare(a.ClientID, b.ClientID) })
	if !out.Ended || !slices.Equal(out.FrontChannel, want) {
		t.Errorf("ended %v, front channel %v", out.Ended, out.FrontChannel)
	}
	got := outbox[account.Logout](w, account.TopicLogout)
	slices.SortFunc(got, func(a, b account.Logout) int { return len(a.ClientID) - len(b.ClientID) })
	if len(got) != 2 || !slices.Contains(got, logout(id, ref, "shop")) || !slices.Contains(got, logout(id, ref, "bank")) {
		t.Errorf("logouts %+v", got)
	}
	if w.granted(id, grant) || !w.granted(id, kept) {
		t.Error("grants of the session are live, or another's are not")
	}
	if w.live(id, ref) || !w.live(id, other) {
		t.Error("the session is live, or the other is not")
	}
	_, err = w.EndSession(t.Context(), id, account.EndSessionIn{Session: ref})
	wants(t, err, account.ErrSession)
}

func TestEndingAnotherBrowsersSessionLoadsNoFrames(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	other := w.signin(id, nil, nil)
	w.signinTo(id, other, "shop")
	out, err := w.EndSession(t.Context(), id, account.EndSessionIn{Session: ref, ID: other.ID})
	must(t, err)
	if !out.Ended || len(out.FrontChannel) != 0 || w.live(id, other) || !w.live(id, ref) {
		t.Errorf("ended: %+v", out)
	}
	if got := outbox[account.Logout](w, account.TopicLogout); !slices.Equal(got, []account.Logout{logout(id, other, "shop")}) {
		t.Errorf("logouts %+v", got)
	}
	out, err = w.EndSession(t.Context(), id, account.EndSessionIn{Session: ref, ID: other.ID})
	must(t, err)
	if out.Ended {
		t.Error("ended twice")
	}
}

func TestEndedSessionFailsAtOnce(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	ended := w.signin(id, nil, nil)
	in := authorization(ended, "issued")
	must(t, authorized(w.Authorize(t.Context(), id, in)))
	must(t, w.EndOthers(t.Context(), id, ref))

	ctx := t.Context()
	_, profile := w.Profile(ctx, id, ended)
	_, list := w.Sessions(ctx, id, ended)
	_, end := w.EndSession(ctx, id, account.EndSessionIn{Session: ended, ID: ref.ID})
	_, credential := w.Credential(ctx, id, account.CredentialIn{Session: ended, Attempt: "a"})
	for name, err := range map[string]error{
		"profile": profile, "sessions": list, "end": end, "credential": credential,
		"end others": w.EndOthers(ctx, id, ended),
		"authorize":  authorized(w.Authorize(ctx, id, authorization(ended, "new"))),
		"proof":      w.BeginProof(ctx, id, account.BeginProofIn{Session: ended, Attempt: "a", ProofHash: account.Hash("p")}),
		"replace":    w.ReplaceCredential(ctx, id, replacement(ended, "p")),
	} {
		t.Run(name, func(t *testing.T) { wants(t, err, account.ErrSession) })
	}
	out, err := w.Redeem(ctx, id, redemption("issued"))
	must(t, err)
	if out.Reason != account.ReasonUnknown {
		t.Errorf("code of an ended session: %+v", out)
	}
	if !w.live(id, ref) {
		t.Error("the asking session ended as well")
	}
}

func TestEndedSessionLeavesNothing(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id := account.NewID()
	must(t, s.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "ada@example.org", TTL: 3600}))
	in, ref := activation()
	must(t, s.Activate(t.Context(), id, in))
	must(t, authorized(s.Authorize(t.Context(), id, authorization(ref, "unused"))))
	must(t, authorized(s.Authorize(t.Context(), id, authorization(ref, "used"))))
	_, err := s.Redeem(t.Context(), id, redemption("used"))
	must(t, err)
	for _, attempt := range []string{"completed", "given up"} {
		_, err = s.Credential(t.Context(), id, account.CredentialIn{Session: ref, Attempt: attempt})
		must(t, err)
		if attempt == "completed" {
			must(t, s.BeginProof(t.Context(), id, account.BeginProofIn{Session: ref, Attempt: attempt, ProofHash: account.Hash("proof")}))
		}
	}
	_, err = s.EndSession(t.Context(), id, account.EndSessionIn{Session: ref})
	must(t, err)
	for _, table := range []string{"session", "participant", "code", "access_grant", "proof", "bucket"} {
		if n := r.count(table); n != 0 {
			t.Errorf("%s has %d rows left", table, n)
		}
	}
}
