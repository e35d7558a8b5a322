//go:build !js

package token_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// initial makes an initial access token.
func (g *rig) initial(uses int64, terms tenant.Terms) string {
	g.Helper()
	token, hash := tenant.NewSecret()
	g.must(g.tenants.AddInitialToken(context.Background(), tenant.AddInitialTokenIn{
		ID: strings.Trim(token[:20], "-_"), Hash: hash, Uses: uses, Life: time.Hour, Terms: terms,
	}))
	return token
}

// manage sends a registration document, or none, with a bearer token.
func (g *rig) manage(method, address, token, document string) (reply, map[string]any) {
	g.Helper()
	r, err := http.NewRequest(method, g.URL+strings.TrimPrefix(address, g.URL), strings.NewReader(document))
	g.must(err)
	if r.Header.Set("Content-Type", "application/json"); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res := g.browser().do(r)
	var members map[string]any
	if len(res.body) > 0 {
		g.must(json.Unmarshal([]byte(res.body), &members))
	}
	return res, members
}

// newcomer is an application that has registered itself.
type newcomer struct {
	*rig
	id, secret, token, address string
	members                    map[string]any
}

func (g *rig) newcomer(document string, terms tenant.Terms) *newcomer {
	g.Helper()
	res, members := g.manage("POST", "/oauth2/register", g.initial(1, terms), document)
	if res.StatusCode != http.StatusCreated {
		g.Fatalf("%d %s", res.StatusCode, res.body)
	}
	n := &newcomer{rig: g, members: members, address: members["registration_client_uri"].(string)}
	n.id, n.token = members["client_id"].(string), members["registration_access_token"].(string)
	n.secret, _ = members["client_secret"].(string)
	return n
}

const aRegistration = `{"redirect_uris": ["https://new.test/cb"], "client_name": "Newcomer", "x_unknown": 1}`

// RFC 7591 sections 3.1 and 3.2.1.
func TestRegistrationAnswersWithEverythingThatIsRegistered(t *testing.T) {
	g := newRig(t)
	res, members := g.manage("POST", "/oauth2/register", g.initial(1, tenant.Terms{}), aRegistration)
	if res.StatusCode != http.StatusCreated || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v %s", res.StatusCode, res.Header, res.body)
	}
	for name, want := range map[string]any{
		"client_name": "Newcomer", "redirect_uris": []any{"https://new.test/cb"}, "grant_types": []any{"authorization_code"},
		"response_types": []any{"code"}, "token_endpoint_auth_method": "client_secret_basic", "application_type": "web",
		"id_token_signed_response_alg": "RS256", "subject_type": "public", "scope": "openid profile email", "client_secret_expires_at": 0.0,
		"client_id_issued_at": float64(g.now().Unix()), "x_unknown": nil, "consent": nil,
	} {
		if fmt.Sprint(members[name]) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, members[name], want)
		}
	}
	id, secret := members["client_id"].(string), members["client_secret"].(string)
	if app, err := g.tenants.Application(t.Context(), id); err != nil || !app.Dynamic || app.Consent != tenant.ConsentRequired || !app.CheckSecret(secret) {
		t.Errorf("%+v, %v", app, err)
	}
	if members["registration_client_uri"] != g.URL+"/oauth2/register/"+id || len(members["registration_access_token"].(string)) < 43 {
		t.Errorf("%v", members)
	}
}

// RFC 7591 section 3, RFC 6750 section 3.1.
func TestRegistrationNeedsAnInitialAccessToken(t *testing.T) {
	g := newRig(t)
	spent := g.initial(1, tenant.Terms{})
	g.manage("POST", "/oauth2/register", spent, aRegistration)
	expired := g.initial(1, tenant.Terms{})
	g.wait(2 * time.Hour)
	for rule, token := range map[string]string{"none": "", "unknown": "x", "spent": spent, "expired": expired} {
		res, _ := g.manage("POST", "/oauth2/register", token, aRegistration)
		challenge := res.Header.Get("WWW-Authenticate")
		if res.StatusCode != http.StatusUnauthorized || res.body != "" || strings.Contains(challenge, "invalid_token") != (token != "") {
			t.Errorf("%s: %d %s %s", rule, res.StatusCode, challenge, res.body)
		}
	}
	form := url.Values{"access_token": {g.initial(1, tenant.Terms{})}}
	if res := g.browser().post("/oauth2/register?"+form.Encode(), form); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token outside the header: %d", res.StatusCode)
	}
}

// RFC 7591 section 3.2.2.
func TestRegistrationErrors(t *testing.T) {
	g := newRig(t)
	token := g.initial(1, tenant.Terms{})
	for _, c := range []struct{ rule, document, code, description string }{
		{"redirect to a fragment", `{"redirect_uris": ["https://new.test/#x"]}`, "invalid_redirect_uri", "has a fragment"},
		{"script", `{"redirect_uris": ["javascript:alert(1)"]}`, "invalid_redirect_uri", "is not https"},
		{"no redirect", `{}`, "invalid_redirect_uri", "is empty"},
		{"unknown grant", `{"redirect_uris": ["https://new.test/cb"], "grant_types": ["password"]}`, "invalid_client_metadata", "grant_types 'password' is not supported"},
		{"names of the specification", `{"redirect_uris": ["https://new.test/cb"], "client_name": "\u202e"}`, "invalid_client_metadata", "client_name is not"},
		{"not JSON", `<x>`, "invalid_client_metadata", "is not JSON"},
		{"an array", `[]`, "invalid_client_metadata", ""},
		{"a statement", `{"software_statement": "e30.e30."}`, "unapproved_software_statement", ""},
		{"text that must not come back", `{"redirect_uris": ["https://\u0000\"\\ü.test/"]}`, "invalid_redirect_uri", ""},
	} {
		res, members := g.manage("POST", "/oauth2/register", token, c.document)
		description, _ := members["error_description"].(string)
		if res.StatusCode != http.StatusBadRequest || members["error"] != c.code || !strings.Contains(description, c.description) {
			t.Errorf("%s: %d %s", c.rule, res.StatusCode, res.body)
		}
		if strings.ContainsFunc(description, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' }) || len(description) > 300 {
			t.Errorf("%s: %q (RFC 6749 section 5.2)", c.rule, description)
		}
	}
	if res, _ := g.manage("POST", "/oauth2/register", token, `{"x": "`+strings.Repeat("a", tenant.MaxRegistration)+`"}`); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", res.StatusCode)
	}
	if res := g.browser().post("/oauth2/register", url.Values{}, "Authorization", "Bearer "+token); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a form: %d", res.StatusCode)
	}
	if res, _ := g.manage("POST", "/oauth2/register", token, aRegistration); res.StatusCode != http.StatusCreated {
		t.Errorf("failures have used the token up: %d %s", res.StatusCode, res.body)
	}
}

// SSRF by registered URLs: nothing is fetched at registration but the sector's document, and that from public hosts by name only.
func TestRegistrationIsNoWayIntoTheNetwork(t *testing.T) {
	g := newRig(t)
	g.published = func(*http.Request) (*http.Response, error) { return answer(http.StatusOK), nil }
	token := g.initial(1, tenant.Terms{})
	for _, member := range []string{"jwks_uri", "sector_identifier_uri", "backchannel_logout_uri"} {
		for _, uri := range []string{"https://169.254.169.254/latest/meta-data", "https://10.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://2130706433/",
			"https://metadata.google.internal/", "https://printer.local/", "https://intranet/", "https://a@new.example/", "http://new.example/"} {
			res, members := g.manage("POST", "/oauth2/register", token,
				fmt.Sprintf(`{"redirect_uris": ["https://new.test/cb"], "application_type": "native", %q: %q}`, member, uri))
			if res.StatusCode != http.StatusBadRequest || members["error"] != "invalid_client_metadata" {
				t.Errorf("%s %s: %d %s", member, uri, res.StatusCode, res.body)
			}
		}
	}
	if len(g.visits) > 0 {
		t.Errorf("fetched %v", g.visits)
	}
	g.manage("POST", "/oauth2/register", token, `{"redirect_uris": ["https://new.example/cb"], "jwks_uri": "https://new.example/jwks", "logo_uri": "https://new.example/logo",
		"backchannel_logout_uri": "https://new.example/out", "policy_uri": "https://new.example/policy", "token_endpoint_auth_method": "private_key_jwt"}`)
	if len(g.visits) > 0 {
		t.Errorf("fetched %v", g.visits)
	}
}

// OpenID Connect Registration 1.0 section 5, Core section 8.1.
func TestSectorIdentifierIsFetchedAndHasEveryRedirectURI(t *testing.T) {
	g := newRig(t)
	const document = `{"redirect_uris": ["https://a.new.example/cb", "https://b.new.example/cb"], "subject_type": "pairwise", "sector_identifier_uri": "https://new.example/sector"}`
	for _, c := range []struct {
		rule, body string
		status     int
		good       bool
	}{
		{"all", `["https://a.new.example/cb", "https://b.new.example/cb"]`, 200, true},
		{"one is missing", `["https://a.new.example/cb"]`, 200, false},
		{"elsewhere", `[]`, 302, false},
		{"no list", `<html>`, 200, false},
		{"too long", `["` + strings.Repeat("a", 70<<10) + `"]`, 200, false},
	} {
		g.visits = nil
		g.published = func(*http.Request) (*http.Response, error) {
			r := answer(c.status)
			r.Body = io.NopCloser(strings.NewReader(c.body))
			r.Header.Set("Location", "https://elsewhere.example/")
			return r, nil
		}
		res, members := g.manage("POST", "/oauth2/register", g.initial(1, tenant.Terms{}), document)
		if c.good != (res.StatusCode == http.StatusCreated) || !c.good && members["error"] != "invalid_client_metadata" || fmt.Sprint(g.visits) != "[https://new.example/sector]" {
			t.Errorf("%s: %d %s, fetched %v", c.rule, res.StatusCode, res.body, g.visits)
		}
		if !c.good {
			continue
		}
		if app, err := g.tenants.Application(t.Context(), members["client_id"].(string)); err != nil || app.Sector != "new.example" {
			t.Errorf("%q, %v", app.Sector, err)
		}
	}
}

// Resource exhaustion: a token that is good for one registration is not good for visits without end.
func TestRegistrationVisitsAHostSoOftenAndNoMore(t *testing.T) {
	g := newRig(t)
	token := g.initial(1, tenant.Terms{})
	const document = `{"redirect_uris": ["https://new.example/cb"], "sector_identifier_uri": "https://victim.example/sector"}`
	refused := 0
	for range 30 {
		if res, members := g.manage("POST", "/oauth2/register", token, document); res.StatusCode == http.StatusServiceUnavailable && members["error"] == "temporarily_unavailable" {
			refused++
		}
	}
	if len(g.visits) != 20 || refused != 10 {
		t.Errorf("%d visits, %d times refused", len(g.visits), refused)
	}
}

// RFC 7592 section 2.1.
func TestRegistrationIsReadWithItsToken(t *testing.T) {
	g := newRig(t)
	n := g.newcomer(aRegistration, tenant.Terms{})
	res, members := g.manage("GET", n.address, n.token, "")
	if res.StatusCode != http.StatusOK || members["client_id"] != n.id || members["client_secret"] != nil || members["registration_access_token"] != n.token || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	other := g.newcomer(aRegistration, tenant.Terms{})
	for rule, try := range map[string][2]string{
		"another's token": {n.address, other.token}, "no token": {n.address, ""}, "the client secret": {n.address, n.secret},
		"no such application": {"/oauth2/register/dynamic.nobody", n.token}, "one of the operator's": {"/oauth2/register/shop", n.token},
	} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if res, _ := g.manage(method, try[0], try[1], aRegistration); res.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s: %d", method, rule, res.StatusCode)
			}
		}
	}
}

// RFC 7592 section 2.2: everything is replaced, and the token with it.
func TestRegistrationIsReplacedAsAWhole(t *testing.T) {
	g := newRig(t)
	n := g.newcomer(`{"redirect_uris": ["https://new.test/cb"], "client_name": "Newcomer", "contacts": ["a@new.test"]}`, tenant.Terms{})
	update := func(token, members string) (reply, map[string]any) {
		return g.manage("PUT", n.address, token, `{"redirect_uris": ["https://new.test/cb2"], `+members+`}`)
	}
	for rule, members := range map[string]string{
		"no client_id": `"client_name": "B"`, "another client_id": `"client_id": "shop"`,
		"another secret": `"client_id": "` + n.id + `", "client_secret": "chosen by the client itself, which is not how it goes"`,
		"bad metadata":   `"client_id": "` + n.id + `", "grant_types": ["password"]`,
	} {
		if res, body := update(n.token, members); res.StatusCode != http.StatusBadRequest || body["error"] != "invalid_client_metadata" {
			t.Errorf("%s: %d %s", rule, res.StatusCode, res.body)
		}
	}
	res, members := update(n.token, `"client_id": "`+n.id+`", "client_secret": "`+n.secret+`"`)
	next, _ := members["registration_access_token"].(string)
	if res.StatusCode != http.StatusOK || next == n.token || members["contacts"] != nil || members["client_secret"] != nil ||
		fmt.Sprint(members["redirect_uris"]) != "[https://new.test/cb2]" || members["client_id_issued_at"] != n.members["client_id_issued_at"] {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if app, err := g.tenants.Application(t.Context(), n.id); err != nil || !app.CheckSecret(n.secret) || app.MatchRedirect("https://new.test/cb") || app.Consent != tenant.ConsentRequired {
		t.Errorf("%+v, %v", app, err)
	}
	if res, _ := g.manage("GET", n.address, next, ""); res.StatusCode != http.StatusOK {
		t.Errorf("the new token: %d", res.StatusCode)
	}
	if res, _ := g.manage("GET", n.address, n.token, ""); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old token: %d", res.StatusCode)
	}
	_, members = update(next, `"client_id": "`+n.id+`", "token_endpoint_auth_method": "none"`)
	next = members["registration_access_token"].(string)
	if app, _ := g.tenants.Application(t.Context(), n.id); !app.Public() || app.CheckSecret(n.secret) {
		t.Error("a secret that is no longer used is kept")
	}
	if _, members = update(next, `"client_id": "`+n.id+`"`); members["client_secret"] == nil || members["client_secret"] == n.secret {
		t.Errorf("a new way to authenticate has no new secret: %v", members)
	}
}

// RFC 7592 section 2.3.
func TestUnregisteredApplicationCanDoNothing(t *testing.T) {
	g := newRig(t)
	n := g.newcomer(`{"grant_types": ["client_credentials"], "client_name": "Night shift"}`, tenant.Terms{Resources: []string{ordersAPI}})
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {ordersAPI}}
	res := g.browser().post("/oauth2/token", form, "Authorization", basic(n.id, n.secret))
	var got tokens
	if g.must(json.Unmarshal([]byte(res.body), &got)); got.AccessToken == "" {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if g.introspection("warehouse", got.AccessToken)["active"] != true {
		t.Error("the token is not active")
	}
	if res, _ := g.manage("DELETE", n.address, n.token, ""); res.StatusCode != http.StatusNoContent || res.body != "" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	if g.introspection("warehouse", got.AccessToken)["active"] != false {
		t.Error("the token outlives its application")
	}
	if res := g.browser().post("/oauth2/token", form, "Authorization", basic(n.id, n.secret)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("token endpoint: %d", res.StatusCode)
	}
	if to := g.browser().authorize("client_id", n.id).to(t); to.Path != "/error" {
		t.Errorf("authorization endpoint: %s", to)
	}
	if res, _ := g.manage("GET", n.address, n.token, ""); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("configuration endpoint: %d", res.StatusCode)
	}
}
