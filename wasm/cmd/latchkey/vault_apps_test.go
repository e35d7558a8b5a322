//go:build !js

package main

import (
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/vault"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// What applications keep is listed and erased by scripts; what its key does not open is marked, and no list of settings has a key.
func TestWhatApplicationsKeepIsListedAndErasedByScripts(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	c := w.trusted(page)
	c.run("vault", "apps").wants(exitDone, "", "")
	account, err := page.Account(t.Context())
	w.must(err)
	w.must(page.SetSetting(t.Context(), client.Setting{Collection: "latchkey.applications", Name: "shop", Value: strings.Repeat("k", 32)}))
	w.must(page.SyncSettings(t.Context(), true))
	vaults := vault.NewService(w.native)
	for client, key := range map[string]string{"shop": "another-key", "stray": "k1"} {
		a, err := vaults.BeginApplication(t.Context(), account.ID, vault.KeyIn{Client: client, Key: key})
		w.must(err)
		_, err = vaults.PutKeys(t.Context(), a.Object(account.ID), vault.PutKeysIn{First: a.Number, Keys: vault.Keys{
			Version: 1, Ring: []byte("ring"), Wraps: []vault.Wrap{{ID: key, Kind: api.VaultWrapApplication, Body: []byte("wrap")}},
		}})
		w.must(err)
	}
	if list := c.run("vault", "apps", "list").wants(exitDone, "shop\t", "").out; strings.Count(list, "!\n") != 2 {
		t.Errorf("%s", list)
	}
	c.run("vault", "apps", "--json").wants(exitDone, `"id":"stray"`, "")
	c.run("vault", "list").wants(exitDone, "", "")
	if all := c.run("vault", "export").out; strings.Contains(all, "kkkk") {
		t.Errorf("an export has a key: %s", all)
	}
	c.run("vault", "apps", "look", "shop").wants(exitFailed, "", "key")
	c.run("vault", "apps", "look", "nothing").wants(exitMissing, "", "nothing")
	c.with("no\n").run("vault", "apps", "erase", "shop").wants(exitFailed, "", "nothing was erased")
	c.with("yes\n").run("vault", "apps", "erase", "shop").wants(exitDone, "erased what shop kept", "")
	c.run("vault", "apps", "erase", "stray", "--yes", "--json").wants(exitDone, `"done":"erased"`, "")
	if list := c.run("vault", "apps").out; list != "" {
		t.Errorf("left: %s", list)
	}
	c.run("vault", "get", "latchkey.applications", "shop").wants(exitMissing, "", "")
}
