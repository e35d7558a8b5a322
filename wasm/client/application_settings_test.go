//go:build !js

package client_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// The keys of what applications keep are in the person's vault, and in no list, export or import of it; deleting all settings leaves them.
func TestKeysOfApplicationsAreInNoExport(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", 32)))
	w.must(d.SetSetting(t.Context(), client.Setting{Collection: "latchkey.applications", Name: "shop", Value: key, Binary: true}))
	text, err := d.ExportSettings(t.Context())
	if err != nil || strings.Contains(text, key) {
		t.Errorf("exported: %s, %v", text, err)
	}
	if all, err := d.Settings(t.Context(), ""); err != nil || len(all) != 1 {
		t.Errorf("listed: %+v, %v", all, err)
	}
	if n, err := d.DeleteAllSettings(t.Context()); err != nil || n != 1 {
		t.Errorf("deleted %d, %v", n, err)
	}
	old := strings.Replace(text, `"settings": [`, `"settings": [{"collection": "latchkey.applications", "name": "shop", "value": "old"},`, 1)
	if did, err := d.ImportSettings(t.Context(), old, false); err != nil || did.New != 1 || did.Changed != 0 {
		t.Errorf("imported: %+v, %v", did, err)
	}
	open, err := d.OpenVault(t.Context())
	w.must(err)
	defer open.Close()
	if kept, ok := open.Get("latchkey.applications", "shop"); !ok || len(kept.Value) != 32 {
		t.Errorf("the key is %q, %v", kept.Value, ok)
	}
	if _, err := client.ParseExport(strings.Replace(text, `"settings"`, `"application": "shop", "settings"`, 1)); codeOf(t, err) != client.CodeImport {
		t.Errorf("what an application keeps was taken for settings: %v", err)
	}
}

// What an application does not keep is not found, and erasing it is done.
func TestErasingWhatIsNotKept(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	if list, err := d.Keepers(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := d.KeeperSettings(t.Context(), "shop"); codeOf(t, err) != api.CodeNotFound {
		t.Error(err)
	}
	for range 2 {
		w.must(d.EraseKeeper(t.Context(), "shop"))
	}
	d.has("theme", "dark")
}
