package client

import (
	"bytes"
	"context"
	"errors"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// VaultState says where the settings of the signed-in person stand on this device.
type VaultState string

// The states of a vault. What opens one that is locked: Unlock, or the approval of another device.
const (
	VaultOpen      VaultState = "open"
	VaultUntrusted VaultState = "untrusted" // this device has to give a second proof first
	VaultNone      VaultState = "none"      // there is none yet: Unlock with the password makes it
	VaultLocked    VaultState = "locked"    // nothing that this device has opens it
	VaultReplaced  VaultState = "replaced"  // it was begun anew, or an earlier one brought back: Unlock takes the present one
	VaultBroken    VaultState = "broken"    // the service, or this device's own copy, is not as it should be: Problem says how
)

// Trust is where this device stands, and the vault on it.
type Trust struct {
	api.TrustState
	State   VaultState   `json:"state"`
	Problem *api.Problem `json:"problem,omitempty"` // why it is broken, or could not be looked at just now
}

// Devices lists the devices of the account. Wraps for devices that are gone are removed on the way, if the vault is open here.
func (c *Client) Devices(ctx context.Context) (api.Devices, error) {
	var answer api.Devices
	if err := c.post(ctx, api.RouteDevices, struct{}{}, &answer); err != nil {
		return api.Devices{}, err
	}
	if answer.Devices == nil {
		answer.Devices = []api.Device{}
	}
	return answer, nil
}

// RenameDevice gives a device another name.
func (c *Client) RenameDevice(ctx context.Context, in api.DeviceRenameRequest) error {
	return c.post(ctx, api.RouteDevicesRename, in, nil)
}

// TrustSend has a code sent, or the challenge of a passkey made.
func (c *Client) TrustSend(ctx context.Context, in api.TrustSendRequest) (api.TrustSent, error) {
	var answer api.TrustSent
	err := c.post(ctx, api.RouteTrustSend, in, &answer)
	return answer, err
}

// TrustProve gives a second proof, and says where this device stands then.
func (c *Client) TrustProve(ctx context.Context, in api.TrustProveRequest) (Trust, error) {
	if err := c.post(ctx, api.RouteTrustProve, in, nil); err != nil {
		return Trust{}, err
	}
	return c.Trust(ctx)
}

// Trust says where this device stands, and the vault on it. It gives the service the device's key if it has none yet, and opens the vault if
// that can be. What keeps the vault shut is in State, and no error. Error: CodeSessionRequired.
func (c *Client) Trust(ctx context.Context) (Trust, error) {
	account, err := c.who(ctx)
	if err != nil {
		return Trust{}, err
	}
	state, err := c.trustState(ctx, account.ID)
	if err != nil {
		return Trust{}, err
	}
	answer := Trust{TrustState: state, State: VaultUntrusted}
	if c.keys != nil && !state.Enrolled {
		if _, err := c.enrol(ctx, account.ID); err != nil {
			answer.Problem = asProblem(err)
		} else if answer.TrustState, err = c.trustState(ctx, account.ID); err != nil { // the first one to enrol is trusted by it
			return Trust{}, err
		}
	}
	if answer.Trusted {
		answer.State, answer.Problem = c.vaultState(ctx)
	}
	return answer, nil
}

// trustState asks the service, and writes down as which device it knows this one.
func (c *Client) trustState(ctx context.Context, account string) (api.TrustState, error) {
	var state api.TrustState
	if err := c.post(ctx, api.RouteTrust, struct{}{}, &state); err != nil {
		return api.TrustState{}, err
	}
	if state.Methods == nil {
		state.Methods = []api.TrustMethod{}
	}
	c.beDevice(state.Device)
	if state.Device == "" || c.keys == nil {
		return state, nil
	}
	notes, err := c.keys.Notes(ctx, account)
	if err == nil && notes[noteDevice] != state.Device {
		err = c.keys.Note(ctx, account, map[string]string{noteDevice: state.Device})
	}
	return state, err
}

// vaultState tries to open the vault, and reaches for the service to learn whether it is still that one.
func (c *Client) vaultState(ctx context.Context) (VaultState, *api.Problem) {
	open, err := c.OpenVault(ctx)
	if err == nil {
		_, err = open.store().Keys(ctx)
		err = c.vaultProblem(errors.Join(err, open.Close()))
	}
	return stateOf(err)
}

// stateOf says what an error of OpenVault means. The problem is nil where the state says all.
func stateOf(err error) (VaultState, *api.Problem) {
	p := asProblem(err)
	switch {
	case err == nil:
		return VaultOpen, nil
	case p.Code == api.CodeVaultMissing:
		return VaultNone, nil
	case p.Code == CodeVaultLocked:
		return VaultLocked, nil
	case p.Code == api.CodeVaultReplaced:
		return VaultReplaced, nil
	case p.Code == api.CodeDeviceUntrusted:
		return VaultUntrusted, nil
	}
	return VaultBroken, p
}

// RevokeDevice removes a device: it loses its sessions at the service, and its wrap here, which begins new keys. Another device does that when
// the vault is not open here.
func (c *Client) RevokeDevice(ctx context.Context, id string) error {
	if err := c.post(ctx, api.RouteDevicesRevoke, api.DeviceRevokeRequest{ID: id}, nil); err != nil {
		return err
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return nil
	}
	defer open.Close()
	if c.own(id) {
		return nil
	}
	return c.vaultProblem(open.Remove(ctx, id))
}

// dropGone removes wraps for devices that the account does not have any more, or not with that key, for passkeys that are gone, and for what
// has no place in a person's vault: a device that is gone may have left one.
func (c *Client) dropGone(ctx context.Context, v *vault.Vault) error {
	devices, err := c.Devices(ctx)
	if err != nil {
		return err
	}
	security, err := c.Security(ctx)
	if err != nil {
		return err
	}
	keys := map[string][]byte{}
	for _, d := range devices.Devices {
		keys[d.ID] = d.Public
	}
	there := map[string]bool{}
	for _, f := range security.Factors {
		there[f.ID] = true
	}
	var gone []string
	for _, r := range v.Recipients() {
		goneDevice := r.Kind == vault.KindDevice && !bytes.Equal(keys[r.ID], r.Public) && !c.own(r.ID)
		if goneDevice || r.Kind == vault.KindPRF && !there[r.ID] || r.Kind == vault.KindApplication {
			gone = append(gone, r.ID)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return v.Remove(ctx, gone...)
}
