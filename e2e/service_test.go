package e2e

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/e2e/opaquetest"
)

// startOwn starts a Latchkey for one test that needs settings of its own. It has the certificates of the shared one, so that
// browsers trust it, and its log is shown when the test fails.
func startOwn(t *testing.T, o local.Options) *local.Service {
	t.Helper()
	log, ok := o.Log.(*journal)
	if !ok {
		log = &journal{}
	}
	o.Root, o.Dir, o.Log, o.ShopLog = "..", t.TempDir(), log, slog.New(slog.NewTextHandler(log, nil))
	for _, file := range []string{service.Certificates.CA, service.Certificates.Cert, service.Certificates.Key} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.Dir, filepath.Base(file)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := local.Start(t.Context(), o)
	if err != nil {
		t.Fatalf("the service does not start: %v\n%s", err, log)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			text := log.String()
			t.Logf("the Worker's log ends:\n%s", text[max(0, len(text)-10_000):])
		}
	})
	return s
}

// journal is a log that may be read while it is written.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// apiBrowser is a browser without pages.
func apiBrowser(s *local.Service) *opaquetest.Browser {
	return opaquetest.NewBrowser(s.URL, s.Issuer, s.Client())
}

// newPerson knows the good password and loses no time with stretching it.
func newPerson() *opaquetest.Person {
	p := opaquetest.NewPerson(goodPassword)
	p.InsecureUnstretched = true
	return p
}

// tlsServer serves https on the loopback with the local certificate, which the Worker and the browsers trust.
func tlsServer(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(service.Certificates.Cert, service.Certificates.Key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// portOf is the port of an address, which localhost stands before in the certificate.
func portOf(address string) string { return address[strings.LastIndex(address, ":")+1:] }
