package tenant

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

const secret = "q1w2e3r4t5y6u7i8o9p0aAsSdDfFgGhHjJkKlLzZxXc="

// shop is an entry that is right, changed by edits of "member": JSON; an empty edit takes the member out.
func shop(edits map[string]string) string {
	members := map[string]string{
		"client_id": `"shop"`, "name": `"Hinge & Bolt"`, "client_secret": `"` + secret + `"`,
		"redirect_uris": `["https://shop.example/auth/callback"]`,
	}
	for name, value := range edits {
		if members[name] = value; value == "" {
			delete(members, name)
		}
	}
	var list []string
	for name, value := range members {
		list = append(list, fmt.Sprintf("%q: %s", name, value))
	}
	slices.Sort(list)
	return "{" + strings.Join(list, ", ") + "}"
}

func file(entries ...string) []byte {
	return []byte(`{"applications": [` + strings.Join(entries, ", ") + `]}`)
}

func parsed(t *testing.T, data []byte) Application {
	t.Helper()
	f, err := Parse(data)
	if err != nil || len(f.Applications) != 1 {
		t.Fatalf("%s: %v", data, err)
	}
	return f.Applications[0]
}

func TestDefaults(t *testing.T) {
	app := parsed(t, file(shop(nil)))
	sum := sha256.Sum256([]byte(secret))
	if app.Kind != AppWeb || app.IDTokenAlg != "ES256" || !app.MayUse(GrantCode) || len(app.ResponseModes) != 2 || len(app.Scopes) != 3 {
		t.Errorf("%+v", app)
	}
	if string(app.SecretHash) != string(sum[:]) || app.Public() || app.EncryptionKey != nil {
		t.Errorf("%+v", app)
	}
}

func TestOnlyTheHashOfASecretIsKept(t *testing.T) {
	app := parsed(t, file(shop(nil)))
	data, _ := json.Marshal(app)
	if strings.Contains(string(data), secret) {
		t.Errorf("%s", data)
	}
	for given, want := range map[string]bool{secret: true, secret[1:]: false, "": false, strings.ToUpper(secret): false} {
		if app.CheckSecret(given) != want {
			t.Errorf("CheckSecret(%q) is not %v", given, want)
		}
	}
	public := parsed(t, file(shop(map[string]string{"client_secret": "", "public": "true"})))
	if !public.Public() || public.CheckSecret("") || public.CheckSecret(secret) {
		t.Error("a public client has a right secret")
	}
}

func TestParseNamesApplicationFieldAndWhatToDo(t *testing.T) {
	for _, c := range []struct {
		rule, member, value, want string
	}{
		{"unknown member", "redirect_url", `"x"`, `unknown member "redirect_url": remove it or correct its spelling (known: redirect_uris)`},
		{"another case", "Name", `"x"`, `unknown member "Name"`},
		{"wrong type", "redirect_uris", `"https://shop.example/"`, `has "redirect_uris" as string, want a list in brackets`},
		{"text for truth", "public", `"true"`, `has "public" as string, want true or false`},
		{"text for a number", "sign_in_frequency", `"60"`, `has "sign_in_frequency" as string, want a whole number`},
		{"number for text", "name", `5`, `has "name" as number, want text`},
		{"list for an object", "exchange", `[]`, `has "exchange" as array, want an object`},
		{"no client id", "client_id", ``, "client_id is not 1 to 64"},
		{"client id with a space", "client_id", `"my shop"`, "client_id is not 1 to 64"},
		{"no name", "name", ``, "name is not 1 to 64 printable"},
		{"name with a line break", "name", `"a\nb"`, "name is not"},
		{"name that turns around", "name", `"a\u202eb"`, "name is not"},
		{"impersonation by a host that reads like another", "redirect_uris", `["https://%D0%B0pple.com/cb"]`, "the host in ASCII"},
		{"impersonation by a name of nothing", "name", `"\u3164"`, "name is not"},
		{"impersonation by a name with nothing in it", "name", `"Shop\u2800\u2800\u2800"`, "name is not"},
		{"no secret", "client_secret", ``, `client_secret is missing: make one with "openssl rand -hex 32"`},
		{"short secret", "client_secret", `"` + secret[:42] + `"`, "client_secret is not 32 random bytes"},
		{"secret that repeats", "client_secret", `"` + strings.Repeat("a", 50) + `"`, "client_secret is not 32 random bytes"},
		{"secret with a space", "client_secret", `"` + secret + ` "`, "client_secret is not 32 random bytes"},
		{"secret and public", "public", `true`, "public is true, but there is a client_secret"},
		{"unknown kind", "kind", `"spa"`, "kind is not supported: use one of web, native"},
		{"no redirect URI", "redirect_uris", `[]`, "redirect_uris is empty"},
		{"http", "redirect_uris", `["http://shop.example/"]`, "is not https"},
		{"loopback of a web application", "redirect_uris", `["http://127.0.0.1/"]`, `say "kind": "native"`},
		{"custom scheme", "redirect_uris", `["com.example.shop:/cb"]`, "is not https"},
		{"script", "redirect_uris", `["javascript:alert(1)"]`, "is not https"},
		{"relative", "redirect_uris", `["/cb"]`, "is not https"},
		{"wildcard", "redirect_uris", `["https://*.shop.example/"]`, "has a wildcard"},
		{"fragment", "redirect_uris", `["https://shop.example/#x"]`, "has a fragment"},
		{"user information", "redirect_uris", `["https://shop.example@evil.example/"]`, "not written in normal form"},
		{"backslash", "redirect_uris", `["https://evil.example\\@shop.example/"]`, "not written in normal form"},
		{"line break", "redirect_uris", `["https://shop.example/\r\nX: y"]`, "not written in normal form"},
		{"too long", "redirect_uris", `["https://shop.example/` + strings.Repeat("a", 500) + `"]`, "longer than 512"},
		{"bad sign-out address", "post_logout_redirect_uris", `["http://shop.example/"]`, "post_logout_redirect_uris"},
		{"back channel in clear", "backchannel_logout_uri", `"http://shop.example/b"`, "backchannel_logout_uri"},
		{"back channel on loopback", "backchannel_logout_uri", `"http://127.0.0.1/b"`, "backchannel_logout_uri"},
		{"front channel elsewhere", "frontchannel_logout_uri", `"https://other.example/f"`, "another scheme, host or port"},
		{"password grant", "grant_types", `["password"]`, `grant_types "password" is not supported`},
		{"unknown mode", "response_modes", `["query", "web_message"]`, `response_modes "web_message" is not supported`},
		{"unknown scope", "scopes", `["openid", "admin"]`, `scopes "admin" is not supported`},
		{"no openid", "scopes", `["email"]`, "scopes lacks openid"},
		{"unsigned ID tokens", "id_token_signed_response_alg", `"none"`, "id_token_signed_response_alg is not supported"},
		{"symmetric ID tokens", "id_token_signed_response_alg", `"HS256"`, "id_token_signed_response_alg is not supported"},
		{"algorithm without key", "id_token_encrypted_response_alg", `"RSA-OAEP-256"`, "encryption_key is missing"},
		{"no key", "encryption_key", `{"kty":"nothing"}`, "encryption_key is not a JSON Web Key"},
	} {
		_, err := Parse(file(shop(map[string]string{c.member: c.value})))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.rule, err, c.want)
			continue
		}
		name := "application shop"
		if c.member == "client_id" {
			name = "application #1"
		}
		if !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", c.rule, err)
		}
	}
}

func TestParseRefusesFiles(t *testing.T) {
	for rule, c := range map[string]struct{ data, want string }{
		"nothing":               {"", "is not JSON"},
		"no object":             {"[]", "the file"},
		"null":                  {"null", "is not a JSON object"},
		"empty":                 {"{}", "nothing to do"},
		"unknown member":        {`{"applications": [], "tenant": 1}`, `unknown member "tenant"`},
		"twice the same member": {`{"remove": ["a"], "remove": ["b"]}`, "twice"},
		"rubbish behind":        {`{"remove": ["a"]} x`, "is not JSON"},
		"two objects":           {`{"remove": ["a"]}{}`, "is not JSON"},
		"an entry is no object": {`{"applications": [7]}`, "application #1"},
		"the same twice":        {string(file(shop(nil), shop(nil))), "in the file twice"},
		"add and remove":        {strings.TrimSuffix(string(file(shop(nil))), "}") + `, "remove": ["shop"]}`, "both in applications and in remove"},
		"remove nothing":        {`{"remove": [""]}`, "no client id"},
		"too large":             {`{"remove": ["` + strings.Repeat("a", MaxFile) + `"]}`, "larger than 256 KiB"},
		"too many":              {`{"remove": [` + strings.Repeat(`"a",`, 200) + `"b"]}`, "more than 200"},
	} {
		if _, err := Parse([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", rule, err, c.want)
		}
	}
}

func TestParseTellsAllFaultsAtOnce(t *testing.T) {
	_, err := Parse(file(shop(map[string]string{"name": "", "kind": `"x"`}), shop(map[string]string{"client_id": `"b"`, "redirect_uris": "[]"})))
	if faults, ok := err.(Faults); !ok || len(faults) != 3 {
		t.Errorf("%v", err)
	}
}

func jwk(t *testing.T, key any, edit func(k *jose.JSONWebKey)) string {
	t.Helper()
	k := jose.JSONWebKey{Key: key, KeyID: "e1"}
	if edit != nil {
		edit(&k)
	}
	data, err := k.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEncryptionKey(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ed, _, _ := ed25519.GenerateKey(rand.Reader)
	private := "never send a private or symmetric key"
	for _, c := range []struct {
		rule, key, alg, enc string
		wantAlg, want       string
	}{
		{"EC", jwk(t, ec.Public(), nil), "", "", "ECDH-ES+A256KW", ""},
		{"EC, direct", jwk(t, ec.Public(), nil), "ECDH-ES", "A128CBC-HS256", "ECDH-ES", ""},
		{"RSA", jwk(t, rsaKey.Public(), nil), "", "", "RSA-OAEP-256", ""},
		{"algorithm of the key", jwk(t, ec.Public(), func(k *jose.JSONWebKey) { k.Algorithm = "ECDH-ES" }), "", "", "ECDH-ES", ""},
		{"for encryption", jwk(t, ec.Public(), func(k *jose.JSONWebKey) { k.Use = "enc" }), "", "", "ECDH-ES+A256KW", ""},
		{"for signatures", jwk(t, ec.Public(), func(k *jose.JSONWebKey) { k.Use = "sig" }), "", "", "", `"use" other than "enc"`},
		{"two algorithms", jwk(t, ec.Public(), func(k *jose.JSONWebKey) { k.Algorithm = "ECDH-ES" }), "ECDH-ES+A256KW", "", "", `is not the "alg"`},
		{"algorithm of another type", jwk(t, ec.Public(), nil), "RSA-OAEP-256", "", "", "is not supported"},
		{"RSA1_5", jwk(t, rsaKey.Public(), nil), "RSA1_5", "", "", "is not supported"},
		{"unknown enc", jwk(t, rsaKey.Public(), nil), "", "A128GCMKW", "", "is not supported"},
		{"private EC", jwk(t, ec, nil), "", "", "", private},
		{"private RSA", jwk(t, rsaKey, nil), "", "", "", private},
		{"symmetric", jwk(t, []byte(secret), nil), "", "", "", private},
		{"Ed25519 cannot encrypt", jwk(t, ed, nil), "", "", "", "is not a public EC or RSA key"},
		{"short RSA", `{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("q", 171) + `"}`, "", "", "", "encryption_key"},
		{"point off the curve", `{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`, "", "", "", "encryption_key"},
	} {
		edits := map[string]string{"encryption_key": c.key}
		if c.alg != "" {
			edits["id_token_encrypted_response_alg"] = `"` + c.alg + `"`
		}
		if c.enc != "" {
			edits["id_token_encrypted_response_enc"] = `"` + c.enc + `"`
		}
		f, err := Parse(file(shop(edits)))
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", c.rule, err, c.want)
			}
			continue
		}
		if err != nil || f.Applications[0].EncryptionAlg != c.wantAlg {
			t.Errorf("%s: %v, %+v", c.rule, err, f.Applications)
			continue
		}
		usable(t, c.rule, f.Applications[0])
	}
}

// usable encrypts to the key as edge/token does.
func usable(t *testing.T, rule string, app Application) {
	t.Helper()
	to := jose.Recipient{Algorithm: jose.KeyAlgorithm(app.EncryptionAlg), Key: app.EncryptionKey}
	encrypter, err := jose.NewEncrypter(jose.ContentEncryption(app.EncryptionEnc), to, nil)
	if err == nil {
		_, err = encrypter.Encrypt([]byte("tag"))
	}
	if err != nil {
		t.Errorf("%s: cannot encrypt: %v", rule, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file(shop(nil)))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			if faults, ok := err.(Faults); !ok || len(faults) == 0 || err.Error() == "" {
				t.Errorf("fault without words: %v", err)
			}
			return
		}
		for _, app := range file.Applications {
			if len(check(app)) > 0 || app.Dynamic || app.answersIn() && !app.MatchRedirect(app.RedirectURIs[0]) {
				t.Errorf("accepted %+v", app)
			}
		}
	})
}
