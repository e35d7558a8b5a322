//go:build !js

// Command edge is Latchkey's server. Built for js/wasm it is the Worker's Go program, which edge/worker.mjs starts once in an
// isolate; built natively it serves the same handlers over objects in SQLite files.
//
//	go run ./edge -listen localhost:8787 -state DIR -cert FILE -key FILE
//
// Settings come from the environment and have the names that the Worker's bindings have; server.Config lists them.
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/latchkey-id/latchkey/edge/message"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/server"
)

// options are the flags.
type options struct {
	listen, state, cert, key, site string
	private                        bool
}

func main() {
	var o options
	flag.StringVar(&o.listen, "listen", "localhost:8787", "address to serve https on; port 0 takes a free one and logs it")
	flag.StringVar(&o.state, "state", ".latchkey/native", "directory of the objects' databases")
	flag.StringVar(&o.cert, "cert", "", "PEM file of the certificate chain")
	flag.StringVar(&o.key, "key", "", "PEM file of its private key")
	flag.StringVar(&o.site, "site", "site/dist", "directory of the built pages")
	flag.BoolVar(&o.private, "private-network", false, "let requests to others reach private addresses: a mail service beside, say")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if err := serve(ctx, log, o); err != nil {
		fmt.Fprintln(os.Stderr, "edge:", err)
		os.Exit(1)
	}
}

// serve runs until ctx is done.
func serve(ctx context.Context, log *slog.Logger, o options) error {
	if o.cert == "" || o.key == "" {
		return errors.New("-cert and -key are required: Latchkey speaks TLS only")
	}
	config, err := server.ParseConfig(os.Getenv)
	if err != nil {
		return err
	}
	var host lateHost
	service, err := server.New(server.Deps{
		Config: config, Host: &host, Sockets: &host, Outbound: outbound{transport(config.Issuer, o.private)}, Dial: dial, Now: time.Now, Log: log,
	})
	if err != nil {
		return err
	}
	objects, err := object.NewNative(object.NativeConfig{Dir: o.state, Now: time.Now, Log: log}, service.Kinds...)
	if err != nil {
		return err
	}
	defer objects.Close()
	host.Native = objects
	go func() {
		if err := objects.Run(ctx); err != nil && ctx.Err() == nil {
			log.Error("alarms have stopped", "error", err)
		}
	}()
	pages, err := newPages(os.DirFS(o.site), service.Handler)
	if err != nil {
		return err
	}
	return listenAndServe(ctx, log, o, platform(config.AddressHeader, compressed(pages)))
}

// lateHost breaks a circle: effects of the objects call objects, so the services are made before the host is.
type lateHost struct{ *object.Native }

func listenAndServe(ctx context.Context, log *slog.Logger, o options, h http.Handler) error {
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	log.Info("serving https", "address", listener.Addr().String())
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = s.Shutdown(grace) // what is left after the grace is cut off
	}()
	if err := s.ServeTLS(listener, o.cert, o.key); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-finished // requests are answered before the objects are closed
	return nil
}

// platform does what worker.mjs does on the runtime: it removes headers that only the platform may set, and sets them. The client's
// address is the connection's, unless the operator names a proxy's header.
func platform(addressHeader string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if strings.HasPrefix(name, "Latchkey-") {
				r.Header.Del(name)
			}
		}
		r.Header.Set("Latchkey-Request", rand.Text()[:16])
		if strings.EqualFold(addressHeader, "CF-Connecting-IP") {
			host, _, _ := net.SplitHostPort(r.RemoteAddr)
			r.Header.Set(addressHeader, host)
		}
		next.ServeHTTP(w, r)
	})
}

// outboundTime bounds a request to somebody else, from the start to the end of the answer, as the bridge does on the runtime.
const outboundTime = 10 * time.Second

// outbound is how the native server calls others: with a deadline, and without following redirects, which RoundTrip never does.
type outbound struct{ http.RoundTripper }

func (o outbound) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), outboundTime)
	answer, err := o.RoundTripper.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	answer.Body = body{answer.Body, cancel}
	return answer, nil
}

// body keeps the deadline until it has been read.
type body struct {
	io.ReadCloser
	done context.CancelFunc
}

func (b body) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}

// dial opens a connection for mail.
func dial(ctx context.Context, address, secure string) (message.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	if secure == "on" {
		conn, err := (&tls.Dialer{NetDialer: &d}).DialContext(ctx, "tcp", address)
		return &mailConn{conn}, err
	}
	conn, err := d.DialContext(ctx, "tcp", address)
	return &mailConn{conn}, err
}

// mailConn is a connection that can begin TLS later.
type mailConn struct{ net.Conn }

func (c *mailConn) StartTLS(host string) error {
	secure := tls.Client(c.Conn, &tls.Config{ServerName: host})
	if err := secure.Handshake(); err != nil {
		return err
	}
	c.Conn = secure
	return nil
}
