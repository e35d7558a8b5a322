//go:build !js

package password_test

import (
	"errors"
	"testing"

	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
)

// FuzzMessages holds that whatever a client sends is answered or is ErrMessage.
func FuzzMessages(f *testing.F) {
	s, _ := newServer(f)
	fake, err := s.Fake(f.Context(), "nobody@example.org")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(passwordtest.Begin(f, rightPassword).KE1)
	f.Add(fake.Record)
	f.Fuzz(func(t *testing.T, message []byte) {
		answer, err := s.Login(t.Context(), message, fake)
		if err == nil && (len(message) != password.KE1Length || len(answer.KE2) != password.KE2Length) || err != nil && !errors.Is(err, password.ErrMessage) {
			t.Errorf("KE1 of %d bytes: %v", len(message), err)
		}
		response, err := s.Register(t.Context(), message, accountID)
		if err == nil && (len(message) != password.RequestLength || len(response) != 64) || err != nil && !errors.Is(err, password.ErrMessage) {
			t.Errorf("request of %d bytes: %v", len(message), err)
		}
		if _, err := s.Accept(t.Context(), message, passwordtest.KSF, passwordtest.KSF); err == nil && len(message) != password.RecordLength ||
			err != nil && !errors.Is(err, password.ErrMessage) {
			t.Errorf("record of %d bytes: %v", len(message), err)
		}
		if err := s.Check(t.Context(), message, make([]byte, password.KE3Length)); err == nil && len(message) != password.KE3Length ||
			err != nil && !errors.Is(err, password.ErrMessage) && !errors.Is(err, password.ErrWrong) {
			t.Errorf("KE3 of %d bytes: %v", len(message), err)
		}
	})
}
