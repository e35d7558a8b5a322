package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/e2e/vaultrig"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

const (
	manySettings = 10_000
	settingBytes = 200
	sealedBytes  = 333 // of such a setting
)

// sharer is a person who has a vault.
func (b *bench) sharer(s *local.Service) (*opaquetest.Browser, *vaultrig.Device, vault.RecoveryCode, error) {
	_, w, _, err := b.member(s, 0)
	if err != nil {
		return nil, nil, vault.RecoveryCode{}, err
	}
	code := vault.NewRecoveryCode()
	d, err := vaultrig.Open(b.ctx, w.Browser, code)
	return w.Browser, d, code, err
}

// value is a setting of which nothing can be guessed from another.
func value() []byte {
	v := make([]byte, settingBytes)
	_, _ = rand.Read(v) // never fails
	return v
}

// fill gives a vault so many settings.
func fill(ctx context.Context, d *vaultrig.Device, n int) error {
	edits := make([]vault.Edit, n)
	for i := range edits {
		edits[i] = vault.Edit{Collection: "bench", Name: fmt.Sprint("setting-", i), Value: value()}
	}
	if _, err := d.Apply(ctx, edits); err != nil {
		return err
	}
	return d.Sync(ctx)
}

// firstSync has a new device take all settings, opened and checked, and beside it has somebody copy as many bytes.
func (b *bench) firstSync() error {
	ours, err := b.latchkey("firstsync")
	if err != nil {
		return err
	}
	defer ours.Stop()
	plain, err := startPlain(b.ctx, b.dir, "copy", "Copy")
	if err != nil {
		return err
	}
	defer plain.Stop()
	w, d, code, err := b.sharer(ours)
	if err != nil {
		return err
	}
	if err := fill(b.ctx, d, manySettings); err != nil {
		return err
	}
	if err := get(fmt.Sprintf("%s/?rows=%d&bytes=%d", plain.URL, manySettings, sealedBytes)); err != nil {
		return err
	}
	our, their, ratio, err := b.turns(
		func() (float64, error) { return newDevice(b.ctx, w, code) },
		func() (float64, error) { return copyAll(plain.URL) },
	)
	if err != nil {
		return err
	}
	b.add(row{"first sync of 10,000 settings to a new device", fmt.Sprintf("%.0f ms", our),
		fmt.Sprintf("copied by a plain JS Worker and object %.0f ms", their), fmt.Sprintf("%.2f", ratio), "≤ 3", ratio <= 3})
	return nil
}

// newDevice is how long it takes to open the vault and have all of it, in milliseconds.
func newDevice(ctx context.Context, w *opaquetest.Browser, code vault.RecoveryCode) (float64, error) {
	began := time.Now()
	d, err := vaultrig.Open(ctx, w, code)
	if err != nil {
		return 0, err
	}
	if err := d.Sync(ctx); err != nil {
		return 0, err
	}
	took := since(began)
	if n := len(d.List("bench")); n != manySettings {
		return 0, fmt.Errorf("%d settings", n)
	}
	return took, nil
}

func since(began time.Time) float64 { return float64(time.Since(began).Microseconds()) / 1000 }

// copyAll reads the pages of the plain Worker.
func copyAll(base string) (float64, error) {
	began, n := time.Now(), 0
	for page := (struct {
		Records []api.VaultRecord
		Cursor  int64
		More    bool
	}{More: true}); page.More; n += len(page.Records) {
		answer, err := http.Post(base, "application/json", bytes.NewReader(fmt.Appendf(nil, `{"after":%d,"limit":%d}`, page.Cursor, vault.MaxPage)))
		if err != nil {
			return 0, err
		}
		page.More, page.Records = false, nil
		err = json.NewDecoder(answer.Body).Decode(&page)
		_ = answer.Body.Close()
		if err != nil {
			return 0, err
		}
	}
	if n != manySettings {
		return 0, fmt.Errorf("%d rows", n)
	}
	return since(began), nil
}

// live measures how long a change takes from the device that makes it until the other one has it, beside a bare WebSocket on which one
// device says something and hears it back from the other: both over lines of lineDelay, where what counts is how often something has to
// go to and fro, and then without. There the difference is what Latchkey does and an echo does not: to write durably, to ask who it is.
func (b *bench) live() error {
	ours, err := b.latchkey("live")
	if err != nil {
		return err
	}
	defer ours.Stop()
	plain, err := startPlain(b.ctx, b.dir, "echo", "Echo")
	if err != nil {
		return err
	}
	defer plain.Stop()
	w, _, code, err := b.sharer(ours)
	if err != nil {
		return err
	}
	near, bare, _, err := b.between(w, code, plain.URL)
	if err != nil {
		return err
	}
	w.HTTP = overLine()
	our, their, ratio, err := b.between(w, code, plain.URL)
	if err != nil {
		return err
	}
	b.add(row{fmt.Sprintf("one changed setting, one device to another, live, over lines of %v", lineDelay), fmt.Sprintf("%.1f ms", our),
		fmt.Sprintf("bare WebSocket echo between them %.1f ms (without lines %.1f ms and %.1f ms)", their, near, bare),
		fmt.Sprintf("%.2f", ratio), "≤ 2", ratio <= 2})
	return nil
}

// between measures both ways between two devices that are connected as w is.
func (b *bench) between(w *opaquetest.Browser, code vault.RecoveryCode, plain string) (our, their, ratio float64, err error) {
	var devices [2]*vaultrig.Device
	for i := range devices {
		if devices[i], err = vaultrig.Open(b.ctx, w, code); err != nil {
			return 0, 0, 0, err
		}
	}
	var sockets [3]*websocket.Conn
	for i := range sockets {
		if i == 0 {
			sockets[i], err = devices[1].Listen(b.ctx)
		} else {
			sockets[i], _, err = websocket.Dial(b.ctx, plain, &websocket.DialOptions{HTTPClient: w.HTTP})
		}
		if err != nil {
			return 0, 0, 0, err
		}
		defer sockets[i].CloseNow()
	}
	go echo(b.ctx, sockets[2])
	return b.turns(
		func() (float64, error) {
			return typical(20, func() error { return pass(b.ctx, devices[0], devices[1], sockets[0]) })
		},
		func() (float64, error) { return typical(20, func() error { return say(b.ctx, sockets[1]) }) },
	)
}

// typical is the median of n times, in milliseconds.
func typical(n int, f func() error) (float64, error) {
	times := make([]float64, n)
	for i := range times {
		began := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		times[i] = since(began)
	}
	return median(times), nil
}

// pass has a setting change on one device and waits until the other has it.
func pass(ctx context.Context, writer, reader *vaultrig.Device, conn *websocket.Conn) error {
	v := value()
	if err := writer.Set(ctx, "bench", "live", v); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- writer.Sync(ctx) }()
	if _, _, err := conn.Read(ctx); err != nil {
		return err
	}
	if err := reader.Sync(ctx); err != nil {
		return err
	}
	if got, _ := reader.Get("bench", "live"); !bytes.Equal(got.Value, v) {
		return fmt.Errorf("the other device has an older setting")
	}
	return <-done
}

// echo says everything back.
func echo(ctx context.Context, conn *websocket.Conn) {
	for {
		kind, text, err := conn.Read(ctx)
		if err != nil || conn.Write(ctx, kind, text) != nil {
			return
		}
	}
}

func say(ctx context.Context, conn *websocket.Conn) error {
	if err := conn.Write(ctx, websocket.MessageText, []byte(base64.StdEncoding.EncodeToString(value()))); err != nil {
		return err
	}
	_, _, err := conn.Read(ctx)
	return err
}

// onTheWire counts the bytes that one change takes: of both devices, in both directions, with TLS and all headers, once the connections stand.
// The devices have one connection for requests, and the one that listens a WebSocket.
func (b *bench) onTheWire() error {
	ours, err := b.startNative("wire")
	if err != nil {
		return err
	}
	defer ours.stop()
	var count counter
	w := opaquetest.NewBrowser(ours.issuer, ours.issuer, count.client(ours.roots))
	if err := w.SignUp("bench@"+local.DefaultDomain, opaquetest.NewPerson(longPassword)); err != nil {
		return err
	}
	code := vault.NewRecoveryCode()
	writer, err := vaultrig.Open(b.ctx, w, code)
	if err != nil {
		return err
	}
	reader, err := vaultrig.Open(b.ctx, w, code)
	if err != nil {
		return err
	}
	apart := &http.Client{Transport: count.client(ours.roots).Transport.(*http.Transport).Clone()} // a WebSocket is HTTP/1.1
	apart.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	conn, err := reader.ListenBy(b.ctx, apart)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	const times = 20
	var before int64
	var bodies int
	for n := range times + 2 {
		if n == 2 { // what is new costs more once
			before, bodies = count.bytes.Load(), carried(writer, reader)
		}
		if err := pass(b.ctx, writer, reader, conn); err != nil {
			return err
		}
	}
	total, body := (count.bytes.Load()-before)/times, (carried(writer, reader)-bodies)/times
	b.add(row{"bytes on the wire for one change of 200 bytes, both devices", kib(total),
		fmt.Sprintf("bodies before compression %s", kib(int64(body))), "", "≤ 2.0 KiB", total <= 2<<10})
	return nil
}

func carried(devices ...*vaultrig.Device) (n int) {
	for _, d := range devices {
		sent, received := d.Wire.Bytes()
		n += sent + received
	}
	return n
}

// step measures the server's processor time per record written, by how many there are.
func (b *bench) step() error {
	ours, err := b.latchkey("step")
	if err != nil {
		return err
	}
	defer ours.Stop()
	w, _, _, err := b.sharer(ours)
	if err != nil {
		return err
	}
	p := &pusher{w: w}
	var took []float64
	var said string
	for _, size := range []int{100, 1_000, 10_000, 100_000} {
		for p.records < size {
			if err := p.push(min(size-p.records, api.MaxVaultChanges)); err != nil {
				return err
			}
		}
		const pushes, each = 20, 100
		ms, err := spent(ours.PID(), pushes, func() error { return p.push(each) })
		if err != nil {
			return err
		}
		b.say("%d records: %.0f µs", p.records, ms*1000/each)
		took = append(took, ms*1000/each)
		said += fmt.Sprintf("%s%.0f", map[bool]string{true: ", "}[said != ""], ms*1000/each)
	}
	ratio := took[len(took)-1] / took[0]
	b.add(row{"vault server step per record written, CPU", fmt.Sprintf("%.0f µs at 100,000 records", took[len(took)-1]),
		fmt.Sprintf("at 100, 1,000, 10,000 and 100,000: %s µs", said), fmt.Sprintf("%.2f", ratio), "≤ 1.25", ratio <= 1.25})
	return nil
}

// pusher writes new records that only look sealed.
type pusher struct {
	w       *opaquetest.Browser
	records int
}

func (p *pusher) push(n int) error {
	in := api.VaultPushRequest{
		Generation: 1, Keys: 1, Collection: randomID(),
		Manifest: api.VaultManifestChange{Body: value()},
	}
	for range n {
		body := make([]byte, sealedBytes)
		_, _ = rand.Read(body) // never fails
		in.Batch = append(in.Batch, api.VaultChange{ID: randomID(), Body: body})
	}
	p.records += n
	return p.w.Call(api.RouteVaultPush, in, new(api.VaultPushResponse))
}

func randomID() string {
	id := make([]byte, api.VaultIDLength)
	_, _ = rand.Read(id) // never fails
	return base64.RawURLEncoding.EncodeToString(id)
}
