//go:build !js

// Package keystest gives tests of other packages a key ring: the real one, in memory, under a root key of its own.
package keystest

import (
	"crypto/rand"
	"encoding/base64"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/object"
)

// Root makes a root key that nobody else has.
func Root(t testing.TB) keys.Root {
	t.Helper()
	secret := make([]byte, 32)
	rand.Read(secret)
	root, err := keys.ParseRoot("r1:" + base64.RawURLEncoding.EncodeToString(secret))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// Ring returns a ring of its own, which ends with the test and goes by the clock now.
func Ring(t testing.TB, now func() time.Time) *keys.Service {
	t.Helper()
	root := Root(t)
	host, err := object.NewNative(object.NativeConfig{Now: now}, keys.New(keys.Deps{Root: root}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	return keys.NewService(keys.ServiceDeps{Host: host, Root: root, Now: now})
}
