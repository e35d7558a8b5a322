//go:build !js

package client_test

import (
	"encoding/json"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// denies has the service say that there is no vault, and count what is put in its place.
func (d *device) denies() {
	d.answers = func(path string) (client.Response, bool) {
		switch path {
		case api.RouteVaultKeys, api.RouteVaultPull, api.RouteVaultPush:
			body, err := json.Marshal(api.Problem{Code: api.CodeVaultMissing, Status: 404})
			d.w.must(err)
			return client.Response{Status: 404, Body: body}, true
		case api.RouteVaultKeysPut:
			body, err := json.Marshal(api.VaultGeneration{Generation: 1})
			d.w.must(err)
			return client.Response{Status: 200, Body: body}, true
		}
		return client.Response{}, false
	}
}

// notes are what the device keeps of its account.
func (d *device) fingerprint() string {
	notes, err := d.keys.Notes(d.w.Context(), accountID(d))
	d.w.must(err)
	return notes["fingerprint"]
}

func TestAKnownVaultIsNotMissing(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	d.syncs()
	_, err := d.SignOut(t.Context(), "")
	w.must(err)
	d.reload()
	d.signs(good)
	before, put := d.fingerprint(), d.count[api.RouteVaultKeysPut]
	d.denies()
	_, err = d.OpenVault(t.Context())
	w.wants("after signing out and in", err, client.CodeVaultDropped)
	w.wants("with the password", d.Unlock(t.Context(), client.Secret{Password: good}), client.CodeVaultDropped)
	d.is(client.VaultBroken)
	w.wants("a new password would open nothing", d.ChangePassword(t.Context(), good, better), client.CodeVaultDropped)
	w.must(d.keys.Note(t.Context(), accountID(d), map[string]string{"generation": ""})) // as on a device that was approved just now
	d.reload()
	d.is(client.VaultBroken)
	if d.count[api.RouteVaultKeysPut] > put || d.fingerprint() != before {
		t.Errorf("%q became %q, keys were put %d times", before, d.fingerprint(), d.count[api.RouteVaultKeysPut]-put)
	}
	d.answers = nil
	d.syncs().has("theme", "dark")
}

func TestAnOpenVaultIsNotMissing(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	d.denies()
	d.is(client.VaultBroken)
	w.wants("sending", d.SyncSettings(t.Context(), false), client.CodeVaultDropped)
	w.wants("this copy may be the last one", d.RepairVault(t.Context()), client.CodeVaultDropped)
	d.reload()
	d.has("theme", "dark")
	d.answers = nil
	d.syncs()
}

// The service has lost the vault, and says so: only the person begins another one.
func TestAVaultThatIsLostIsBegunAnewByThePersonAlone(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	d.fail = func(path string) error {
		if path == api.RouteVaultKeysPut {
			return errCut
		}
		return nil
	}
	begun, err := d.SignupBegin(t.Context(), api.SignupBeginRequest{Kind: api.SignupNew, UPN: ada})
	w.must(err)
	_, err = d.SignupFinish(t.Context(), client.SignupFinish{State: begun.State, UPN: ada, Name: "Ada", Password: good})
	w.must(err)
	d.fail = nil
	w.must(d.keys.Note(t.Context(), accountID(d), map[string]string{"fingerprint": "AAAA", "generation": "1"}))
	d.reload()
	d.is(client.VaultBroken)
	w.wants("with a wrong password", d.ResetVault(t.Context(), better), api.CodeInvalidCredentials)
	w.must(d.ResetVault(t.Context(), good))
	d.is(client.VaultOpen)
	d.sets("theme", "dark")
	d.syncs()
}

func TestAVaultWhoseMakingWasCutOffIsOpenedOrMade(t *testing.T) {
	for _, lost := range []bool{false, true} {
		w := newWorld(t)
		d := w.device()
		cut := func(path string) bool { return path == api.RouteVaultKeysPut }
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
		begun, err := d.SignupBegin(t.Context(), api.SignupBeginRequest{Kind: api.SignupNew, UPN: ada})
		w.must(err)
		_, err = d.SignupFinish(t.Context(), client.SignupFinish{State: begun.State, UPN: ada, Name: "Ada", Password: good})
		w.must(err)
		d.fail, d.lose = nil, nil
		d.reload()
		d.is(client.VaultOpen)
		d.sets("theme", "dark")
		d.syncs()
	}
}
