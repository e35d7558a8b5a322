package webauthn_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/webauthn"
)

// ring is a key that makes MACs.
type ring string

func (r ring) MAC(_ context.Context, label string, data []byte) ([]byte, error) {
	h := hmac.New(sha256.New, []byte(r))
	h.Write(append([]byte(label+"\x00"), data...))
	return h.Sum(nil), nil
}

// Section 5.4.3: a handle is stable, at most 64 bytes, of one account, and of our making.
func TestAHandleIsOfOneAccount(t *testing.T) {
	account, ctx := strings.Repeat("a", 26), t.Context()
	handle, err := webauthn.UserHandle(ctx, ring("k"), account)
	if err != nil || len(handle) > 64 {
		t.Fatalf("%q, %v", handle, err)
	}
	if again, _ := webauthn.UserHandle(ctx, ring("k"), account); again != handle {
		t.Errorf("%q, then %q", handle, again)
	}
	if got, err := webauthn.AccountOf(ctx, ring("k"), []byte(handle)); err != nil || got != account {
		t.Errorf("%q, %v", got, err)
	}
	for rule, bad := range map[string][]byte{
		"none": nil, "an id alone": []byte(account), "another account": bytes.Replace([]byte(handle), []byte("a"), []byte("b"), 1),
		"cut off": []byte(handle[:len(handle)-1]), "longer": []byte(handle + "A"), "another MAC": append([]byte(handle[:len(handle)-1]), '!'),
	} {
		if _, err := webauthn.AccountOf(ctx, ring("k"), bad); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if _, err := webauthn.AccountOf(ctx, ring("another"), []byte(handle)); !errors.Is(err, webauthn.ErrInvalid) {
		t.Errorf("a handle of another service: %v", err)
	}
}
