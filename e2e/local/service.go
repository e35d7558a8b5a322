// Package local runs all of Latchkey on one machine: the Worker on workerd with its objects on disk, over TLS, and two demo
// applications that people sign in to.
//
// `make run` uses it (e2e/local/run), and so do the browser tests and the benchmark. It is the shortest description of what a
// deployment consists of.
package local

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/e2e/shop"
	"github.com/latchkey-id/latchkey/edge/rp"
	"github.com/latchkey-id/latchkey/edge/selfhost"
)

// DefaultDomain is the domain of new addresses. It can't exist anywhere else.
const DefaultDomain = "latchkey.localhost"

// Options say where things are. The zero value takes free ports and needs a Dir.
type Options struct {
	Root    string // of the repository, where edge/dist and site/dist are; default "."
	Site    string // directory of the static pages; default site/dist below Root
	Dir     string // state, certificates and secrets; made when missing, found again at the next start
	Port    int    // of the sign-in service; the applications take the next two. 0: free ones
	Plain   bool   // serve http, for measuring without TLS; the issuer stays https and no applications are started
	Vars    map[string]string
	Workerd string    // the runtime's program; what selfhost finds when empty
	Log     io.Writer // of the Worker; default standard error
	ShopLog *slog.Logger
}

// Service is a running Latchkey.
type Service struct {
	Issuer       string // https://localhost:PORT
	Shop         string // https://shop.localhost:PORT+1
	Books        string // https://books.localhost:PORT+2
	URL          string // where the service listens: the issuer, or http when Options.Plain
	Certificates Certificates
	Secrets      Secrets
	State        string // directory of the objects' databases

	options Options
	ports   [3]int
	worker  *selfhost.Server
	shops   []*http.Server
}

// Start starts everything and returns when it answers.
func Start(ctx context.Context, o Options) (*Service, error) {
	if o.Root == "" {
		o.Root = "."
	}
	if o.Site == "" {
		o.Site = filepath.Join(o.Root, "site/dist")
	}
	s := &Service{options: o, State: filepath.Join(o.Dir, "state")}
	var err error
	if s.ports, err = ports(o.Port); err != nil {
		return nil, err
	}
	s.Issuer = "https://localhost:" + strconv.Itoa(s.ports[0])
	s.Shop = "https://shop.localhost:" + strconv.Itoa(s.ports[1])
	s.Books = "https://books.localhost:" + strconv.Itoa(s.ports[2])
	s.URL = s.Issuer
	if o.Plain {
		s.URL = "http://127.0.0.1:" + strconv.Itoa(s.ports[0])
	}
	if s.Certificates, err = EnsureCertificates(o.Dir, time.Now()); err != nil {
		return nil, err
	}
	if s.Secrets, err = EnsureSecrets(o.Dir); err != nil {
		return nil, err
	}
	if err := s.startWorker(ctx); err != nil {
		return nil, err
	}
	if err := s.register(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if !o.Plain {
		for i, base := range []string{s.Shop, s.Books} {
			if err := s.startShop([]string{"shop", "books"}[i], base, s.ports[i+1]); err != nil {
				return nil, errors.Join(err, s.Stop())
			}
		}
	}
	return s, nil
}

func (s *Service) startWorker(ctx context.Context) error {
	vars := map[string]string{
		"LATCHKEY_ISSUER": s.Issuer, "LATCHKEY_DEFAULT_DOMAIN": DefaultDomain, "LATCHKEY_MAIL": "outbox:",
		"LATCHKEY_ROOT_KEY": s.Secrets.RootKey, "LATCHKEY_OPERATOR_KEY": s.Secrets.OperatorKey,
		"LATCHKEY_EXTRA_DOMAINS": "example.com,example.net,example.org", "LATCHKEY_SIGNUP_ALLOW": "127.0.0.0/8,::1/128",
	}
	maps.Copy(vars, s.options.Vars)
	config := selfhost.Config{
		Worker: filepath.Join(s.options.Root, "edge/dist"), Site: s.options.Site,
		State: s.State, Address: "127.0.0.1:" + strconv.Itoa(s.ports[0]),
		Certificate: s.Certificates.Cert, Key: s.Certificates.Key, TrustedCAs: []string{s.Certificates.CA},
		PrivateNetwork: true, Vars: vars, Log: s.options.Log, Workerd: s.options.Workerd,
	}
	if s.options.Plain {
		config.Certificate, config.Key = "", ""
	}
	var err error
	s.worker, err = selfhost.Start(ctx, config)
	return err
}

// Client returns an HTTP client that trusts the local authority, follows no redirect and resolves *.localhost.
func (s *Service) Client() *http.Client {
	roots := x509.NewCertPool()
	if ca, err := os.ReadFile(s.Certificates.CA); err == nil {
		roots.AppendCertsFromPEM(ca)
	}
	return &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots}, DialContext: DialLoopback, MaxIdleConnsPerHost: 64,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// DialLoopback connects to the port on this machine, whatever the host is called.
func DialLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

// application is an entry of the file that registers applications.
func (s *Service) application(id, name, base string, port int) map[string]any {
	return map[string]any{
		"client_id": id, "name": name, "client_secret": s.Secrets.ShopSecret,
		"redirect_uris":             []string{base + "/auth/callback", base + "/settings/callback"},
		"scopes":                    []string{"openid", "profile", "email", "latchkey:settings"},
		"post_logout_redirect_uris": []string{base + "/auth/signed-out"},
		"frontchannel_logout_uri":   base + "/auth/frontchannel-logout",
		// The Worker resolves names by the system's resolver, which knows localhost and not shop.localhost.
		"backchannel_logout_uri": fmt.Sprintf("https://localhost:%d/auth/backchannel-logout", port),
	}
}

// register loads the demo applications, as `latchkey apps load` would.
func (s *Service) register(ctx context.Context) error {
	file, err := json.Marshal(map[string]any{"applications": []any{
		s.application("shop", "Hinge & Bolt", s.Shop, s.ports[1]),
		s.application("books", "Hinge & Bolt, second branch", s.Books, s.ports[2]),
	}})
	if err != nil {
		return err
	}
	return s.Load(ctx, file)
}

// Load registers a file of applications.
func (s *Service) Load(ctx context.Context, file []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, s.URL+"/operator/applications", bytes.NewReader(file))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+s.Secrets.OperatorKey)
	r.Header.Set("Content-Type", "application/json")
	answer, err := s.Client().Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
		return fmt.Errorf("applications not registered: %s: %s", answer.Status, body)
	}
	return nil
}

func (s *Service) startShop(id, base string, port int) error {
	handler, err := shop.New(rp.Config{
		Issuer: s.Issuer, ClientID: id, ClientSecret: s.Secrets.ShopSecret, BaseURL: base, CookieName: id,
		CookieKey: s.Secrets.ShopCookie, Client: s.Client(), Log: s.options.ShopLog,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)}
	s.shops = append(s.shops, server)
	go func() { _ = server.ServeTLS(listener, s.Certificates.Cert, s.Certificates.Key) }() // ends with Close
	return nil
}

// Restart stops the Worker, or kills it, and starts it again on the same state.
func (s *Service) Restart(ctx context.Context, kill bool) error {
	if kill {
		if err := s.worker.Kill(); err != nil {
			return err
		}
	} else if err := s.worker.Stop(); err != nil {
		return err
	}
	return s.startWorker(ctx)
}

// PID is the process id of the runtime.
func (s *Service) PID() int { return s.worker.PID() }

// Done is closed when the Worker's process has ended.
func (s *Service) Done() <-chan struct{} { return s.worker.Done() }

// Stop ends everything that Start started.
func (s *Service) Stop() error {
	for _, server := range s.shops {
		_ = server.Close()
	}
	return s.worker.Stop()
}

// ports takes three ports: from first on, or free ones.
func ports(first int) (p [3]int, err error) {
	if first != 0 {
		for i := range p {
			p[i] = first + i
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(p[i]))
			if err != nil {
				return p, fmt.Errorf("port %d is taken; stop what uses it, or choose others with -port: %w", p[i], err)
			}
			l.Close()
		}
		return p, nil
	}
	for i := range p {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return p, err
		}
		defer l.Close() // all at once, so that they differ
		p[i] = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}
