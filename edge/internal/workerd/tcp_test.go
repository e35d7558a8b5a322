package workerd_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// lineServer answers each line with the line and a "!", over TLS when it has a certificate.
func lineServer(t *testing.T, certificate *tls.Certificate) string {
	return listen(t, func(conn net.Conn) {
		if certificate != nil {
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*certificate}})
		}
		answerLines(conn, 1<<30)
	})
}

// plainThenTLS speaks TLS from the second line on.
func plainThenTLS(t *testing.T, certificate *tls.Certificate) string {
	return listen(t, func(conn net.Conn) {
		answerLines(conn, 1)
		answerLines(tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*certificate}}), 1<<30)
	})
}

func answerLines(conn net.Conn, limit int) {
	lines := bufio.NewReader(conn)
	for range limit {
		line, err := lines.ReadString('\n')
		if err != nil || line == "bye\n" {
			return
		}
		if line != "silence\n" {
			fmt.Fprintf(conn, "%s!\n", line[:len(line)-1])
		}
	}
}

// listen gives every connection to handle, on a name that certificates can have.
func listen(t *testing.T, handle func(net.Conn)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
}

// serverCertificate returns a certificate for localhost and the file of the authority that signed it: itself.
func serverCertificate(t *testing.T) (*tls.Certificate, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}
