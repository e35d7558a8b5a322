package client

import (
	"context"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/base32"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// identities are what this device can open a vault with.
type identities struct {
	device, secret *vault.Identity
	password       *vault.Identity // that of this very account
	others         []*vault.Identity
}

// all names them, the person's own secrets last: those are tried first.
func (i identities) all() []*vault.Identity {
	var all []*vault.Identity
	if i.device != nil {
		all = append(all, i.device)
	}
	all = append(all, i.others...)
	if i.password != nil {
		all = append(all, i.password)
	}
	if i.secret != nil {
		all = append(all, i.secret)
	}
	return all
}

// identities gathers them. The device's own key counts only where it is known which vault is the person's: everybody who knows its public half,
// the service too, could make another one that it opens.
func (c *Client) identities(ctx context.Context, account api.Account, notes map[string]string, secret *vault.Identity) (identities, error) {
	found := identities{secret: secret}
	if secret != nil && secret.Kind() == vault.KindPassword {
		found.password, found.secret = secret, nil
	}
	if err := c.keptPassword(ctx, account, &found); err != nil {
		return found, err
	}
	if notes[noteFingerprint] == "" {
		return found, nil
	}
	key, err := c.keys.DeviceKey(ctx, account.ID)
	if err != nil || key == nil {
		return found, err
	}
	found.device, err = vault.DeviceIdentity(key)
	return found, err
}

// keptPassword finds what was kept of a password. It counts as the account's own only when it was kept as that; of another account it is not even
// tried. One of which it is not known whose it is may open a vault, but none is made by it or wrapped for it.
func (c *Client) keptPassword(ctx context.Context, account api.Account, found *identities) error {
	name, key, err := c.keys.PasswordKey(ctx)
	if err != nil || key == nil || name != "" && name != account.ID {
		return err
	}
	kept, err := vault.KeptPassword(key)
	switch {
	case err != nil:
		return err
	case found.password == nil && name != "":
		found.password = kept
	default:
		found.others = append(found.others, kept)
	}
	return nil
}

// beDevice remembers as which device the service knows this one.
func (c *Client) beDevice(id string) {
	c.vaults.mu.Lock()
	defer c.vaults.mu.Unlock()
	c.vaults.device = id
}

// own reports whether a device is this one.
func (c *Client) own(id string) bool {
	c.vaults.mu.Lock()
	defer c.vaults.mu.Unlock()
	return c.vaults.device == id
}

// deviceID is how a device is named inside the vault.
func deviceID(text string) vault.ID {
	if raw, err := serviceIDs.DecodeString(text); err == nil && len(raw) == len(vault.ID{}) {
		return vault.ID(raw)
	}
	sum := sha256.Sum256([]byte(text))
	return vault.ID(sum[:len(vault.ID{})])
}

// deviceName is how the service names the device of an entry.
func deviceName(id vault.ID) string { return serviceIDs.EncodeToString(id[:]) }

// ValidID reports whether a text has the form of the service's ids: 128 bits as 26 characters of lower-case base32, the one way to write them.
func ValidID(text string) bool {
	const size = 26
	if len(text) != size {
		return false
	}
	raw, err := serviceIDs.DecodeString(text)
	return err == nil && serviceIDs.EncodeToString(raw) == text
}

// serviceIDs is the form of ids at the service.
var serviceIDs = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// enrol gives the service this device's key, which is made if there is none. Errors: CodeDeviceEnrolled when the service knows another key of
// this device, CodeDeviceForgotten.
func (c *Client) enrol(ctx context.Context, account string) (ecdh.KeyExchanger, error) {
	key, err := c.keys.DeviceKey(ctx, account)
	if err == nil && key == nil {
		key, err = c.keys.NewDeviceKey(ctx, account)
	}
	if err != nil {
		return nil, err
	}
	return key, c.post(ctx, api.RouteDevicesEnrol, api.DeviceEnrolRequest{Public: key.PublicKey().Bytes()}, nil)
}
