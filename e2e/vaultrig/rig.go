// Package vaultrig has devices that share a person's settings through a running service: the real client half of the vault over real
// requests, without pages and without what proves a device. Tests and measurements use it.
package vaultrig

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Device is a browser's session with the vault open in it. Many devices may have the cookies of one.
type Device struct {
	*vault.Vault
	Wire  *Wire
	Store *client.Store
}

// Open opens the vault of the person who is signed in in b, or makes it, as somebody who has the recovery code. The device remembers
// nothing from earlier.
func Open(ctx context.Context, b *opaquetest.Browser, code vault.RecoveryCode) (*Device, error) {
	var account api.Account
	if err := b.Call(api.RouteAccount, nil, &account); err != nil {
		return nil, err
	}
	d := &Device{Wire: &Wire{Browser: b}}
	c, err := client.New(client.Config{Base: b.Issuer, Transport: d.Wire, Now: time.Now})
	if err != nil {
		return nil, err
	}
	d.Store = c.NewStore(account.ID, 0, func(context.Context, int64) error { return nil }, nil)
	config := vault.Config{Account: account.ID, Device: vault.NewID(), Store: d.Store, Memory: new(vault.RAM), Now: time.Now}
	self := vault.RecoveryIdentity(code)
	if _, err := d.Store.Keys(ctx); err == nil {
		d.Vault, err = vault.Open(ctx, config, self)
		return d, err
	}
	d.Vault, err = vault.Create(ctx, config, self, self.Recipient("recovery"))
	return d, err
}

// Listen connects the device to what happens to the vault.
func (d *Device) Listen(ctx context.Context) (*websocket.Conn, error) {
	return d.ListenBy(ctx, d.Wire.Browser.HTTP)
}

// ListenBy is Listen through a client that speaks HTTP/1.1.
func (d *Device) ListenBy(ctx context.Context, by *http.Client) (*websocket.Conn, error) {
	b := d.Wire.Browser
	header := http.Header{"Origin": {b.Issuer}, "Cookie": {strings.Join(d.Wire.cookies(), "; ")}}
	conn, _, err := websocket.Dial(ctx, b.Base+api.RouteVaultChanges, &websocket.DialOptions{HTTPClient: by, HTTPHeader: header})
	return conn, err
}

// Wire carries requests with a browser's cookies, and keeps account of them.
type Wire struct {
	Browser *opaquetest.Browser

	mu             sync.Mutex
	keep           *bytes.Buffer
	sent, received int
}

// Do implements client.Transport.
func (w *Wire) Do(ctx context.Context, in client.Request) (client.Response, error) {
	url := w.Browser.Base + strings.TrimPrefix(in.URL, w.Browser.Issuer)
	r, err := http.NewRequestWithContext(ctx, in.Method, url, bytes.NewReader(in.Body))
	if err != nil {
		return client.Response{}, err
	}
	for name, value := range in.Header {
		r.Header.Set(name, value)
	}
	r.Header.Set("Origin", w.Browser.Issuer)
	r.Header.Set("Cookie", strings.Join(w.cookies(), "; "))
	answer, err := w.Browser.HTTP.Do(r)
	if err != nil {
		return client.Response{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, int64(in.Limit)+1))
	w.note(in, body)
	return client.Response{Status: answer.StatusCode, Body: body}, err
}

func (w *Wire) cookies() (list []string) {
	for name, value := range w.Browser.Cookies {
		list = append(list, name+"="+value)
	}
	return list
}

func (w *Wire) note(in client.Request, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent, w.received = w.sent+len(in.Body), w.received+len(body)
	if w.keep != nil {
		w.keep.WriteString(in.URL + "\n")
		w.keep.Write(in.Body)
		w.keep.Write(body)
	}
}

// Record has everything kept that goes over the wire from now on, and returns a function that gives it.
func (w *Wire) Record() func() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keep = new(bytes.Buffer)
	return func() []byte {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.keep.Bytes()
	}
}

// Bytes returns how many bytes of bodies were sent and received so far.
func (w *Wire) Bytes() (sent, received int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent, w.received
}
