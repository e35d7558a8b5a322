package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/latchkey-id/latchkey/e2e/local"
)

// native is the native server, over TLS and with HTTP/2, which is how browsers reach Latchkey on Cloudflare; plain workerd has HTTP/1.1 only.
type native struct {
	*exec.Cmd
	issuer string
	roots  *x509.CertPool
}

func (b *bench) startNative(name string) (*native, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	certificates, err := local.EnsureCertificates(dir, time.Now())
	if err != nil {
		return nil, err
	}
	secrets, err := local.EnsureSecrets(dir)
	if err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "edge")
	if out, err := exec.Command("go", "build", "-o", program, "./edge").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	n := &native{issuer: "https://localhost:" + port, roots: x509.NewCertPool()}
	authority, err := os.ReadFile(certificates.CA)
	if err != nil {
		return nil, err
	}
	n.roots.AppendCertsFromPEM(authority)
	n.Cmd = exec.Command(program, "-listen", address, "-state", filepath.Join(dir, "state"), "-cert", certificates.Cert, "-key", certificates.Key)
	n.Env = append(os.Environ(), "LATCHKEY_ISSUER="+n.issuer, "LATCHKEY_DEFAULT_DOMAIN="+local.DefaultDomain, "LATCHKEY_MAIL=outbox:",
		"LATCHKEY_ROOT_KEY="+secrets.RootKey)
	if err := n.Start(); err != nil {
		return nil, err
	}
	return n, n.ready()
}

// ready waits until the server answers.
func (n *native) ready() error {
	client := new(counter).client(n.roots)
	for range 200 {
		if answer, err := client.Get(n.issuer + "/healthz"); err == nil {
			return answer.Body.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.Join(errors.New("the native server does not answer"), n.stop())
}

func (n *native) stop() error {
	if err := n.Process.Kill(); err != nil {
		return err
	}
	_ = n.Wait() // which says that it was killed
	return nil
}

// counter counts what its connections carry, with all that is around it: TLS, frames, headers.
type counter struct{ bytes atomic.Int64 }

func (c *counter) client(roots *x509.CertPool) *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		return &counted{conn, c}, err
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
}

type counted struct {
	net.Conn
	counter *counter
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.counter.bytes.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.counter.bytes.Add(int64(n))
	return n, err
}
