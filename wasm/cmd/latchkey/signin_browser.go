package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// byBrowser signs in with a browser on this computer: the authorization code grant with PKCE, answered on the loopback interface (RFC 8252,
// RFC 7636).
func (p program) byBrowser(ctx context.Context, c *connection, proof *prover) (accessToken, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return accessToken{}, errors.Join(errNoBrowser, err)
	}
	verifier, state := random(), random()
	sum := sha256.Sum256([]byte(verifier))
	redirect := "http://" + listener.Addr().String() + "/callback"
	address := c.options.service + routeAuthorize + "?" + url.Values{
		"client_id": {clientID}, "response_type": {"code"}, "redirect_uri": {redirect}, "scope": {scope}, "state": {state},
		"code_challenge": {base64url(sum[:])}, "code_challenge_method": {"S256"}, "dpop_jkt": {proof.thumbprint()},
	}.Encode()
	wait := newCallback(listener, c.options.service, state)
	defer wait.close()
	if err := p.system.browse(ctx, address); err != nil {
		return accessToken{}, err
	}
	fmt.Fprintf(p.problems, "Allow it in your browser. If none has opened, go to:\n  %s\n", address)
	code, err := wait.code(ctx)
	if err != nil {
		return accessToken{}, err
	}
	var token accessToken
	err = c.form(ctx, proof, routeToken, url.Values{
		"grant_type": {grantCode}, "client_id": {clientID}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier},
	}, &token)
	return token, err
}

// callback waits on the loopback interface for the one answer that belongs to this sign-in.
type callback struct {
	issuer, state, host string
	server              *http.Server
	once                sync.Once
	answered            chan url.Values
}

func newCallback(listener net.Listener, issuer, state string) *callback {
	c := &callback{issuer: issuer, state: state, host: listener.Addr().String(), answered: make(chan url.Values, 1)}
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	go c.server.Serve(listener)
	return c
}

// close lets the page be sent to its end.
func (c *callback) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		c.server.Close()
	}
}

// ServeHTTP takes the answer. Whatever else asks, by another name of this computer or without the state, learns nothing and changes nothing.
func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	right := subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(c.state)) == 1
	if err != nil || r.Method != http.MethodGet || r.URL.Path != "/callback" || r.Host != c.host || !right {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	fmt.Fprint(w, `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Latchkey</title>`+
		`<h1>Go back to the terminal</h1><p>You can close this page.</p></html>`)
	c.once.Do(func() { c.answered <- query })
}

// code is the authorization code, once it is there. The answer must name the service that was asked (RFC 9207).
func (c *callback) code(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case query := <-c.answered:
		switch {
		case query.Get("iss") != c.issuer:
			return "", fmt.Errorf("the answer is not of %s but of %q", c.issuer, printable(query.Get("iss")))
		case query.Get("error") != "":
			return "", &oauthError{Code: query.Get("error"), Description: query.Get("error_description")}
		case query.Get("code") == "":
			return "", errors.New("the service has answered without a code")
		}
		return query.Get("code"), nil
	}
}
