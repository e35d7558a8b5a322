//go:build !js

package state_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/state"
)

type value struct{ A, B string }

func newRing(t testing.TB, now func() time.Time) *keys.Service {
	t.Helper()
	var secret [32]byte
	rand.Read(secret[:])
	root, err := keys.ParseRoot("r1:" + base64.RawURLEncoding.EncodeToString(secret[:]))
	if err != nil {
		t.Fatal(err)
	}
	host, err := object.NewNative(object.NativeConfig{Now: now}, keys.New(keys.Deps{Root: root}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	return keys.NewService(keys.ServiceDeps{Host: host, Root: root, Now: now})
}

func expired(err error) bool {
	var p *api.Problem
	return errors.As(err, &p) && p.Code == api.CodeExpired
}

func TestAValueOpensForItsUseOnlyAndUntilItExpires(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ring := newRing(t, func() time.Time { return now })
	sealed, err := state.Seal(t.Context(), ring, "one", value{"a", "b"}, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := state.Open[value](t.Context(), ring, "one", sealed); err != nil || got != (value{"a", "b"}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := state.Open[value](t.Context(), ring, "two", sealed); !expired(err) || got != (value{}) {
		t.Errorf("for another use: %+v, %v", got, err)
	}
	if _, err := state.Open[value](t.Context(), newRing(t, func() time.Time { return now }), "one", sealed); !expired(err) {
		t.Errorf("at another deployment: %v", err)
	}
	session, err := ring.Seal(t.Context(), keys.PurposeSession, map[string]any{"u": "one", "v": value{"a", "b"}}, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Open[value](t.Context(), ring, "one", session); !expired(err) {
		t.Errorf("sealed for another purpose: %v", err)
	}
	now = now.Add(time.Minute)
	if _, err := state.Open[value](t.Context(), ring, "one", sealed); !expired(err) {
		t.Errorf("too old: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	ring := newRing(f, time.Now)
	f.Add("a.b.c.d.e")
	f.Fuzz(func(t *testing.T, sealed string) {
		if v, err := state.Open[value](t.Context(), ring, "one", sealed); !expired(err) || v != (value{}) {
			t.Errorf("%q: %+v, %v", sealed, v, err)
		}
	})
}
