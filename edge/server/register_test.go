//go:build !js

package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

// TestAnApplicationRegistersItself goes the whole way: an operator's token, a registration, its management and its end.
func TestAnApplicationRegistersItself(t *testing.T) {
	w := newWorld(t, "")
	var initial tenant.NewInitialToken
	w.operate(http.MethodPost, tenant.RouteInitialTokens, `{"uses": 1}`, &initial)
	manage := func(method, address, token, body string) (int, map[string]any) {
		r := httptest.NewRequest(method, address, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		answer := w.send(r)
		members := map[string]any{}
		if answer.Body.Len() > 0 {
			w.must(json.Unmarshal(answer.Body.Bytes(), &members))
		}
		return answer.Code, members
	}
	status, members := manage(http.MethodPost, issuer+token.RouteRegister, initial.Token, `{"redirect_uris": ["https://partner.example/cb"]}`)
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, members)
	}
	id, address, management := members["client_id"].(string), members["registration_client_uri"].(string), members["registration_access_token"].(string)

	var list tenant.Listing
	w.operate(http.MethodGet, tenant.RouteApplications, "", &list)
	if len(list.Applications) != 1 || list.Applications[0].ClientID != id || !list.Applications[0].Dynamic {
		t.Errorf("%+v", list)
	}
	if status, _ := manage(http.MethodGet, address, management, ""); status != http.StatusOK {
		t.Errorf("GET: %d", status)
	}
	status, members = manage(http.MethodPut, address, management, `{"client_id": "`+id+`", "redirect_uris": ["https://partner.example/new"]}`)
	if status != http.StatusOK {
		t.Fatalf("PUT: %d %v", status, members)
	}
	if status, _ := manage(http.MethodPost, address, management, "{}"); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", status)
	}
	if status, _ := manage(http.MethodDelete, address, members["registration_access_token"].(string), ""); status != http.StatusNoContent {
		t.Errorf("DELETE: %d", status)
	}
	for _, secret := range []string{initial.Token, management} {
		if strings.Contains(w.logged(), secret) {
			t.Error("a token is in the log")
		}
	}
}
