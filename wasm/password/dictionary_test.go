package password_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/password"
	"github.com/latchkey-id/latchkey/wasm/password/wordlist"
)

func write(t testing.TB, lists map[string][]string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := password.WriteDictionary(&out, lists); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestDictionaryKeepsWordsAndRanksWithinAQuarter(t *testing.T) {
	var words []string
	for _, a := range "zyxwvutsrqponmlkjihg" {
		for _, b := range "äeiouaöü" {
			words = append(words, string([]rune{a, b, 'n', b}))
		}
	}
	d, err := password.ParseDictionary(write(t, map[string][]string{"german": words}))
	if err != nil {
		t.Fatal(err)
	}
	if d.Words() != len(words) {
		t.Fatalf("%d words, want %d", d.Words(), len(words))
	}
	meter := password.NewMeter(password.MeterConfig{Dictionary: d, Now: now})
	for i, word := range words {
		rank := float64(i + 1)
		if got := meter.Strength(word, nil).Guesses - 1; got > rank || got < rank/1.5-1 { // one guess is the price of a sequence
			t.Errorf("%s: rank %v, want about %v", word, got, rank)
		}
	}
}

func TestDictionaryDependsOnItsInputAlone(t *testing.T) {
	lists := map[string][]string{"passwords": {"123456", "Password", "password", "mit leer"}, "names": {"Müller", "x"}, "english": {"the"}}
	first := write(t, lists)
	for range 20 {
		if !bytes.Equal(first, write(t, lists)) {
			t.Fatal("output differs from run to run")
		}
	}
	if bytes.Contains(first, []byte("leer")) || !bytes.Contains(first, []byte("müller")) {
		t.Fatalf("wrong words kept:\n%s", first)
	}
	if !bytes.Contains(first, []byte("ODC-BY")) || !bytes.Contains(first, []byte("MIT licence")) {
		t.Fatal("the attribution that the licences ask for is missing")
	}
}

func TestDictionaryRefusesWhatItDidNotWrite(t *testing.T) {
	good := "latchkey dictionary 1\n"
	for _, bad := range []string{
		"", "latchkey dictionary 2\n=a\nAword\n", good + "Aword\n", good + "=a\nword\n", good + "=a\nA\n",
		good + "=a\nBword\n", good + "=a\nAabCdEe\nZx\n", good + "=a\nA\xff\n", good + "=a\nA" + strings.Repeat("x", 200),
		good + "=a\n[word\n", good + strings.Repeat("#\n", 5<<20),
	} {
		if _, err := password.ParseDictionary([]byte(bad)); !errors.Is(err, password.ErrDictionary) {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
	if err := password.WriteDictionary(&bytes.Buffer{}, map[string][]string{"a\nb": {"x"}}); !errors.Is(err, password.ErrDictionary) {
		t.Errorf("a list name of two lines: %v", err)
	}
}

func TestWordListsHoldWhatTheRulesRestOn(t *testing.T) {
	lists, err := wordlist.Load("../../node_modules")
	if err != nil {
		t.Fatal(err)
	}
	for name, least := range map[string]int{"passwords": 45_000, "english": 35_000, "german": 35_000, "names": 18_000} {
		if len(lists[name]) < least {
			t.Errorf("%s: %d words, want at least %d", name, len(lists[name]), least)
		}
	}
	if _, err := wordlist.Load(t.TempDir()); err == nil {
		t.Error("missing packages go unnoticed")
	}
	if size := len(write(t, lists)); size > 1_400_000 {
		t.Errorf("the asset has %d bytes before compression", size)
	}
}

func FuzzParseDictionary(f *testing.F) {
	f.Add(write(f, map[string][]string{"passwords": {"123456", "password", "passwort"}, "names": {"müller", "mühe"}}))
	f.Add([]byte("latchkey dictionary 1\n=a\nAabCdBé\n#\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := password.ParseDictionary(data)
		if err != nil && (!errors.Is(err, password.ErrDictionary) || d != nil) {
			t.Fatal(err)
		}
		if err == nil {
			password.NewMeter(password.MeterConfig{Dictionary: d, Now: now}).Check("correct horse", nil)
		}
	})
}
