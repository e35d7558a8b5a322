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
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/selfhost"
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

func TestIOOutsideItsRequestIsRefused(t *testing.T) {
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
	var payloads []string // enough of them for short r and s to occur, one in 128 each
	for i := range 500 {
		payloads = append(payloads, strconv.Itoa(i))
	}
	for _, alg := range []string{"ES256", "RS256", "PS256", "EdDSA"} {
		a := s.get("/sign?alg=" + alg + "&payloads=" + strings.Join(payloads, ","))
		lines := strings.Split(a.body, "\n")
		if a.status != 200 || len(lines) < len(payloads) {
			t.Fatalf("%s: %d %s", alg, a.status, a.body)
		}
		key, err := x509.ParsePKIXPublicKey(unhex(t, lines[0]))
		if err != nil {
			t.Fatal(err)
		}
		for i, payload := range payloads {
			if !verify(alg, key, []byte(payload), unhex(t, lines[i+1])) {
				t.Errorf("%s: signature of %s does not verify: %s", alg, payload, lines[i+1])
			}
		}
	}
	if a := s.get("/sign?alg=HS256"); a.status != 502 || !strings.Contains(a.body, "not supported") {
		t.Errorf("HS256: %d %s", a.status, a.body)
	}
}

func unhex(t *testing.T, line string) []byte {
	t.Helper()
	data, err := hex.DecodeString(line)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return data
}

func verify(alg string, key any, payload, signature []byte) bool {
	digest := sha256.Sum256(payload)
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return len(signature) == 64 &&
			ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	case *rsa.PublicKey:
		if alg == "PS256" {
			return rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return key.N.BitLen() == 2048 && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(key, payload, signature)
	}
	return false
}

func TestSocket(t *testing.T) {
	certificate, authority := serverCertificate(t)
	s := start(t, func(c *selfhost.Config) { c.TrustedCAs = []string{authority} })
	plain := lineServer(t, nil)
	secure := lineServer(t, certificate)
	for _, c := range []struct{ name, address, secure, words, want string }{
		{"in the clear", plain, "off", "a,b", "a!\nb!\n"},
		{"TLS", secure, "on", "a,b", "a!\nb!\n"},
		{"STARTTLS", plainThenTLS(t, certificate), "starttls", "a,STARTTLS,b", "a!\nb!\n"},
		{"silence ends by the deadline", plain, "off", "silence", "i/o timeout"},
		{"end of the stream", plain, "off", "bye", "EOF"},
	} {
		a := s.get("/socket?address=" + c.address + "&secure=" + c.secure + "&words=" + c.words)
		if !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %q, want %q", c.name, a.status, a.body, c.want)
		}
	}
	if a := s.get("/socket?address=127.0.0.1:1&secure=off&words=a"); a.status != 502 {
		t.Errorf("nobody there: %d %s", a.status, a.body)
	}
	stranger, _ := serverCertificate(t)
	if a := s.get("/socket?address=" + lineServer(t, stranger) + "&secure=on&words=a"); a.status != 502 {
		t.Errorf("certificate of an authority that is not trusted: %d %s", a.status, a.body)
	}
	s.idle()
}
