//go:build !js

package password_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/keys/keystest"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
)

const (
	rightPassword = "correct horse battery staple"
	wrongPassword = "correct horse battery stable"
	accountID     = "abcdefghijklmnopqrstuvwxyz"
)

func newServer(t testing.TB) (*password.Server, *keys.Service) {
	t.Helper()
	ring := keystest.Ring(t, time.Now)
	return password.New(ring), ring
}

func register(t testing.TB, s *password.Server, text string) []byte {
	t.Helper()
	return passwordtest.Register(t, text, passwordtest.KSF, func(request []byte) []byte {
		response, err := s.Register(t.Context(), request, accountID)
		if err != nil {
			t.Fatal(err)
		}
		return response
	})
}

func TestOnlyTheRightPasswordProves(t *testing.T) {
	s, _ := newServer(t)
	record := register(t, s, rightPassword)
	if len(record) != password.RecordLength {
		t.Fatalf("record of %d bytes", len(record))
	}
	credential := password.Credential{Identifier: accountID, Record: record}

	login := passwordtest.Begin(t, rightPassword)
	answer, err := s.Login(t.Context(), login.KE1, credential)
	if err != nil {
		t.Fatal(err)
	}
	if len(login.KE1) != password.KE1Length || len(answer.KE2) != password.KE2Length {
		t.Errorf("KE1 of %d bytes, KE2 of %d", len(login.KE1), len(answer.KE2))
	}
	ke3, err := login.Finish(answer.KE2, passwordtest.KSF)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), ke3, answer.MAC); err != nil {
		t.Errorf("the right password: %v", err)
	}
	ke3[0] ^= 1
	if err := s.Check(t.Context(), ke3, answer.MAC); !errors.Is(err, password.ErrWrong) {
		t.Errorf("a KE3 with one bit changed: %v", err)
	}
	if err := s.Check(t.Context(), ke3[1:], answer.MAC); !errors.Is(err, password.ErrMessage) {
		t.Errorf("a short KE3: %v", err)
	}

	guess := passwordtest.Begin(t, wrongPassword)
	answer, err = s.Login(t.Context(), guess.KE1, credential)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guess.Finish(answer.KE2, passwordtest.KSF); err == nil {
		t.Error("a wrong password opened the envelope")
	}
}

func TestMalformedMessagesAreRefused(t *testing.T) {
	s, _ := newServer(t)
	record := register(t, s, rightPassword)
	good := passwordtest.Begin(t, rightPassword).KE1
	notAPoint := bytes.Repeat([]byte{0xff}, 32)
	identity := make([]byte, 32)
	for rule, ke1 := range map[string][]byte{
		"empty":              {},
		"short":              good[:95],
		"long":               append(bytes.Clone(good), 0),
		"blinded no point":   append(bytes.Clone(notAPoint), good[32:]...),
		"blinded identity":   append(bytes.Clone(identity), good[32:]...),
		"key share no point": append(bytes.Clone(good[:64]), notAPoint...),
		"key share identity": append(bytes.Clone(good[:64]), identity...),
		"nonce of zeros":     append(append(bytes.Clone(good[:32]), identity...), good[64:]...),
	} {
		_, err := s.Login(t.Context(), ke1, password.Credential{Identifier: accountID, Record: record})
		if !errors.Is(err, password.ErrMessage) {
			t.Errorf("KE1 %s: %v", rule, err)
		}
	}
	for rule, request := range map[string][]byte{"empty": {}, "no point": notAPoint, "identity": identity, "long": good} {
		if _, err := s.Register(t.Context(), request, accountID); !errors.Is(err, password.ErrMessage) {
			t.Errorf("registration request %s: %v", rule, err)
		}
	}
}

func TestAcceptTakesOnlyRecordsOfThePolicy(t *testing.T) {
	s, _ := newServer(t)
	record := register(t, s, rightPassword)
	broken := bytes.Clone(record)
	copy(broken, bytes.Repeat([]byte{0xff}, 32))
	noMask := bytes.Clone(record)
	clear(noMask[32:96])
	cheap, strong := passwordtest.KSF, api.CurrentKSF
	for _, c := range []struct {
		rule         string
		record       []byte
		made, policy api.KSF
		ok           bool
	}{
		{"as the policy asks", record, cheap, cheap, true},
		{"stronger than the policy", record, strong, cheap, true},
		{"weaker than the policy", record, cheap, strong, false},
		{"no such function", record, api.KSF{Name: "scrypt", Time: 3, Memory: 64 << 10, Threads: 4}, cheap, false},
		{"more than a client computes", record, api.KSF{Name: "argon2id", Time: 3, Memory: 1 << 20, Threads: 4}, cheap, false},
		{"short", record[:191], cheap, cheap, false},
		{"long", append(bytes.Clone(record), 0), cheap, cheap, false},
		{"public key is no point", broken, cheap, cheap, false},
		{"masking key of zeros", noMask, cheap, cheap, false},
	} {
		id, err := s.Accept(t.Context(), c.record, c.made, c.policy)
		if c.ok && (err != nil || id == "") || !c.ok && !errors.Is(err, password.ErrMessage) {
			t.Errorf("%s: id %q, %v", c.rule, id, err)
		}
	}
}

func TestFakeIsStableForANameAndLooksLikeARecord(t *testing.T) {
	s, _ := newServer(t)
	one, err := s.Fake(t.Context(), "nobody@example.org")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := s.Fake(t.Context(), "nobody@example.org")
	other, _ := s.Fake(t.Context(), "somebody@example.org")
	if one.Identifier != again.Identifier || !bytes.Equal(one.Record, again.Record) {
		t.Error("the fake of a name changes")
	}
	if one.Identifier == other.Identifier || bytes.Equal(one.Record[32:], other.Record[32:]) {
		t.Error("two names share a fake")
	}
	if len(one.Record) != password.RecordLength || len(one.Identifier) != len(accountID) {
		t.Errorf("record of %d bytes, identifier of %d", len(one.Record), len(one.Identifier))
	}

	login := passwordtest.Begin(t, rightPassword)
	first, err := s.Login(t.Context(), login.KE1, one)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := s.Login(t.Context(), login.KE1, again)
	if !bytes.Equal(first.KE2[:32], second.KE2[:32]) {
		t.Error("the OPRF evaluates the same element differently")
	}
	if bytes.Equal(first.KE2[32:], second.KE2[32:]) {
		t.Error("nonces are the same twice")
	}
	if _, err := login.Finish(first.KE2, passwordtest.KSF); err == nil {
		t.Error("a fake record proves a password")
	}
}

func TestFakeKSFIsOneOfTheSetsAndStable(t *testing.T) {
	s, _ := newServer(t)
	sets := []api.KSF{api.CurrentKSF, passwordtest.KSF}
	seen := map[api.KSF]int{}
	for i := range 64 {
		name := string(rune('a'+i)) + "@example.org"
		k, err := s.FakeKSF(t.Context(), name, sets)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := s.FakeKSF(t.Context(), name, sets); again != k {
			t.Errorf("%s: parameters change", name)
		}
		seen[k]++
	}
	if seen[sets[0]]+seen[sets[1]] != 64 || seen[sets[0]] == 0 || seen[sets[1]] == 0 {
		t.Errorf("spread over the sets: %v", seen)
	}
}

func TestProofOpensOnlyAsAProof(t *testing.T) {
	_, ring := newServer(t)
	want := password.Proof{Account: accountID, Session: "s", Secret: "k", Upgrade: true}
	sealed, err := password.SealProof(t.Context(), ring, want, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := password.OpenProof(t.Context(), ring, sealed); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for rule, text := range map[string]string{"changed": sealed[:len(sealed)-1] + "!", "empty": "", "rubbish": "a.b.c.d.e"} {
		_, err := password.OpenProof(t.Context(), ring, text)
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != api.CodeExpired {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func BenchmarkLogin(b *testing.B) {
	s, _ := newServer(b)
	record := register(b, s, rightPassword)
	login := passwordtest.Begin(b, rightPassword)
	for b.Loop() {
		answer, err := s.Login(b.Context(), login.KE1, password.Credential{Identifier: accountID, Record: record})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Check(b.Context(), answer.MAC, answer.MAC); err != nil {
			b.Fatal(err)
		}
	}
}
