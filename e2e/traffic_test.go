package e2e

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/e2e/local"
)

// wiretap is a proxy that all of a browser's traffic goes through. It ends TLS with the local certificate, which the browser
// trusts, so it reads everything that leaves: pages, workers, frames, beacons. It reaches only the loopback.
type wiretap struct {
	net.Listener
	t    *testing.T
	leaf tls.Certificate
	out  *http.Transport

	mu       sync.Mutex
	sent     bytes.Buffer // every request as it stood on the wire
	requests int
	foreign  []string // hosts outside the service that the browser wanted
}

func newWiretap(t *testing.T) *wiretap {
	t.Helper()
	leaf, err := tls.LoadX509KeyPair(service.Certificates.Cert, service.Certificates.Key)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	ca, err := os.ReadFile(service.Certificates.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots.AppendCertsFromPEM(ca)
	w := &wiretap{Listener: listener, t: t, leaf: leaf, out: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	w.out.DialContext = local.DialLoopback
	t.Cleanup(func() { listener.Close() })
	go w.accept()
	return w
}

// options send a browser's traffic here, even that to localhost.
func (w *wiretap) options() []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.ProxyServer(w.Addr().String()), chromedp.Flag("proxy-bypass-list", "<-loopback>"),
	}
}

func (w *wiretap) accept() {
	for {
		conn, err := w.Accept()
		if err != nil {
			return
		}
		go w.serve(conn)
	}
}

func (w *wiretap) serve(conn net.Conn) {
	defer conn.Close()
	connect, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	host, _, _ := net.SplitHostPort(connect.Host)
	if connect.Method != http.MethodConnect || host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		w.mu.Lock()
		w.foreign = append(w.foreign, connect.Host)
		w.mu.Unlock()
		_, _ = io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	secure := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{w.leaf}, NextProtos: []string{"http/1.1"}})
	defer secure.Close()
	for reader := bufio.NewReader(secure); ; {
		r, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		if !w.forward(secure, r, connect.Host) {
			return
		}
	}
}

func (w *wiretap) forward(to io.Writer, r *http.Request, host string) bool {
	wire, err := httputil.DumpRequest(r, true)
	if err != nil {
		return false
	}
	w.mu.Lock()
	w.sent.Write(wire)
	w.sent.WriteByte('\n')
	w.requests++
	w.mu.Unlock()
	r.URL.Scheme, r.URL.Host, r.RequestURI = "https", host, ""
	answer, err := w.out.RoundTrip(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.Write(to) == nil && !answer.Close
}

// traffic is all that was sent so far.
func (w *wiretap) traffic() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent.String()
}
