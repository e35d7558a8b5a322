//go:build !js

package account_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

// forgets begins a recovery by an address, and returns the challenge.
func (w *world) forgets(id, address string) string {
	w.t.Helper()
	challenge, out, err := w.forgetsBy(id, api.ProofEmail, address)
	must(w.t, err)
	if out.RetryAfter != 0 {
		w.t.Fatalf("%+v", out)
	}
	return challenge
}

func (w *world) forgetsBy(id string, kind api.Proof, value string) (string, account.BeginRecoveryOut, error) {
	in := account.BeginRecoveryIn{Name: "digest", ID: account.NewID(), Kind: kind, Value: value}
	if value != "" {
		in.Hash, in.Mail, in.Nothing = mac("654321"), []byte(`"a code"`), []byte(`"nothing"`)
	}
	out, err := w.BeginRecovery(w.t.Context(), id, in)
	return in.ID, out, err
}

// proves answers a recovery, and returns what finishes it.
func (w *world) proves(id, challenge string, change ...func(*account.ProveRecoveryIn)) (string, account.ProveRecoveryOut) {
	w.t.Helper()
	in := account.ProveRecoveryIn{Challenge: challenge, Hash: mac("654321"), Next: account.NewID()}
	for _, f := range change {
		f(&in)
	}
	out, err := w.ProveRecovery(w.t.Context(), id, in)
	must(w.t, err)
	return in.Next, out
}

func code(text string) func(*account.ProveRecoveryIn) {
	return func(in *account.ProveRecoveryIn) { in.Hash = mac(text) }
}

// finishing is a new password on a new device.
func finishing(challenge string) (account.FinishRecoveryIn, account.SessionRef) {
	s, ref := newSession()
	d, _ := newDevice()
	return account.FinishRecoveryIn{Challenge: challenge, Record: []byte("a new record"), KSF: ksf, KeyID: "k2", Session: s, Device: *d}, ref
}

func TestAForgottenPasswordIsReplacedByAProof(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	offline, online := w.holdIn(a.id, a.ref, "openid offline_access", ""), w.holdIn(a.id, a.ref, "openid", "")
	attempt, _ := w.begin(a.id, nil)
	w.signinTo(a.id, a.ref, "mail")

	next, out := w.proves(a.id, w.forgets(a.id, "ada@example.org"))
	if !out.OK || out.Keeps || out.UPN != "ada@example.org" {
		t.Fatalf("%+v", out)
	}
	if !w.live(a.id, a.ref) {
		t.Error("a proof alone ends sessions")
	}
	in, ref := finishing(next)
	done, err := w.FinishRecovery(t.Context(), a.id, in)
	must(t, err)
	if done.Known || !done.Trusted {
		t.Errorf("%+v", done)
	}
	if w.live(a.id, a.ref) || offline.live() || online.live() || !w.live(a.id, ref) {
		t.Error("not all that the old password led to has ended, or the new session has")
	}
	if told := outbox[account.Logout](w, account.TopicLogout); !slices.ContainsFunc(told, func(l account.Logout) bool { return l.ClientID == "mail" }) {
		t.Error("an application was not told")
	}
	if told := outbox[account.Notice](w, account.TopicNotice); len(told) != 1 || told[0].What != account.NoticePassword || told[0].To != "ada@example.org" {
		t.Errorf("notices: %+v", told)
	}
	b := arrived{t, w.Service, a.id, ref, nil}
	if d := b.list()[in.Device.ID]; d.Proof != api.ProofEmail || !d.Current {
		t.Errorf("%+v", d)
	}
	if facts, err := w.TouchSession(t.Context(), a.id, ref); err != nil || !slices.Equal(facts.AMR, []string{"otp"}) {
		t.Errorf("%+v %v", facts, err)
	}
	if _, begun := w.begin(a.id, nil); string(begun.Record) != "a new record" || begun.KeyID != "k2" {
		t.Errorf("%+v", begun)
	}
	s, _ := newSession()
	wants(t, w.CompleteSignin(t.Context(), a.id, account.CompleteSigninIn{Attempt: attempt, Session: s}), account.ErrSpent)
	again, _ := finishing(next)
	_, err = w.FinishRecovery(t.Context(), a.id, again)
	wants(t, err, account.ErrSpent)
}

// Trusted devices stay trusted: they hold what opens the vault.
func TestARecoveryOnAKnownDeviceKeepsIt(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	next, _ := w.proves(a.id, w.forgets(a.id, "ada@example.org"))
	in, ref := finishing(next)
	in.Known = a.device
	done, err := w.FinishRecovery(t.Context(), a.id, in)
	must(t, err)
	b := arrived{t, w.Service, a.id, ref, nil}
	if d := b.list(); !done.Known || !done.Trusted || len(d) != 1 || d[a.device.ID].Proof != api.ProofFirst {
		t.Errorf("%+v %+v", done, d)
	}
}

func TestOnlyTheRightAddressGetsACode(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	for _, c := range []struct {
		kind  api.Proof
		value string
		want  string
	}{
		{api.ProofEmail, "ada@example.org", "a code"}, {api.ProofEmail, "eve@example.org", "nothing"}, {api.ProofSMS, "ada@example.org", "nothing"},
	} {
		before := len(outbox[any](w, account.TopicMail))
		challenge, _, err := w.forgetsBy(a.id, c.kind, c.value)
		must(t, err)
		if got := outbox[any](w, account.TopicMail)[before:]; !slices.Equal(got, []any{c.want}) {
			t.Errorf("%s %s: %v", c.kind, c.value, got)
		}
		if _, out := w.proves(a.id, challenge); out.OK != (c.want == "a code") {
			t.Errorf("%s %s: %+v", c.kind, c.value, out)
		}
		w.pass(time.Hour)
	}
}

func TestAWrongCodeIsCountedAndFiveSpendTheChallenge(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	challenge := w.forgets(a.id, "ada@example.org")
	for left := api.CodeTries - 1; left >= 0; left-- {
		if _, out := w.proves(a.id, challenge, code("000000")); out.OK || out.TriesLeft != left || out.Spent != (left == 0) {
			t.Errorf("%+v, want %d left", out, left)
		}
	}
	if _, out := w.proves(a.id, challenge); !out.Spent || out.OK {
		t.Errorf("%+v", out)
	}
	second := w.forgets(a.id, "ada@example.org")
	for range 5 {
		w.proves(a.id, second, code("000000"))
	}
	third := w.forgets(a.id, "ada@example.org")
	if _, out := w.proves(a.id, third); out.RetryAfter != 30 || out.OK {
		t.Errorf("after ten guesses: %+v", out)
	}
	w.pass(30 * time.Second)
	if _, out := w.proves(a.id, third); !out.OK {
		t.Errorf("after waiting: %+v", out)
	}
}

func TestAChallengeOfARecoveryIsProvedOnce(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	challenge := w.forgets(a.id, "ada@example.org")
	var proved, finished atomic.Int32
	var nexts sync.Map
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			in := account.ProveRecoveryIn{Challenge: challenge, Hash: mac("654321"), Next: account.NewID()}
			if out, err := w.ProveRecovery(t.Context(), a.id, in); err == nil && out.OK {
				proved.Add(1)
				nexts.Store("next", in.Next)
			}
		})
	}
	all.Wait()
	next, _ := nexts.Load("next")
	for range 10 {
		all.Go(func() {
			in, _ := finishing(next.(string))
			if _, err := w.FinishRecovery(t.Context(), a.id, in); err == nil {
				finished.Add(1)
			} else {
				wants(t, err, account.ErrSpent)
			}
		})
	}
	all.Wait()
	if proved.Load() != 1 || finished.Load() != 1 {
		t.Errorf("proved %d times, finished %d times", proved.Load(), finished.Load())
	}
}

func TestAnUnprovedChallengeSetsNoPassword(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	challenge := w.forgets(a.id, "ada@example.org")
	in, _ := finishing(challenge)
	_, err := w.FinishRecovery(t.Context(), a.id, in)
	wants(t, err, account.ErrSpent)
	next, _ := w.proves(a.id, challenge)
	w.pass(api.CodeLifetime * time.Second)
	in, _ = finishing(next)
	_, err = w.FinishRecovery(t.Context(), a.id, in)
	wants(t, err, account.ErrSpent)
	if !w.live(a.id, a.ref) {
		t.Error("sessions ended")
	}
}

func TestACodeOfARecoveryIsGoodForTenMinutes(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	challenge := w.forgets(a.id, "ada@example.org")
	w.pass(api.CodeLifetime * time.Second)
	if _, out := w.proves(a.id, challenge); !out.Spent {
		t.Errorf("%+v", out)
	}
}

// A session's challenge is no recovery's, and the other way round.
func TestChallengesOfSessionsAndRecoveriesAreApart(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := a.another(2)
	own := account.NewID()
	_, err := w.BeginChallenge(t.Context(), a.id, account.BeginChallengeIn{
		Session: b.ref, ID: own, Purpose: account.PurposeTrust, Factor: "signup", Kind: api.ProofEmail, Hash: mac("654321"),
	})
	must(t, err)
	if _, out := w.proves(a.id, own); !out.Spent {
		t.Errorf("%+v", out)
	}
	out, err := w.Prove(t.Context(), a.id, account.ProveIn{
		Session: b.ref, Purpose: account.PurposeTrust, Challenge: w.forgets(a.id, "ada@example.org"), Hash: mac("654321"),
	})
	must(t, err)
	if !out.Spent || b.trusted() {
		t.Errorf("%+v", out)
	}
}

func TestARecoveryCodeOpensTheVaultToo(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	proof := account.Hash("what the code proves itself by")
	must(t, w.PutRecovery(t.Context(), a.id, account.PutRecoveryIn{Session: a.ref, ID: account.NewID(), Hash: proof}))
	challenge, _, err := w.forgetsBy(a.id, api.ProofRecovery, "")
	must(t, err)
	if _, out := w.proves(a.id, challenge, code("guess")); out.OK || out.TriesLeft != api.CodeTries-1 {
		t.Errorf("%+v", out)
	}
	_, out := w.proves(a.id, challenge, func(in *account.ProveRecoveryIn) { in.Hash = proof })
	if !out.OK || !out.Keeps {
		t.Errorf("%+v", out)
	}
}

// Whatever is asked of a name that nobody has, the answers are those of an account whose owner types the wrong thing.
func TestADecoyAnswersRecoveriesAsAnAccountDoes(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	for _, kind := range []api.Proof{api.ProofEmail, api.ProofSMS, api.ProofCall, api.ProofTOTP, api.ProofPasskey, api.ProofRecovery} {
		value := map[bool]string{true: "eve@example.org"}[kind == api.ProofEmail || kind == api.ProofSMS || kind == api.ProofCall]
		var answers [2][]any
		for i, id := range []string{a.id, account.DecoyID([]byte{7})} {
			challenge, begun, err := w.forgetsBy(id, kind, value)
			must(t, err)
			factors, err := w.RecoveryFactors(t.Context(), id, account.RecoveryFactorsIn{Challenge: challenge})
			must(t, err)
			answers[i] = []any{begun, len(factors)}
			for range api.CodeTries + 1 {
				_, out := w.proves(id, challenge, code("000000"))
				answers[i] = append(answers[i], out)
			}
		}
		if !slices.Equal(answers[0], answers[1]) {
			t.Errorf("%s: an account answers %+v, a decoy %+v", kind, answers[0], answers[1])
		}
		w.pass(24 * time.Hour * 2)
	}
}

// The two sides cost the same: the same statements, and the same rows written.
func TestADecoyWorksForARecoveryAsAnAccountDoes(t *testing.T) {
	w := newWorld(t)
	var cost [2]string
	for i := range cost {
		r, s := newRig(w)
		id := account.DecoyID([]byte{7})
		if i == 0 {
			id = activateOn(t, s)
		}
		begin := account.BeginRecoveryIn{
			Name: "digest", ID: account.NewID(), Kind: api.ProofEmail, Value: "eve@example.org", Hash: mac("1"), Mail: []byte(`"1"`), Nothing: []byte(`"2"`),
		}
		must(t, errOf(s.BeginRecovery(t.Context(), id, begin))) // the first call makes the tables
		r.reset()
		before := r.changes()
		begin.ID = account.NewID()
		must(t, errOf(s.BeginRecovery(t.Context(), id, begin)))
		must(t, errOf(s.ProveRecovery(t.Context(), id, account.ProveRecoveryIn{Challenge: begin.ID, Hash: mac("2"), Next: account.NewID()})))
		cost[i] = r.cost(before)
	}
	if cost[0] != cost[1] {
		t.Errorf("an account: %s\na decoy: %s", cost[0], cost[1])
	}
}

// Strangers who use up the attempts leave the owner's own browser its own.
func TestStrangersCannotKeepTheOwnerFromARecovery(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	for range 5 {
		w.forgets(a.id, "ada@example.org")
	}
	_, out, err := w.forgetsBy(a.id, api.ProofEmail, "ada@example.org")
	must(t, err)
	if out.RetryAfter != 60 {
		t.Errorf("%+v", out)
	}
	out, err = w.BeginRecovery(t.Context(), a.id, account.BeginRecoveryIn{
		Name: "digest", Device: a.device, ID: account.NewID(), Kind: api.ProofEmail, Value: "ada@example.org", Hash: mac("1"),
	})
	must(t, err)
	if out.RetryAfter != 0 {
		t.Errorf("%+v", out)
	}
}

// Each sign-in makes a device that the account knows, which must not bring a thief of the password more guesses or messages.
func TestAThiefOfThePasswordHasNoMoreGuessesByNewDevices(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	guesses, messages := 0, 0
	for range 8 {
		b := arrives(t, w.Service, a.id, nil)
		for range 2 {
			in := account.BeginRecoveryIn{
				Name: "digest", Device: b.device, ID: account.NewID(), Kind: api.ProofEmail, Value: "ada@example.org", Hash: mac("654321"),
			}
			begun, err := w.BeginRecovery(t.Context(), a.id, in)
			must(t, err)
			if begun.RetryAfter > 0 {
				continue
			}
			messages++
			for range api.CodeTries {
				if _, out := w.proves(a.id, in.ID, code("000000")); out.RetryAfter == 0 && !out.OK {
					guesses++
				}
			}
		}
	}
	if guesses != account.DefaultLockPolicy.Tries || messages != 5 {
		t.Errorf("%d guesses, %d messages", guesses, messages)
	}
}
