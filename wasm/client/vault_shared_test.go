//go:build !js

package client_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// signsUp makes an account on a device.
func (d *device) signsUp(upn, password string) {
	d.w.Helper()
	begun, err := d.SignupBegin(d.w.Context(), api.SignupBeginRequest{Kind: api.SignupNew, UPN: upn})
	d.w.must(err)
	_, err = d.SignupFinish(d.w.Context(), client.SignupFinish{State: begun.State, UPN: upn, Name: "Somebody", Password: password})
	d.w.must(err)
}

// isCalled has the service give whoever is signed in another name, as after a rename.
func (d *device) isCalled(upn string) {
	d.change = func(path string, answer client.Response) []byte {
		var account api.Account
		if path != api.RouteAccount || json.Unmarshal(answer.Body, &account) != nil || answer.Status != 200 {
			return answer.Body
		}
		account.UPN = upn
		body, err := json.Marshal(account)
		d.w.must(err)
		return body
	}
}

// without has the first vault of an account not be made.
func (d *device) without(do func()) {
	d.fail = func(path string) error {
		if path == api.RouteVaultKeysPut {
			return errCut
		}
		return nil
	}
	do()
	d.fail = nil
}

const eve = "eve@id.test"

// Two people share a browser. Eve comes back by a session of hers, minutes after Ada has typed her password, and is called what Ada was called.
func TestAKeptPasswordIsNotUsedForAnotherAccount(t *testing.T) {
	w := newWorld(t)
	w.owner()
	d := w.device()
	d.without(func() { d.signsUp(eve, better) })
	hers := maps.Clone(d.cookies)
	w.must(d.keys.ForgetPassword(t.Context()))
	clear(d.cookies)
	d.reload()
	d.signs(good)
	put := d.count[api.RouteVaultKeysPut]
	d.cookies = hers
	for _, name := range []string{eve, ada, "ADA@id.test"} {
		d.isCalled(name)
		d.reload()
		_, err := d.OpenVault(t.Context())
		w.wants("she has no vault", err, api.CodeVaultMissing)
	}
	if n := d.count[api.RouteVaultKeysPut] - put; n != 0 {
		t.Errorf("one was made by Ada's password: keys were put %d times", n)
	}

	w.must(d.Unlock(t.Context(), client.Secret{Password: better}))
	d.sets("theme", "hers")
	d.syncs()
	d.cookies = map[string]string{}
	d.change = nil
	d.reload()
	d.signs(good)
	d.cookies = hers
	d.isCalled(ada)
	d.reload()
	d.has("theme", "hers") // the device's key opens it
	d.syncs()
	if n := d.passwords(); n != 1 {
		t.Errorf("%d passwords open it", n)
	}
	w.must(d.keys.Forget(t.Context(), accountID(d)))
	d.reload()
	w.must(d.Unlock(t.Context(), client.Secret{Password: better}))
	d.syncs().has("theme", "hers")
}

// passwords counts those that open the vault.
func (d *device) passwords() (n int) {
	open, err := d.OpenVault(d.w.Context())
	d.w.must(err)
	for _, r := range open.Recipients() {
		if r.Kind == vault.KindPassword {
			n++
		}
	}
	d.w.must(open.Close())
	return n
}

func TestAKeptPasswordIsTheAccountsUnderANewName(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	d.without(func() { d.signsUp(ada, good) })
	d.isCalled("lovelace@id.test")
	d.reload()
	d.is(client.VaultOpen)
}

// Somebody signs in under another name than the account's own: what is kept then opens a vault, and makes none.
func TestAPasswordThatWasKeptUnderAnAliasOnlyOpens(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	d.without(func() { d.signsUp(ada, good) })
	d.isCalled("lovelace@id.test")
	d.reload()
	d.signs(good)
	d.is(client.VaultNone)
	w.must(d.Unlock(t.Context(), client.Secret{Password: good}))
	d.sets("theme", "dark")
	d.syncs()
	id := accountID(d)
	w.must(d.keys.Forget(t.Context(), id))
	d.reload()
	d.signs(good)
	d.is(client.VaultOpen)
	d.syncs().has("theme", "dark")
	if n := d.passwords(); n != 1 {
		t.Errorf("%d passwords open it", n)
	}
}
