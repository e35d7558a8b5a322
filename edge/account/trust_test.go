//go:build !js

package account_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

// arrived is a device with a session.
type arrived struct {
	t      *testing.T
	s      *account.Service
	id     string // of the account
	ref    account.SessionRef
	device *account.DeviceRef
}

// arrives signs in on a device, a new one for nil.
func arrives(t *testing.T, s *account.Service, id string, device *account.DeviceRef) arrived {
	t.Helper()
	var fresh *account.NewDevice
	attempt := account.NewID()
	_, err := s.BeginSignin(t.Context(), id, account.BeginSigninIn{Name: "digest", Device: device, Attempt: attempt})
	must(t, err)
	if device == nil {
		fresh, device = newDevice()
	}
	session, ref := newSession()
	must(t, s.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: session, Device: fresh}))
	return arrived{t, s, id, ref, device}
}

// publicKey is a device's key as far as the object looks at it.
func publicKey(n byte) []byte {
	return append([]byte{4}, bytes.Repeat([]byte{n}, api.DeviceKeyLength-1)...)
}

// member makes an account on a device that is trusted and enrolled, and returns it.
func (w *world) member() arrived {
	w.t.Helper()
	id := w.signup()
	_, err := w.CheckCode(w.t.Context(), id, account.CheckCodeIn{CodeHash: mac("123456")})
	must(w.t, err)
	in, ref := activation()
	fresh, device := newDevice()
	in.Device = fresh
	must(w.t, w.Activate(w.t.Context(), id, in))
	a := arrived{w.t, w.Service, id, ref, device}
	a.enrol(1)
	return a
}

// another signs in on a new device, which enrols.
func (a arrived) another(key byte) arrived {
	a.t.Helper()
	b := arrives(a.t, a.s, a.id, nil)
	b.enrol(key)
	return b
}

func (a arrived) enrol(key byte) {
	a.t.Helper()
	must(a.t, a.s.Enrol(a.t.Context(), a.id, account.EnrolIn{Session: a.ref, Public: publicKey(key)}))
}

func (a arrived) trusted() bool {
	a.t.Helper()
	trusted, err := a.s.Trusted(a.t.Context(), a.id, a.ref)
	must(a.t, err)
	return trusted
}

func (a arrived) revoke(id string) error {
	_, err := a.s.RevokeDevice(a.t.Context(), a.id, account.RevokeDeviceIn{Session: a.ref, ID: id})
	return err
}

// list is what the device sees of all, by id.
func (a arrived) list() map[string]api.Device {
	a.t.Helper()
	out, err := a.s.Devices(a.t.Context(), a.id, a.ref)
	must(a.t, err)
	all := map[string]api.Device{}
	for _, d := range out.Devices {
		all[d.ID] = d
	}
	return all
}

// approved has b approved by a.
func (a arrived) approves(b arrived) {
	a.t.Helper()
	id := b.asks()
	a.takes(id)
	b.reveals(id)
	must(a.t, a.decides(id, true))
}

func TestTheDeviceOfANewAccountIsTrusted(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	if !a.trusted() {
		t.Error("it is not")
	}
	d := a.list()[a.device.ID]
	now := w.clock.Now().Unix()
	if d.Proof != api.ProofFirst || d.Trusted != now || d.Created != now || !d.Current || d.Name != "Firefox on Linux" ||
		d.Place != "Berlin, DE" || d.Kind != api.DeviceBrowser || !bytes.Equal(d.Public, publicKey(1)) || d.LastUsed != now {
		t.Errorf("%+v", d)
	}
}

func TestAPasswordAloneTrustsNoDevice(t *testing.T) {
	a := newWorld(t).member()
	b := a.another(2)
	if b.trusted() {
		t.Error("a second device is trusted")
	}
	wants(t, errOf(b.s.Approvals(t.Context(), b.id, b.ref)), account.ErrUntrusted)
	facts, err := b.s.TrustFacts(t.Context(), b.id, b.ref)
	must(t, err)
	if facts != (account.TrustFactsOut{Device: b.device.ID, Enrolled: true, Approval: true}) {
		t.Errorf("%+v", facts)
	}
}

// The next session on a trusted device is trusted, by the secret in its cookie; a device that only names it is not.
func TestTrustIsOfTheDeviceAndNotOfTheSession(t *testing.T) {
	a := newWorld(t).member()
	must(t, errOf(a.s.EndSession(t.Context(), a.id, account.EndSessionIn{Session: a.ref})))
	_, err := a.s.Trusted(t.Context(), a.id, a.ref)
	wants(t, err, account.ErrSession)
	if again := arrives(t, a.s, a.id, a.device); !again.trusted() {
		t.Error("a trusted device is not trusted any more after signing out and in")
	}
	guess := &account.DeviceRef{ID: a.device.ID, SecretHash: account.Hash("guess")}
	if thief := arrives(t, a.s, a.id, guess); thief.trusted() {
		t.Error("an id is enough to pass for a trusted device")
	}
}

func TestARenewedSessionIsOnTheDeviceThatRenewedIt(t *testing.T) {
	a := newWorld(t).member()
	fresh, _ := newDevice()
	attempt := account.NewID()
	must(t, errOf(a.s.BeginSignin(t.Context(), a.id, account.BeginSigninIn{Name: "digest", Attempt: attempt})))
	s, ref := newSession()
	s.ID, ref.ID = a.ref.ID, a.ref.ID
	must(t, a.s.CompleteSignin(t.Context(), a.id, account.CompleteSigninIn{Attempt: attempt, Session: s, Renew: &a.ref, Device: fresh}))
	a.ref = ref
	if a.trusted() {
		t.Error("a session took the trust of one device to another")
	}
}

// Nobody's new sign-ins push a trusted device out: untrusted ones make way for each other.
func TestATrustedDeviceIsNotForgottenForNewOnes(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	w.pass(time.Hour)
	first := arrives(t, w.Service, a.id, nil)
	w.pass(time.Hour)
	var last arrived
	for range account.MaxDevices {
		last = arrives(t, w.Service, a.id, nil)
	}
	if all := a.list(); len(all) != account.MaxDevices+1 || all[a.device.ID].Trusted == 0 || all[last.device.ID].ID == "" {
		t.Errorf("%d devices: %+v", len(all), all)
	}
	wants(t, w.Enrol(t.Context(), a.id, account.EnrolIn{Session: first.ref, Public: publicKey(2)}), account.ErrDevice)
}

func TestNoMoreThanTwentyFiveDevicesAreTrusted(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	for range api.MaxTrusted - 1 {
		b := a.another(2)
		a.approves(b)
	}
	b := a.another(3)
	id := b.asks()
	a.takes(id)
	b.reveals(id)
	wants(t, a.decides(id, true), account.ErrDevices)
	for _, d := range a.list() {
		if d.Trusted > 0 && !d.Current {
			must(t, a.revoke(d.ID))
			break
		}
	}
	must(t, a.decides(id, true)) // trying again works
	if !b.trusted() {
		t.Error("it is not trusted")
	}
}

func TestADeviceIsForgottenAYearAfterItsLastSignIn(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	w.pass(account.DeviceLifetime*time.Second - time.Hour)
	b := arrives(t, w.Service, a.id, a.device)
	if !b.trusted() {
		t.Fatal("too early")
	}
	w.pass(account.DeviceLifetime*time.Second - time.Hour)
	if c := arrives(t, w.Service, a.id, a.device); !c.trusted() {
		t.Fatal("a sign-in did not prolong it")
	}
	w.pass(account.DeviceLifetime * time.Second)
	if c := arrives(t, w.Service, a.id, a.device); c.trusted() {
		t.Error("a device that was away for a year is trusted")
	}
}

func TestDevicesAreRenamedByTrustedOnesAndThemselves(t *testing.T) {
	a := newWorld(t).member()
	b, c := a.another(2), a.another(3)
	rename := func(by arrived, id, name string) error {
		return by.s.RenameDevice(t.Context(), by.id, account.RenameDeviceIn{Session: by.ref, ID: id, Name: name})
	}
	must(t, rename(a, b.device.ID, "Kitchen"))
	must(t, rename(c, c.device.ID, "Attic"))
	wants(t, rename(b, a.device.ID, "Mine"), account.ErrUntrusted)
	wants(t, rename(a, account.NewID(), "Nobody's"), account.ErrGone)
	wants(t, rename(a, b.device.ID, ""), account.ErrBounds)
	all := a.list()
	if all[b.device.ID].Name != "Kitchen" || all[c.device.ID].Name != "Attic" || all[a.device.ID].Name != "Firefox on Linux" {
		t.Errorf("%+v", all)
	}
	if again := arrives(t, a.s, a.id, b.device); again.list()[b.device.ID].Name != "Kitchen" {
		t.Error("a sign-in takes the name away")
	}
}

// Everything that was on the device is worth nothing at once: its sessions and their grants, the grants that outlive sessions, its place
// in the lock buckets; its applications and its connections are told.
func TestARevokedDeviceLosesItsSessionsAndTokens(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := a.another(2)
	a.approves(b)
	kept := w.holdIn(a.id, a.ref, "openid offline_access", "")
	former := w.holdIn(b.id, b.ref, "openid offline_access", "")
	must(t, errOf(w.EndSession(t.Context(), b.id, account.EndSessionIn{Session: b.ref})))
	if !former.live() {
		t.Fatal("a grant that is good offline ended with its session")
	}
	b = arrives(t, w.Service, b.id, b.device)
	online, offline := w.holdIn(b.id, b.ref, "openid", ""), w.holdIn(b.id, b.ref, "openid offline_access", "")
	w.signinTo(b.id, b.ref, "mail")
	before, told := len(outbox[account.Disconnect](w, account.TopicDisconnect)), len(outbox[account.Logout](w, account.TopicLogout))

	must(t, a.revoke(b.device.ID))
	if w.live(b.id, b.ref) || online.live() || offline.live() || former.live() {
		t.Errorf("session %v, grants %v %v %v", w.live(b.id, b.ref), online.live(), offline.live(), former.live())
	}
	if !w.live(a.id, a.ref) || !kept.live() || !a.trusted() {
		t.Error("another device suffered")
	}
	cut := outbox[account.Disconnect](w, account.TopicDisconnect)[before:]
	if len(cut) != 1 || cut[0].Device != b.device.ID {
		t.Errorf("connections cut: %+v", cut)
	}
	found := false
	for _, out := range outbox[account.Logout](w, account.TopicLogout)[told:] {
		found = found || out.SID == b.ref.ID && out.ClientID == "mail"
	}
	if !found {
		t.Error("an application was not told")
	}
	if _, there := a.list()[b.device.ID]; there {
		t.Error("it is on the list")
	}
	if _, out := w.begin(b.id, b.device); out.KnownDevice {
		t.Error("it is known")
	}
	if again := arrives(t, w.Service, b.id, b.device); again.trusted() {
		t.Error("it is trusted again")
	}
	must(t, a.revoke(b.device.ID)) // once more is no failure
}

func TestAnUntrustedDeviceRevokesNoneButItself(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := a.another(2)
	wants(t, b.revoke(a.device.ID), account.ErrUntrusted)
	wants(t, b.revoke(account.NewID()), account.ErrUntrusted) // nor learns which there are
	out, err := w.RevokeDevice(t.Context(), b.id, account.RevokeDeviceIn{Session: b.ref, ID: b.device.ID})
	must(t, err)
	if !out.Own || w.live(b.id, b.ref) || !a.trusted() {
		t.Errorf("%+v", out)
	}
}

func TestWhoSignsOutIsDisconnected(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	b := a.another(2) // not trusted, so not connected
	must(t, errOf(w.EndSession(t.Context(), b.id, account.EndSessionIn{Session: b.ref})))
	must(t, errOf(w.EndSession(t.Context(), a.id, account.EndSessionIn{Session: a.ref})))
	if cut := outbox[account.Disconnect](w, account.TopicDisconnect); len(cut) != 1 || cut[0].Device != a.device.ID {
		t.Errorf("%+v", cut)
	}
}

func TestTheCommandLineIsADeviceOfItsKind(t *testing.T) {
	w := newWorld(t)
	a := w.member()
	fresh, _ := newDevice()
	fresh.Kind = api.DeviceCommandLine
	s, ref := newSession()
	must(t, errOf(w.OpenSession(t.Context(), a.id, account.OpenSessionIn{
		GrantID: w.permit(a.id, a.ref), ClientID: terminalClient, Scope: terminalScope, Session: s, Device: *fresh,
	})))
	b := arrived{t, w.Service, a.id, ref, nil}
	if d := a.list()[fresh.ID]; d.Kind != api.DeviceCommandLine || d.Trusted != 0 || b.trusted() {
		t.Errorf("%+v", d)
	}
	if b.enrol(2); len(a.list()[fresh.ID].Public) == 0 {
		t.Error("it did not enrol")
	}
	fresh.Kind = "fridge"
	wants(t, errOf(w.OpenSession(t.Context(), a.id, account.OpenSessionIn{
		GrantID: w.permit(a.id, a.ref), ClientID: terminalClient, Scope: terminalScope, Session: s, Device: *fresh,
	})), account.ErrBounds)
}

// Whether a device is trusted is asked with every request to the vault: a session and a device are read, nothing is written.
func TestToAskForTrustWritesNothing(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id := activateOn(t, s)
	a := arrives(t, s, id, nil)
	a.enrol(1)
	changed := r.changes()
	r.reset()
	if !a.trusted() {
		t.Fatal("not trusted")
	}
	if r.calls != 1 || r.changes() != changed {
		t.Error(r.cost(changed))
	}
}
