//go:build !js

package server_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coder/websocket"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
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

// A WebSocket gets through everything that a request goes through, and ends with the device's session.
func TestADeviceListensUntilItsSessionEnds(t *testing.T) {
	w := newWorld(t, "")
	server := httptest.NewServer(w.handler)
	defer server.Close()
	b := w.browser()
	b.signup(ada)
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	w.must(err)
	w.must(b.post(api.RouteDevicesEnrol, api.DeviceEnrolRequest{Public: key.PublicKey().Bytes()}, new(struct{})))
	header := http.Header{"Origin": {issuer}}
	for _, c := range b.cookies {
		header.Add("Cookie", c.Name+"="+c.Value)
	}
	conn, _, err := websocket.Dial(t.Context(), server.URL+api.RouteVaultChanges, &websocket.DialOptions{HTTPHeader: header})
	w.must(err)
	defer conn.CloseNow()
	b.makeVault()
	for _, want := range []string{`{"generation":1,"keys":1,"cursor":0}`, `{"generation":1,"keys":1,"cursor":2}`} {
		if _, text, err := conn.Read(t.Context()); err != nil || string(text) != want {
			t.Errorf("heard %s, %v; want %s", text, err, want)
		}
	}
	var list api.Sessions
	w.must(b.call(http.MethodGet, api.RouteSessions, nil, &list))
	w.must(b.post(api.RouteSessionsEnd, api.SessionsEndRequest{ID: list.Sessions[0].ID}, new(struct{})))
	w.wake()
	if _, text, err := conn.Read(t.Context()); websocket.CloseStatus(err) != object.CloseGone {
		t.Errorf("heard %s, %v", text, err)
	}
}
