//go:build !js

package sync_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/vault"
)

const issuer = "https://login.test"

// listen asks for a WebSocket. The refusal is nil when there is one.
func (d *device) listen(base, origin string) (*websocket.Conn, *http.Response) {
	d.t.Helper()
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	if d.cookie != nil {
		header.Set("Cookie", d.cookie.Name+"="+d.cookie.Value)
	}
	conn, answer, err := websocket.Dial(d.t.Context(), base+api.RouteVaultChanges, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		return nil, answer
	}
	d.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, nil
}

// hears reads the next notice.
func (d *device) hears(conn *websocket.Conn) (n api.VaultNotice, err error) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 10*time.Second)
	defer cancel()
	_, text, err := conn.Read(ctx)
	if err == nil {
		d.must(json.Unmarshal(text, &n))
	}
	return n, err
}

func TestADeviceHearsOfEveryChange(t *testing.T) {
	w := newWorld(t, vault.Limits{})
	server := httptest.NewServer(w.handler)
	defer server.Close()
	d := w.newVault("ada")
	conn, refused := d.listen(server.URL, issuer)
	if refused != nil {
		t.Fatal(refused.Status)
	}
	other, _ := w.device("bob", "trusted").listen(server.URL, issuer) // of an account without a vault
	keys := keySet
	keys.Version = 2
	second := batch()
	second.Batch[0].Base, second.Manifest.Base, second.Keys = 1, 1, 2
	conflict, repeated := batch(), batch()
	conflict.Batch[0].Body = []byte("too late")
	for _, step := range []struct {
		route string
		in    any
		want  api.VaultNotice // zero: none
	}{
		{api.RouteVaultPush, batch(), api.VaultNotice{Generation: 1, Keys: 1, Cursor: 2}},
		{api.RouteVaultPush, repeated, api.VaultNotice{}},
		{api.RouteVaultPush, conflict, api.VaultNotice{}},
		{api.RouteVaultKeysPut, api.VaultKeysPutRequest{Generation: 1, Keys: keys}, api.VaultNotice{Generation: 1, Keys: 2, Cursor: 2}},
		{api.RouteVaultPush, second, api.VaultNotice{Generation: 1, Keys: 2, Cursor: 4}},
		{api.RouteVaultReset, api.VaultResetRequest{Generation: 1, Keys: keySet}, api.VaultNotice{Generation: 2, Keys: 1, Cursor: 4}},
		{api.RouteVaultRestore, api.VaultRestoreRequest{Generation: 2, Restore: 1}, api.VaultNotice{Generation: 1, Keys: 2, Cursor: 4}},
	} {
		d.post(step.route, step.in, new(map[string]any))
		if step.want == (api.VaultNotice{}) {
			continue
		}
		if got, err := d.hears(conn); err != nil || got != step.want {
			t.Fatalf("%s: %+v, %v; want %+v", step.route, got, err, step.want)
		}
	}
	d.must(w.vaults.Disconnect(t.Context(), "ada", "device-of-trusted"))
	if _, err := d.hears(conn); websocket.CloseStatus(err) != object.CloseGone {
		t.Errorf("a device that was removed: %v", err)
	}
	d.must(w.vaults.Disconnect(t.Context(), "bob", "another-device"))
	if p := w.device("bob", "trusted").post(api.RouteVaultKeysPut, api.VaultKeysPutRequest{Keys: keySet}, new(map[string]any)); p != nil {
		t.Fatal(p)
	}
	if got, err := d.hears(other); err != nil || got != (api.VaultNotice{Generation: 1, Keys: 1}) {
		t.Errorf("another account: %+v, %v", got, err)
	}
}

// A device is revoked while its request for a WebSocket is under way: after the account has said that it is trusted, before it is connected.
func TestADeviceRevokedWhileItConnectsHearsNothing(t *testing.T) {
	w := newWorld(t, vault.Limits{})
	server := httptest.NewServer(w.handler)
	defer server.Close()
	d := w.newVault("ada")
	say := w.trust["trusted"]
	w.trust["revoked"] = say
	say.meanwhile = func() {
		w.must(w.vaults.Disconnect(t.Context(), "ada", "device-of-revoked"))
		w.trust["revoked"] = w.trust["untrusted"]
	}
	w.trust["revoked"] = say
	thief := w.device("ada", "revoked")
	conn, refused := thief.listen(server.URL, issuer)
	if refused != nil {
		t.Fatal(refused.Status)
	}
	d.post(api.RouteVaultPush, batch(), new(map[string]any))
	if got, err := thief.hears(conn); websocket.CloseStatus(err) != object.CloseAgain {
		t.Errorf("heard %+v, %v", got, err)
	}
	if _, refused := thief.listen(server.URL, issuer); refused == nil || refused.StatusCode != http.StatusForbidden {
		t.Errorf("again: %v", refused)
	}
	w.clock.Pass(3 * time.Second) // a device of the owner's that signs in again
	w.trust["revoked"] = w.trust["trusted"]
	conn, refused = thief.listen(server.URL, issuer)
	if refused != nil {
		t.Fatal(refused.Status)
	}
	second := batch()
	second.Batch[0].Base, second.Manifest.Base = 1, 1
	d.post(api.RouteVaultPush, second, new(map[string]any))
	if got, err := thief.hears(conn); err != nil || got.Cursor != 4 {
		t.Errorf("signed in again: %+v, %v", got, err)
	}
}

// Cross-site WebSocket hijacking: a browser opens a WebSocket for any page, with our cookies.
func TestWhoMayListen(t *testing.T) {
	w := newWorld(t, vault.Limits{})
	server := httptest.NewServer(w.handler)
	defer server.Close()
	w.newVault("ada")
	for _, c := range []struct {
		name, session, origin string
		status                int
	}{
		{"another site's page", "trusted", "https://evil.test", http.StatusForbidden},
		{"a sibling's page", "trusted", "https://evil.login.test", http.StatusForbidden},
		{"a page in the clear", "trusted", "http://login.test", http.StatusForbidden},
		{"a page in a sandbox", "trusted", "null", http.StatusForbidden},
		{"nobody's page", "trusted", "", http.StatusForbidden},
		{"a device that is not trusted", "untrusted", issuer, http.StatusForbidden},
		{"a session that has ended", "ended", issuer, http.StatusUnauthorized},
		{"nobody", "", issuer, http.StatusUnauthorized},
		{"accounts that are down", "down", issuer, http.StatusInternalServerError},
	} {
		d := &device{world: w}
		if c.session != "" {
			d = w.device("ada", c.session)
		}
		_, refused := d.listen(server.URL, c.origin)
		if refused == nil || refused.StatusCode != c.status {
			t.Errorf("%s: %v, want %d", c.name, refused, c.status)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		r := httptest.NewRequest(method, api.RouteVaultChanges, nil)
		answer := httptest.NewRecorder()
		if method == http.MethodHead {
			r.Header.Set("Upgrade", "websocket")
		}
		if w.handler.ServeHTTP(answer, r); answer.Code != http.StatusUpgradeRequired || answer.Header().Get("Upgrade") != "websocket" {
			t.Errorf("%s without a WebSocket: %d", method, answer.Code)
		}
	}
}
