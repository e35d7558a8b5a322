//go:build !js

package client_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// anew has the owner's vault put aside, with a setting in it, and returns the one that is kept.
func (d *device) anew() client.Earlier {
	d.w.Helper()
	d.w.must(d.ResetVault(d.w.Context(), good))
	return d.kept(1)[0]
}

func (d *device) kept(count int) []client.Earlier {
	d.w.Helper()
	kept, err := d.KeptVaults(d.w.Context())
	d.w.must(err)
	if len(kept) != count {
		d.w.Fatalf("%+v", kept)
	}
	return kept
}

// What watches, or another call of the page, has the vault open at any moment.
func TestAVaultInUseIsPutAsideWhenItIsFree(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	d.syncs()
	d.watches()
	busy := func() {
		open, err := d.OpenVault(t.Context())
		w.must(err)
		time.AfterFunc(200*time.Millisecond, func() { open.Close() })
	}
	busy()
	kept := d.anew()
	d.sets("theme", "new")
	d.syncs()
	busy()
	w.must(d.RestoreVault(t.Context(), kept.Generation, client.Secret{}))
	d.syncs().has("theme", "dark")
	busy()
	w.must(d.RestoreVault(t.Context(), d.kept(1)[0].Generation, client.Secret{}))
	d.syncs().has("theme", "new")
	busy()
	w.must(d.RepairVault(t.Context()))
	d.has("theme", "new")
}

func TestWhatWaitsIsInTheVaultThatIsPutAside(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	kept := d.anew()
	d.has("theme", "")
	d.sets("font", "serif")
	w.must(d.RestoreVault(t.Context(), kept.Generation, client.Secret{}))
	d.syncs().has("theme", "dark")
	d.has("font", "")
	d.SetNetwork(client.Network{Metered: true})
	d.sets("edit", "waits")
	w.must(d.RestoreVault(t.Context(), d.kept(1)[0].Generation, client.Secret{}))
	d.has("edit", "waits") // it could not be sent
	w.must(d.SyncSettings(t.Context(), true))
	d.has("font", "serif")
	d.has("theme", "")
}

// The service has done it, and the page was closed or the network gone before this device had followed.
func TestBringingBackGoesOnWhereItStopped(t *testing.T) {
	for _, path := range []string{api.RouteVaultRestore, api.RouteVaultKeys} {
		w := newWorld(t)
		d := w.owner()
		d.sets("theme", "dark")
		kept := d.anew()
		restored := false
		d.lose = func(asked string) bool {
			restored = restored || asked == api.RouteVaultRestore
			return restored && asked == path
		}
		w.wants(path, d.RestoreVault(t.Context(), kept.Generation, client.Secret{}), api.CodeUnavailable)
		d.lose = nil
		d.reload()
		w.must(d.RestoreVault(t.Context(), kept.Generation, client.Secret{}))
		d.is(client.VaultOpen)
		d.syncs().has("theme", "dark")
	}
}

// The service knows the device's key and could keep a vault of its own making for it.
func TestADeviceKeyAloneBringsNothingBack(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	kept := d.anew()
	if !kept.Opens {
		t.Error("this device had the vault, and does not open it")
	}
	w.must(d.keys.Note(t.Context(), accountID(d), map[string]string{"earlier": ""}))
	if d.kept(1)[0].Opens {
		t.Error("this device opens a vault that it never had")
	}
	w.wants("by the device alone", d.RestoreVault(t.Context(), kept.Generation, client.Secret{}), client.CodeVaultLocked)
	w.must(d.RestoreVault(t.Context(), kept.Generation, client.Secret{Password: good}))
	d.syncs().has("theme", "dark")
}

func TestAnEarlierVaultCanBeErased(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	kept := d.anew()
	w.must(d.EraseVault(t.Context(), kept.Generation))
	d.kept(0)
	w.wants("what is gone", d.RestoreVault(t.Context(), kept.Generation, client.Secret{}), api.CodeNotFound)
}

// The person may look at a new code and go away: the one that is printed stays good until the new one is kept.
func TestARecoveryCodeCountsWhenItIsKept(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	d.syncs()
	code := func() string {
		code, err := d.NewRecoveryCode(t.Context())
		w.must(err)
		return code
	}
	opens := func(code string, want api.Code) {
		t.Helper()
		w.must(d.keys.Forget(t.Context(), accountID(d)))
		d.reload()
		w.wants(code, d.Unlock(t.Context(), client.Secret{Recovery: code}), want)
	}
	printed := code()
	w.must(d.KeepRecoveryCode(t.Context(), printed, "en"))
	fresh := code()
	w.wants("a mistake", d.KeepRecoveryCode(t.Context(), fresh[1:], "en"), client.CodeRecoveryTyped)
	w.ahead.Store(int64(11 * time.Minute / time.Second))
	_, err := d.NewRecoveryCode(t.Context())
	w.wants("without a recent proof", err, api.CodeConfirmRequired)
	w.wants("without a recent proof", d.KeepRecoveryCode(t.Context(), fresh, "en"), api.CodeConfirmRequired)
	opens(printed, "")
	_, err = d.Confirm(t.Context(), good)
	w.must(err)
	for range 2 {
		w.must(d.KeepRecoveryCode(t.Context(), fresh, "en"))
	}
	opens(printed, client.CodeVaultLocked)
	opens(fresh, "")
}

// A code or a passkey of before opens nothing of what was begun anew.
func TestThePageHearsWhatOpensThePresentVault(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	d.syncs()
	security := func() string { return d.port.Call(t.Context(), "security", `{}`) }
	code, err := d.NewRecoveryCode(t.Context())
	w.must(err)
	w.must(d.KeepRecoveryCode(t.Context(), code, "en"))
	if got := security(); strings.Count(got, `"recovery"`) != 1 || !strings.Contains(got, `"prf":true`) {
		t.Errorf("the code opens, and the page hears %s", got)
	}
	w.must(d.ResetVault(t.Context(), good))
	if got := security(); strings.Contains(got, `"prf":true`) {
		t.Errorf("the code opens nothing, and the page hears %s", got)
	}
}
