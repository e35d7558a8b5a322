//go:build !js

package sync_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/sync"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// registry knows the shop, which the operator registered, and an application that registered itself.
type registry struct{}

func (registry) Application(_ context.Context, id string) (tenant.Application, error) {
	switch id {
	case "shop":
		return tenant.Application{Name: "The shop"}, nil
	case "stranger":
		return tenant.Application{Name: "Your bank", Dynamic: true}, nil
	}
	return tenant.Application{}, tenant.ErrUnknownApplication
}

// protect takes "account client" for an access token.
func protect(scope string, next func(w http.ResponseWriter, r *http.Request, account, client string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if account, client, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && scope == oauth.ScopeSettings {
			next(w, r, account, client)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
}

// installed is an application on a device of a person's.
type installed struct {
	*world
	token string
}

func (i installed) post(route string, in, out any) *api.Problem {
	i.t.Helper()
	body, err := json.Marshal(in)
	i.must(err)
	r := httptest.NewRequestWithContext(i.t.Context(), "POST", route, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", i.token)
	answer := httptest.NewRecorder()
	i.handler.ServeHTTP(answer, r)
	if answer.Code == http.StatusOK {
		i.must(json.Unmarshal(answer.Body.Bytes(), out))
		return nil
	}
	p := new(api.Problem)
	i.must(json.Unmarshal(answer.Body.Bytes(), p))
	return p
}

// begin makes the application's vault under a key, and returns its generation.
func (i installed) begin(key string) (int64, *api.Problem) {
	i.t.Helper()
	var out api.VaultGeneration
	p := i.post(sync.RouteApplicationKeysPut, api.VaultKeysPutRequest{Keys: api.VaultKeySet{
		Version: 1, Ring: []byte("ring"), Wraps: []api.VaultWrap{{ID: key, Kind: api.VaultWrapApplication, Body: []byte("wrap")}},
	}}, &out)
	return out.Generation, p
}

func (i installed) push(generation int64) *api.Problem {
	in := batch()
	in.Generation = generation
	return i.post(sync.RouteApplicationPush, in, new(api.VaultPushResponse))
}

func code(p *api.Problem) api.Code {
	if p == nil {
		return ""
	}
	return p.Code
}

// The person sees what applications keep, and erases it; the application that has the old key is told to ask for the key again.
func TestAPersonErasesWhatAnApplicationKeeps(t *testing.T) {
	w := newWorld(t, vault.Limits{}).newVault("ada")
	shop := installed{w.world, "ada shop"}
	if p := shop.post(sync.RouteApplicationKeys, struct{}{}, nil); code(p) != api.CodeVaultMissing {
		t.Errorf("before anything is kept: %v", p)
	}
	generation, p := shop.begin("k1")
	if p != nil || shop.push(generation) != nil {
		t.Fatal(p)
	}
	var list api.VaultApplications
	w.wants("list", w.post(api.RouteVaultApplications, struct{}{}, &list), "", 0)
	if len(list.Applications) != 1 {
		t.Fatalf("%+v", list)
	}
	got := list.Applications[0]
	if got.ID != "shop" || got.Name != "The shop" || !got.Verified || got.Records != 2 || got.Changed != w.clock.Now().Unix() || got.Keys.Wraps[0].ID != "k1" {
		t.Errorf("%+v", got)
	}
	var page api.VaultPullResponse
	w.wants("look", w.post(api.RouteVaultApplicationPull, api.VaultApplicationPullRequest{ID: "shop"}, &page), "", 0)
	if len(page.Records) != 1 || string(page.Records[0].Body) != "sealed" {
		t.Errorf("%+v", page)
	}
	w.wants("another one", w.post(api.RouteVaultApplicationPull, api.VaultApplicationPullRequest{ID: "mail"}, &page), api.CodeVaultMissing, 404)
	var erased api.VaultApplicationErased
	erase := api.VaultApplicationEraseRequest{ID: "shop", Collection: id(1), Record: id(2)}
	w.wants("erase", w.post(api.RouteVaultApplicationErase, erase, &erased), "", 0)
	w.wants("erase again", w.post(api.RouteVaultApplicationErase, erase, &erased), "", 0)
	w.wants("list", w.post(api.RouteVaultApplications, struct{}{}, &list), "", 0)
	if len(list.Applications) != 0 {
		t.Errorf("afterwards: %+v", list)
	}
	ask := func(rule string, p *api.Problem) {
		t.Helper()
		if code(p) != api.CodeApplicationKey || p.Status != http.StatusConflict {
			t.Errorf("%s: %v", rule, p)
		}
	}
	pull := api.VaultPullRequest{Generation: generation, Cursor: 2}
	ask("an installation that pulls", shop.post(sync.RouteApplicationPull, pull, nil))
	ask("one that pushes", shop.push(generation))
	_, p = shop.begin("k1")
	ask("one that begins with the old key", p)
	next, p := shop.begin("k2")
	if p != nil || next == generation {
		t.Fatalf("with a new key: %d, %v", next, p)
	}
	ask("the old one beside the new one", shop.post(sync.RouteApplicationPull, pull, nil))
	_, p = shop.begin("k1")
	ask("its key beside the new one", p)
}

// Beside a vault that is begun anew nothing is kept yet, and what there was comes back with the earlier vault.
func TestWhatApplicationsKeepIsPutAsideWithTheVault(t *testing.T) {
	w := newWorld(t, vault.Limits{}).newVault("ada")
	shop := installed{w.world, "ada shop"}
	w.wants("a setting", w.post(api.RouteVaultPush, batch(), new(api.VaultPushResponse)), "", 0)
	generation, _ := shop.begin("k1")
	w.wants("reset", w.post(api.RouteVaultReset, api.VaultResetRequest{Generation: 1, Keys: keySet}, new(api.VaultGeneration)), "", 0)
	if p := shop.push(generation); code(p) != api.CodeApplicationKey {
		t.Errorf("after the reset: %v", p)
	}
	if _, p := shop.begin("k1"); code(p) != api.CodeApplicationKey {
		t.Errorf("with the key that was put aside: %v", p)
	}
	w.wants("restore", w.post(api.RouteVaultRestore, api.VaultRestoreRequest{Generation: 2, Restore: 1}, new(api.VaultGeneration)), "", 0)
	if p := shop.push(generation); p != nil {
		t.Errorf("brought back: %v", p)
	}
}

// An application of one person reaches nothing of another's, and one that registered itself is listed as what it is.
func TestWhatApplicationsKeepIsThePersonsOwn(t *testing.T) {
	w := newWorld(t, vault.Limits{}).newVault("ada")
	bob := w.newVault("bob")
	stranger := installed{w.world, "ada stranger"}
	if _, p := stranger.begin("k1"); p != nil {
		t.Fatal(p)
	}
	var list api.VaultApplications
	w.wants("ada's", w.post(api.RouteVaultApplications, struct{}{}, &list), "", 0)
	if len(list.Applications) != 1 || list.Applications[0].Verified || list.Applications[0].Name != "Your bank" {
		t.Errorf("%+v", list)
	}
	w.wants("bob's", bob.post(api.RouteVaultApplications, struct{}{}, &list), "", 0)
	if len(list.Applications) != 0 {
		t.Errorf("bob's: %+v", list)
	}
	w.wants("erased by bob", bob.post(api.RouteVaultApplicationErase, api.VaultApplicationEraseRequest{ID: "stranger"}, new(api.VaultApplicationErased)), "", 0)
	w.wants("ada's", w.post(api.RouteVaultApplications, struct{}{}, &list), "", 0)
	if len(list.Applications) != 1 {
		t.Error("bob erased what is kept for ada")
	}
	for _, route := range []string{api.RouteVaultApplications, api.RouteVaultApplicationPull, api.RouteVaultApplicationErase} {
		w.wants(route, w.device("ada", "untrusted").post(route, struct{}{}, nil), api.CodeDeviceUntrusted, 403)
	}
	for rule, in := range map[string]api.VaultApplicationEraseRequest{
		"no collection": {ID: "stranger", Record: id(1)}, "no id": {ID: "stranger", Collection: id(1), Record: "x"},
	} {
		w.wants(rule, w.post(api.RouteVaultApplicationErase, in, nil), api.CodeBadRequest, 400)
	}
}
