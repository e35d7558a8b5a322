package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/e2e/vaultrig"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// live measures how long a change takes from the device that makes it until the other one has it, beside a WebSocket on which one device
// says something and hears it back from the other. Over lines of lineDelay what counts is how often something has to go to and fro; that is
// the target. Without lines, for information, it is what Latchkey does and an echo does not: to ask who it is, twice, to write durably, and
// to read what was written. So there is an echo that writes down each message, too.
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
	line := overLine()
	for _, c := range []struct {
		by           *http.Client
		where, query string
		echo, target string
	}{
		{line, fmt.Sprintf("over lines of %v", lineDelay), "", "bare WebSocket echo between them", "≤ 2"},
		{w.HTTP, "on one machine", "", "bare WebSocket echo between them", ""},
		{w.HTTP, "on one machine", "?durable", "echo that is written down both ways", ""},
	} {
		w.HTTP = c.by
		r, err := b.between(w, code, plain.URL+"/"+c.query)
		if err != nil {
			return err
		}
		b.add(row{"one changed setting, one device to another, live, " + c.where, fmt.Sprintf("%.1f ms, the notice after %.1f ms", r.ours, r.notice),
			fmt.Sprintf("%s %.2f ms", c.echo, r.theirs), fmt.Sprintf("%.2f", r.ratio), c.target, r.ratio <= 2})
	}
	return nil
}

// passing is how long it takes from one device to another, in milliseconds.
type passing struct{ ours, notice, theirs, ratio float64 }

// between measures both ways between two devices that are connected as w is.
func (b *bench) between(w *opaquetest.Browser, code vault.RecoveryCode, plain string) (r passing, err error) {
	var devices [2]*vaultrig.Device
	for i := range devices {
		if devices[i], err = vaultrig.Open(b.ctx, w, code); err != nil {
			return r, err
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
			return r, err
		}
		defer sockets[i].CloseNow()
	}
	go echo(b.ctx, sockets[2])
	var notices []float64
	r.ours, r.theirs, r.ratio, err = b.turns(
		func() (float64, error) {
			return typical(20, func() error {
				notice, err := pass(b.ctx, devices[0], devices[1], sockets[0])
				notices = append(notices, notice)
				return err
			})
		},
		func() (float64, error) { return typical(20, func() error { return say(b.ctx, sockets[1]) }) },
	)
	if err == nil {
		r.notice = median(notices)
	}
	return r, err
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

// pass has a setting change on one device and waits until the other has it. It says after how many milliseconds that one heard of it.
func pass(ctx context.Context, writer, reader *vaultrig.Device, conn *websocket.Conn) (notice float64, err error) {
	v, began := value(), time.Now()
	if err := writer.Set(ctx, "bench", "live", v); err != nil {
		return 0, err
	}
	done := make(chan error, 1)
	go func() { done <- writer.Sync(ctx) }()
	if _, _, err := conn.Read(ctx); err != nil {
		return 0, err
	}
	notice = since(began)
	if err := reader.Sync(ctx); err != nil {
		return 0, err
	}
	if got, _ := reader.Get("bench", "live"); !bytes.Equal(got.Value, v) {
		return 0, fmt.Errorf("the other device has an older setting")
	}
	return notice, <-done
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
