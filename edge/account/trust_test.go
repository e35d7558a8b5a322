//go:build !js

package account_test

import (
	"bytes"
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

// arrived is a device with a session.
type arrived struct {
	t      *testing.T
	s      *account.Service
	id     string // of the account
	ref    account.SessionRef
	device *account.DeviceRef
}

// arrives signs in on a device, a new one for nil.
func arrives(t *testing.T, s *account.Service, id string, device *account.DeviceRef) arrived {
	t.Helper()
	var fresh *account.NewDevice
	attempt := account.NewID()
	_, err := s.BeginSignin(t.Context(), id, account.BeginSigninIn{Name: "digest", Device: device, Attempt: attempt})
	must(t, err)
	if device == nil {
		fresh, device = newDevice()
	}
	session, ref := newSession()
	must(t, s.CompleteSignin(t.Context(), id, account.CompleteSigninIn{Attempt: attempt, Session: session, Device: fresh}))
	return arrived{t, s, id, ref, device}
}

// publicKey is a device's key as far as the object looks at it.
func publicKey(n byte) []byte {
	return append([]byte{4}, bytes.Repeat([]byte{n}, api.DeviceKeyLength-1)...)
}
