package webauthn

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// Keys is what handles are made with: keys.Service. Its MAC never changes for the same words.
type Keys interface {
	MAC(ctx context.Context, label string, data []byte) ([]byte, error)
}

const labelHandle = "latchkey/passkey/handle"

// handleMAC is how much of the MAC a handle has, in bytes.
const handleMAC = 16

// UserHandle is what an authenticator keeps of an account beside a passkey, and gives back with every answer (section 5.4.3): its id, and a MAC, so
// that nobody makes us look at accounts that there never were. It says nothing of the person, and is at most 64 bytes for ids of up to 41.
func UserHandle(ctx context.Context, keys Keys, account string) (string, error) {
	mac, err := keys.MAC(ctx, labelHandle, []byte(account))
	if err != nil {
		return "", err
	}
	return account + "." + base64.RawURLEncoding.EncodeToString(mac[:handleMAC]), nil
}

// AccountOf returns the account of a handle, and ErrInvalid for one that we have not made.
func AccountOf(ctx context.Context, keys Keys, handle []byte) (account string, err error) {
	account, _, _ = strings.Cut(string(handle), ".")
	want, err := UserHandle(ctx, keys, account)
	if err != nil {
		return "", err
	}
	if subtle.ConstantTimeCompare([]byte(want), handle) != 1 {
		return "", invalid("user handle")
	}
	return account, nil
}
