package tenant

import (
	"strings"
	"testing"
)

func TestResources(t *testing.T) {
	f, err := Parse([]byte(`{"resources": [{"identifier": "https://api.example/stock", "name": "Stock", "scopes": ["stock.read"]}]}`))
	if err != nil || len(f.Resources) != 1 {
		t.Fatal(err)
	}
	if r := f.Resources[0]; r.TokenFormat != FormatJWT || r.SigningAlg != "ES256" || r.Lifetime != 600 {
		t.Errorf("%+v", r)
	}
	entry := func(member, value string) string {
		members := map[string]string{"identifier": `"https://api.example/"`, "name": `"API"`}
		members[member] = value
		var list []string
		for name, value := range members {
			list = append(list, `"`+name+`":`+value)
		}
		return `{` + strings.Join(list, ",") + `}`
	}
	for _, c := range []struct{ rule, data, want string }{
		{"unknown member", entry("audience", `"x"`), `resource https://api.example/: has an unknown member "audience"`},
		{"relative", entry("identifier", `"/stock"`), "resource #1: identifier is not an absolute URI"},
		{"fragment", entry("identifier", `"https://api.example/#a"`), "without a fragment"},
		{"fragment without text", entry("identifier", `"https://api.example/#"`), "without a fragment"},
		{"user information", entry("identifier", `"https://a@api.example/"`), "without a fragment"},
		{"unicode", entry("identifier", `"https://äpi.example/"`), "is not an absolute URI"},
		{"no name", entry("name", `""`), "name is not"},
		{"unknown format", entry("token_format", `"paseto"`), "token_format is not supported"},
		{"unsigned", entry("signing_alg", `"none"`), "signing_alg is not supported"},
		{"too short", entry("lifetime", "1"), "lifetime is not"},
		{"too long", entry("lifetime", "86401"), "lifetime is not"},
		{"scope about people", entry("scopes", `["openid"]`), "about people"},
		{"scope with a space", entry("scopes", `["a b"]`), "with spaces"},
		{"scope twice", entry("scopes", `["a", "a"]`), "twice"},
		{"the same twice", entry("name", `"A"`) + "," + entry("name", `"B"`), "in the file twice"},
	} {
		if _, err := Parse([]byte(`{"resources": [` + c.data + `]}`)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.rule, err, c.want)
		}
	}
	if _, err := Parse([]byte(`{"remove_resources": ["x"]}`)); err == nil {
		t.Error("something that is no identifier can be removed")
	}
	for _, id := range []string{"urn:example:stock", "api://stock", "https://api.example"} {
		if fault := identifierFault(id); fault != "" {
			t.Errorf("%s %s", id, fault)
		}
	}
}
