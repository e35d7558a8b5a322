package state_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/wasm/state"
)

const ada = "abcdefghijklmnopqrstuvwxyz"

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestADeviceKeyStaysTheSameUntilAnotherOneIsMade(t *testing.T) {
	d := state.Open(t.TempDir(), newRing())
	k := state.NewKeystore(d, time.Now)
	if key := must[ecdh.KeyExchanger](t)(k.DeviceKey(t.Context(), ada)); key != nil {
		t.Errorf("%v before there is one", key)
	}
	first := must[ecdh.KeyExchanger](t)(k.NewDeviceKey(t.Context(), ada)).PublicKey().Bytes()
	again := state.NewKeystore(state.Open(d.Path(), newRing()), time.Now)
	if _, err := again.DeviceKey(t.Context(), ada); err == nil {
		t.Error("opened with another keyring")
	}
	if got := must[ecdh.KeyExchanger](t)(k.DeviceKey(t.Context(), ada)).PublicKey().Bytes(); !bytes.Equal(got, first) {
		t.Error("another key")
	}
	if got := must[ecdh.KeyExchanger](t)(k.NewDeviceKey(t.Context(), ada)).PublicKey().Bytes(); bytes.Equal(got, first) {
		t.Error("the same key")
	}
}

func TestAPasswordStaysInTheProcessForAWhile(t *testing.T) {
	d, now := state.Open(t.TempDir(), state.None{}), time.Unix(1_800_000_000, 0)
	k := state.NewKeystore(d, func() time.Time { return now })
	key := must[*ecdh.PrivateKey](t)(ecdh.P256().GenerateKey(rand.Reader))
	if err := k.KeepPassword(t.Context(), "ada@example.org", key, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if name, got, err := k.PasswordKey(t.Context()); err != nil || name != "ada@example.org" || got != key {
		t.Errorf("%q %v %v", name, got, err)
	}
	if _, got, _ := state.NewKeystore(d, time.Now).PasswordKey(t.Context()); got != nil {
		t.Error("another process has it")
	}
	now = now.Add(time.Minute)
	if _, got, _ := k.PasswordKey(t.Context()); got != nil {
		t.Error("its time is over")
	}
}

func TestForgettingAnAccountKeepsItsNotes(t *testing.T) {
	k := state.NewKeystore(state.Open(t.TempDir(), state.None{}), time.Now)
	for _, notes := range []map[string]string{{"a": "1", "b": "2"}, {"a": "", "c": "3"}} {
		if err := k.Note(t.Context(), ada, notes); err != nil {
			t.Fatal(err)
		}
	}
	must[ecdh.KeyExchanger](t)(k.NewDeviceKey(t.Context(), ada))
	m, err := k.OpenMemory(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	before := m.Revision()
	if err := m.Save(t.Context(), map[string][]byte{"x": []byte("y")}); err != nil || m.Revision() == before {
		t.Errorf("%v, revision %q", err, m.Revision())
	}
	revision := m.Revision()
	m.Close()
	m, err = k.OpenMemory(t.Context(), ada)
	if err != nil || m.Revision() != revision {
		t.Errorf("%v: revision %q, was %q", err, m.Revision(), revision)
	}
	m.Close()
	if err := k.Forget(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if key := must[ecdh.KeyExchanger](t)(k.DeviceKey(t.Context(), ada)); key != nil {
		t.Error("the key is there")
	}
	m, err = k.OpenMemory(t.Context(), ada)
	if kept := must[map[string][]byte](t)(m.Load(t.Context())); err != nil || len(kept) != 0 {
		t.Errorf("%v, %v", kept, err)
	}
	m.Close()
	if notes := must[map[string]string](t)(k.Notes(t.Context(), ada)); len(notes) != 2 || notes["b"] != "2" || notes["c"] != "3" {
		t.Errorf("%v", notes)
	}
}

// What names a file is an id and nothing else.
func TestAnAccountIsNoPath(t *testing.T) {
	k := state.NewKeystore(state.Open(t.TempDir(), state.None{}), time.Now)
	for _, account := range []string{"", "../x", "a/b", "A", "a.b", "a\x00b"} {
		if _, err := k.OpenMemory(t.Context(), account); err == nil {
			t.Errorf("%q", account)
		}
		if k.Note(t.Context(), account, map[string]string{"a": "b"}) == nil {
			t.Errorf("notes of %q", account)
		}
	}
}
