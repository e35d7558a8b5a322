package client

import (
	"context"
	"errors"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/opaque"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// signedIn keeps for a while what the password opens: until this device has a wrap of its own. A failure only means that the password has to
// be typed again for the settings.
func (c *Client) signedIn(ctx context.Context, upn string, export []byte) {
	c.forgetWho()
	if c.keys == nil {
		return
	}
	if key, err := vault.PasswordKey(export); err == nil {
		_ = c.keys.KeepPassword(ctx, c.idOf(ctx, upn), key, c.now().Add(passwordLifetime))
	}
}

// idOf is the id of the account that has just signed in under a name; "" when that cannot be told. A name alone says little: it may be an alias,
// or be somebody else's tomorrow, and another tab may have signed somebody else in meanwhile.
func (c *Client) idOf(ctx context.Context, upn string) string {
	account, err := c.who(ctx)
	if err != nil || !strings.EqualFold(account.UPN, upn) {
		c.forgetWho()
		return ""
	}
	return account.ID
}

// signedUp makes the vault of a new account, on the device that the account was made on. Should that fail, the next page that opens the vault
// makes it.
func (c *Client) signedUp(ctx context.Context, upn string, export []byte) {
	c.signedIn(ctx, upn, export)
	if c.keys == nil {
		return
	}
	if trust, err := c.Trust(ctx); err == nil && trust.State == VaultOpen {
		_ = c.keys.ForgetPassword(ctx)
	}
}

// replacePassword puts a new record in the place of the password's, and takes the vault along if there is one. export is what the old
// password opens.
func (c *Client) replacePassword(ctx context.Context, upn string, export []byte, r registration) error {
	commit, keys, err := c.prepare(ctx, r)
	if err != nil {
		return err
	}
	defer keys.Wipe()
	if c.keys == nil {
		return commit(ctx)
	}
	open, err := c.openForChange(ctx, export)
	if err != nil {
		return err
	}
	if open == nil {
		err = commit(ctx)
	} else {
		err = changeVault(ctx, open, keys, commit)
	}
	if err == nil {
		c.signedIn(ctx, upn, keys.Export)
	}
	return c.vaultProblem(err)
}

// changeVault is vault.ChangePassword, after which the vault is closed. Once the password has changed, what is left to do is done by the next
// Sync: that is no failure of the change.
func changeVault(ctx context.Context, open *Open, keys opaque.Keys, commit func(context.Context) error) error {
	next, err := vault.PasswordIdentity(keys.Export)
	if err != nil {
		return errors.Join(err, open.Close())
	}
	done := false
	err = open.ChangePassword(ctx, next, func(ctx context.Context) error {
		err := commit(ctx)
		done = err == nil
		return err
	})
	if closing := open.Close(); !done {
		return errors.Join(err, closing)
	}
	return nil
}

// openForChange opens the vault by the present password or the device's key; nil when the account has none. It fails when there is one, or might
// be, that does not open here: its settings would be lost to the new password.
func (c *Client) openForChange(ctx context.Context, export []byte) (*Open, error) {
	identity, err := vault.PasswordIdentity(export)
	if err != nil {
		return nil, c.vaultProblem(err)
	}
	account, notes, _, err := c.aside(ctx)
	if err != nil {
		return nil, err
	}
	switch _, err := c.storeOf(account.ID, notes).Keys(ctx); {
	case errors.Is(err, vault.ErrAbsent):
		return nil, nil
	case isCode(err, api.CodeNotFound) && notes[noteFingerprint] == "": // a service without settings
		return nil, nil
	case err != nil:
		return nil, c.vaultProblem(err)
	}
	return c.openVault(ctx, identity)
}

// signedOut removes what opens the vault without the person: the password, and this device's copy unless settings in it wait to be sent.
func (c *Client) signedOut(ctx context.Context, account string) error {
	if c.keys == nil {
		return nil
	}
	if err := c.keys.ForgetPassword(ctx); err != nil || account == "" {
		return err
	}
	if waiting, err := c.waiting(ctx, account); err != nil || waiting > 0 {
		return err
	}
	return c.emptyMemory(ctx, account)
}

// beforeSignOut sends what waits on this device, and says whose it is; "" when that is not known.
func (c *Client) beforeSignOut(ctx context.Context) string {
	if c.keys == nil {
		return ""
	}
	account, err := c.who(ctx)
	if err != nil {
		return ""
	}
	if n, err := c.waiting(ctx, account.ID); err == nil && n > 0 {
		_ = c.SyncSettings(ctx, true)
	}
	return account.ID
}

// waiting counts the edits that wait on this device, without opening the vault.
func (c *Client) waiting(ctx context.Context, account string) (int, error) {
	if err := c.vaults.enter(ctx); err != nil {
		return 0, err
	}
	defer c.vaults.leave()
	if c.vaults.users > 0 {
		return c.vaults.here.Pending(), nil
	}
	memory, err := c.openMemory(ctx, account)
	if err != nil {
		return 0, err
	}
	kept, err := memory.Load(ctx)
	return vault.Waiting(kept), errors.Join(err, memory.Close())
}
