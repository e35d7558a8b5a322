package token

import (
	"crypto/ecdh"
	"testing"
)

// FuzzKeysJWK: whatever is taken for an application's ephemeral key is a point that a device can encrypt to.
func FuzzKeysJWK(f *testing.F) {
	f.Add("eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImY4M09KM0QyeEYxQmc4dnViOXRMZTFnSE16Vjc2ZThUdXM5dVBIdlJWRVUiLCJ5IjoieF9GRXpSdTltMzZITE5fdHVlNjU5TE5wWFc2cEN5U3Rpa1lqS0lXSTVhMCJ9")
	f.Fuzz(func(t *testing.T, text string) {
		point := parsePoint(text)
		if point == nil {
			return
		}
		if _, err := ecdh.P256().NewPublicKey(point); err != nil {
			t.Fatalf("%q gives %x: %v", text, point, err)
		}
	})
}

func TestKeysAreNotTakenWithLineBreaks(t *testing.T) {
	const jwk = "eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImY4M09KM0QyeEYxQmc4dnViOXRMZTFnSE16Vjc2ZThUdXM5dVBIdlJWRVUiLCJ5IjoieF9GRXpSdTltMzZITE5fdHVlNjU5TE5wWFc2cEN5U3Rpa1lqS0lXSTVhMCJ9"
	if parsePoint(jwk) == nil || parsePoint(jwk[:8]+"\n"+jwk[8:]) != nil {
		t.Error("keys_jwk")
	}
	if !validJWE("AAAA..AAAA.AAAA.AAAA") || validJWE("AAAA..AAAA.AA\r\nAA.AAAA") {
		t.Error("keys_jwe")
	}
}
