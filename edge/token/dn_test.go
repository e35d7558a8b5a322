package token

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"
)

func TestDistinguishedNamesAreComparedByMeaning(t *testing.T) {
	name := pkix.Name{CommonName: "shop, inc.", Organization: []string{"Example #1"}, Country: []string{"DE"}, OrganizationalUnit: []string{"a+b"}}
	subject, err := asn1.Marshal(name.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		name.String(), `CN=shop\, inc.,OU=a\+b,O=Example #1,C=DE`, `cn=shop\2c inc., ou=a\2Bb, o=Example #1, c=DE`, `2.5.4.3=shop\, inc.,OU=a\+b,O=Example \#1,C=DE`,
	} {
		if !sameName(text, subject) {
			t.Errorf("%s is another name", text)
		}
	}
	for _, text := range []string{
		"", "CN=shop", `C=DE,O=Example #1,OU=a\+b,CN=shop\, inc.`, `CN=shop\, inc.,OU=a\+b,O=Example #1`, `CN=shop\, inc.,OU=a\+b,O=Example #1,C=DE,C=DE`,
		`CN=shop\, inc.,OU=a+b=c,O=Example #1,C=DE`, `CN=shop, inc.,OU=a\+b,O=Example #1,C=DE`, `CN=SHOP\, inc.,OU=a\+b,O=Example #1,C=DE`,
		`CN=shop\, inc.,OU=a\+b,O=Example #1,C=DE,`, `CN=shop\, inc.,OU=a\+b,O=,C=DE`, `CN="shop, inc.",OU=a\+b,O=Example #1,C=DE`, `CN=shop\`,
	} {
		if sameName(text, subject) {
			t.Errorf("%s is the name", text)
		}
	}
	if sameName("CN=x", []byte("no DER")) || sameName("CN=x", nil) {
		t.Error("what is no name has one")
	}
}

func FuzzDistinguishedName(f *testing.F) {
	f.Add(`CN=shop\, inc.,OU=a\+b+O=Example #1,C=DE`)
	f.Fuzz(func(t *testing.T, text string) {
		name, ok := parseName(text)
		for _, part := range name {
			for _, attribute := range part {
				if ok && !strings.Contains(attribute, "=") {
					t.Errorf("%q: %q", text, name)
				}
			}
		}
		sameName(text, []byte(text))
	})
}
