//go:build !js

package server_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

// vaultID is the id of a collection or a record.
func vaultID(n byte) string {
	return base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{n}, api.VaultIDLength))
}

var vaultKeys = api.VaultKeySet{Version: 1, Ring: []byte("ring"), Wraps: []api.VaultWrap{{ID: "w", Kind: api.VaultWrapPassword, Body: []byte("wrap")}}}

// makeVault makes a vault with one record.
func (b *browser) makeVault() {
	b.t.Helper()
	b.w.must(b.post(api.RouteVaultKeysPut, api.VaultKeysPutRequest{Keys: vaultKeys}, new(api.VaultGeneration)))
	b.w.must(b.post(api.RouteVaultPush, vaultPush(1, "sealed"), new(api.VaultPushResponse)))
}

// vaultPush writes a new record to a collection of its own.
func vaultPush(n byte, body string) api.VaultPushRequest {
	return api.VaultPushRequest{
		Generation: 1, Keys: 1, Collection: vaultID(n), Batch: []api.VaultChange{{ID: vaultID(n), Body: []byte(body)}},
		Manifest: api.VaultManifestChange{Body: []byte("manifest")},
	}
}

// The device of a new account is trusted and has the vault; one that only knows the password has neither its records nor its keys.
func TestTheVaultIsForTrustedDevices(t *testing.T) {
	w := newWorld(t, "")
	own, other := w.browser(), w.browser()
	own.signup(ada)
	own.makeVault()
	var page api.VaultPullResponse
	w.must(own.post(api.RouteVaultPull, api.VaultPullRequest{}, &page))
	if len(page.Records) != 1 || string(page.Records[0].Body) != "sealed" || page.Quota != api.VaultQuota {
		t.Errorf("%+v", page)
	}
	w.must(other.begin(ada)())
	for route, in := range map[string]any{
		api.RouteVaultPull: api.VaultPullRequest{}, api.RouteVaultKeys: struct{}{}, api.RouteVaultKept: struct{}{},
		api.RouteVaultPush: vaultPush(2, "mine"), api.RouteVaultReset: api.VaultResetRequest{Generation: 1, Keys: vaultKeys},
	} {
		if err := other.post(route, in, new(map[string]any)); !refusedWith(err, api.CodeDeviceUntrusted) {
			t.Errorf("%s: %v", route, err)
		}
	}
}

func TestTheOperatorSetsWhatAVaultTakes(t *testing.T) {
	w := newWorld(t, "")
	w.settings["LATCHKEY_VAULT_QUOTA"], w.settings["LATCHKEY_VAULT_RECORD"] = "1MiB", "100KiB"
	w.start()
	b := w.browser()
	b.signup(ada)
	b.makeVault()
	record := string(bytes.Repeat([]byte{1}, 100<<10))
	if err := b.post(api.RouteVaultPush, vaultPush(2, record+"1"), new(api.VaultPushResponse)); !refusedWith(err, api.CodeRecordTooLarge) {
		t.Errorf("a record of a byte too much: %v", err)
	}
	for n := range byte(10) {
		w.must(b.post(api.RouteVaultPush, vaultPush(2+n, record), new(api.VaultPushResponse)))
	}
	if err := b.post(api.RouteVaultPush, vaultPush(12, record), new(api.VaultPushResponse)); !refusedWith(err, api.CodeQuota) {
		t.Errorf("a record too many: %v", err)
	}
}
