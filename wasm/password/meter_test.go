package password_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/wasm/password"
	"github.com/latchkey-id/latchkey/wasm/password/wordlist"
)

func now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// dictionary is the real one, through the asset format, built once.
var dictionary = sync.OnceValues(func() (*password.Dictionary, error) {
	lists, err := wordlist.Load("../../node_modules")
	if err != nil {
		return nil, err
	}
	var asset bytes.Buffer
	if err := password.WriteDictionary(&asset, lists); err != nil {
		return nil, err
	}
	return password.ParseDictionary(asset.Bytes())
})

func newMeter(t testing.TB) *password.Meter {
	t.Helper()
	d, err := dictionary()
	if err != nil {
		t.Fatal(err)
	}
	return password.NewMeter(password.MeterConfig{Dictionary: d, Now: now})
}

var anna = []string{"anna.schmidt@example.org", "Anna Müller-Schmidt"}

func TestScoreFollowsHowAnAttackerGuesses(t *testing.T) {
	meter := newMeter(t)
	tests := []struct {
		password string
		low, top int
		helps    password.Suggestion
	}{
		{"", 0, 0, ""},
		{"password", 0, 0, password.AvoidCommon},
		{"P@ssw0rd", 0, 1, password.AvoidSubstitutions},
		{"drowssap", 0, 0, password.AvoidSubstitutions},
		{"aaaaaaaaaaaaaaaa", 0, 0, password.AvoidRepeat},
		{"abcabcabcabcabc", 0, 1, password.AvoidRepeat},
		{"abcdefghijklmnop", 0, 0, password.AvoidSequence},
		{"987654321098", 0, 1, password.AvoidSequence},
		{"sdfghjkl;'\"", 0, 2, password.AvoidKeyboard},
		{"qwertzuiopü", 0, 1, password.AvoidKeyboard},
		{"poiuzt0987", 0, 2, password.AvoidKeyboard},
		{"22.11.1984", 0, 1, password.AvoidDates},
		{"22111984", 0, 1, password.AvoidDates},
		{"1984", 0, 0, password.AvoidDates},
		{"annaschmidt", 0, 1, password.AvoidName},
		{"tdimhcsanna", 0, 1, password.AvoidName},
		{"Password1234", 0, 1, password.AvoidCommon},
		{"sommer2024", 0, 2, ""},
		{"schmetterling", 0, 1, ""},
		{"correct horse battery staple", 4, 4, ""},
		{"correcthorsebatterystaple", 4, 4, ""},
		{"eichhörnchen tanzt im kühlschrank", 4, 4, ""},
		{"kX9#mQ2$vL7p", 4, 4, ""},
		{"D0g..................", 0, 2, password.AvoidRepeat},
	}
	for _, test := range tests {
		s := meter.Strength(test.password, anna)
		if s.Score < test.low || s.Score > test.top {
			t.Errorf("%q: score %d (%.3g guesses), want %d to %d", test.password, s.Score, s.Guesses, test.low, test.top)
		}
		if test.helps != "" && !slices.Contains(s.Suggestions, test.helps) {
			t.Errorf("%q: suggests %v, want %s", test.password, s.Suggestions, test.helps)
		}
		if s.Score >= password.Acceptable && len(s.Suggestions) > 0 {
			t.Errorf("%q: is good and still suggests %v", test.password, s.Suggestions)
		}
	}
}

func TestRulesRefuseWithTheFirstReasonThatHolds(t *testing.T) {
	meter := newMeter(t)
	tests := []struct {
		password string
		reason   password.Reason
		helps    password.Suggestion
	}{
		{"", password.ReasonBlank, password.AddWords},
		{" \t \u00a0\u2003\u200b           ", password.ReasonBlank, password.AddWords},
		{"kX9#mQ2$vL7", password.ReasonTooShort, password.MakeLonger},
		{strings.Repeat("kX9#mQ2$ ", 30), password.ReasonTooLong, password.MakeShorter},
		{"anna.schmidt@example.org", password.ReasonNamePart, password.AvoidName},
		{"Anna Müller-Schmidt", password.ReasonNamePart, password.AvoidName},
		{"annaschmidt2024", password.ReasonNamePart, password.AvoidName},
		{"4nn4.$chm1dt!!!", password.ReasonNamePart, password.AvoidName},
		{"tdimhcsannatdimhcs", password.ReasonNamePart, password.AvoidName},
		{"muller-muller-1", password.ReasonNamePart, password.AvoidName},
		{"Example!Example", password.ReasonNamePart, password.AvoidName},
		{"Password1234", password.ReasonCommon, password.AvoidCommon},
		{"P@ssw0rd!!!!", password.ReasonCommon, password.AvoidCommon},
		{"qwertyuiop[]", password.ReasonCommon, password.AvoidKeyboard},
		{"123456789012", password.ReasonCommon, password.AvoidCommon},
		{"56789abcdefg", password.ReasonWeak, password.AvoidSequence},
		{"sommersommer", password.ReasonWeak, password.AvoidRepeat},
		{"22.11.1984!!", password.ReasonWeak, password.AvoidDates},
		{"schmetterling", password.ReasonWeak, password.AddWords},
		{"correct horse battery staple", "", ""},
		{"anna likes purple tractors", "", ""},
		{"kX9#mQ2$vL7p", "", ""},
		{"пароль тридцать семь", "", ""},
		{"正しい馬電池留め金を覚える", "", ""},
	}
	for _, test := range tests {
		v := meter.Check(test.password, anna)
		if v.Reason != test.reason || v.Acceptable != (test.reason == "") {
			t.Errorf("%q: %q acceptable %v score %d, want %q", test.password, v.Reason, v.Acceptable, v.Score, test.reason)
		}
		if test.helps != "" && !slices.Contains(v.Suggestions, test.helps) {
			t.Errorf("%q: suggests %v, want %s", test.password, v.Suggestions, test.helps)
		}
	}
}

func TestEveryVeryCommonPasswordIsRefused(t *testing.T) {
	meter := newMeter(t)
	lists, err := wordlist.Load("../../node_modules")
	if err != nil {
		t.Fatal(err)
	}
	for i, word := range lists[password.ListPasswords] {
		if i > 1000 && i%11 != 0 {
			continue
		}
		for _, variant := range []string{word, word + "1234", strings.ToUpper(word) + "!"} {
			if v := meter.Check(variant, nil); v.Acceptable {
				t.Errorf("%q is accepted with score %d", variant, v.Score)
			}
		}
	}
}

func TestPasswordsThatLookTheSameHashTheSame(t *testing.T) {
	for _, same := range [][2]string{
		{"Zu\u0308rich", "Z\u00fcrich"},
		{"a\u00a0b", "a b"},
		{"a\u3000b", "a b"},
		{"\u212b", "\u00c5"},
	} {
		if password.Normalize(same[0]) != password.Normalize(same[1]) {
			t.Errorf("%+q and %+q differ", same[0], same[1])
		}
	}
	for _, kept := range []string{" edge spaces ", "UPPER", "\uff30", "tab\there"} {
		if password.Normalize(kept) != kept {
			t.Errorf("%+q is changed", kept)
		}
	}
}

func TestAMeasurementFitsIntoAKeystroke(t *testing.T) {
	meter := newMeter(t)
	hard := []string{
		strings.Repeat("1!7|4@", 50), strings.Repeat("a", 300), strings.Repeat("12.11.1984", 30),
		strings.Repeat("correct horse battery staple ", 10), strings.Repeat("ab", 10) + strings.Repeat("cd", 22),
	}
	for _, text := range hard {
		begin := time.Now()
		meter.Strength(text, anna)
		if took := time.Since(begin); took > 200*time.Millisecond {
			t.Errorf("%.20q… took %v", text, took)
		}
	}
}

func BenchmarkStrength(b *testing.B) {
	meter := newMeter(b)
	text := strings.Repeat("c0rrect h0r5e b4tt3ry st4pl3 1!7|", 2)
	for b.Loop() {
		meter.Strength(text, anna)
	}
}

func FuzzStrength(f *testing.F) {
	meter := password.NewMeter(password.MeterConfig{Now: now})
	f.Add("correct horse battery staple", "anna@example.org")
	f.Add("22.11.1984aaa1qaz", "Ann Example")
	f.Add("\xff\x00é́\u200b", "@@..")
	f.Fuzz(func(t *testing.T, text, about string) {
		s := meter.Strength(text, []string{about})
		if s.Score < 0 || s.Score > 4 || !(s.Guesses >= 1) {
			t.Fatalf("%q: %+v", text, s)
		}
		if v := meter.Check(text, []string{about}); v.Acceptable != (v.Reason == "") {
			t.Fatalf("%q: %+v", text, v)
		}
	})
}
