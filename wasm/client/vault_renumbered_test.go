//go:build !js

package client_test

import (
	"encoding/json"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// recording keeps what is answered about the vault now, to be given again.
func (d *device) recording() (keys api.VaultKeys, page api.VaultPullResponse) {
	d.w.Helper()
	d.change = func(path string, answer client.Response) []byte {
		switch path {
		case api.RouteVaultKeys:
			_ = json.Unmarshal(answer.Body, &keys)
		case api.RouteVaultPull:
			_ = json.Unmarshal(answer.Body, &page)
		}
		return answer.Body
	}
	d.w.must(d.VerifySettings(d.w.Context()))
	open, err := d.OpenVault(d.w.Context())
	d.w.must(err)
	d.w.must(open.Add(d.w.Context(), open.Recipients()[0])) // which reads the keys, and changes nothing
	d.w.must(open.Close())
	d.change = nil
	return keys, page
}

// The service shows the same vault as it was before, and gives it another number, as if it had been replaced.
func TestAnOldStateIsNotTakenForAnotherVault(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	d.syncs()
	keys, page := d.recording()
	if len(keys.Keys.Ring) == 0 || len(page.Records) == 0 {
		t.Fatalf("%+v, %+v", keys, page)
	}
	d.sets("theme", "light")
	d.syncs()
	keys.Generation, page.Generation = 9, 9
	d.answers = func(path string) (client.Response, bool) {
		var answer any
		switch path {
		case api.RouteVaultKeys:
			answer = keys
		case api.RouteVaultPull:
			answer = page
		default:
			return client.Response{}, false
		}
		body, err := json.Marshal(answer)
		w.must(err)
		return client.Response{Status: 200, Body: body}, true
	}
	d.is(client.VaultReplaced)
	err := d.Unlock(t.Context(), client.Secret{Password: good})
	if err == nil {
		err = d.SyncSettings(t.Context(), false)
	}
	w.wants("the same vault, older", err, client.CodeVaultRolledBack)
	d.has("theme", "light")
	d.answers = nil
	d.is(client.VaultOpen)
	d.syncs().has("theme", "light")
}
