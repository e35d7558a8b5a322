package security

import (
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

// TestCodesOfTheSpecification are the SHA-1 rows of RFC 6238 appendix B, of whose eight digits authenticators show the last six.
func TestCodesOfTheSpecification(t *testing.T) {
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totp([]byte("12345678901234567890"), at/period); got != want {
			t.Errorf("%d: %s, want %s", at, got, want)
		}
	}
}

func TestHintsTellLittle(t *testing.T) {
	for _, c := range []struct{ kind, value, want string }{
		{"email", "ada@example.org", "a…@example.org"}, {"phone", "+4930123456", "+49 … 56"}, {"phone", "+1234567", "+12 … 67"}, {"totp", "x", ""},
	} {
		if got := hint(account.Factor{Kind: api.Proof(c.kind), Value: c.value}); got != c.want {
			t.Errorf("%s: %q", c.value, got)
		}
	}
}

func TestLanguageTags(t *testing.T) {
	for tag, want := range map[string]string{"de": "de", "en-GB": "en-GB", "": "", "de_DE": "", "\r\n": ""} {
		if got := language(tag); got != want {
			t.Errorf("%q: %q", tag, got)
		}
	}
}

// FuzzNormal: what is taken for a number or an address is one that stays as it is.
func FuzzNormal(f *testing.F) {
	f.Add("+49 (30) 123-456")
	f.Add("Ada@Example.org")
	s := &Service{}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []api.Proof{api.ProofSMS, api.ProofEmail} {
			one, err := s.Normal(kind, text)
			if err != nil {
				continue
			}
			if again, err := s.Normal(kind, one); err != nil || again != one || kind == api.ProofSMS && !api.ValidPhone(one) {
				t.Errorf("%s: %q: %q, then %q, %v", kind, text, one, again, err)
			}
		}
	})
}
