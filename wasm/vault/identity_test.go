package vault

import (
	"crypto/ecdh"
	"crypto/sha256"
	"errors"
	"testing"
)

func hashOf(body []byte) digest { return sha256.Sum256(body) }

// identityOf makes the identity of a kind from its secret; a device's is its private scalar.
func identityOf(t testing.TB, kind Kind, secret []byte) *Identity {
	t.Helper()
	var i *Identity
	var err error
	switch kind {
	case KindPassword:
		i, err = PasswordIdentity(secret)
	case KindPRF:
		i, err = PRFIdentity(secret)
	case KindRecovery:
		i = RecoveryIdentity(RecoveryCode(secret))
	case KindDevice:
		var key *ecdh.PrivateKey
		if key, err = ecdh.P256().NewPrivateKey(secret); err == nil {
			i, err = DeviceIdentity(key)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestIdentitiesTakeOnlyTheirOwnSecrets(t *testing.T) {
	for n := range 70 {
		if _, err := PasswordIdentity(make([]byte, n)); (err == nil) != (n == 64) {
			t.Errorf("%d bytes of a password: %v", n, err)
		}
		if _, err := PRFIdentity(make([]byte, n)); (err == nil) != (n == 32) {
			t.Errorf("%d bytes of a passkey: %v", n, err)
		}
	}
	x, err := ecdh.X25519().NewPrivateKey(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DeviceIdentity(x); !errors.Is(err, ErrMalformed) {
		t.Errorf("a key of another curve: %v", err)
	}
	r := newRing()
	good := identityOf(t, KindPRF, make([]byte, 32)).Recipient("a")
	for what, to := range map[string]Recipient{
		"no id":           {Kind: KindPRF, Public: good.Public},
		"an id with a /":  {ID: "a/b", Kind: KindPRF, Public: good.Public},
		"an unknown kind": {ID: "a", Kind: "sms", Public: good.Public},
		"no point":        {ID: "a", Kind: KindPRF, Public: make([]byte, publicSize)},
	} {
		if err := r.add(to); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
