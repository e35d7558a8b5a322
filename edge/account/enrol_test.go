//go:build !js

package account_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

func TestOnlyTheFirstDeviceIsTrustedByEnrolling(t *testing.T) {
	w := newWorld(t)
	id := account.NewID() // of an account of before there were devices, without an address
	must(t, w.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "ada@id.example", NameToken: "reservation", TTL: 3600}))
	in, _ := activation()
	must(t, w.Activate(t.Context(), id, in))
	a, b := arrives(t, w.Service, id, nil), arrives(t, w.Service, id, nil)
	a.enrol(1)
	b.enrol(2)
	if !a.trusted() || b.trusted() {
		t.Errorf("first %v, second %v", a.trusted(), b.trusted())
	}
	must(t, a.revoke(a.device.ID))
	c := arrives(t, w.Service, id, nil)
	if c.enrol(3); c.trusted() {
		t.Error("an account that has lost its trusted devices trusts whoever comes next")
	}
}

// An account of before there were devices: who has only the password and enrols first is nobody's first device.
func TestAThiefsDeviceIsNotTrustedForComingFirst(t *testing.T) {
	w := newWorld(t)
	id, _ := w.account() // with an address, without a device
	thief, owner := arrives(t, w.Service, id, nil), arrives(t, w.Service, id, nil)
	thief.enrol(1)
	owner.enrol(2)
	if thief.trusted() || owner.trusted() {
		t.Fatalf("trusted without a proof: the thief's %v, the owner's %v", thief.trusted(), owner.trusted())
	}
	_, _, err := thief.challenge(account.BeginChallengeIn{Purpose: account.PurposeAdd, Kind: api.ProofEmail, Value: "thief@example.net"})
	wants(t, err, account.ErrUntrusted)
	_, err = thief.s.WaitTrust(t.Context(), id, account.WaitTrustIn{Session: thief.ref, ID: account.NewID()})
	wants(t, err, account.ErrOtherwise)
	challenge := owner.begun(account.BeginChallengeIn{Purpose: account.PurposeTrust, Kind: api.ProofEmail, Factor: owner.security().Factors[0].ID})
	if out := owner.code(account.PurposeTrust, challenge, "123456"); !out.OK || !owner.trusted() {
		t.Errorf("the owner's code: %+v", out)
	}
	if thief.enrol(3); thief.trusted() {
		t.Error("the thief's device is trusted with the owner's")
	}
}

func TestATrustedDeviceKeepsItsKey(t *testing.T) {
	a := newWorld(t).member()
	a.enrol(1)
	wants(t, a.s.Enrol(t.Context(), a.id, account.EnrolIn{Session: a.ref, Public: publicKey(9)}), account.ErrEnrolled)
	b := a.another(2)
	b.enrol(3) // not trusted yet
	if all := a.list(); !bytes.Equal(all[a.device.ID].Public, publicKey(1)) || !bytes.Equal(all[b.device.ID].Public, publicKey(3)) {
		t.Errorf("%+v", all)
	}
}

func TestWhatEnrolsIsAKeyAndAName(t *testing.T) {
	a := newWorld(t).member()
	compressed := publicKey(1)
	compressed[0] = 2
	for name, in := range map[string]account.EnrolIn{
		"no key": {Session: a.ref}, "short": {Session: a.ref, Public: publicKey(1)[1:]}, "compressed": {Session: a.ref, Public: compressed},
		"long name": {Session: a.ref, Public: publicKey(1), Name: strings.Repeat("ä", api.MaxDeviceName+1)},
		"control":   {Session: a.ref, Public: publicKey(1), Name: "a\nb"}, "no session": {Public: publicKey(1)},
	} {
		if err := a.s.Enrol(t.Context(), a.id, in); !errors.Is(err, account.ErrBounds) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, a.s.Enrol(t.Context(), a.id, account.EnrolIn{Session: a.ref, Public: publicKey(1), Name: strings.Repeat("ä", api.MaxDeviceName)}))
}
