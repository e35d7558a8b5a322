//go:build !js

package server_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

// What keeps people's passwords and passkeys finds where they are changed.
func TestCredentialManagersFindTheirPages(t *testing.T) {
	b := newWorld(t, "").browser()
	if res := b.get("/.well-known/change-password"); res.StatusCode != http.StatusFound || res.Header.Get("Location") != "/account#change" {
		t.Errorf("%d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	if res := b.get("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"); res.StatusCode != http.StatusNotFound {
		t.Errorf("whatever is asked for is there: %d", res.StatusCode)
	}
	var pages struct{ Enroll, Manage string }
	res := b.get("/.well-known/passkey-endpoints")
	if err := json.NewDecoder(res.Body).Decode(&pages); err != nil || pages.Enroll != issuer+"/security" || pages.Manage != issuer+"/security" {
		t.Errorf("%+v, %v", pages, err)
	}
}
