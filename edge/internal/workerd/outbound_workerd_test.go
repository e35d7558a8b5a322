package workerd_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestFetch(t *testing.T) {
	s, o := start(t, nil), outside(t)
	for _, c := range []struct {
		name, path, parameters string
		want                   []string
	}{
		{"method, header and body go out, all cookies come back", "/echo", "", []string{"200 OK", "[a=1 b=2]", "POST yes sent"}},
		{"redirects are not followed", "/redirect", "", []string{"302 Found", "Location:[/echo]"}},
		{"deadline", "/slow?for=5s", "&ms=200", []string{"i/o timeout"}},
		{"bound", "/large", "", []string{"workerd: response too large"}},
	} {
		began := time.Now()
		a := s.do("POST", "/fetch?url="+url.QueryEscape(o.URL+c.path)+c.parameters, strings.NewReader("sent"))
		for _, want := range c.want {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s: %d %s", c.name, a.status, a.body)
			}
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("%s took %v", c.name, took)
		}
	}
	if a := s.get("/fetch?url=http://127.0.0.1:1/"); a.status != 502 {
		t.Errorf("nobody there: %d %s", a.status, a.body)
	}
}

func TestInputOutsideItsRequestIsRefused(t *testing.T) {
	s, o := start(t, nil), outside(t)
	s.get("/stash")
	for _, path := range []string{"/use-stash", "/no-context"} {
		if a := s.get(path + "?url=" + o.URL + "/echo"); !strings.Contains(a.body, "I/O outside its request") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestNativeSignatures(t *testing.T) {
	s := start(t, nil)
	for _, alg := range []string{"ES256", "RS256", "EdDSA"} {
		lines := strings.Split(s.get("/sign?alg="+alg).body, "\n")
		if len(lines) < 3 {
			t.Fatalf("%s: %q", alg, lines)
		}
		key, err := x509.ParsePKIXPublicKey(unhex(t, lines[0]))
		if err != nil {
			t.Fatal(err)
		}
		for i, payload := range []string{"first", "second"} {
			if !verify(key, []byte(payload), unhex(t, lines[i+1])) {
				t.Errorf("%s: signature of %s does not verify: %s", alg, payload, lines[i+1])
			}
		}
	}
	if a := s.get("/sign?alg=HS256"); a.status != 502 || !strings.Contains(a.body, "not supported") {
		t.Errorf("HS256: %d %s", a.status, a.body)
	}
}

func unhex(t *testing.T, line string) []byte {
	data, err := hex.DecodeString(strings.TrimSuffix(line, " <nil>"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func verify(key any, payload, signature []byte) bool {
	digest := sha256.Sum256(payload)
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return len(signature) == 64 &&
			ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	case *rsa.PublicKey:
		return key.N.BitLen() == 2048 && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(key, payload, signature)
	}
	return false
}
