package client

import (
	"crypto/ecdh"
	"encoding/base64"
	"strings"
	"testing"
)

// The example of RFC 7518 appendix C.
func TestKeyAgreementOfTheSpecification(t *testing.T) {
	decode := func(text string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	alice, err := ecdh.P256().NewPrivateKey(decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"))
	if err != nil {
		t.Fatal(err)
	}
	bob := append(append([]byte{4}, decode("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ")...), decode("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck")...)
	public, err := ecdh.P256().NewPublicKey(bob)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := alice.ECDH(public)
	if err != nil {
		t.Fatal(err)
	}
	if got := base64.RawURLEncoding.EncodeToString(concatKDF(shared, "A128GCM", []byte("Alice"), []byte("Bob"), 16)); got != "VqqN6vgjbSBcIijNcacQGg" {
		t.Errorf("derived %s", got)
	}
}

func TestTheKeyOfAnApplicationFitsIntoItsAnswer(t *testing.T) {
	key, err := ecdh.P256().NewPrivateKey([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	jwe, err := encryptKey(make([]byte, 32), strings.Repeat("c", 64), key.PublicKey().Bytes()) // the longest client id
	if err != nil || len(jwe) > 640 || strings.Count(jwe, ".") != 4 {
		t.Errorf("%d bytes, %v", len(jwe), err)
	}
	if _, err := encryptKey(make([]byte, 32), "shop", make([]byte, 65)); err == nil {
		t.Error("encrypted to no point")
	}
}
