//go:build !js

package client_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// pulled changes the answers to pulls.
func pulled(change func(page *api.VaultPullResponse)) func(string, client.Response) []byte {
	return func(path string, answer client.Response) []byte {
		var page api.VaultPullResponse
		if path != api.RouteVaultPull || json.Unmarshal(answer.Body, &page) != nil || answer.Status != 200 {
			return answer.Body
		}
		change(&page)
		body, _ := json.Marshal(page)
		return body
	}
}

// Each is noticed by a device that has seen the vault before, is said under a code of its own, and changes nothing there.
func TestAHostileServiceIsAccused(t *testing.T) {
	var before api.VaultPullResponse // what there was at first
	for _, test := range []struct {
		name   string
		change func(page *api.VaultPullResponse)
		want   api.Code
	}{
		{"an altered body", func(p *api.VaultPullResponse) { p.Records[0].Body[50] ^= 1 }, client.CodeVaultForged},
		{"a body in another's place", func(p *api.VaultPullResponse) { p.Records[0].Body = before.Records[0].Body }, client.CodeVaultSwapped},
		{"an old manifest", func(p *api.VaultPullResponse) { p.Manifests = before.Manifests }, client.CodeVaultReplayed},
		{"no manifest, and not all", func(p *api.VaultPullResponse) { p.Manifests = nil }, client.CodeVaultReplayed},
		{"a record left out", func(p *api.VaultPullResponse) { p.Records = nil }, client.CodeVaultDropped},
		{"older keys", func(p *api.VaultPullResponse) { p.Keys = 1 }, client.CodeVaultRolledBack},
		{"a cursor that goes back", func(p *api.VaultPullResponse) { p.Cursor = 0 }, client.CodeVaultRolledBack},
		{"another vault", func(p *api.VaultPullResponse) { p.Generation++ }, api.CodeVaultReplaced},
		{"ids that are none", func(p *api.VaultPullResponse) { p.Records[0].ID = "x" }, client.CodeBadAnswer},
	} {
		w := newWorld(t)
		writer := w.owner()
		writer.sets("first", "1")
		writer.syncs()
		reader := writer.second()
		reader.change = pulled(func(page *api.VaultPullResponse) { before = *page })
		reader.syncs()
		writer.sets("second", "2")
		writer.syncs()
		reader.change = pulled(test.change)
		err := reader.SyncSettings(t.Context(), false)
		w.wants(test.name, err, test.want)
		if !strings.Contains(reader.port.Call(t.Context(), "syncSettings", `{}`), `"code":"`+string(test.want)+`"`) {
			t.Errorf("%s: the page hears something else", test.name)
		}
		reader.has("first", "1")
		reader.has("second", "")
		reader.change = nil
		reader.syncs().has("second", "2")
	}
}

func TestAnAccusationNamesTheSetting(t *testing.T) {
	w := newWorld(t)
	writer := w.owner()
	writer.sets("theme", "dark")
	writer.syncs()
	reader := writer.second()
	reader.syncs()
	writer.sets("theme", "light")
	writer.syncs()
	reader.change = pulled(func(p *api.VaultPullResponse) { p.Records[0].Body[50] ^= 1 })
	got := reader.port.Call(t.Context(), "syncSettings", `{}`)
	if !strings.Contains(got, `"collection":"c"`) || !strings.Contains(got, `"setting":"theme"`) || !strings.Contains(got, "none of your devices wrote") {
		t.Error(got)
	}
}

// A vault of the service's own making, wrapped for the key that it knows, is not taken for the person's.
func TestADeviceKeyAloneTakesNoVault(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	second := first.second()
	w.must(second.keys.Note(t.Context(), accountID(second), map[string]string{"fingerprint": ""}))
	w.must(second.keys.ForgetPassword(t.Context()))
	second.reload()
	second.is(client.VaultLocked)
}

func TestAnswersOfTheVaultAreBounded(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.change = func(path string, answer client.Response) []byte {
		if path == api.RouteVaultPull {
			return make([]byte, 4<<20)
		}
		return answer.Body
	}
	w.wants("an endless page", d.SyncSettings(t.Context(), false), client.CodeBadAnswer)
	d.change = func(path string, answer client.Response) []byte {
		if path == api.RouteVaultPull {
			return []byte(`{"generation":1,"keys":"many"}`)
		}
		return answer.Body
	}
	w.wants("not what it should be", d.SyncSettings(t.Context(), false), client.CodeBadAnswer)
}

// Somebody else signs in on the same browser, in another tab: the settings of the one are not written to the other.
func TestSettingsAreNotSentToWhoeverIsSignedIn(t *testing.T) {
	w := newWorld(t)
	one := w.owner()
	one.sets("mine", "1")
	two := w.device()
	begun, err := two.SignupBegin(t.Context(), api.SignupBeginRequest{Kind: api.SignupNew, UPN: "eve@id.test"})
	w.must(err)
	_, err = two.SignupFinish(t.Context(), client.SignupFinish{State: begun.State, UPN: "eve@id.test", Name: "Eve", Password: good})
	w.must(err)
	one.cookies = two.cookies
	w.wants("with another's session", one.SyncSettings(t.Context(), false), api.CodeSessionRequired)
	two.syncs()
	if all, err := two.Settings(t.Context(), ""); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}
