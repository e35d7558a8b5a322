//go:build !js

package keys

import (
	"errors"
	"testing"
)

// A key of somebody else is checked by the runtime where there is one, and by Go elsewhere, with the same outcome.
func TestSignaturesOfOthersAreChecked(t *testing.T) {
	native := &fakeNative{}
	input := []byte("header.payload")
	for _, alg := range signatureAlgs {
		pkcs8, err := generateGo(alg)
		if err != nil {
			t.Fatal(err)
		}
		private, err := parsePrivate(alg, pkcs8)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := (&signingKey{alg: alg, signer: private}).signature(input)
		if err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]*Service{"Go": NewService(ServiceDeps{}), "the runtime": NewService(ServiceDeps{Native: native})} {
			if ok, err := s.Check(alg, private.Public(), input, signature); !ok || err != nil {
				t.Errorf("%s by %s: %v", alg, name, err)
			}
			for what, wrong := range map[string][]byte{"none": nil, "short": signature[1:], "long": append(signature[:len(signature):len(signature)], 0), "zeros": make([]byte, len(signature))} {
				if ok, _ := s.Check(alg, private.Public(), input, wrong); ok {
					t.Errorf("%s by %s: a signature that is %s is right", alg, name, what)
				}
			}
			if ok, _ := s.Check(alg, private.Public(), []byte("other"), signature); ok {
				t.Errorf("%s by %s: right for something else", alg, name)
			}
			if _, err := s.Check("none", private.Public(), input, nil); !errors.Is(err, ErrAlg) {
				t.Errorf("none: %v", err)
			}
		}
	}
	if int(native.verified.Load()) == 0 {
		t.Error("the runtime was not asked")
	}
}
