//go:build !js

package account_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
)

func replacement(ref account.SessionRef, proof string) account.ReplaceCredentialIn {
	return account.ReplaceCredentialIn{Session: ref, ProofHash: account.Hash(proof), Record: []byte("new record"), KSF: ksf, KeyID: "k1"}
}

// prove proves the password inside a session.
func (w *world) prove(id string, ref account.SessionRef, proof string) {
	w.t.Helper()
	attempt := account.NewID()
	out, err := w.Credential(w.t.Context(), id, account.CredentialIn{Session: ref, Attempt: attempt})
	must(w.t, err)
	if !bytes.Equal(out.Record, record) || out.KSF != ksf || out.KeyID != "k1" {
		w.t.Errorf("credential %+v", out)
	}
	must(w.t, w.BeginProof(w.t.Context(), id, account.BeginProofIn{Session: ref, Attempt: attempt, ProofHash: account.Hash(proof)}))
}

func TestPasswordChangeEndsOtherSessionsAndTellsTheirApplications(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	other := w.signin(id, nil, nil)
	w.signinTo(id, other, "shop")
	w.prove(id, ref, "proof")
	must(t, w.ReplaceCredential(t.Context(), id, replacement(ref, "proof")))
	if !w.live(id, ref) || w.live(id, other) {
		t.Error("the asking session ended, or the other did not")
	}
	if got := outbox[account.Logout](w, account.TopicLogout); len(got) != 1 || got[0] != logout(id, other, "shop") {
		t.Errorf("logouts %+v", got)
	}
	if _, out := w.begin(id, nil); string(out.Record) != "new record" {
		t.Errorf("record %q", out.Record)
	}
}

func TestUpgradeEndsNoSession(t *testing.T) {
	w := newWorld(t)
	id, other := w.account()
	attempt, _ := w.begin(id, nil)
	s, ref := newSession()
	must(t, w.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: s, UpgradeProof: account.Hash("proof")}))
	must(t, w.ReplaceCredential(t.Context(), id, replacement(ref, "proof")))
	if !w.live(id, ref) || !w.live(id, other) {
		t.Error("a session ended")
	}
	wants(t, w.ReplaceCredential(t.Context(), id, replacement(ref, "proof")), account.ErrSpent)
}

func TestProofIsGoodForOneChangeInFiveMinutes(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	wants(t, w.ReplaceCredential(t.Context(), id, replacement(ref, "never given")), account.ErrSpent)

	w.prove(id, ref, "first")
	w.prove(id, ref, "second")
	w.pass(5*time.Minute - time.Second)
	must(t, w.ReplaceCredential(t.Context(), id, replacement(ref, "first")))
	for _, proof := range []string{"first", "second"} { // used; of the former password
		wants(t, w.ReplaceCredential(t.Context(), id, replacement(ref, proof)), account.ErrSpent)
	}

	w = newWorld(t)
	id, ref = w.account()
	w.prove(id, ref, "late")
	w.pass(5 * time.Minute)
	wants(t, w.ReplaceCredential(t.Context(), id, replacement(ref, "late")), account.ErrSpent)
}

func TestProofIsBoundToItsSession(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	other := w.signin(id, nil, nil)
	w.prove(id, ref, "proof")
	wants(t, w.ReplaceCredential(t.Context(), id, replacement(other, "proof")), account.ErrSpent)

	attempt := account.NewID()
	_, err := w.Credential(t.Context(), id, account.CredentialIn{Session: ref, Attempt: attempt})
	must(t, err)
	in := account.BeginProofIn{Session: other, Attempt: attempt, ProofHash: account.Hash("another")}
	wants(t, w.BeginProof(t.Context(), id, in), account.ErrSpent)
	in.Session = ref
	must(t, w.BeginProof(t.Context(), id, in))
	in.ProofHash = account.Hash("a third")
	wants(t, w.BeginProof(t.Context(), id, in), account.ErrSpent)
}

func TestProofNeedsAReauthenticationNotASignin(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	attempt, _ := w.begin(id, nil)
	in := account.BeginProofIn{Session: ref, Attempt: attempt, ProofHash: account.Hash("proof")}
	wants(t, w.BeginProof(t.Context(), id, in), account.ErrSpent)
}

func TestAttemptAtAFormerPasswordIsWorthNothing(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	attempt, _ := w.begin(id, nil)
	w.prove(id, ref, "proof")
	must(t, w.ReplaceCredential(t.Context(), id, replacement(ref, "proof")))
	s, _ := newSession()
	wants(t, w.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: s}), account.ErrSpent)
}

func TestGuessingInsideASessionLocksOnlyThere(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	var out account.CredentialOut
	for range 11 {
		var err error
		out, err = w.Credential(t.Context(), id, account.CredentialIn{Session: ref, Attempt: account.NewID()})
		must(t, err)
	}
	if !out.Locked || out.RetryAfter != 30 || out.Record != nil {
		t.Errorf("eleventh guess: %+v", out)
	}
	w.signin(id, nil, nil)
	w.pass(30 * time.Second)
	w.prove(id, ref, "proof")
	w.prove(id, ref, "again")
}
