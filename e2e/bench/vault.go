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
