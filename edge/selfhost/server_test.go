package selfhost

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func text(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	w, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestStateSurvivesARestart(t *testing.T) {
	state := t.TempDir()
	for i, end := range []func(*Server) error{(*Server).Stop, (*Server).Kill, (*Server).Stop} {
		s := run(t, func(c *Config) { c.State = state })
		if got := text(t, http.DefaultClient, s.URL+"/add"); got != string(rune('1'+i)) {
			t.Errorf("start %d: counted %s", i+1, got)
		}
		http.DefaultClient.CloseIdleConnections()
		if err := end(s); err != nil {
			t.Error(err)
		}
		select {
		case <-s.Done():
		default:
			t.Error("it still runs")
		}
	}
}

func TestTLS(t *testing.T) {
	certificate, key := keyPair(t)
	s := run(t, func(c *Config) {
		c.Certificate, c.Key = certificate, key
		c.Site = testSite(t, map[string]string{"a.html": "page"})
	})
	authority, _ := os.ReadFile(certificate)
	client := trusting(t, authority)
	if got := text(t, client, s.URL+"/a"); got != "page" {
		t.Errorf("page is %q", got)
	}
	if got := text(t, client, s.URL+"/x"); !strings.HasPrefix(got, "GET "+s.URL+"/x 127.0.0.1") || !strings.HasPrefix(s.URL, "https://") {
		t.Errorf("Worker says %q", got)
	}
}

func TestSecretsAreNotOnDisk(t *testing.T) {
	state := t.TempDir()
	run(t, func(c *Config) { c.State, c.Vars["SECRET"] = state, "do-not-write-me" })
	filepath.WalkDir(state, func(path string, entry os.DirEntry, err error) error {
		if data, _ := os.ReadFile(path); strings.Contains(string(data), "do-not-write-me") {
			t.Errorf("%s has the secret", path)
		}
		return err
	})
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	good := Config{Worker: t.TempDir(), State: t.TempDir(), Address: "127.0.0.1:0", Log: io.Discard}
	for name, change := range map[string]func(*Config){
		"no worker":   func(c *Config) { c.Worker = "" },
		"no address":  func(c *Config) { c.Address = "" },
		"half of TLS": func(c *Config) { c.Key = "key.pem" },
		"two mains":   func(c *Config) { c.Main, c.Site = "worker.mjs", c.Worker },
		"no module":   func(c *Config) {},
		"no such dir": func(c *Config) { c.Worker = filepath.Join(c.Worker, "none") },
	} {
		c := good
		change(&c)
		if s, err := Start(t.Context(), c); err == nil {
			s.Kill()
			t.Errorf("%s: it started", name)
		} else if errors.Is(err, ErrNoWorkerd) {
			t.Fatal("workerd is not installed: run `npm ci`")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := good
	c.Worker = testSite(t, map[string]string{"worker.mjs": echoWorker})
	c.Objects = []string{"Counter"}
	if s, err := Start(ctx, c); err == nil {
		s.Kill()
		t.Error("it started although nobody waits for it")
	}
}

func TestQuote(t *testing.T) {
	for s, want := range map[string]string{
		"a": `"a"`, `a"b\c`: `"a\"b\\c"`, "a\nb\x00": `"a\x0ab\x00"`, "grüß": `"grüß"`, "a b/c": `"a b/c"`,
	} {
		if got := quote(s); got != want {
			t.Errorf("%q is quoted %s, want %s", s, got, want)
		}
	}
}

// keyPair writes the files of a certificate for 127.0.0.1, signed by itself, and its key.
func keyPair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	directory := testSite(t, map[string]string{
		"certificate.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"key \"1\".pem":   string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
	})
	return filepath.Join(directory, "certificate.pem"), filepath.Join(directory, "key \"1\".pem")
}
