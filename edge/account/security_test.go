//go:build !js

package account_test

import (
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

func (a arrived) security() account.SecurityOut {
	a.t.Helper()
	out, err := a.s.Security(a.t.Context(), a.id, a.ref)
	must(a.t, err)
	return out
}

// begin opens a challenge whose code is 123456.
func (a arrived) challenge(in account.BeginChallengeIn) (string, account.BeginChallengeOut, error) {
	a.t.Helper()
	in.Session, in.ID = a.ref, account.NewID()
	if in.Kind != api.ProofTOTP && in.Kind != api.ProofPasskey {
		in.Hash = mac(in.ID + "123456")
	}
	out, err := a.s.BeginChallenge(a.t.Context(), a.id, in)
	return in.ID, out, err
}

func (a arrived) begun(in account.BeginChallengeIn) string {
	a.t.Helper()
	id, out, err := a.challenge(in)
	must(a.t, err)
	if out.RetryAfter > 0 {
		a.t.Fatalf("messages are locked for %d s", out.RetryAfter)
	}
	return id
}

func (a arrived) code(p account.Purpose, challenge, code string) account.ProveOut {
	a.t.Helper()
	return a.proves(account.ProveIn{Purpose: p, Challenge: challenge, Hash: mac(challenge + code)})
}

func (a arrived) proves(in account.ProveIn) account.ProveOut {
	a.t.Helper()
	in.Session = a.ref
	out, err := a.s.Prove(a.t.Context(), a.id, in)
	must(a.t, err)
	return out
}

// adds registers an address or a number, and returns the factor's id.
func (a arrived) adds(kind api.Proof, value string) string {
	a.t.Helper()
	id := a.begun(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: kind, Value: value})
	if out := a.code(account.PurposeAdd, id, "123456"); !out.OK {
		a.t.Fatalf("adding %s: %+v", value, out)
	}
	return id
}

func (w *world) notices() []account.Notice { return outbox[account.Notice](w, account.TopicNotice) }

func TestTheAddressOfTheSignupIsAFactor(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	got := a.security()
	if len(got.Factors) != 1 || got.Factors[0].Kind != api.ProofEmail || got.Factors[0].Value != "ada@example.org" || !got.Trusted {
		t.Errorf("%+v", got)
	}
}

func TestACodeTrustsANewDeviceAndTellsTheOthers(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	phone := a.adds(api.ProofSMS, "+4930123456")
	b := arrives(t, w.Service, a.id, nil)
	b.enrol(2)
	id := b.begun(account.BeginChallengeIn{Purpose: account.PurposeTrust, Kind: api.ProofCall, Factor: phone})
	if out := b.code(account.PurposeTrust, id, "000000"); out.OK || out.TriesLeft != api.CodeTries-1 || b.trusted() {
		t.Errorf("a wrong code: %+v", out)
	}
	if out := b.code(account.PurposeTrust, id, "123456"); !out.OK || !b.trusted() {
		t.Errorf("the right code: %+v", out)
	}
	if out := b.code(account.PurposeTrust, id, "123456"); out.OK || !out.Spent {
		t.Errorf("again: %+v", out)
	}
	told := w.notices()
	for _, what := range []string{account.NoticeAdded, account.NoticeTrusted} {
		if !slices.Contains(told, account.Notice{To: "ada@example.org", What: what, Kind: api.KindPhone}) {
			t.Errorf("nobody was told %q: %+v", what, told)
		}
	}
}

// Who has the password alone adds nothing to prove themselves by, and sees nothing trusted.
func TestThePasswordAloneChangesNothing(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	thief := arrives(t, w.Service, a.id, nil)
	ctx := t.Context()
	_, _, err := thief.challenge(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofSMS, Value: "+4930666"})
	wants(t, err, account.ErrUntrusted)
	wants(t, w.PutRecovery(ctx, a.id, account.PutRecoveryIn{Session: thief.ref, ID: "r", Hash: mac("r")}), account.ErrUntrusted)
	_, err = w.RemoveFactor(ctx, a.id, account.RemoveFactorIn{Session: thief.ref, ID: "signup", Waiting: "w"})
	wants(t, err, account.ErrUntrusted)
	_, err = w.WaitTrust(ctx, a.id, account.WaitTrustIn{Session: thief.ref, ID: "w"})
	wants(t, err, account.ErrOtherwise)
}

func TestChangesNeedARecentProof(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	w.pass(api.ConfirmLifetime * time.Second)
	_, _, err := a.challenge(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofSMS, Value: "+4930123456"})
	wants(t, err, account.ErrUnconfirmed)
	id := a.begun(account.BeginChallengeIn{Purpose: account.PurposeConfirm, Kind: api.ProofEmail, Factor: "signup"})
	if out := a.code(account.PurposeConfirm, id, "123456"); !out.OK || out.Until != w.clock.Now().Unix()+api.ConfirmLifetime {
		t.Errorf("%+v", out)
	}
	a.adds(api.ProofSMS, "+4930123456")
	w.pass(api.ConfirmLifetime * time.Second)
	attempt, proof := account.NewID(), account.Hash("proof")
	must(t, errOf(w.Credential(t.Context(), a.id, account.CredentialIn{Session: a.ref, Attempt: attempt})))
	must(t, w.BeginProof(t.Context(), a.id, account.BeginProofIn{Session: a.ref, Attempt: attempt, ProofHash: proof}))
	must(t, errOf(w.Confirm(t.Context(), a.id, account.ConfirmIn{Session: a.ref, ProofHash: proof})))
	wants(t, errOf(w.Confirm(t.Context(), a.id, account.ConfirmIn{Session: a.ref, ProofHash: proof})), account.ErrSpent)
	a.adds(api.ProofEmail, "ada@example.net")
}

// A challenge is for one session of one account and one purpose.
func TestAChallengeOfAnotherIsWorthNothing(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := arrives(t, w.Service, a.id, nil)
	c := w.member()
	trust := b.begun(account.BeginChallengeIn{Purpose: account.PurposeTrust, Kind: api.ProofEmail, Factor: "signup"})
	add := a.begun(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofSMS, Value: "+4930123456"})
	for rule, out := range map[string]account.ProveOut{
		"another session":       a.code(account.PurposeTrust, trust, "123456"),
		"another account":       c.code(account.PurposeTrust, trust, "123456"),
		"another purpose":       b.code(account.PurposeConfirm, trust, "123456"),
		"adding for confirming": a.code(account.PurposeConfirm, add, "123456"),
		"a made up one":         b.code(account.PurposeTrust, "made-up", "123456"),
	} {
		if out.OK || !out.Spent {
			t.Errorf("%s: %+v", rule, out)
		}
	}
	w.pass(api.CodeLifetime * time.Second)
	if out := b.code(account.PurposeTrust, trust, "123456"); out.OK || !out.Spent {
		t.Errorf("too late: %+v", out)
	}
}

// Guesses are counted over all challenges of devices that are not trusted, and do not lock those that are.
func TestGuessesAcrossChallengesLock(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := arrives(t, w.Service, a.id, nil)
	guesses, locked := 0, false
	for range 4 {
		id, out, err := b.challenge(account.BeginChallengeIn{Purpose: account.PurposeTrust, Kind: api.ProofEmail, Factor: "signup"})
		must(t, err)
		if out.RetryAfter > 0 {
			t.Fatal("messages ran out before guesses")
		}
		for range api.CodeTries {
			got := b.code(account.PurposeTrust, id, "000000")
			locked = locked || got.RetryAfter > 0
			if got.RetryAfter == 0 {
				guesses++
			}
		}
	}
	if guesses != account.DefaultLockPolicy.Tries || !locked {
		t.Errorf("%d guesses, locked %v", guesses, locked)
	}
	b2 := arrives(t, w.Service, a.id, nil)
	id := b2.begun(account.BeginChallengeIn{Purpose: account.PurposeTrust, Kind: api.ProofEmail, Factor: "signup"})
	if out := b2.code(account.PurposeTrust, id, "123456"); out.OK || out.RetryAfter == 0 {
		t.Errorf("from another new device: %+v", out)
	}
	own := a.begun(account.BeginChallengeIn{Purpose: account.PurposeConfirm, Kind: api.ProofEmail, Factor: "signup"})
	if out := a.code(account.PurposeConfirm, own, "123456"); !out.OK {
		t.Errorf("on the trusted device: %+v", out)
	}
}

func TestMessagesAreCounted(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := arrives(t, w.Service, a.id, nil)
	trust := account.BeginChallengeIn{Purpose: account.PurposeTrust, Kind: api.ProofEmail, Factor: "signup"}
	for range 5 {
		b.begun(trust)
	}
	for _, device := range []arrived{b, arrives(t, w.Service, a.id, nil)} {
		if _, out, err := device.challenge(trust); err != nil || out.RetryAfter == 0 {
			t.Errorf("%+v, %v", out, err)
		}
	}
	trust.Purpose = account.PurposeConfirm
	a.begun(trust)
}

// Each time step of an authenticator counts once (RFC 6238 section 5.2), also the one that it was added with.
func TestAnAuthenticatorsStepCountsOnce(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	id := a.begun(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofTOTP})
	if out := a.proves(account.ProveIn{Purpose: account.PurposeAdd, Challenge: id, Counter: 100}); out.OK {
		t.Errorf("not verified: %+v", out)
	}
	if out := a.proves(account.ProveIn{Purpose: account.PurposeAdd, Challenge: id, Verified: true, Counter: 100}); !out.OK {
		t.Fatalf("%+v", out)
	}
	for _, c := range []struct {
		step int64
		ok   bool
	}{{100, false}, {101, true}, {101, false}, {100, false}, {102, true}} {
		if out := a.proves(account.ProveIn{Purpose: account.PurposeConfirm, Factor: id, Verified: true, Counter: c.step}); out.OK != c.ok {
			t.Errorf("step %d: %+v", c.step, out)
		}
	}
}

// A passkey answers its own challenge; one whose counter does not grow is a copy (Web Authentication Level 3 section 7.2).
func TestAPasskeyAnswersAChallengeWithAGrowingCounter(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	id := a.begun(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofPasskey})
	fresh := account.Factor{Value: "credential", Name: "Key", Key: []byte("cose"), PRF: true}
	if out := a.proves(account.ProveIn{Purpose: account.PurposeAdd, Challenge: id, Verified: true, Counter: 5, New: fresh}); !out.OK {
		t.Fatalf("%+v", out)
	}
	all := a.security().Factors
	if got := all[slices.IndexFunc(all, func(f account.Factor) bool { return f.ID == id })]; got.Value != "credential" || got.Counter != 5 || !got.PRF || string(got.Key) != "cose" {
		t.Errorf("%+v", got)
	}
	if out := a.proves(account.ProveIn{Purpose: account.PurposeConfirm, Factor: id, Verified: true, Counter: 6}); out.OK {
		t.Error("without a challenge")
	}
	for _, c := range []struct {
		counter int64
		ok      bool
	}{{5, false}, {0, false}, {6, true}, {6, false}} {
		challenge := a.begun(account.BeginChallengeIn{Purpose: account.PurposeConfirm, Kind: api.ProofPasskey})
		in := account.ProveIn{Purpose: account.PurposeConfirm, Challenge: challenge, Factor: id, Verified: true, Counter: c.counter}
		if out := a.proves(in); out.OK != c.ok {
			t.Errorf("counter %d: %+v", c.counter, out)
		}
	}
	challenge := a.begun(account.BeginChallengeIn{Purpose: account.PurposeConfirm, Kind: api.ProofPasskey})
	if out := a.proves(account.ProveIn{Purpose: account.PurposeConfirm, Challenge: challenge, Factor: "signup", Verified: true, Counter: 9}); out.OK {
		t.Error("an address answered for a passkey")
	}
}

func TestARecoveryCodeTrustsAndIsReplaced(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	ctx := t.Context()
	must(t, w.PutRecovery(ctx, a.id, account.PutRecoveryIn{Session: a.ref, ID: "r1", Hash: mac("one")}))
	for _, id := range []string{"r2", "r3"} { // asked again: nothing changes
		must(t, w.PutRecovery(ctx, a.id, account.PutRecoveryIn{Session: a.ref, ID: id, Hash: mac("two")}))
	}
	b := arrives(t, w.Service, a.id, nil)
	if out := b.proves(account.ProveIn{Purpose: account.PurposeTrust, Factor: "r1", Hash: mac("one")}); out.OK {
		t.Error("the replaced one counts")
	}
	if out := b.proves(account.ProveIn{Purpose: account.PurposeTrust, Factor: "r2", Hash: mac("one")}); out.OK || b.trusted() {
		t.Error("a wrong one counts")
	}
	if out := b.proves(account.ProveIn{Purpose: account.PurposeTrust, Factor: "r2", Hash: mac("two")}); !out.OK || !b.trusted() {
		t.Errorf("%+v", out)
	}
}

func TestFactorsAreBounded(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	_, _, err := a.challenge(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofEmail, Value: "ada@example.org"})
	wants(t, err, account.ErrFactorExists)
	for i := range api.MaxPasskeys {
		id := a.begun(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofPasskey})
		a.proves(account.ProveIn{Purpose: account.PurposeAdd, Challenge: id, Verified: true, New: account.Factor{Value: string(rune('a' + i))}})
	}
	_, _, err = a.challenge(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofPasskey})
	wants(t, err, account.ErrFactors)
	for range api.MaxFactors - api.MaxPasskeys - 1 {
		id := a.begun(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofTOTP})
		a.proves(account.ProveIn{Purpose: account.PurposeAdd, Challenge: id, Verified: true})
	}
	_, _, err = a.challenge(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofTOTP})
	wants(t, err, account.ErrFactors)
	kinds := []api.Proof{}
	for _, f := range a.security().Factors {
		kinds = append(kinds, f.Kind)
	}
	if len(kinds) != api.MaxFactors || !slices.Contains(kinds, api.ProofEmail) {
		t.Errorf("%v", kinds)
	}
}

// An address that was proved before there were factors is one.
func TestAProvedAddressOutlivesTheMigration(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id, ref, migrate := r.old(w, s, 3)
	r.exec(`UPDATE account SET email = 'ada@example.org', email_verified = 1`)
	migrate()
	out, err := s.Security(t.Context(), id, ref)
	must(t, err)
	if len(out.Factors) != 1 || out.Factors[0].Kind != api.ProofEmail || out.Factors[0].Value != "ada@example.org" {
		t.Errorf("%+v", out)
	}
}

// A thief of the password who opens challenges without end does not make way with those of the owner's sessions and recovery.
func TestChallengesOfAThiefDoNotPushTheOwnersOut(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	own := a.begun(account.BeginChallengeIn{Purpose: account.PurposeConfirm, Kind: api.ProofEmail, Factor: "signup"})
	forgotten := w.forgets(a.id, "ada@example.org")
	b := arrives(t, w.Service, a.id, nil)
	w.pass(time.Second)
	first := ""
	for range 40 {
		id := b.begun(account.BeginChallengeIn{Purpose: account.PurposeTrust, Kind: api.ProofPasskey})
		if first == "" {
			first = id
		}
		w.pass(time.Second)
	}
	if out := a.code(account.PurposeConfirm, own, "123456"); !out.OK {
		t.Errorf("in a session of the owner's: %+v", out)
	}
	if _, out := w.proves(a.id, forgotten); !out.OK {
		t.Errorf("a recovery: %+v", out)
	}
	if out := b.proves(account.ProveIn{Purpose: account.PurposeTrust, Challenge: first}); !out.Spent {
		t.Errorf("the first of 40 is still open: %+v", out)
	}
}
