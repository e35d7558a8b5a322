//go:build !js

package account_test

import (
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

func TestTheLastFactorGoesAfterAWeek(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	ctx := t.Context()
	remove := func(id string) (account.RemoveFactorOut, error) {
		return w.RemoveFactor(ctx, a.id, account.RemoveFactorIn{Session: a.ref, ID: id, Waiting: account.NewID(), Language: "de"})
	}
	out, err := remove("signup")
	must(t, err)
	if out.Waiting == nil || out.Waiting.Due != w.clock.Now().Unix()+account.DefaultWait {
		t.Fatalf("%+v", out)
	}
	again, err := remove("signup")
	must(t, err)
	if *again.Waiting != *out.Waiting {
		t.Errorf("asked again: %+v", again)
	}
	if told := w.notices(); len(told) != 1 || told[0].What != account.NoticeRemoving || told[0].Language != "de" {
		t.Errorf("%+v", told)
	}
	thief := arrives(t, w.Service, a.id, nil)
	wants(t, w.UndoWaiting(ctx, a.id, account.UndoWaitingIn{Session: thief.ref, ID: out.Waiting.ID}), account.ErrUntrusted)
	w.pass(api.ConfirmLifetime * time.Second) // undoing needs no recent proof
	must(t, w.UndoWaiting(ctx, a.id, account.UndoWaitingIn{Session: a.ref, ID: out.Waiting.ID}))
	wants(t, w.UndoWaiting(ctx, a.id, account.UndoWaitingIn{Session: a.ref, ID: out.Waiting.ID}), account.ErrFactor)
	_, err = remove("signup")
	wants(t, err, account.ErrUnconfirmed)

	a = arrives(t, w.Service, a.id, a.device)
	out, err = remove("signup")
	must(t, err)
	w.pass(account.DefaultWait*time.Second - 901*time.Second)
	w.native.Wake(ctx)
	a = arrives(t, w.Service, a.id, a.device)
	if got := a.security(); len(got.Factors) != 1 || len(got.Waiting) != 1 {
		t.Errorf("too early: %+v", got)
	}
	w.pass(1802 * time.Second)
	w.native.Wake(ctx)
	if got := a.security(); len(got.Factors) != 0 || len(got.Waiting) != 0 {
		t.Errorf("%+v", got)
	}
	if told := w.notices(); !slices.Contains(told, account.Notice{To: "ada@example.org", What: account.NoticeRemoved, Kind: api.ProofEmail, Language: "de"}) {
		t.Errorf("%+v", told)
	}
}

// What a thief at an open browser has just added does not let them remove at once what the owner has had for longer.
func TestANewFactorDoesNotFreeAnOldOne(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	w.pass(time.Hour)
	a = arrives(t, w.Service, a.id, a.device)
	phone := a.adds(api.ProofSMS, "+4930666")
	in := account.RemoveFactorIn{Session: a.ref, ID: "signup", Waiting: "w"}
	out, err := w.RemoveFactor(t.Context(), a.id, in)
	must(t, err)
	if out.Waiting == nil {
		t.Fatal("removed at once")
	}
	must(t, w.UndoWaiting(t.Context(), a.id, account.UndoWaitingIn{Session: a.ref, ID: "w"}))
	removed, err := w.RemoveFactor(t.Context(), a.id, account.RemoveFactorIn{Session: a.ref, ID: phone, Waiting: "x"})
	must(t, err)
	if removed.Waiting != nil {
		t.Error("the new one waits, though the old one stays")
	}
	phone = a.adds(api.ProofSMS, "+4930123456")
	w.pass(8 * 24 * time.Hour)
	a = arrives(t, w.Service, a.id, a.device)
	in.Session = a.ref
	out, err = w.RemoveFactor(t.Context(), a.id, in)
	must(t, err)
	if out.Waiting != nil {
		t.Error("the old one waits, though another is known for long")
	}
	if ids := a.security().Factors; len(ids) != 1 || ids[0].ID != phone {
		t.Errorf("%+v", ids)
	}
}

// A thief who has the owner's last address removed, and waits, does not get the account when the owner recovers it by that address.
func TestARecoveryKeepsTheFactorThatAThiefHasRemoved(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	w.pass(time.Hour)
	a = arrives(t, w.Service, a.id, a.device)
	thiefs := a.adds(api.ProofSMS, "+4930666")
	out, err := w.RemoveFactor(t.Context(), a.id, account.RemoveFactorIn{Session: a.ref, ID: "signup", Waiting: "w"})
	must(t, err)
	if out.Waiting == nil {
		t.Fatal("removed at once")
	}
	w.pass(6 * 24 * time.Hour)
	next, _ := w.proves(a.id, w.forgets(a.id, "ada@example.org"))
	in, ref := finishing(next)
	_, err = w.FinishRecovery(t.Context(), a.id, in)
	must(t, err)
	b := arrived{t, w.Service, a.id, ref, nil}
	if got := b.security(); len(got.Waiting) != 0 {
		t.Errorf("%+v", got.Waiting)
	}
	if told := w.notices(); !slices.ContainsFunc(told, func(n account.Notice) bool { return n.What == account.NoticeUndone }) {
		t.Errorf("%+v", told)
	}
	removed, err := w.RemoveFactor(t.Context(), a.id, account.RemoveFactorIn{Session: ref, ID: thiefs, Waiting: "x"})
	must(t, err)
	if removed.Waiting != nil {
		t.Error("the thief's number waits")
	}
}

func TestADeviceWithoutAnyOtherWayIsTrustedAfterAWeek(t *testing.T) {
	w := newWorld(t)
	id := account.NewID()
	must(t, w.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "ada@id.example", TTL: 60}))
	in, ref := activation()
	fresh, device := newDevice()
	in.Device = fresh
	must(t, w.Activate(t.Context(), id, in))
	first := arrived{t, w.Service, id, ref, device}
	b := arrives(t, w.Service, id, nil)
	_, err := w.WaitTrust(t.Context(), id, account.WaitTrustIn{Session: b.ref, ID: "w"})
	wants(t, err, account.ErrOtherwise)
	must(t, errOf(w.RevokeDevice(t.Context(), id, account.RevokeDeviceIn{Session: first.ref, ID: device.ID})))
	waiting, err := w.WaitTrust(t.Context(), id, account.WaitTrustIn{Session: b.ref, ID: "w"})
	must(t, err)
	if waiting.What != api.WaitTrust || waiting.Subject != b.device.ID {
		t.Errorf("%+v", waiting)
	}
	c := arrives(t, w.Service, id, nil)
	must(t, w.UndoWaiting(t.Context(), id, account.UndoWaitingIn{Session: c.ref, ID: "w"}))
	must(t, errOf(w.WaitTrust(t.Context(), id, account.WaitTrustIn{Session: b.ref, ID: "w2"})))
	must(t, errOf(w.WaitTrust(t.Context(), id, account.WaitTrustIn{Session: c.ref, ID: "w3"})))
	w.pass(account.DefaultWait*time.Second + 900*time.Second)
	w.native.Wake(t.Context())
	b, c = arrives(t, w.Service, id, b.device), arrives(t, w.Service, id, c.device)
	if b.trusted() == c.trusted() {
		t.Errorf("trusted: %v and %v, want the first of them", b.trusted(), c.trusted())
	}
}

// A thief at an open browser who lets a recovery code take the place of the owner's has removed nothing that the owner needs: the owner's
// proves for a week more, unless something else of the owner's stays.
func TestAReplacedRecoveryCodeWaitsLikeTheLastFactor(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	ctx := t.Context()
	must(t, w.PutRecovery(ctx, a.id, account.PutRecoveryIn{Session: a.ref, ID: "owner", Hash: mac("owner")}))
	w.pass(time.Hour)
	a = arrives(t, w.Service, a.id, a.device)
	out, err := w.RemoveFactor(ctx, a.id, account.RemoveFactorIn{Session: a.ref, ID: "signup", Waiting: "w"})
	must(t, err)
	if out.Waiting != nil {
		t.Fatal("the code is as old, and stays")
	}
	for _, id := range []string{"thief", "thief2"} {
		must(t, w.PutRecovery(ctx, a.id, account.PutRecoveryIn{Session: a.ref, ID: id, Hash: mac(id)}))
	}
	waits := a.security().Waiting
	if len(waits) != 2 || waits[0].What != api.WaitRemove || waits[0].Due != w.clock.Now().Unix()+account.DefaultWait {
		t.Fatalf("%+v", waits)
	}
	b := arrives(t, w.Service, a.id, nil)
	if out := b.proves(account.ProveIn{Purpose: account.PurposeTrust, Factor: "thief2", Hash: mac("owner")}); !out.OK || !b.trusted() {
		t.Errorf("the owner's code proves nothing: %+v", out)
	}
	challenge, _, err := w.forgetsBy(a.id, api.ProofRecovery, "")
	must(t, err)
	_, proved := w.proves(a.id, challenge, func(in *account.ProveRecoveryIn) { in.Hash = mac("owner") })
	if !proved.OK || proved.Keeps {
		t.Errorf("a forgotten password: %+v", proved)
	}
	i := slices.IndexFunc(waits, func(s api.SecurityWaiting) bool { return s.Subject == "owner" })
	must(t, w.UndoWaiting(ctx, a.id, account.UndoWaitingIn{Session: b.ref, ID: waits[i].ID}))
	w.pass(account.DefaultWait*time.Second + 1802*time.Second)
	w.native.Wake(ctx)
	a = arrives(t, w.Service, a.id, a.device)
	var ids []string
	for _, f := range a.security().Factors {
		ids = append(ids, f.ID)
	}
	if slices.Sort(ids); !slices.Equal(ids, []string{"owner", "thief2"}) {
		t.Errorf("%v", ids)
	}
}
