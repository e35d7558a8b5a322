package oauth

import (
	"strings"
	"testing"
)

func TestChallengeIsThatOfRFC7636AppendixB(t *testing.T) {
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	if got := Challenge(verifier); got != challenge {
		t.Errorf("got %s", got)
	}
	if !ValidChallenge(challenge) {
		t.Error("the challenge of the RFC is refused")
	}
}

func TestChallengeShape(t *testing.T) {
	for s, want := range map[string]bool{
		strings.Repeat("A", 43):       true,
		strings.Repeat("A", 42):       false,
		strings.Repeat("A", 44):       false,
		strings.Repeat("A", 42) + "B": false, // bits beyond the 32nd byte
		strings.Repeat("A", 42) + "=": false,
		strings.Repeat("A", 42) + "+": false,
		"":                            false,
	} {
		if ValidChallenge(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func TestVerifierShape(t *testing.T) {
	for s, want := range map[string]bool{
		strings.Repeat("a", 43):       true,
		strings.Repeat("~", 128):      true,
		strings.Repeat("a", 42):       false,
		strings.Repeat("a", 129):      false,
		strings.Repeat("a", 42) + " ": false,
		strings.Repeat("a", 42) + "+": false,
	} {
		if ValidVerifier(s) != want || (Challenge(s) != "") != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
