package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
)

// Limits of the device cookie.
const (
	MaxDevices     = 5                    // accounts that one browser remembers; the one not used for longest makes way
	DeviceLifetime = 365 * 24 * time.Hour // from the latest sign-in
)

// Device is one account's memory of this browser.
type Device struct {
	Account string `json:"a"` // the account's id
	ID      string `json:"d"`
	Secret  string `json:"k"`
}

// Ref is the claim to be that device, which the account object checks.
func (d Device) Ref() *account.DeviceRef {
	return &account.DeviceRef{ID: d.ID, SecretHash: account.Hash(d.Secret)}
}

// Devices is what the device cookie holds, latest sign-in first.
type Devices []Device

// Of returns the device that the account knows this browser as.
func (d Devices) Of(accountID string) (Device, bool) {
	i := slices.IndexFunc(d, func(known Device) bool { return known.Account == accountID })
	if i < 0 {
		return Device{}, false
	}
	return d[i], true
}

// With returns d with dev in front, in place of whatever the browser had for the same account, cut to MaxDevices.
func (d Devices) With(dev Device) Devices {
	out := Devices{dev}
	for _, known := range d {
		if known.Account != dev.Account && len(out) < MaxDevices {
			out = append(out, known)
		}
	}
	return out
}

// ReadDevices returns what the request's device cookie holds; none when there is no cookie or it is not ours.
func ReadDevices(ctx context.Context, s Sealer, r *http.Request) (Devices, error) {
	var d Devices
	err := open(ctx, s, r, DeviceCookieName, keys.PurposeDevice, &d)
	if errors.Is(err, ErrNone) {
		return nil, nil
	}
	return d, err
}

// IssueDevices puts the devices into the browser for DeviceLifetime.
func IssueDevices(ctx context.Context, s Sealer, w http.ResponseWriter, d Devices, now time.Time) error {
	return issue(ctx, s, w, DeviceCookieName, keys.PurposeDevice, d, now, DeviceLifetime, true)
}
