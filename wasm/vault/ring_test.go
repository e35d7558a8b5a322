package vault

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"testing"
)

// A service that names a device by the id of the recovery code's wrap must not have the printed code put out by an approval.
func TestADeviceCannotTakeThePlaceOfTheRecoveryCode(t *testing.T) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	device, err := DeviceIdentity(key)
	if err != nil {
		t.Fatal(err)
	}
	r := newRing()
	if err := r.add(RecoveryIdentity(NewRecoveryCode()).Recipient("one")); err != nil {
		t.Fatal(err)
	}
	if err := r.add(device.Recipient("one")); !errors.Is(err, ErrMalformed) {
		t.Errorf("a device under the code's id: %v", err)
	}
	if kept, _ := r.find("one"); kept.Kind != KindRecovery {
		t.Errorf("under the code's id there is a %s", kept.Kind)
	}
}
