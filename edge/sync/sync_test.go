//go:build !js

package sync_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/vault"
)

var routes = []string{
	api.RouteVaultPull, api.RouteVaultPush, api.RouteVaultKeys, api.RouteVaultKeysPut, api.RouteVaultKept, api.RouteVaultReset,
	api.RouteVaultRestore, api.RouteVaultErase,
}

// Nobody but a trusted device learns anything, not even whether its request makes sense or whether there is a vault.
func TestOnlyATrustedDeviceReachesTheVault(t *testing.T) {
	w := newWorld(t, vault.Limits{})
	w.newVault("ada")
	forged := w.device("ada", "trusted")
	forged.cookie.Value = forged.cookie.Value[:len(forged.cookie.Value)-10] + strings.Repeat("A", 10)
	none := w.device("ada", "trusted")
	none.cookie = nil
	for _, route := range routes {
		for rule, c := range map[string]struct {
			device *device
			code   api.Code
			status int
		}{
			"no session":          {none, api.CodeSessionRequired, 401},
			"a forged session":    {forged, api.CodeSessionRequired, 401},
			"an ended session":    {w.device("ada", "ended"), api.CodeSessionRequired, 401},
			"an untrusted device": {w.device("ada", "untrusted"), api.CodeDeviceUntrusted, 403},
			"no word on trust":    {w.device("ada", "unknown"), api.CodeInternal, 500},
		} {
			for _, body := range []any{struct{}{}, "no body of any route", batch()} {
				c.device.wants(route+" "+rule, c.device.post(route, body, nil), c.code, c.status)
			}
		}
		ended := w.device("ada", "ended")
		ended.post(route, struct{}{}, nil)
		if got := ended.last.Result().Cookies(); len(got) == 0 || got[0].Name != session.CookieName || got[0].MaxAge >= 0 {
			t.Errorf("%s: an ended session keeps its cookie: %v", route, got)
		}
		get := httptest.NewRecorder()
		w.handler.ServeHTTP(get, httptest.NewRequest("GET", route, nil))
		if get.Code != 405 {
			t.Errorf("GET %s: %d", route, get.Code)
		}
	}
}

func TestSettingsFollowToAnotherDevice(t *testing.T) {
	w := newWorld(t, vault.Limits{})
	laptop, phone := w.newVault("ada"), w.device("ada", "trusted")
	var pushed api.VaultPushResponse
	for range 2 { // the answer was lost
		laptop.wants("push", laptop.post(api.RouteVaultPush, batch(), &pushed), "", 0)
	}
	if want := (api.VaultPushResponse{Before: 0, Cursor: 2, Versions: []int64{1}, Manifest: 1}); !reflect.DeepEqual(pushed, want) {
		t.Errorf("%+v, want %+v", pushed, want)
	}
	var opened api.VaultKeys
	phone.wants("keys", phone.post(api.RouteVaultKeys, struct{}{}, &opened), "", 0)
	if !reflect.DeepEqual(opened, api.VaultKeys{Generation: 1, Keys: keySet}) {
		t.Errorf("%+v", opened)
	}
	var page api.VaultPullResponse
	phone.wants("pull", phone.post(api.RouteVaultPull, api.VaultPullRequest{Limit: 1}, &page), "", 0)
	want := api.VaultPullResponse{
		Generation: 1, Keys: 1, Records: []api.VaultRecord{{Collection: id(1), ID: id(2), Version: 1, Body: []byte("sealed")}},
		Manifests: []api.VaultManifest{}, Cursor: 1, More: true, Used: 6 + 8 + 2*api.VaultRecordCost, Quota: api.VaultQuota,
	}
	if !reflect.DeepEqual(page, want) {
		t.Errorf("%+v, want %+v", page, want)
	}
	phone.wants("pull", phone.post(api.RouteVaultPull, api.VaultPullRequest{Generation: 1, Cursor: 1}, &page), "", 0)
	want.Records, want.Manifests = []api.VaultRecord{}, []api.VaultManifest{{Collection: id(1), Version: 1, Body: []byte("manifest")}}
	want.Cursor, want.More = 2, false
	if !reflect.DeepEqual(page, want) {
		t.Errorf("%+v, want %+v", page, want)
	}
	stranger := w.device("bob", "trusted")
	stranger.wants("another person", stranger.post(api.RouteVaultPull, api.VaultPullRequest{}, nil), api.CodeVaultMissing, 404)
}

func TestAConflictComesWithWhatIsThere(t *testing.T) {
	w := newWorld(t, vault.Limits{})
	d := w.newVault("ada")
	d.wants("push", d.post(api.RouteVaultPush, batch(), &api.VaultPushResponse{}), "", 0)
	in := batch()
	in.Batch[0].Body = []byte("mine")
	in.Batch = append(in.Batch, api.VaultChange{ID: id(3), Base: 4, Body: []byte("of a vault that was rolled back")})
	p := d.post(api.RouteVaultPush, in, nil)
	d.wants("conflict", p, api.CodeVaultConflict, 409)
	want := &api.VaultConflict{
		Records: []api.VaultRecord{
			{Collection: id(1), ID: id(2), Version: 1, Body: []byte("sealed")}, {Collection: id(1), ID: id(3), Version: 0, Body: []byte{}},
		},
		Manifest: &api.VaultManifest{Collection: id(1), Version: 1, Body: []byte("manifest")},
	}
	if !reflect.DeepEqual(p.Conflict, want) {
		t.Errorf("%+v, want %+v", p.Conflict, want)
	}
}

func TestEachRefusalHasItsCode(t *testing.T) {
	w := newWorld(t, vault.Limits{Quota: 2000, Record: 1000})
	d := w.newVault("ada")
	d.wants("push", d.post(api.RouteVaultPush, batch(), &api.VaultPushResponse{}), "", 0)
	push := func(change func(*api.VaultPushRequest)) any {
		in := batch()
		in.Collection = id(9)
		change(&in)
		return in
	}
	other := keySet
	other.Ring = []byte("another ring")
	for rule, c := range map[string]struct {
		route  string
		in     any
		code   api.Code
		status int
	}{
		"cursor of the future":    {api.RouteVaultPull, api.VaultPullRequest{Generation: 1, Cursor: 3}, api.CodeVaultCursor, 409},
		"cursor of no generation": {api.RouteVaultPull, api.VaultPullRequest{Cursor: 1}, api.CodeBadRequest, 400},
		"pull of another vault":   {api.RouteVaultPull, api.VaultPullRequest{Generation: 2}, api.CodeVaultReplaced, 409},
		"unknown member":          {api.RouteVaultPull, map[string]int{"since": 1}, api.CodeBadRequest, 400},
		"push to another vault":   {api.RouteVaultPush, push(func(in *api.VaultPushRequest) { in.Generation = 2 }), api.CodeVaultReplaced, 409},
		"keys of old":             {api.RouteVaultPush, push(func(in *api.VaultPushRequest) { in.Keys = 0 }), api.CodeVaultKeys, 409},
		"no collection":           {api.RouteVaultPush, push(func(in *api.VaultPushRequest) { in.Collection = "" }), api.CodeBadRequest, 400},
		"id too short":            {api.RouteVaultPush, push(func(in *api.VaultPushRequest) { in.Batch[0].ID = id(2)[1:] }), api.CodeBadRequest, 400},
		"id with stray bits":      {api.RouteVaultPush, push(func(in *api.VaultPushRequest) { in.Batch[0].ID = id(2)[:21] + "B" }), api.CodeBadRequest, 400},
		"id with a line break":    {api.RouteVaultPush, push(func(in *api.VaultPushRequest) { in.Batch[0].ID = id(2)[:20] + "\n" + "A" }), api.CodeBadRequest, 400},
		"record twice":            {api.RouteVaultPush, push(func(in *api.VaultPushRequest) { in.Batch = append(in.Batch, in.Batch...) }), api.CodeBadRequest, 400},
		"no manifest":             {api.RouteVaultPush, push(func(in *api.VaultPushRequest) { in.Manifest.Body = nil }), api.CodeBadRequest, 400},
		"record over the limit":   {api.RouteVaultPush, push(func(in *api.VaultPushRequest) { in.Batch[0].Body = make([]byte, 1001) }), api.CodeRecordTooLarge, 413},
		"too many records":        {api.RouteVaultPush, push(func(in *api.VaultPushRequest) { in.Batch = make([]api.VaultChange, 257) }), api.CodeBatchTooLarge, 413},
		"full": {api.RouteVaultPush, push(func(in *api.VaultPushRequest) {
			in.Batch[0].Body, in.Manifest.Body = make([]byte, 999), make([]byte, 999)
		}), api.CodeQuota, 507},
		"second vault":             {api.RouteVaultKeysPut, api.VaultKeysPutRequest{Keys: other}, api.CodeVaultExists, 409},
		"keys meanwhile replaced":  {api.RouteVaultKeysPut, api.VaultKeysPutRequest{Generation: 1, Keys: other}, api.CodeVaultKeys, 409},
		"keys of another vault":    {api.RouteVaultKeysPut, api.VaultKeysPutRequest{Generation: 2, Keys: other}, api.CodeVaultReplaced, 409},
		"no keys":                  {api.RouteVaultKeysPut, api.VaultKeysPutRequest{Generation: 1}, api.CodeBadRequest, 400},
		"reset of another vault":   {api.RouteVaultReset, api.VaultResetRequest{Generation: 2, Keys: other}, api.CodeVaultReplaced, 409},
		"reset to no keys":         {api.RouteVaultReset, api.VaultResetRequest{Generation: 1}, api.CodeBadRequest, 400},
		"restore of what is not":   {api.RouteVaultRestore, api.VaultRestoreRequest{Generation: 1, Restore: 2}, api.CodeNotFound, 404},
		"restore in another vault": {api.RouteVaultRestore, api.VaultRestoreRequest{Generation: 2, Restore: 1}, "", 0}, // it is the present one
		"erase of the present one": {api.RouteVaultErase, api.VaultEraseRequest{Generation: 1}, api.CodeNotFound, 404},
	} {
		d.wants(rule, d.post(c.route, c.in, new(struct{})), c.code, c.status)
	}
	if strings.Contains(w.log.String(), "ERROR") {
		t.Errorf("an expected refusal is in the log: %s", w.log.String())
	}
}

func TestAnEmptyVaultIsBegunAndTheOldOneComesBack(t *testing.T) {
	w := newWorld(t, vault.Limits{})
	d := w.newVault("ada")
	d.wants("push", d.post(api.RouteVaultPush, batch(), &api.VaultPushResponse{}), "", 0)
	next := keySet
	next.Ring = []byte("the next ring")
	var now api.VaultGeneration
	d.wants("reset", d.post(api.RouteVaultReset, api.VaultResetRequest{Generation: 1, Keys: next}, &now), "", 0)
	var kept api.VaultKept
	d.wants("kept", d.post(api.RouteVaultKept, struct{}{}, &kept), "", 0)
	since := w.clock.Now().Unix()
	want := []api.VaultEarlier{{Generation: 1, Since: since, Until: since + api.VaultKeptFor, Records: 2, Bytes: 14 + 2*api.VaultRecordCost, Keys: keySet}}
	if now.Generation != 2 || !reflect.DeepEqual(kept.Kept, want) {
		t.Errorf("generation %d, kept %+v, want %+v", now.Generation, kept.Kept, want)
	}
	d.wants("restore", d.post(api.RouteVaultRestore, api.VaultRestoreRequest{Generation: 2, Restore: 1}, &now), "", 0)
	var page api.VaultPullResponse
	d.wants("pull", d.post(api.RouteVaultPull, api.VaultPullRequest{}, &page), "", 0)
	if now.Generation != 1 || len(page.Records) != 1 {
		t.Errorf("generation %d, %+v", now.Generation, page)
	}
	d.wants("erase", d.post(api.RouteVaultErase, api.VaultEraseRequest{Generation: 2}, new(struct{})), "", 0)
}

// The largest batch and the largest keys pass; a byte more is refused before anything is read of it.
func TestTheLargestBodiesPass(t *testing.T) {
	w := newWorld(t, vault.Limits{})
	d := w.newVault("ada")
	in := batch()
	in.Batch = nil
	for i := range 3 {
		in.Batch = append(in.Batch, api.VaultChange{ID: id(byte(i)), Body: make([]byte, api.MaxVaultRecord)})
	}
	left := api.MaxVaultBatch - 3*api.MaxVaultRecord - len(in.Manifest.Body)
	for i := 3; i < api.MaxVaultChanges; i++ {
		size := left / (api.MaxVaultChanges - i)
		in.Batch = append(in.Batch, api.VaultChange{ID: id(byte(i)), Body: make([]byte, size)})
		left -= size
	}
	body, err := json.Marshal(in)
	w.must(err)
	if answer := d.send(api.RouteVaultPush, body); answer.Code != 200 {
		t.Errorf("a body of %d bytes: %d %s", len(body), answer.Code, answer.Body)
	}
	in.Manifest.Body = append(in.Manifest.Body, 'x')
	d.wants("a byte too many", d.post(api.RouteVaultPush, in, nil), api.CodeBatchTooLarge, 413)
	answer := d.send(api.RouteVaultPush, bytes.Repeat([]byte(" "), api.MaxVaultBody+1))
	if answer.Code != 413 || !strings.Contains(answer.Body.String(), `"too_large"`) {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	most := api.VaultKeySet{Version: 2, Ring: make([]byte, api.MaxVaultRing)}
	for i := range api.MaxVaultWraps {
		most.Wraps = append(most.Wraps, api.VaultWrap{ID: fmt.Sprintf("%064d", i), Kind: api.VaultWrapPassword, Body: make([]byte, api.MaxVaultWrap)})
	}
	d.wants("keys", d.post(api.RouteVaultKeysPut, api.VaultKeysPutRequest{Generation: 1, Keys: most}, &api.VaultGeneration{}), "", 0)
}

// A failure is in the log, and nothing of what was sent.
func TestTheLogHasNothingOfARequest(t *testing.T) {
	w := newWorld(t, vault.Limits{})
	d := w.newVault("ada")
	d.post(api.RouteVaultPush, batch(), &api.VaultPushResponse{})
	w.device("ada", "unknown").post(api.RouteVaultPush, batch(), nil)
	log := w.log.String()
	if !strings.Contains(log, errDown.Error()) {
		t.Errorf("the failure is not in the log: %s", log)
	}
	for _, secret := range []string{id(1), id(2), "sealed", "c2VhbGVk", "manifest", "ada"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log: %s", secret, log)
		}
	}
}

// FuzzRoutes holds that no body makes a route fail (500), and that what is taken is taken again.
func FuzzRoutes(f *testing.F) {
	w := newWorld(f, vault.Limits{})
	d := w.newVault("ada")
	d.post(api.RouteVaultPush, batch(), &api.VaultPushResponse{})
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, body string) {
		w.t = t
		for _, route := range routes {
			first := d.send(route, []byte(body))
			again := d.send(route, []byte(body))
			if first.Code >= 500 && first.Code != 507 || first.Code == 401 {
				t.Errorf("%s %q: %d %s", route, body, first.Code, first.Body)
			}
			if first.Code == 200 && again.Code != 200 {
				t.Errorf("%s %q: taken, and then %d %s", route, body, again.Code, again.Body)
			}
		}
	})
}
