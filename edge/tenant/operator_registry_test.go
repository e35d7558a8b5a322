//go:build !js

package tenant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// office is the operator's routes over a real registry.
type office struct {
	*testing.T
	service *Service
	deps    Deps
	log     bytes.Buffer
}

func newOffice(t *testing.T) *office {
	host, c := newHost(t)
	o := &office{T: t, service: NewService(ServiceDeps{Host: host, Now: c.Now})}
	o.deps = Deps{Applications: o.service, OperatorKey: operatorKey, Log: slog.New(slog.NewJSONHandler(&o.log, nil))}
	return o
}

func (o *office) send(method, route, body string, out any) int {
	o.Helper()
	r := httptest.NewRequest(method, route, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+operatorKey)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	operator(o.deps).ServeHTTP(w, r)
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			o.Fatalf("%s %s: %d %s", method, route, w.Code, w.Body)
		}
	}
	return w.Code
}

func TestEveryRouteIsTheOperatorsAlone(t *testing.T) {
	o := newOffice(t)
	for _, route := range []string{"PUT /operator/applications", "GET /operator/applications", "DELETE /operator/applications/shop",
		"POST /operator/initial-access-tokens", "GET /operator/initial-access-tokens", "DELETE /operator/initial-access-tokens/i1"} {
		method, path, _ := strings.Cut(route, " ")
		for _, key := range []string{"", "Bearer x", "Bearer " + operatorKey[1:], "Basic " + operatorKey} {
			r := httptest.NewRequest(method, path, strings.NewReader("{}"))
			r.Header.Set("Authorization", key)
			w := httptest.NewRecorder()
			if operator(o.deps).ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
				t.Errorf("%s with %q: %d", route, key, w.Code)
			}
		}
	}
}

func TestOperatorGivesOutInitialAccessTokens(t *testing.T) {
	o := newOffice(t)
	var made NewInitialToken
	if code := o.send("POST", RouteInitialTokens, `{"uses": 2, "expires_in": 600, "note": "demo", "resources": ["https://api.example/"]}`, &made); code != http.StatusOK {
		t.Fatal(code)
	}
	terms, err := o.service.Terms(t.Context(), HashSecret(made.Token))
	if err != nil || len(terms.Resources) != 1 || made.Uses != 2 || made.Expires != 600 {
		t.Errorf("%+v, %+v, %v", made, terms, err)
	}
	if strings.Contains(o.log.String(), made.Token) {
		t.Error("the token is in the log")
	}
	var list InitialTokenList
	if o.send("GET", RouteInitialTokens, "", &list); len(list.Tokens) != 1 || list.Tokens[0].ID != made.ID || list.Tokens[0].Note != "demo" {
		t.Errorf("%+v", list)
	}
	for rule, body := range map[string]string{
		"too many uses": `{"uses": 1001}`, "negative uses": `{"uses": -1}`, "too long": `{"expires_in": 7776001}`, "over": `{"expires_in": 9223372036854775807}`,
		"past": `{"expires_in": -1}`, "so far in the past that it comes round": `{"expires_in": -18446744000}`, "long note": `{"note": "` + strings.Repeat("a", 129) + `"}`, "unknown member": `{"use": 1}`, "not JSON": `x`,
		"no resource": `{"resources": ["#"]}`, "exchange for nothing": `{"exchange": {"audiences": []}}`,
	} {
		if code := o.send("POST", RouteInitialTokens, body, nil); code != http.StatusBadRequest {
			t.Errorf("%s: %d", rule, code)
		}
	}
	if _, err := o.service.Register(t.Context(), RegisterIn{Token: HashSecret(made.Token), Management: HashSecret("m"), Application: stranger(t, "dynamic.a", aDocument)}); err != nil {
		t.Fatal(err)
	}
	var gone RevokeInitialTokenOut
	if o.send("DELETE", RouteInitialTokens+"/"+made.ID+"?applications=true", "", &gone); len(gone.Applications) != 1 {
		t.Errorf("%+v", gone)
	}
	if _, err := o.service.Terms(t.Context(), HashSecret(made.Token)); !errors.Is(err, ErrInitialToken) {
		t.Errorf("revoked: %v", err)
	}
	if code := o.send("DELETE", RouteInitialTokens+"/", "", nil); code != http.StatusNotFound {
		t.Errorf("no id: %d", code)
	}
}

func TestOperatorListsAndRemoves(t *testing.T) {
	o := newOffice(t)
	if code := o.send("PUT", RouteApplications, string(file(shop(nil))), nil); code != http.StatusOK {
		t.Fatal(code)
	}
	var list Listing
	if o.send("GET", RouteApplications, "", &list); len(list.Applications) != 1 || list.Applications[0].ClientID != "shop" || list.Next != "" {
		t.Errorf("%+v", list)
	}
	if code := o.send("GET", RouteApplications+"?after=%00", "", nil); code != http.StatusBadRequest {
		t.Errorf("after nothing: %d", code)
	}
	if code := o.send("DELETE", RouteApplications+"/shop", "", nil); code != http.StatusNoContent {
		t.Errorf("%d", code)
	}
	if _, err := o.service.Application(t.Context(), "shop"); !errors.Is(err, ErrUnknownApplication) {
		t.Errorf("%v", err)
	}
	if code := o.send("DELETE", RouteApplications+"/a/b", "", nil); code != http.StatusNotFound {
		t.Errorf("no id: %d", code)
	}
}

// What a file says must be possible: resources that are there, hosts that may be called, a sector that agrees.
func TestFileIsExaminedBeforeItIsRegistered(t *testing.T) {
	o := newOffice(t)
	var fetched []string
	o.deps.Document = func(_ context.Context, address string) ([]byte, error) {
		fetched = append(fetched, address)
		return []byte(`["https://shop.example/auth/callback"]`), nil
	}
	const resource = `"resources": [{"identifier": "https://api.example/", "name": "API"}]`
	uses := shop(edits("resources", `["https://api.example/"]`))
	sector := edits("subject_type", `"pairwise"`, "sector_identifier_uri", `"https://sector.example/s"`)
	for _, c := range []struct{ rule, body, want string }{
		{"a resource that is not there", string(file(uses)), "has https://api.example/, which is not registered"},
		{"of an exchange", string(file(shop(edits("grant_types", `["authorization_code", "`+GrantExchange+`"]`, "exchange", `{"audiences": ["https://api.example/"], "delegate": true}`)))), "exchange has"},
		{"private host", string(file(shop(edits("backchannel_logout_uri", `"https://10.0.0.1/out"`)))), "private networks"},
		{"private sector", string(file(shop(edits("sector_identifier_uri", `"https://localhost/s"`)))), "private networks"},
		{"sector", string(file(shop(sector))), ""},
		{"sector of others", string(file(shop(map[string]string{"redirect_uris": `["https://shop.example/other"]`, "subject_type": `"pairwise"`, "sector_identifier_uri": `"https://sector.example/s"`}))), "does not have every redirect URI"},
		{"a resource of the file", `{"applications": [` + uses + `], ` + resource + `}`, ""},
		{"a resource of before", string(file(uses)), ""},
		{"one that goes", `{"applications": [` + uses + `], "remove_resources": ["https://api.example/"]}`, "is not registered"},
	} {
		var answer struct{ Detail string }
		if code := o.send("PUT", RouteApplications, c.body, &answer); (code == http.StatusOK) != (c.want == "") || !strings.Contains(answer.Detail, c.want) {
			t.Errorf("%s: %d %s", c.rule, code, answer.Detail)
		}
	}
	if strings.Join(fetched, " ") != "https://sector.example/s https://sector.example/s" {
		t.Errorf("fetched %v", fetched)
	}
	o.deps.Local = true
	if code := o.send("PUT", RouteApplications, string(file(shop(edits("backchannel_logout_uri", `"https://localhost:9000/out"`)))), nil); code != http.StatusOK {
		t.Errorf("on this machine: %d", code)
	}
	o.deps.Document = nil
	if code := o.send("PUT", RouteApplications, string(file(shop(sector))), nil); code != http.StatusBadRequest {
		t.Errorf("nothing is fetched: %d", code)
	}
}
