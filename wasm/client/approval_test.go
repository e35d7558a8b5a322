//go:build !js

package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// asks brings a new device and the first one as far as the number.
func (d *device) asks(other *device) (id, number string) {
	d.w.Helper()
	asked, err := other.RequestApproval(d.w.Context())
	d.w.must(err)
	_, err = d.TakeApproval(d.w.Context(), asked.ID)
	d.w.must(err)
	d.w.wants("before there is a number", d.checks(asked.ID, "123456"), client.CodeNumberEarly)
	shown, err := other.PollApproval(d.w.Context(), asked.ID)
	d.w.must(err)
	return asked.ID, shown.Number
}

// checks types a number on a trusted device.
func (d *device) checks(id, number string) error {
	_, err := d.CheckApproval(d.w.Context(), id, number, true)
	return err
}

func TestAWrongNumberApprovesNobody(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	other := w.device().signs(good)
	other.is(client.VaultUntrusted)
	id, number := first.asks(other)
	wrong := "000000"
	if number == wrong {
		wrong = "000001"
	}
	for range 3 {
		w.wants("a wrong number", first.checks(id, wrong), client.CodeNumberWrong)
	}
	w.wants("the right one after three", first.checks(id, number), client.CodeNumberWrong)
	shown, err := other.PollApproval(t.Context(), id)
	if err != nil || shown.State != api.ApprovalDenied {
		t.Errorf("%+v, %v", shown, err)
	}
	other.is(client.VaultUntrusted)
}

func TestOneDeviceAnswers(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	second := first.second()
	other := w.device().signs(good)
	other.is(client.VaultUntrusted)
	id, number := first.asks(other)
	_, err := second.TakeApproval(t.Context(), id)
	w.wants("a second device", err, api.CodeApprovalTaken)
	w.wants("a second device with the number", second.checks(id, number), api.CodeApprovalTaken)
	w.must(first.checks(id, number))
	if _, err := other.PollApproval(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	other.is(client.VaultOpen)
}

// A service that puts a key of its own in the place of the new device's is found out before anything is wrapped for it.
func TestAServiceCannotApproveAKeyOfItsOwn(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	other := w.device().signs(good)
	other.is(client.VaultUntrusted)
	evil := first.key()
	first.change = func(path string, answer client.Response) []byte {
		if path == api.RouteApprovalLook {
			var look api.Approval
			if json.Unmarshal(answer.Body, &look) == nil && look.Device.ID != "" {
				look.Device.Public = evil
				body, _ := json.Marshal(look)
				return body
			}
		}
		return answer.Body
	}
	id, number := first.asks(other)
	w.wants("a substituted key", first.checks(id, number), client.CodeApprovalForged)
	first.change = nil
	open, err := first.OpenVault(t.Context())
	w.must(err)
	defer open.Close()
	devices := 0
	for _, r := range open.Recipients() {
		if r.Kind == "device" {
			devices++
		}
	}
	if devices != 1 {
		t.Errorf("wrapped for %d devices", devices)
	}
}

// A service that shows the new device another vault, or changes its mind, is found out there.
func TestAServiceCannotChangeWhatTheTrustedDeviceSaid(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	other := w.device().signs(good)
	other.is(client.VaultUntrusted)
	polls := 0
	other.change = func(path string, answer client.Response) []byte {
		if path != api.RouteApprovalPoll {
			return answer.Body
		}
		var polled api.ApprovalPolled
		if polls++; polls < 3 || json.Unmarshal(answer.Body, &polled) != nil {
			return answer.Body
		}
		polled.Fingerprint = bytes.Repeat([]byte{1}, 32)
		body, _ := json.Marshal(polled)
		return body
	}
	id, _ := first.asks(other)
	_, err := other.PollApproval(t.Context(), id)
	w.wants("another vault than at first", err, client.CodeApprovalForged)
}

func (d *device) key() []byte {
	key, err := d.keys.DeviceKey(d.w.Context(), accountID(d))
	d.w.must(err)
	return key.PublicKey().Bytes()
}

// Without a secret of the person's own the new device opens the vault only with what the trusted one shows.
func TestANewDeviceConfirmsWhatTheTrustedOneShows(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	first.sets("theme", "dark")
	first.syncs()
	for _, test := range []struct {
		name   string
		answer func(right string) string
		code   api.Code
		want   client.VaultState
	}{
		{"the answer", func(right string) string { return " " + right }, "", client.VaultOpen},
		{"another one", func(string) string { return "x" }, client.CodeAnswerWrong, client.VaultLocked},
	} {
		other := w.device().signs(good)
		other.is(client.VaultUntrusted)
		w.must(other.keys.ForgetPassword(t.Context()))
		id, number := first.asks(other)
		w.wants("before the other device has approved", other.ConfirmApproval(t.Context(), id, "x"), client.CodeAnswerWrong)
		given, err := first.CheckApproval(t.Context(), id, number, true)
		w.must(err)
		shown, err := other.PollApproval(t.Context(), id)
		if err != nil || shown.State != api.ApprovalApproved || !shown.Confirm {
			t.Fatalf("%s: %+v, %v", test.name, shown, err)
		}
		other.is(client.VaultLocked)
		w.wants(test.name, other.ConfirmApproval(t.Context(), id, test.answer(given.Answer)), test.code)
		other.is(test.want)
	}
}

// hostile is a service that has another vault for a device than the person's.
type hostile struct {
	*device
	answers map[string]func(body []byte) any
}

func (h hostile) Do(ctx context.Context, r client.Request) (client.Response, error) {
	answer := h.answers[strings.TrimPrefix(r.URL, base)]
	if answer == nil {
		return h.device.Do(ctx, r)
	}
	body, err := json.Marshal(answer(r.Body))
	return client.Response{Status: http.StatusOK, Body: body}, err
}

// A service says that another device has approved, when nobody has typed a number anywhere, and gives a vault that it can read.
func TestAServiceCannotApproveADeviceByItself(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	first.sets("theme", "dark")
	first.syncs()
	other := w.device().signs(good)
	other.is(client.VaultUntrusted)
	trust, err := other.Trust(t.Context())
	w.must(err)
	set, fingerprint := vaultOfTheService(t, accountID(other), trust.Device, other.key())
	pushed := 0
	done := func([]byte) any { pushed++; return api.VaultPushResponse{Cursor: 2} }
	evil := hostile{other, map[string]func([]byte) any{
		api.RouteApprovalPoll: func([]byte) any {
			return api.ApprovalPolled{State: api.ApprovalApproved, Nonce: bytes.Repeat([]byte{1}, 32), Fingerprint: fingerprint}
		},
		api.RouteTrust: func([]byte) any {
			trusted := trust.TrustState
			trusted.Trusted = true
			return trusted
		},
		api.RouteVaultKeys:    func([]byte) any { return api.VaultKeys{Generation: 1, Keys: set} },
		api.RouteVaultKeysPut: done,
		api.RouteVaultPull:    func([]byte) any { return api.VaultPullResponse{Generation: 1, Keys: set.Version} },
		api.RouteVaultPush:    done,
	}}
	c, err := client.New(client.Config{Base: base, Transport: evil, Now: w.now, Keystore: other.keys})
	w.must(err)
	asked, err := c.RequestApproval(t.Context())
	w.must(err)
	shown, err := c.PollApproval(t.Context(), asked.ID)
	if err != nil || !shown.Confirm {
		t.Fatalf("%+v, %v: nobody is asked", shown, err)
	}
	for range 3 {
		w.wants("what no device shows", c.ConfirmApproval(t.Context(), asked.ID, "x"), client.CodeAnswerWrong)
	}
	w.wants("once more", c.ConfirmApproval(t.Context(), asked.ID, "x"), api.CodeExpired)
	w.wants("a setting", c.SetSetting(t.Context(), client.Setting{Collection: "c", Name: "secret", Value: "mine"}), client.CodeVaultLocked)
	if at, err := c.Trust(t.Context()); err != nil || at.State != client.VaultLocked || pushed > 0 {
		t.Errorf("%+v, %v, %d sent", at, err, pushed)
	}
}

// vaultOfTheService is one that the service opens, and the device.
func vaultOfTheService(t *testing.T, account, id string, public []byte) (api.VaultKeySet, []byte) {
	t.Helper()
	store := &keysOnly{}
	theirs := vault.RecoveryIdentity(vault.NewRecoveryCode())
	config := vault.Config{Account: account, Device: vault.NewID(), Store: store, Memory: &vault.RAM{}, Now: time.Now}
	to := vault.Recipient{ID: id, Kind: vault.KindDevice, Public: public}
	v, err := vault.Create(t.Context(), config, theirs, theirs.Recipient("theirs"), to)
	if err != nil {
		t.Fatal(err)
	}
	set := api.VaultKeySet{Version: store.set.Version, Ring: store.set.Ring}
	for _, wrap := range store.set.Wraps {
		set.Wraps = append(set.Wraps, api.VaultWrap{ID: wrap.ID, Kind: api.VaultWrapKind(wrap.Kind), Body: wrap.Body})
	}
	return set, v.Fingerprint()
}

// keysOnly is a vault.Store that takes keys, and forgets what is pushed.
type keysOnly struct{ set vault.KeySet }

func (k *keysOnly) Pull(context.Context, int64, int) (vault.Page, error) {
	return vault.Page{Keys: k.set.Version}, nil
}
func (k *keysOnly) Push(context.Context, vault.Batch) error           { return nil }
func (k *keysOnly) Keys(context.Context) (vault.KeySet, error)        { return k.set, nil }
func (k *keysOnly) PutKeys(_ context.Context, set vault.KeySet) error { k.set = set; return nil }
