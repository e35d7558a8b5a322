//go:build !js

package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

func TestTheFirstDeviceOfAnAccountHasItsVaultAtOnce(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	if d.count[api.RouteVaultKeysPut] == 0 {
		t.Error("no vault was made")
	}
	if _, key, err := d.keys.PasswordKey(t.Context()); err != nil || key != nil {
		t.Error("the password is kept although the device has a wrap of its own")
	}
	d.reload()
	d.is(client.VaultOpen)
	d.sets("theme", "dark")
	d.has("theme", "dark")
	d.syncs()
	d.reload()
	d.has("theme", "dark")
	all, err := d.Settings(t.Context(), "")
	trust, _ := d.Trust(t.Context())
	if err != nil || len(all) != 1 || all[0].Waiting || all[0].Device != trust.Device || all[0].Modified == 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestAnApprovedDeviceSharesTheSettings(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	first.sets("theme", "dark")
	first.syncs()
	second := first.second()
	second.is(client.VaultOpen)
	second.syncs().has("theme", "dark")
	second.sets("theme", "light")
	second.syncs()
	first.syncs().has("theme", "light")
	w.must(first.DeleteSetting(t.Context(), "c", "theme"))
	first.syncs()
	second.reload()
	second.syncs().has("theme", "")
}

// A device that is trusted by a code opens the vault by the password that was typed there, and from then on by itself.
func TestThePasswordOpensForAWhile(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	second := first.second() // trusted, but let it forget how it opens
	w.must(second.keys.Forget(t.Context(), accountID(second)))
	second.reload()
	second.is(client.VaultLocked)
	w.wants("a wrong password", second.Unlock(t.Context(), client.Secret{Password: "another one"}), api.CodeInvalidCredentials)
	w.wants("a code with a mistake", second.Unlock(t.Context(), client.Secret{Recovery: "ABC"}), client.CodeRecoveryTyped)
	second.is(client.VaultLocked)
}

func accountID(d *device) string {
	account, err := d.Account(d.w.Context())
	d.w.must(err)
	return account.ID
}

// The browser was cleared but for its cookies: the service knows another key of this device, so the password has to do each time.
func TestADeviceThatLostItsKeyOpensByThePassword(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	first.sets("theme", "dark")
	first.syncs()
	w.must(first.keys.Forget(t.Context(), accountID(first)))
	first.reload()
	first.is(client.VaultLocked)
	w.must(first.Unlock(t.Context(), client.Secret{Password: good}))
	first.syncs().has("theme", "dark")
}

func TestARecoveryCodeAndAPasskeyOpen(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	first.sets("theme", "dark")
	first.syncs()
	code, err := first.NewRecoveryCode(t.Context())
	w.must(err)
	w.must(first.KeepRecoveryCode(t.Context(), code, "en"))
	prf := make([]byte, 32)
	w.must(first.PasskeyOpens(t.Context(), "factor", prf))
	for _, secret := range []client.Secret{{Recovery: code}, {PRF: prf}} {
		w.must(first.keys.Forget(t.Context(), accountID(first)))
		first.reload()
		first.is(client.VaultLocked)
		w.must(first.Unlock(t.Context(), secret))
		first.syncs().has("theme", "dark")
	}
	other := make([]byte, 32)
	other[0] = 1
	w.must(first.keys.Forget(t.Context(), accountID(first)))
	first.reload()
	w.wants("another passkey", first.Unlock(t.Context(), client.Secret{PRF: other}), client.CodeVaultLocked)
}

func TestANewPasswordOpensTheSettings(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	first.sets("theme", "dark")
	first.syncs()
	w.must(first.ChangePassword(t.Context(), good, better))
	w.must(first.keys.Forget(t.Context(), accountID(first)))
	first.reload()
	first.is(client.VaultLocked)
	w.wants("the old one", first.Unlock(t.Context(), client.Secret{Password: good}), api.CodeInvalidCredentials)
	w.must(first.Unlock(t.Context(), client.Secret{Password: better}))
	first.syncs().has("theme", "dark")
}

// Stopped before or after any request of it, whichever password signs in opens the settings too.
func TestAPasswordChangeMayStopAnywhere(t *testing.T) {
	for step, more := 0, true; more; step++ {
		for _, lost := range []bool{false, true} {
			w := newWorld(t)
			d := w.owner()
			d.sets("theme", "dark")
			d.syncs()
			n := 0
			cut := func(string) bool { n++; return n > step }
			if lost {
				d.lose = cut
			} else {
				d.fail = func(path string) error {
					if cut(path) {
						return errCut
					}
					return nil
				}
			}
			err := d.ChangePassword(t.Context(), good, better)
			more = err != nil
			d.fail, d.lose = nil, nil
			w.must(d.keys.Forget(t.Context(), accountID(d)))
			d.reload()
			works := 0
			for _, password := range []string{good, better} {
				if err := d.Unlock(t.Context(), client.Secret{Password: password}); err == nil {
					works++
				}
			}
			if works != 1 {
				t.Fatalf("stopped at request %d (answer lost: %v): %d passwords open", step, lost, works)
			}
			d.has("theme", "")
			d.syncs().has("theme", "dark")
		}
	}
}

func TestAPasswordIsNotChangedWhereItsSettingsWouldBeLost(t *testing.T) {
	w := newWorld(t)
	w.owner()
	stranger := w.device().signs(good)
	w.wants("on an untrusted device", stranger.ChangePassword(t.Context(), good, better), api.CodeDeviceUntrusted)
	stranger.signs(good)
}

func TestSignOutLeavesNothingThatOpens(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	id := accountID(d)
	_, err := d.SignOut(t.Context(), "")
	w.must(err)
	memory, err := d.keys.OpenMemory(t.Context(), id)
	w.must(err)
	kept, err := memory.Load(t.Context())
	w.must(err)
	w.must(memory.Close())
	if len(kept) != 0 {
		t.Errorf("%d things stay", len(kept))
	}
	d.reload()
	w.wants("without a session", d.SyncSettings(t.Context(), false), api.CodeSessionRequired)
	d.signs(good).syncs().has("theme", "dark") // it was sent before
}

func TestSignOutKeepsWhatCouldNotBeSent(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	d.fail = func(path string) error {
		if path == api.RouteVaultPull || path == api.RouteVaultPush {
			return errCut
		}
		return nil
	}
	_, err := d.SignOut(t.Context(), "")
	w.must(err)
	d.fail = nil
	d.reload()
	d.signs(good).has("theme", "dark")
	d.syncs()
}

func TestAVaultCanBeBegunAnewAndBroughtBack(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	first.sets("theme", "dark")
	first.syncs()
	second := first.second()
	second.syncs().has("theme", "dark")
	second.sets("waiting", "edit")
	w.wants("with a wrong password", first.ResetVault(t.Context(), "something else"), api.CodeInvalidCredentials)
	w.must(first.ResetVault(t.Context(), good))
	first.syncs().has("theme", "")
	first.sets("theme", "new")
	first.syncs()

	second.is(client.VaultReplaced)
	w.wants("nothing is taken over by itself", second.SyncSettings(t.Context(), false), api.CodeVaultReplaced)
	second.has("theme", "dark")
	w.must(second.Unlock(t.Context(), client.Secret{Password: good}))
	second.is(client.VaultOpen)
	second.syncs().has("theme", "new")
	first.syncs().has("waiting", "edit")

	kept, err := first.KeptVaults(t.Context())
	if err != nil || len(kept) != 1 || !kept[0].Opens || kept[0].Records == 0 {
		t.Fatalf("%+v, %v", kept, err)
	}
	w.wants("one that is not kept", first.RestoreVault(t.Context(), 99, client.Secret{}), api.CodeNotFound)
	w.must(first.RestoreVault(t.Context(), kept[0].Generation, client.Secret{Password: good}))
	first.syncs().has("theme", "dark")
	w.must(second.Unlock(t.Context(), client.Secret{Password: good}))
	second.syncs().has("theme", "dark")
}

func TestARevokedDeviceLosesItsWrap(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	first.sets("theme", "dark")
	first.syncs()
	second := first.second()
	second.syncs()
	devices, err := first.Devices(t.Context())
	w.must(err)
	for _, d := range devices.Devices {
		if !d.Current {
			w.must(first.RevokeDevice(t.Context(), d.ID))
		}
	}
	w.wants("after it was revoked", second.SyncSettings(t.Context(), false), api.CodeSessionRequired)
	first.syncs()
	open, err := first.OpenVault(t.Context())
	w.must(err)
	defer open.Close()
	for _, r := range open.Recipients() {
		if r.Kind == "device" && r.ID != first.trusted().Device {
			t.Errorf("%+v still opens", r)
		}
	}
}

func (d *device) trusted() client.Trust {
	trust, err := d.Trust(d.w.Context())
	d.w.must(err)
	return trust
}

func TestWhatDoesNotFitIsSaid(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	set := func(name, value string) error {
		return d.SetSetting(t.Context(), client.Setting{Collection: "c", Name: name, Value: value})
	}
	w.wants("no name", set("", "x"), client.CodeSettingName)
	w.wants("a long name", set(strings.Repeat("n", 1025), "x"), client.CodeSettingLimit)
	w.wants("a long value", set("n", strings.Repeat("x", 960<<10+1)), client.CodeSettingLimit)
	w.wants("not base64", d.SetSetting(t.Context(), client.Setting{Collection: "c", Name: "n", Value: "%", Binary: true}), api.CodeBadRequest)
	w.must(set("n", strings.Repeat("x", 300<<10)))
	w.wants("more than the service takes", d.SyncSettings(t.Context(), false), api.CodeRecordTooLarge)
	w.must(set("n", "small"))
	d.syncs()
	for i := range 6 {
		w.must(set("big"+string(rune('a'+i)), strings.Repeat("x", 200<<10)))
	}
	w.wants("a full quota", d.SyncSettings(t.Context(), false), api.CodeQuota)
	status, err := d.VaultStatus(t.Context())
	if err != nil || status.Problem == nil || status.Problem.Code != api.CodeQuota || status.Pending == 0 || status.Quota != 1<<20 {
		t.Errorf("%+v, %v", status, err)
	}
	_, err = d.DeleteAllSettings(t.Context())
	w.must(err)
	d.syncs()
	if all, _ := d.Settings(t.Context(), ""); len(all) != 0 {
		t.Errorf("%d are left", len(all))
	}
}

// The page was closed, the proof missing or the network gone in the middle: the code on paper opens the settings as long as the service takes it.
func TestAPrintedRecoveryCodeOpensUntilTheServiceTakesAnotherOne(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	d.syncs()
	printed, err := d.NewRecoveryCode(t.Context())
	w.must(err)
	w.must(d.KeepRecoveryCode(t.Context(), printed, "en"))
	d.fail = func(path string) error {
		if path == api.RouteRecoveryPut {
			return errors.New("offline")
		}
		return nil
	}
	next, err := d.NewRecoveryCode(t.Context())
	w.must(err)
	w.wants("offline", d.KeepRecoveryCode(t.Context(), next, "en"), api.CodeUnavailable)
	d.fail = nil
	w.must(d.keys.Forget(t.Context(), accountID(d)))
	d.reload()
	w.must(d.Unlock(t.Context(), client.Secret{Recovery: printed}))
	d.syncs().has("theme", "dark")
}
