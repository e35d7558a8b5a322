//go:build !js

package sync_test

import (
	"net/http"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/vault"
)

func TestHistoryTellsWhatARecordWas(t *testing.T) {
	w := newWorld(t, vault.Limits{})
	d := w.newVault("ada")
	for v, body := range []string{"first", "second", "third"} {
		in := batch()
		in.Batch[0].Base, in.Batch[0].Body, in.Manifest.Base = int64(v), []byte(body), int64(v)
		if p := d.post(api.RouteVaultPush, in, new(api.VaultPushResponse)); p != nil {
			t.Fatal(p)
		}
	}
	ask := api.VaultHistoryRequest{Generation: 1, Collection: id(1), ID: id(2)}
	var got api.VaultHistory
	d.wants("history", d.post(api.RouteVaultHistory, ask, &got), "", 0)
	if len(got.Records) != 2 || got.More || string(got.Records[0].Body) != "second" || got.Records[0].Version != 2 ||
		got.Records[1].Collection != id(1) || got.Records[1].ID != id(2) {
		t.Errorf("%+v", got)
	}
	var page api.VaultPullResponse
	d.wants("pull", d.post(api.RouteVaultPull, api.VaultPullRequest{}, &page), "", 0)
	if page.History != int64(len("firstsecond"))+2*api.VaultRecordCost {
		t.Errorf("%d bytes of history", page.History)
	}
	none := new(map[string]any)
	d.wants("a record without", d.post(api.RouteVaultHistory, api.VaultHistoryRequest{Generation: 1, Collection: id(1), ID: id(9)}, none), "", 0)
	if list, ok := (*none)["records"].([]any); !ok || len(list) != 0 {
		t.Errorf("a record without: %v", *none)
	}
	for rule, in := range map[string]api.VaultHistoryRequest{
		"no collection": {Generation: 1, ID: id(2)}, "no record": {Generation: 1, Collection: id(1)}, "before": {Generation: 1, Collection: id(1), ID: id(2), Before: -1},
	} {
		d.wants(rule, d.post(api.RouteVaultHistory, in, none), api.CodeBadRequest, http.StatusBadRequest)
	}
	ask.Generation = 2
	d.wants("another vault", d.post(api.RouteVaultHistory, ask, none), api.CodeVaultReplaced, http.StatusConflict)
	d.wants("an untrusted device", w.device("ada", "untrusted").post(api.RouteVaultHistory, ask, none), api.CodeDeviceUntrusted, http.StatusForbidden)
}
