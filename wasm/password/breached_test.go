package password_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/password"
)

// SHA-1 of "password" is 5BAA6 1E4C9B93F3F0682250B6CF8331B7EE68FD8.
const passwordSuffix = "1E4C9B93F3F0682250B6CF8331B7EE68FD8"

func TestRangeQuerySplitsTheDigest(t *testing.T) {
	prefix, suffix := password.RangeQuery("password")
	if prefix != "5BAA6" || suffix != passwordSuffix {
		t.Fatalf("%s %s", prefix, suffix)
	}
}

func TestRangeAnswers(t *testing.T) {
	other := strings.Repeat("0", 35)
	tests := []struct {
		name, answer string
		count        int
		bad          bool
	}{
		{"found", other + ":3\r\n" + passwordSuffix + ":9545824\r\n", 9545824, false},
		{"found in lower case", strings.ToLower(passwordSuffix) + ":7", 7, false},
		{"not found", other + ":3\r\n", 0, false},
		{"padding is not a breach", passwordSuffix + ":0\r\n", 0, false},
		{"empty", "", 0, false},
		{"a page of HTML", "<!doctype html>\n", 0, true},
		{"short suffix", passwordSuffix[1:] + ":1", 0, true},
		{"no count", passwordSuffix + ":", 0, true},
		{"negative count", passwordSuffix + ":-1", 0, true},
		{"huge count", passwordSuffix + ":99999999999999999999", 0, true},
		{"not hex", strings.Repeat("G", 35) + ":1", 0, true},
		{"bad line after the hit", passwordSuffix + ":1\r\nx", 0, true},
		{"too large", strings.Repeat(other+":3\r\n", 60_000), 0, true},
	}
	for _, test := range tests {
		count, err := password.ParseRange([]byte(test.answer), passwordSuffix)
		if count != test.count || errors.Is(err, password.ErrRange) != test.bad {
			t.Errorf("%s: %d, %v", test.name, count, err)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	f.Add([]byte(passwordSuffix + ":12\r\n"))
	f.Add([]byte(":\n::\r"))
	f.Fuzz(func(t *testing.T, data []byte) {
		count, err := password.ParseRange(data, passwordSuffix)
		if count < 0 || (err != nil && count != 0) {
			t.Fatal(count, err)
		}
	})
}
