package tenant

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const aKey = `{"kty":"EC","crv":"P-256","kid":"k1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`

const keySet = `{"keys":[` + aKey + `]}`

// edits are members in pairs of name and JSON; "" takes the member out.
func edits(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// RFC 7591 section 2.1, and what each member needs of the others.
func TestMembersThatContradictEachOtherAreRefused(t *testing.T) {
	for _, c := range []struct {
		rule  string
		edits map[string]string
		want  string
	}{
		{"id_token without implicit", edits("response_types", `["code", "id_token"]`), "lacks implicit"},
		{"implicit without id_token", edits("grant_types", `["authorization_code", "implicit"]`), "no response_types with id_token"},
		{"hybrid needs both", edits("response_types", `["code id_token"]`, "grant_types", `["implicit"]`), "lacks authorization_code"},
		{"code without its grant", edits("response_types", `["code"]`, "grant_types", `["client_credentials"]`), "lacks authorization_code"},
		{"tokens in addresses", edits("response_types", `["code token"]`), `response_types "code token" is not supported`},
		{"refresh of nothing", edits("grant_types", `["client_credentials", "refresh_token"]`), "nothing that gives one"},
		{"offline access without refresh", edits("scopes", `["openid", "offline_access"]`, "grant_types", `["authorization_code"]`), "add refresh_token"},
		{"none with a secret", edits("token_endpoint_auth_method", `"none"`), "client_secret is given, but"},
		{"secret method without one", edits("token_endpoint_auth_method", `"client_secret_post"`, "client_secret", ""), "client_secret is missing"},
		{"client_secret_jwt", edits("token_endpoint_auth_method", `"client_secret_jwt"`), "token_endpoint_auth_method is not supported"},
		{"public and a method", edits("public", "true", "client_secret", "", "token_endpoint_auth_method", `"private_key_jwt"`, "jwks", keySet), "public is true, but token_endpoint_auth_method"},
		{"key and secret", edits("token_endpoint_auth_method", `"private_key_jwt"`, "jwks", keySet), "client_secret is given, but"},
		{"private_key_jwt without keys", edits("token_endpoint_auth_method", `"private_key_jwt"`, "client_secret", ""), "jwks is missing"},
		{"self-signed without keys", edits("token_endpoint_auth_method", `"self_signed_tls_client_auth"`, "client_secret", ""), "jwks is missing"},
		{"both kinds of keys", edits("jwks", keySet, "jwks_uri", `"https://shop.example/jwks"`), "keep one of them"},
		{"signing algorithm of a secret", edits("token_endpoint_auth_signing_alg", `"ES256"`), "is not private_key_jwt"},
		{"HMAC assertions", edits("token_endpoint_auth_method", `"private_key_jwt"`, "client_secret", "", "jwks", keySet, "token_endpoint_auth_signing_alg", `"HS256"`), "token_endpoint_auth_signing_alg is not supported"},
		{"certificate without a name", edits("token_endpoint_auth_method", `"tls_client_auth"`, "client_secret", ""), "exactly one of"},
		{"certificate with two names", edits("token_endpoint_auth_method", `"tls_client_auth"`, "client_secret", "", "tls_client_auth_san_dns", `"shop.example"`, "tls_client_auth_san_ip", `"192.0.2.1"`), "exactly one of"},
		{"name without certificate", edits("tls_client_auth_san_dns", `"shop.example"`), "is not tls_client_auth: remove it"},
		{"no address", edits("token_endpoint_auth_method", `"tls_client_auth"`, "client_secret", "", "tls_client_auth_san_ip", `"shop"`), "is not an IP address"},
		{"no distinguished name", edits("token_endpoint_auth_method", `"tls_client_auth"`, "client_secret", "", "tls_client_auth_subject_dn", `"shop"`), "not a distinguished name"},
		{"signed requests without keys", edits("require_signed_request_object", "true"), "jwks is missing"},
		{"unsigned request objects", edits("request_object_signing_alg", `"none"`, "jwks", keySet), "request_object_signing_alg is not supported"},
		{"unsigned userinfo by name", edits("userinfo_signed_response_alg", `"none"`), "userinfo_signed_response_alg is not supported"},
		{"client credentials of a public client", edits("public", "true", "client_secret", "", "grant_types", `["client_credentials"]`, "redirect_uris", ""), "for applications that authenticate"},
		{"introspection by a public client", edits("public", "true", "client_secret", "", "introspects", `["https://api.example/"]`), "for applications that authenticate"},
		{"negative age", edits("default_max_age", "-1"), "default_max_age is not"},
		{"http in the links", edits("policy_uri", `"http://shop.example/"`), "policy_uri"},
		{"script in the links", edits("logo_uri", `"javascript:alert(1)"`), "logo_uri"},
		{"initiation with user information", edits("initiate_login_uri", `"https://a@shop.example/"`), "initiate_login_uri"},
		{"unknown subjects", edits("subject_type", `"private"`), "subject_type is not supported"},
		{"pairwise over hosts", edits("subject_type", `"pairwise"`, "redirect_uris", `["https://a.example/", "https://b.example/"]`), "sector_identifier_uri is missing"},
		{"unknown consent", edits("consent", `"none"`), "consent is not supported"},
		{"nobody assigned", edits("assignment_required", "true"), "nobody could sign in"},
		{"assigned for nothing", edits("assigned_to", `["ada@example.com"]`), "assignment_required is not true"},
		{"no person", edits("assignment_required", "true", "assigned_to", `["ada"]`), "neither a person"},
		{"wildcard inside", edits("assignment_required", "true", "assigned_to", `["*@*.example.com"]`), "neither a person"},
		{"exchange without grant", edits("exchange", `{"audiences": ["https://api.example/"], "delegate": true}`), "belong together"},
		{"grant without exchange", edits("grant_types", `["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"]`), "belong together"},
		{"resource with a fragment", edits("resources", `["https://api.example/#x"]`), "without a fragment"},
		{"contacts without end", edits("contacts", `["a","b","c","d","e","f","g","h","i"]`), "contacts has more than 8"},
		{"encryption without a key", edits("userinfo_encrypted_response_alg", `"ECDH-ES"`), "encryption_key is missing"},
		{"content encryption alone", edits("userinfo_encrypted_response_enc", `"A256GCM"`), "without an algorithm"},
		{"encryption by jwks_uri", edits("id_token_encrypted_response_alg", `"ECDH-ES"`, "jwks_uri", `"https://shop.example/jwks"`), "not by jwks_uri"},
		{"id of another kind", edits("client_id", `"dynamic.shop"`), "register themselves"},
	} {
		if _, err := Parse(file(shop(c.edits))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.rule, err, c.want)
		}
	}
}

func TestKeysOfASetArePublicAndBounded(t *testing.T) {
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	many := strings.TrimSuffix(strings.Repeat(jwk(t, ec.Public(), nil)+",", maxKeys+1), ",")
	for _, c := range []struct{ rule, set, want string }{
		{"EC", `{"keys":[` + jwk(t, ec.Public(), nil) + `]}`, ""},
		{"RSA", `{"keys":[` + jwk(t, rsaKey.Public(), nil) + `]}`, ""},
		{"Ed25519", `{"keys":[` + jwk(t, ed.Public(), nil) + `]}`, ""},
		{"private EC", `{"keys":[` + jwk(t, ec, nil) + `]}`, "never send a private"},
		{"private RSA", `{"keys":[` + jwk(t, rsaKey, nil) + `]}`, "never send a private"},
		{"private Ed25519", `{"keys":[` + jwk(t, ed, nil) + `]}`, "never send a private"},
		{"symmetric", `{"keys":[` + jwk(t, []byte(secret), nil) + `]}`, "never send a private"},
		{"the same kid", `{"keys":[` + jwk(t, ec.Public(), nil) + `,` + jwk(t, rsaKey.Public(), nil) + `]}`, "two keys of one kid"},
		{"no keys", `{"keys":[]}`, "is not a JWK set"},
		{"no set", `[]`, "is not a JWK set"},
		{"too many", `{"keys":[` + many + `]}`, "more than 16 keys"},
		{"too large", `{"keys":[` + aKey + `], "x": "` + strings.Repeat("a", maxJWKS) + `"}`, "larger than 32 KiB"},
		{"keys elsewhere", `{"keys":[` + strings.TrimSuffix(aKey, "}") + `,"x5u":"https://evil.example/x"}]}`, "x5u"},
		{"unknown kind", `{"keys":[{"kty":"oct-hidden"}]}`, "cannot be read"},
		{"short RSA", `{"keys":[{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("q", 171) + `"}]}`, "RSA key outside"},
	} {
		_, err := Parse(file(shop(edits("token_endpoint_auth_method", `"private_key_jwt"`, "client_secret", "", "jwks", c.set))))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.rule, err, c.want)
		}
	}
}

// FAPI 2.0 Security Profile sections 5.3.2.1 and 5.4.1.
func TestProfileFAPI2RefusesWhatIsOutsideIt(t *testing.T) {
	good := edits("profile", `"fapi2"`, "client_secret", "", "token_endpoint_auth_method", `"private_key_jwt"`, "jwks", keySet, "dpop_bound_access_tokens", "true")
	app := parsed(t, file(shop(good)))
	if !app.RequirePAR || app.Profile != ProfileFAPI2 || app.Public() {
		t.Errorf("%+v", app)
	}
	for _, c := range []struct{ rule, member, value, want string }{
		{"a secret", "token_endpoint_auth_method", `"client_secret_basic"`, "not one of profile fapi2"},
		{"a public client", "token_endpoint_auth_method", `"none"`, "not one of profile fapi2"},
		{"bearer tokens", "dpop_bound_access_tokens", "false", "profile fapi2 needs one of them"},
		{"RS256 ID tokens", "id_token_signed_response_alg", `"RS256"`, "not one of profile fapi2"},
		{"RS256 assertions", "token_endpoint_auth_signing_alg", `"RS256"`, "not one of profile fapi2"},
		{"RS256 requests", "request_object_signing_alg", `"RS256"`, "not one of profile fapi2"},
		{"hybrid", "response_types", `["code id_token"]`, "lacks implicit"},
		{"device codes", "grant_types", `["authorization_code", "` + GrantDevice + `"]`, "no other way than a redirect"},
		{"another profile", "profile", `"fapi1"`, "profile is not supported"},
	} {
		changed := edits(c.member, c.value)
		for name, value := range good {
			if name != c.member {
				changed[name] = value
			}
		}
		if _, err := Parse(file(shop(changed))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.rule, err, c.want)
		}
	}
}

func TestApplicationsWithoutABrowserNeedNoRedirectURI(t *testing.T) {
	for _, grants := range []string{`["client_credentials"]`, `["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]`} {
		app := parsed(t, file(shop(edits("redirect_uris", "", "grant_types", grants))))
		if len(app.ResponseTypes)+len(app.ResponseModes) != 0 || app.MayUse(GrantCode) || app.MatchRedirect("") {
			t.Errorf("%s: %+v", grants, app)
		}
	}
	app := parsed(t, file(shop(edits("redirect_uris", "", "grant_types", `["`+GrantExchange+`"]`,
		"exchange", `{"audiences": ["https://api.example/"], "delegate": true, "from": ["spa"]}`))))
	if app.Exchange == nil || !app.Exchange.Delegate || len(app.Scopes) != 0 {
		t.Errorf("%+v", app)
	}
}

// OpenID Connect Core 1.0 section 8.1.
func TestSectorIsTheHostThatWasShown(t *testing.T) {
	for _, c := range []struct {
		rule  string
		edits map[string]string
		want  string
	}{
		{"public subjects have none", edits("sector_identifier_uri", `"https://sector.example/x"`), ""},
		{"the one host", edits("subject_type", `"pairwise"`, "redirect_uris", `["https://Shop.example:8443/a", "https://shop.example/b"]`), "shop.example"},
		{"that of the document", edits("subject_type", `"pairwise"`, "sector_identifier_uri", `"https://sector.example/x"`), "sector.example"},
		{"nobody's: loopback", edits("subject_type", `"pairwise"`, "kind", `"native"`, "redirect_uris", `["http://127.0.0.1/"]`), ""},
		{"nobody's: tokens without a redirect", edits("subject_type", `"pairwise"`, "grant_types", `["authorization_code", "`+GrantDevice+`"]`), ""},
	} {
		if app := parsed(t, file(shop(c.edits))); app.Sector != c.want {
			t.Errorf("%s: %q, want %q", c.rule, app.Sector, c.want)
		}
	}
}

func TestAuthenticates(t *testing.T) {
	for rule, c := range map[string]struct {
		edits map[string]string
		want  string
	}{
		"nothing said, a secret": {nil, AuthBasic + " " + AuthPost},
		"nothing said, public":   {edits("public", "true", "client_secret", ""), AuthNone},
		"none":                   {edits("token_endpoint_auth_method", `"none"`, "client_secret", ""), AuthNone},
		"post":                   {edits("token_endpoint_auth_method", `"client_secret_post"`), AuthPost},
		"a key":                  {edits("token_endpoint_auth_method", `"private_key_jwt"`, "client_secret", "", "jwks", keySet), AuthPrivateKey},
		"a certificate":          {edits("token_endpoint_auth_method", `"tls_client_auth"`, "client_secret", "", "tls_client_auth_subject_dn", `"CN=shop"`), AuthTLS},
	} {
		app := parsed(t, file(shop(c.edits)))
		var got []string
		for _, method := range authMethods {
			if app.Authenticates(method) {
				got = append(got, method)
			}
		}
		if strings.Join(got, " ") != c.want || app.Public() != (c.want == AuthNone) {
			t.Errorf("%s: %v, want %s", rule, got, c.want)
		}
	}
}

func TestOfflineAccessBringsItsGrant(t *testing.T) {
	app := parsed(t, file(shop(edits("scopes", `["openid", "offline_access"]`))))
	if !app.MayUse(GrantRefresh) || !app.MayUse(GrantCode) {
		t.Errorf("%v", app.GrantTypes)
	}
}

// A file of before gives the registration of before: loading it again changes nothing.
func TestOldFilesMeanTheSame(t *testing.T) {
	app := parsed(t, file(shop(nil)))
	data, _ := json.Marshal(app)
	for _, member := range []string{"auth_method", "response_types", "subject_type", "sector", "consent", "profile", "resources", "jwks", "require_par"} {
		if strings.Contains(string(data), `"`+member+`":`) {
			t.Errorf("%s is stored: %s", member, data)
		}
	}
	app = app.settled()
	if app.Consent != ConsentAdministrator || app.SubjectType != SubjectPublic || len(app.ResponseTypes) != 1 || len(app.GrantTypes) != 1 {
		t.Errorf("%+v", app)
	}
}

func TestEveryMemberIsKnownAndFilled(t *testing.T) {
	for _, c := range []struct {
		of      any
		members []string
	}{{metadata{}, metadataMembers}, {entry{}, entryMembers}} {
		kind := reflect.TypeOf(c.of)
		for i := range kind.NumField() {
			name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			if name != "" && !strings.Contains(" "+strings.Join(c.members, " ")+" ", " "+name+" ") {
				t.Errorf("%s is refused by the file", name)
			}
		}
	}
	var full metadata
	v := reflect.ValueOf(&full).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case string:
			f.SetString("code")
		case bool:
			f.SetBool(true)
		case []string:
			f.Set(reflect.ValueOf([]string{"code"}))
		case *int64:
			f.Set(reflect.ValueOf(new(int64)))
		}
	}
	again, err := metadataOf(full.application())
	if err != nil || !reflect.DeepEqual(again, full) {
		t.Errorf("%v\n%+v\n%+v", err, full, again)
	}
}
