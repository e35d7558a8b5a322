package client

import (
	"context"
	"errors"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Secret is one thing of the person's own that opens a vault. One of them is set.
type Secret struct {
	Password string
	Recovery string // the printed code, as typed
	PRF      []byte // what a passkey's PRF extension gave for PRFInput
}

// PRFInput is what a passkey's PRF extension is evaluated at for the vault (Web Authentication Level 3 section 10.1.4).
const PRFInput = "latchkey/vault/v1"

// Unlock opens the vault with a secret, after which this device opens it by itself. With the password it makes the vault if the account has
// none. When the vault was replaced, the present one takes its place here as soon as the secret opens that; edits that were not sent move
// over, deletions too, and those that nothing here opens are kept. Errors: CodeInvalidCredentials, CodeRecoveryTyped, CodeVaultLocked for a secret of another vault, those of OpenVault.
func (c *Client) Unlock(ctx context.Context, secret Secret) error {
	identity, err := c.identityOf(ctx, secret)
	if err != nil {
		return c.vaultProblem(err)
	}
	open, err := c.openVault(ctx, identity)
	if isCode(err, api.CodeVaultReplaced) {
		return c.adopt(ctx, identity)
	}
	if err != nil {
		return err
	}
	_, err = open.store().Keys(ctx)
	err = errors.Join(err, open.recall(ctx, identity))
	if err = c.vaultProblem(errors.Join(err, open.Close())); isCode(err, api.CodeVaultReplaced) {
		return c.adopt(ctx, identity)
	}
	return err
}

func (c *Client) identityOf(ctx context.Context, secret Secret) (*vault.Identity, error) {
	switch {
	case secret.Recovery != "":
		code, err := vault.ParseRecoveryCode(secret.Recovery)
		if err != nil {
			return nil, err
		}
		return vault.RecoveryIdentity(code), nil
	case len(secret.PRF) > 0:
		return vault.PRFIdentity(secret.PRF)
	}
	_, keys, err := c.reauthenticate(ctx, secret.Password)
	if err != nil {
		return nil, err
	}
	defer keys.Wipe()
	return vault.PasswordIdentity(keys.Export)
}

// emptyMemory removes everything from the Memory, as soon as nobody uses it. The caller must not have the vault open.
func (c *Client) emptyMemory(ctx context.Context, account string) error {
	if err := c.vaults.enterAlone(ctx); err != nil {
		return err
	}
	defer c.vaults.leave()
	c.vaults.here = nil
	memory, err := c.openMemory(ctx, account)
	if err != nil {
		return err
	}
	kept, err := memory.Load(ctx)
	if err == nil && len(kept) > 0 {
		for key := range kept {
			kept[key] = nil
		}
		if err = memory.Save(ctx, kept); err == nil {
			_, err = memory.Load(ctx) // a Memory that is a log lets go of it
		}
	}
	return errors.Join(err, memory.Close())
}

// RepairVault gives up this device's own copy and reads everything anew. Edits that were not sent are lost. Nothing is given up while the service
// cannot be reached, or says that there is no vault: CodeVaultDropped.
func (c *Client) RepairVault(ctx context.Context) error {
	account, notes, _, err := c.aside(ctx)
	if err != nil {
		return err
	}
	if _, err := c.storeOf(account.ID, notes).Keys(ctx); err != nil && !isCode(err, api.CodeVaultReplaced) {
		return c.vaultProblem(err)
	}
	if err := c.emptyMemory(ctx, account.ID); err != nil {
		return c.vaultProblem(err)
	}
	return c.SyncSettings(ctx, true)
}
