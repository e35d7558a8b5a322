//go:build !js

package account_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

var (
	commitment  = bytes.Repeat([]byte{1}, api.ApprovalCommit)
	nonce       = bytes.Repeat([]byte{2}, api.ApprovalNonce)
	revealed    = bytes.Repeat([]byte{3}, api.ApprovalNonce)
	fingerprint = bytes.Repeat([]byte{4}, api.ApprovalVaultSize)
)

// begins asks for an approval.
func (a arrived) begins() (string, account.BeginApprovalOut, error) {
	id := account.NewID()
	out, err := a.s.BeginApproval(a.t.Context(), a.id, account.BeginApprovalIn{Session: a.ref, ID: id, Commitment: commitment})
	return id, out, err
}

// asks is begins where it must succeed.
func (a arrived) asks() string {
	a.t.Helper()
	id, out, err := a.begins()
	must(a.t, err)
	if out.RetryAfter != 0 {
		a.t.Fatalf("%+v", out)
	}
	return id
}

func (a arrived) polls(id string, reveal []byte) (account.PollApprovalOut, error) {
	return a.s.PollApproval(a.t.Context(), a.id, account.PollApprovalIn{Session: a.ref, ID: id, Reveal: reveal})
}

// state is how far the new device hears it is.
func (a arrived) state(id string) api.ApprovalStatus {
	a.t.Helper()
	out, err := a.polls(id, nil)
	must(a.t, err)
	return out.State
}

func (a arrived) reveals(id string) {
	a.t.Helper()
	out, err := a.polls(id, revealed)
	must(a.t, err)
	if out.State != api.ApprovalRevealed {
		a.t.Fatalf("%+v", out)
	}
}

func (a arrived) tries(id string, nonce []byte) error {
	return a.s.TakeApproval(a.t.Context(), a.id, account.TakeApprovalIn{Session: a.ref, ID: id, Nonce: nonce, Fingerprint: fingerprint})
}

func (a arrived) takes(id string) {
	a.t.Helper()
	must(a.t, a.tries(id, nonce))
}

func (a arrived) decides(id string, allow bool) error {
	return a.s.DecideApproval(a.t.Context(), a.id, account.DecideApprovalIn{Session: a.ref, ID: id, Allow: allow})
}

func (a arrived) looks(id string) (api.Approval, error) {
	return a.s.LookApproval(a.t.Context(), a.id, account.LookApprovalIn{Session: a.ref, ID: id})
}

func (a arrived) waiting() []api.Approval {
	a.t.Helper()
	out, err := a.s.Approvals(a.t.Context(), a.id, a.ref)
	must(a.t, err)
	return out.Approvals
}

func TestATrustedDeviceApprovesAnother(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := a.another(2)
	id := b.asks()
	if state := b.state(id); state != api.ApprovalWaiting {
		t.Errorf("state %s", state)
	}
	list := a.waiting()
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	one := list[0]
	now := w.clock.Now().Unix()
	if one.ID != id || one.Device.ID != b.device.ID || !bytes.Equal(one.Device.Public, publicKey(2)) || !bytes.Equal(one.Commit, commitment) ||
		one.Created != now || one.Expires != now+api.ApprovalLifetime || one.State != api.ApprovalWaiting || one.Mine || len(one.Reveal) != 0 {
		t.Errorf("%+v", one)
	}
	a.takes(id)
	out, err := b.polls(id, nil)
	must(t, err)
	if out.State != api.ApprovalTaken || !bytes.Equal(out.Nonce, nonce) || !bytes.Equal(out.Fingerprint, fingerprint) {
		t.Errorf("%+v", out)
	}
	wants(t, a.decides(id, true), account.ErrTaken) // nothing to compare yet
	b.reveals(id)
	one, err = a.looks(id)
	must(t, err)
	if one.State != api.ApprovalRevealed || !bytes.Equal(one.Reveal, revealed) || !one.Mine {
		t.Errorf("%+v", one)
	}
	if b.trusted() {
		t.Error("trusted before it was approved")
	}
	must(t, a.decides(id, true))
	must(t, a.decides(id, true)) // the answer was lost
	wants(t, a.decides(id, false), account.ErrTaken)
	if !b.trusted() || b.state(id) != api.ApprovalApproved || a.list()[b.device.ID].Proof != api.ProofApproval || len(a.waiting()) != 0 {
		t.Errorf("trusted %v, %s", b.trusted(), b.state(id))
	}
	_, _, err = b.begins()
	wants(t, err, account.ErrTrusted)
}

func TestADeniedDeviceHearsIt(t *testing.T) {
	a := newWorld(t).member()
	b := a.another(2)
	for _, until := range []func(id string){func(string) {}, a.takes, func(id string) { a.takes(id); b.reveals(id) }} {
		id := b.asks()
		until(id)
		must(t, a.decides(id, false))
		must(t, a.decides(id, false))
		wants(t, a.decides(id, true), account.ErrTaken)
		if b.state(id) != api.ApprovalDenied || b.trusted() || len(a.waiting()) != 0 {
			t.Errorf("%s, trusted %v", b.state(id), b.trusted())
		}
	}
	id := b.asks() // trying again works
	a.takes(id)
	b.reveals(id)
	must(t, a.decides(id, true))
}

// The nonce of the commitment is worth nothing before the other one is there: who knew it could choose the other to make a number match.
func TestTheCommitmentIsNotOpenedBeforeTheOtherNonce(t *testing.T) {
	a := newWorld(t).member()
	b := a.another(2)
	id := b.asks()
	_, err := b.polls(id, revealed)
	wants(t, err, account.ErrBounds)
	a.takes(id)
	b.reveals(id)
	out, err := b.polls(id, nonce) // another one
	must(t, err)
	if one, err := a.looks(id); err != nil || !bytes.Equal(one.Reveal, revealed) || out.State != api.ApprovalRevealed {
		t.Errorf("%+v %v", one, err)
	}
	wants(t, a.tries(id, revealed), account.ErrTaken)
}

func TestOfTwoDevicesThatApproveOneHasIt(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	second := a.another(2)
	a.approves(second)
	b := a.another(3)
	id := b.asks()
	var took atomic.Int32
	var all sync.WaitGroup
	for i, one := range []arrived{a, second, a, second} {
		all.Go(func() {
			err := one.tries(id, bytes.Repeat([]byte{byte(i % 2)}, api.ApprovalNonce))
			if err == nil {
				took.Add(1)
				return
			}
			wants(t, err, account.ErrTaken)
		})
	}
	all.Wait()
	if took.Load() != 2 { // one of them, twice
		t.Errorf("taken %d times", took.Load())
	}
	winner, loser := a, second
	if one, _ := a.looks(id); !one.Mine {
		winner, loser = second, a
	}
	b.reveals(id)
	if list := loser.waiting(); len(list) != 1 || list[0].Mine || list[0].State != api.ApprovalRevealed {
		t.Errorf("the second sees %+v", list)
	}
	wants(t, loser.decides(id, true), account.ErrTaken)
	must(t, winner.decides(id, true))
	wants(t, loser.decides(id, false), account.ErrTaken)
	if !b.trusted() {
		t.Error("not trusted")
	}
}

func TestAnyTrustedDeviceCanDeny(t *testing.T) {
	a := newWorld(t).member()
	second := a.another(2)
	a.approves(second)
	b := a.another(3)
	id := b.asks()
	a.takes(id)
	b.reveals(id)
	must(t, second.decides(id, false))
	wants(t, a.decides(id, true), account.ErrTaken)
}

func TestAnApprovalExpiresAfterTenMinutes(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := a.another(2)
	id := b.asks()
	a.takes(id)
	b.reveals(id)
	w.pass(api.ApprovalLifetime*time.Second - time.Second)
	if b.state(id) != api.ApprovalRevealed {
		t.Fatal("too early")
	}
	w.pass(time.Second)
	_, err := a.looks(id)
	wants(t, err, account.ErrSpent)
	wants(t, a.decides(id, true), account.ErrSpent)
	wants(t, a.tries(id, nonce), account.ErrSpent)
	if b.state(id) != api.ApprovalExpired || len(a.waiting()) != 0 || b.trusted() {
		t.Errorf("%s", b.state(id))
	}
}

func TestOneDeviceAsksForItselfOnly(t *testing.T) {
	a := newWorld(t).member()
	b, thief := a.another(2), a.another(3)
	id := b.asks()
	a.takes(id)
	out, err := thief.polls(id, revealed)
	must(t, err)
	if out.State != api.ApprovalExpired || out.Nonce != nil || b.state(id) != api.ApprovalTaken {
		t.Errorf("%+v", out)
	}
	for _, err := range []error{thief.tries(id, nonce), thief.decides(id, true), thief.decides(id, false), errOf(thief.looks(id))} {
		wants(t, err, account.ErrUntrusted)
	}
}

func TestWhoCannotBeApprovedHearsWhy(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := arrives(t, w.Service, a.id, nil)
	_, _, err := b.begins()
	wants(t, err, account.ErrKeyless)
	b.enrol(2)
	must(t, a.revoke(a.device.ID))
	_, _, err = b.begins()
	wants(t, err, account.ErrApprover)
	must(t, errOf(w.EndSession(t.Context(), b.id, account.EndSessionIn{Session: b.ref})))
	_, _, err = b.begins()
	wants(t, err, account.ErrSession)
}

func TestThreeApprovalsWaitAtMost(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	first := a.another(2)
	first.asks()
	w.pass(time.Minute)
	for range api.MaxApprovals - 1 {
		a.another(3).asks()
	}
	b := a.another(4)
	_, out, err := b.begins()
	must(t, err)
	if out.RetryAfter != api.ApprovalLifetime-60 || len(a.waiting()) != api.MaxApprovals {
		t.Errorf("%+v, %d wait", out, len(a.waiting()))
	}
	first.asks() // its own one makes way
	w.pass(api.ApprovalLifetime * time.Second)
	b.asks()
}

// Who knows the password must not be able to bother the owner into a yes.
func TestTenApprovalsInARowAreEnough(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := a.another(2)
	for range 10 {
		must(t, a.decides(b.asks(), false))
	}
	_, out, err := a.another(3).begins()
	must(t, err)
	if out.RetryAfter != 600 || len(a.waiting()) != 0 {
		t.Errorf("%+v", out)
	}
	w.pass(10 * time.Minute)
	id := b.asks()
	a.takes(id)
	b.reveals(id)
	must(t, a.decides(id, true)) // the owner's yes sets it to nought
	c := a.another(3)
	for range 9 {
		c.asks()
	}
}

func TestAnApprovalIsForOneKey(t *testing.T) {
	a := newWorld(t).member()
	b := a.another(2)
	id := b.asks()
	a.takes(id)
	b.reveals(id)
	b.enrol(7)
	wants(t, a.decides(id, true), account.ErrTaken)
	if b.state(id) != api.ApprovalDenied || b.trusted() {
		t.Errorf("%s", b.state(id))
	}
}

func TestApprovalsGoWithTheirDevices(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	second := a.another(2)
	a.approves(second)
	b := a.another(3)
	id := b.asks()
	second.takes(id)
	b.reveals(id)
	must(t, a.revoke(second.device.ID))
	if b.state(id) != api.ApprovalDenied {
		t.Error("it waits for a device that is gone")
	}
	id = b.asks()
	must(t, a.revoke(b.device.ID))
	if len(a.waiting()) != 0 {
		t.Error("a device that is gone waits")
	}
	wants(t, a.decides(id, true), account.ErrSpent)
}

func TestWhatApprovalsCarryIsBounded(t *testing.T) {
	a := newWorld(t).member()
	b := a.another(2)
	long := make([]byte, api.ApprovalNonce+1)
	_, err := a.s.BeginApproval(t.Context(), a.id, account.BeginApprovalIn{Session: b.ref, ID: account.NewID(), Commitment: long})
	wants(t, err, account.ErrBounds)
	id := b.asks()
	wants(t, a.tries(id, long), account.ErrBounds)
	wants(t, a.s.TakeApproval(t.Context(), a.id, account.TakeApprovalIn{Session: a.ref, ID: id, Nonce: nonce}), account.ErrBounds)
	a.takes(id)
	_, err = b.polls(id, long)
	wants(t, err, account.ErrBounds)
	wants(t, a.decides(account.NewID(), true), account.ErrSpent)
}
