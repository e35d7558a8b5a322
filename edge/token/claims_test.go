//go:build !js

package token_test

import (
	"strings"
	"testing"
)

func TestClaimsParameterIsReadStrictly(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	for _, bad := range []string{
		`x`, `[]`, `"email"`, `1`, `{`, `{}{}`, `{"id_token":[]}`, `{"id_token":"email"}`, `{"id_token":{"email":true}}`,
		`{"id_token":{"email":"x"}}`, `{"id_token":{"email":{"essential":"yes"}}}`, `{"id_token":{"sub":{"value":1}}}`,
		`{"id_token":{"sub":{"values":"x"}}}`, `{"id_token":{"acr":{"values":[1]}}}`,
		`{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}`,            // two people
		`{"id_token":{},"id_token":{}}`, `{"id_token":{"sub":null,"sub":{"value":"x"}}}`, // what one reader sees, another does not
		`{"x":"` + strings.Repeat("x", 4096) + `"}`,
	} {
		if query := b.front("claims", bad).to(t).Query(); query.Get("error") != "invalid_request" || query.Get("state") != "st" {
			t.Errorf("%.60s: %v", bad, query)
		}
	}
	for _, good := range []string{
		`{}`, `{"id_token":null}`, `{"userinfo":{}}`, ` { "userinfo" : { "email" : null } } `, `{"userinfo":{"urn:x":{"value":{"deep":[1,2]}}}}`,
		`{"verified_claims":{"x":1}}`, `{"id_token":{"auth_time":{"essential":true},"acr":null}}`, `{"userinfo":{"email#de":{"essential":false}}}`,
		`{"x":` + strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat(`}`, 200) + `}`, // as deep as it may be long
	} {
		if query := b.front("claims", good).to(t).Query(); query.Get("code") == "" {
			t.Errorf("%s: %v", good, query)
		}
	}
}
