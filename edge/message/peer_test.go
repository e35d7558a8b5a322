//go:build !js

package message

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// options of testdata/peer.mjs.
type options struct {
	Modules      string   `json:"modules"`
	Key          string   `json:"key"`
	Cert         string   `json:"cert"`
	Secure       bool     `json:"secure,omitempty"`
	Password     string   `json:"password,omitempty"`
	AuthMethods  []string `json:"authMethods,omitempty"`
	Disabled     []string `json:"disabled,omitempty"`
	HideSMTPUTF8 bool     `json:"hideSMTPUTF8,omitempty"`
	Greylist     bool     `json:"greylist,omitempty"`
	RejectData   bool     `json:"rejectData,omitempty"`
	Slow         int      `json:"slow,omitempty"` // milliseconds
}

// delivered is a message as the peer got it.
type delivered struct {
	From   string   `json:"from"`
	UTF8   bool     `json:"utf8"`
	To     []string `json:"to"`
	Secure bool     `json:"secure"`
	User   string   `json:"user"`
	Hello  string   `json:"hello"`
	Raw    []byte   `json:"raw"`
}

// peer is a running mail server that others wrote: npm's smtp-server.
type peer struct {
	port     int
	messages chan delivered
	roots    *x509.CertPool
}

func startPeer(t *testing.T, o options) *peer {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	node := filepath.Join(root, "node_modules/node/bin/node")
	if _, err := os.Stat(filepath.Join(root, "node_modules/smtp-server")); err != nil {
		t.Fatal("the mail server that this test talks to is not installed: run `npm ci`")
	}
	p := &peer{messages: make(chan delivered, 10), roots: x509.NewCertPool()}
	o.Modules = filepath.Join(root, "node_modules")
	o.Cert, o.Key = certificate(t, p.roots)
	argument, _ := json.Marshal(o)
	cmd := exec.Command(node, "testdata/peer.mjs", string(argument))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	var started struct{ Port int }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &started) != nil {
		t.Fatal("the mail server did not start")
	}
	p.port = started.Port
	go func() {
		for lines.Scan() {
			var m delivered
			if json.Unmarshal(lines.Bytes(), &m) == nil {
				p.messages <- m
			}
		}
	}()
	return p
}

// next waits for a message.
func (p *peer) next(t *testing.T) delivered {
	t.Helper()
	select {
	case m := <-p.messages:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("no message arrived")
		return delivered{}
	}
}

// certificate makes one for localhost and adds it to the pool.
func certificate(t *testing.T, pool *x509.CertPool) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// netConn is a Conn over the operating system's sockets.
type netConn struct {
	net.Conn
	roots *x509.CertPool
}

func (c *netConn) StartTLS(host string) error {
	secure := tls.Client(c.Conn, &tls.Config{ServerName: host, RootCAs: c.roots})
	c.Conn = secure
	return secure.Handshake()
}

func dialer(roots *x509.CertPool) Dial {
	return func(ctx context.Context, address, secure string) (Conn, error) {
		conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		c := &netConn{conn, roots}
		if secure == tlsOn {
			host, _, _ := net.SplitHostPort(address)
			err = c.StartTLS(host)
		}
		return c, err
	}
}
