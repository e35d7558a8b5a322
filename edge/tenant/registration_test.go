package tenant

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

const aDocument = `{"redirect_uris": ["https://stranger.example/cb"]}`

func registered(t *testing.T, document string) Application {
	t.Helper()
	r, err := ParseRegistration([]byte(document), "dynamic.x", HashSecret("secret"), Terms{})
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return r.Application
}

// RFC 7591 section 2, OpenID Connect Registration 1.0 section 2.
func TestRegistrationDefaultsAreThoseOfTheSpecifications(t *testing.T) {
	app := registered(t, aDocument)
	got := fmt.Sprintf("%s %s %v %v %s %s %v %s %s", app.Kind, app.AuthMethod, app.GrantTypes, app.ResponseTypes, app.IDTokenAlg, app.SubjectType,
		app.Scopes, app.Consent, app.Name)
	if want := "web client_secret_basic [authorization_code] [code] RS256 public [openid profile email] required stranger.example"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if !app.Dynamic || len(app.SecretHash) != 32 || app.Public() {
		t.Errorf("%+v", app)
	}
}

func TestRegistrationMetadata(t *testing.T) {
	for _, c := range []struct {
		rule, members string
		good          func(Application) bool
	}{
		{"unknown members are ignored", `"x_unknown": {"a": [1]}, "client_name#de": "Laden"`, func(Application) bool { return true }},
		{"null is nothing", `"jwks": null, "contacts": null, "scope": null`, func(a Application) bool { return len(a.Scopes) == 3 }},
		{"the name is kept", `"client_name": "Hinge & Bolt"`, func(a Application) bool { return a.Name == "Hinge & Bolt" }},
		{"a public client has no secret", `"token_endpoint_auth_method": "none"`, func(a Application) bool { return a.Public() && a.SecretHash == nil }},
		{"nor has one with a key", `"token_endpoint_auth_method": "private_key_jwt", "jwks": ` + keySet, func(a Application) bool { return !a.Public() && a.SecretHash == nil }},
		{"grant types follow from response types", `"response_types": ["id_token code"]`, func(a Application) bool {
			return a.MayUse(GrantCode) && a.MayUse(GrantImplicit) && a.ResponseTypes[0] == ResponseHybrid
		}},
		{"refresh tokens beyond the session", `"grant_types": ["authorization_code", "refresh_token"]`, func(a Application) bool { return len(a.Scopes) == 4 }},
		{"scope is what there is of it", `"scope": "email read write"`, func(a Application) bool { return fmt.Sprint(a.Scopes) == "[openid email]" }},
		{"encryption with a key of the set", `"id_token_encrypted_response_alg": "ECDH-ES", "jwks": ` + keySet, func(a Application) bool {
			return a.EncryptionKey != nil && a.EncryptionEnc == "A128CBC-HS256"
		}},
		{"userinfo alone can be encrypted", `"userinfo_encrypted_response_alg": "ECDH-ES", "jwks": ` + keySet, func(a Application) bool {
			return a.EncryptionKey != nil && a.EncryptionAlg == "" && a.UserinfoEncryptionEnc == "A128CBC-HS256"
		}},
		{"unsigned userinfo is plain", `"userinfo_signed_response_alg": "none"`, func(a Application) bool { return a.UserinfoAlg == "" }},
		{"pairwise subjects", `"subject_type": "pairwise"`, func(a Application) bool { return a.Sector == "stranger.example" }},
		{"what only an operator gives is not heard", `"profile": "fapi2", "consent": "administrator", "resources": ["urn:x"], "introspects": ["urn:x"], "exchange": {}, "assigned_to": ["*@x"]`,
			func(a Application) bool {
				return a.Profile == "" && a.Consent == ConsentRequired && a.Resources == nil && a.Introspects == nil && a.Exchange == nil && a.AssignedTo == nil
			}},
		{"no profile, stricter members all the same", `"require_pushed_authorization_requests": true, "dpop_bound_access_tokens": true`, func(a Application) bool { return a.RequirePAR && a.BoundByDPoP }},
		{"links at the own host", `"logo_uri": "https://stranger.example/logo.png"`, func(a Application) bool { return a.LogoURI != "" }},
	} {
		app := registered(t, `{"redirect_uris": ["https://stranger.example/cb"], `+c.members+`}`)
		if !c.good(app) {
			t.Errorf("%s: %+v", c.rule, app)
		}
	}
	app := registered(t, `{"grant_types": ["client_credentials"]}`)
	if len(app.RedirectURIs)+len(app.Scopes)+len(app.ResponseTypes) != 0 || app.Name != "dynamic.x" {
		t.Errorf("%+v", app)
	}
}

// Redirect confusion begins at registration: nothing is registered that two readers could understand in two ways.
func TestRegistrationRefuses(t *testing.T) {
	uri := func(s string) string { return `"redirect_uris": ["` + s + `"]` }
	for _, c := range []struct{ rule, members, field string }{
		{"no redirect URI", `"client_name": "x"`, "redirect_uris"},
		{"http", uri("http://stranger.example/cb"), "redirect_uris"},
		{"fragment", uri("https://stranger.example/cb#x"), "redirect_uris"},
		{"empty fragment", uri("https://stranger.example/cb#"), "redirect_uris"},
		{"wildcard", uri("https://*.stranger.example/cb"), "redirect_uris"},
		{"wildcard path", uri("https://stranger.example/*"), "redirect_uris"},
		{"script", uri("javascript:alert(1)//https://stranger.example/"), "redirect_uris"},
		{"data", uri("data:text/html,x"), "redirect_uris"},
		{"custom scheme", uri("com.example.app:/cb"), "redirect_uris"},
		{"user information", uri("https://bank.example@stranger.example/cb"), "redirect_uris"},
		{"backslash", uri(`https://stranger.example\\@bank.example/`), "redirect_uris"},
		{"unicode host", uri("https://bаnk.example/cb"), "redirect_uris"},
		{"percent in host", uri("https://stranger%2eexample/cb"), "redirect_uris"},
		{"line break", uri(`https://stranger.example/\r\nX: y`), "redirect_uris"},
		{"tab", uri(`https://stranger.example/\tx`), "redirect_uris"},
		{"protocol-relative", uri("//stranger.example/cb"), "redirect_uris"},
		{"no host", uri("https:///cb"), "redirect_uris"},
		{"loopback for a site", uri("http://127.0.0.1/cb"), "redirect_uris"},
		{"localhost by name for an app", uri("http://localhost/cb") + `, "application_type": "native"`, "redirect_uris"},
		{"too long", uri("https://stranger.example/" + strings.Repeat("a", 500)), "redirect_uris"},
		{"too many", `"redirect_uris": [` + strings.TrimSuffix(strings.Repeat(`"https://stranger.example/cb",`, maxURIs+1), ",") + `]`, "redirect_uris"},
		{"sign-out address", aDocument[1:len(aDocument)-1] + `, "post_logout_redirect_uris": ["http://stranger.example/"]`, "post_logout_redirect_uris"},
		{"link to another host", aDocument[1:len(aDocument)-1] + `, "logo_uri": "https://bank.example/logo.png"`, "logo_uri"},
		{"unknown kind", aDocument[1:len(aDocument)-1] + `, "application_type": "spa"`, "kind"},
		{"unknown method", aDocument[1:len(aDocument)-1] + `, "token_endpoint_auth_method": "client_secret_jwt"`, "token_endpoint_auth_method"},
		{"password grant", aDocument[1:len(aDocument)-1] + `, "grant_types": ["password"]`, "grant_types"},
		{"tokens in addresses", aDocument[1:len(aDocument)-1] + `, "response_types": ["token"]`, "response_types"},
		{"token exchange", aDocument[1:len(aDocument)-1] + `, "grant_types": ["authorization_code", "` + GrantExchange + `"]`, "exchange"},
		{"unsigned ID tokens", aDocument[1:len(aDocument)-1] + `, "id_token_signed_response_alg": "none"`, "id_token_signed_response_alg"},
		{"unsigned requests", aDocument[1:len(aDocument)-1] + `, "jwks": ` + keySet + `, "request_object_signing_alg": "none"`, "request_object_signing_alg"},
		{"private key", aDocument[1:len(aDocument)-1] + `, "jwks": {"keys": [{"kty":"oct","k":"c2VjcmV0"}]}`, "jwks"},
		{"text for a list", `"redirect_uris": "https://stranger.example/cb"`, ""},
		{"the same member twice", `"scope": "openid", "scope": "email"`, ""},
		{"deep", `"x": ` + strings.Repeat("[", 20000), ""},
		{"too large", `"x": "` + strings.Repeat("a", MaxRegistration) + `"`, ""},
	} {
		_, err := ParseRegistration([]byte("{"+c.members+"}"), "dynamic.x", HashSecret("s"), Terms{})
		faults, _ := errors.AsType[Faults](err)
		if len(faults) == 0 || faults[0].Field != c.field {
			t.Errorf("%s: %v, want %q", c.rule, err, c.field)
		}
	}
	for _, statement := range []string{`"x.y.z"`, `{}`, `1`} {
		if _, err := ParseRegistration([]byte(`{"software_statement": `+statement+`}`), "dynamic.x", nil, Terms{}); !errors.Is(err, ErrStatement) {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// SSRF by registered URLs.
func TestCalledAddressesArePublic(t *testing.T) {
	for _, field := range []string{"jwks_uri", "sector_identifier_uri", "backchannel_logout_uri"} {
		for uri, public := range map[string]bool{
			"https://stranger.example/x": true, "https://169.254.169.254/latest": false, "https://10.0.0.1/": false, "https://[::1]/": false,
			"https://metadata.google.internal/": false, "https://localhost/": false, "https://printer.local/": false,
		} {
			app := parsed(t, file(shop(edits(field, `"`+uri+`"`))))
			faults := app.Hosts(false)
			if public != (len(faults) == 0) || !public && faults[0].Field != field {
				t.Errorf("%s %s: %v", field, uri, faults)
			}
			if here := app.Hosts(true); strings.Contains(uri, "localhost") && len(here) > 0 {
				t.Errorf("on this machine: %v", here)
			}
		}
	}
}

func TestSitesThatRegisterThemselvesLeadNobodyToTheirOwnMachine(t *testing.T) {
	for _, uri := range []string{"https://127.0.0.1/cb", "https://localhost:3000/cb", "https://app.localhost/cb", "https://[::1]/cb"} {
		app := registered(t, `{"redirect_uris": ["https://stranger.example/cb", "`+uri+`"]}`)
		if faults := app.Hosts(false); len(faults) != 1 || faults[0].Field != "redirect_uris" {
			t.Errorf("%s: %v", uri, faults)
		}
		if faults := app.Hosts(true); len(faults) > 0 {
			t.Errorf("to try it out: %s: %v", uri, faults)
		}
		if faults := parsed(t, file(shop(edits("redirect_uris", `["`+uri+`"]`)))).Hosts(false); len(faults) > 0 {
			t.Errorf("by the operator: %s: %v", uri, faults)
		}
	}
}

// OpenID Connect Registration 1.0 section 5.
func TestSectorDocumentHasEveryRedirectURI(t *testing.T) {
	app := Application{RedirectURIs: []string{"https://a.example/cb", "https://b.example/cb"}}
	for document, good := range map[string]bool{
		`["https://b.example/cb", "https://a.example/cb", "https://c.example/"]`: true,
		`["https://a.example/cb"]`:                          false,
		`["https://a.example/cb", "https://b.example/cb/"]`: false,
		`[]`:     false,
		`{}`:     false,
		`<html>`: false,
		`["https://a.example/cb", "https://b.example/cb"` + strings.Repeat(`,"x"`, maxSector) + `]`: false,
	} {
		if err := app.CheckSector([]byte(document)); (err == nil) != good {
			t.Errorf("%.60s: %v", document, err)
		}
	}
}

func FuzzParseRegistration(f *testing.F) {
	f.Add([]byte(aDocument))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRegistration(data, "dynamic.x", HashSecret("s"), Terms{})
		if err != nil {
			if faults, ok := errors.AsType[Faults](err); !errors.Is(err, ErrStatement) && (!ok || len(faults) == 0 || err.Error() == "") {
				t.Errorf("fault without words: %v", err)
			}
			return
		}
		app := r.Application
		if len(check(app)) > 0 || !app.Dynamic || app.Consent != ConsentRequired || app.Introspects != nil || app.Exchange != nil || app.Resources != nil {
			t.Errorf("accepted %+v", app)
		}
		for _, uri := range app.RedirectURIs {
			if !strings.HasPrefix(uri, "https://") && app.Kind != AppNative || strings.ContainsAny(uri, "#\\* \r\n\t") {
				t.Errorf("redirects to %q", uri)
			}
		}
		members, err := app.Metadata()
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseRegistration(again, "dynamic.x", HashSecret("s"), Terms{}); err != nil {
			t.Errorf("its own metadata is refused: %v\n%s", err, again)
		}
	})
}
