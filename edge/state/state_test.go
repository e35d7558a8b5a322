//go:build !js

package state_test

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/keys/keystest"
	"github.com/latchkey-id/latchkey/edge/state"
)

type value struct{ A, B string }

func expired(err error) bool {
	var p *api.Problem
	return errors.As(err, &p) && p.Code == api.CodeExpired
}

func TestAValueOpensForItsUseOnlyAndUntilItExpires(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ring := keystest.Ring(t, func() time.Time { return now })
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
	if _, err := state.Open[value](t.Context(), keystest.Ring(t, func() time.Time { return now }), "one", sealed); !expired(err) {
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
	ring := keystest.Ring(f, time.Now)
	f.Add("a.b.c.d.e")
	f.Fuzz(func(t *testing.T, sealed string) {
		if v, err := state.Open[value](t.Context(), ring, "one", sealed); !expired(err) || v != (value{}) {
			t.Errorf("%q: %+v, %v", sealed, v, err)
		}
	})
}
