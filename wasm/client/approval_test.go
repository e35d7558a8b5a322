//go:build !js

package client_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// asks brings a new device and the first one as far as the number.
func (d *device) asks(other *device) (id, number string) {
	d.w.Helper()
	asked, err := other.RequestApproval(d.w.Context())
	d.w.must(err)
	_, err = d.TakeApproval(d.w.Context(), asked.ID)
	d.w.must(err)
	d.w.wants("before there is a number", d.CheckApproval(d.w.Context(), asked.ID, "123456", true), client.CodeNumberEarly)
	shown, err := other.PollApproval(d.w.Context(), asked.ID)
	d.w.must(err)
	return asked.ID, shown.Number
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
		w.wants("a wrong number", first.CheckApproval(t.Context(), id, wrong, true), client.CodeNumberWrong)
	}
	w.wants("the right one after three", first.CheckApproval(t.Context(), id, number, true), client.CodeNumberWrong)
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
	w.wants("a second device with the number", second.CheckApproval(t.Context(), id, number, true), api.CodeApprovalTaken)
	w.must(first.CheckApproval(t.Context(), id, number, true))
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
	w.wants("a substituted key", first.CheckApproval(t.Context(), id, number, true), client.CodeApprovalForged)
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
