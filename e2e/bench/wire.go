package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/e2e/vaultrig"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// onTheWire counts the bytes that one change takes: by HTTP/2, which is how browsers reach Latchkey on Cloudflare and which the native server
// speaks, and by HTTP/1.1, which is all that plain workerd speaks and repeats every header.
func (b *bench) onTheWire() error {
	ours, err := b.startNative("wire")
	if err != nil {
		return err
	}
	total, body, err := b.oneChange(ours.issuer, ours.roots)
	if err = errors.Join(err, ours.stop()); err != nil {
		return err
	}
	plain, err := b.latchkey("wire-workerd", func(o *local.Options) { o.Plain = false })
	if err != nil {
		return err
	}
	defer plain.Stop()
	authority, err := os.ReadFile(plain.Certificates.CA)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	old, _, err := b.oneChange(plain.Issuer, roots)
	if err != nil {
		return err
	}
	b.add(row{"bytes on the wire for one change of 200 bytes, both devices", kib(total),
		fmt.Sprintf("bodies before compression %s; by HTTP/1.1, workerd, %s", kib(body), kib(old)), "", "≤ 2.0 KiB", total <= 2<<10})
	return nil
}

// oneChange counts the bytes of both devices, in both directions, with TLS and all headers, once the connections stand, and what of them are
// bodies. The devices have one connection for requests, and the one that listens a WebSocket.
func (b *bench) oneChange(issuer string, roots *x509.CertPool) (total, bodies int64, err error) {
	var count counter
	w := opaquetest.NewBrowser(issuer, issuer, count.client(roots))
	if err := w.SignUp("bench@"+local.DefaultDomain, opaquetest.NewPerson(longPassword)); err != nil {
		return 0, 0, err
	}
	var devices [2]*vaultrig.Device
	for i, code := 0, vault.NewRecoveryCode(); i < len(devices); i++ {
		if devices[i], err = vaultrig.Open(b.ctx, w, code); err != nil {
			return 0, 0, err
		}
	}
	apart := &http.Client{Transport: count.client(roots).Transport.(*http.Transport).Clone()} // a WebSocket is HTTP/1.1
	apart.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	conn, err := devices[1].ListenBy(b.ctx, apart)
	if err != nil {
		return 0, 0, err
	}
	defer conn.CloseNow()
	const times = 20
	for n := range times + 2 {
		if n == 2 { // what is new costs more once
			total, bodies = count.bytes.Load(), carried(devices[:]...)
		}
		if _, err := pass(b.ctx, devices[0], devices[1], conn); err != nil {
			return 0, 0, err
		}
	}
	return (count.bytes.Load() - total) / times, (carried(devices[:]...) - bodies) / times, nil
}

func carried(devices ...*vaultrig.Device) (n int64) {
	for _, d := range devices {
		sent, received := d.Wire.Bytes()
		n += int64(sent + received)
	}
	return n
}
