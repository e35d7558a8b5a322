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
// over. Errors: CodeInvalidCredentials, CodeRecoveryTyped, CodeVaultLocked for a secret of another vault, those of OpenVault.
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

// adopt takes the account's present vault in the place of the one that this device knows. What it knew is given up only when the secret
// has opened the new one.
func (c *Client) adopt(ctx context.Context, secret *vault.Identity) error {
	account, err := c.who(ctx)
	if err != nil {
		return err
	}
	set, err := c.NewStore(account.ID, 0, func(context.Context, int64) error { return nil }, nil).Keys(ctx)
	if err != nil {
		return c.vaultProblem(err)
	}
	if !set.Opens(account.ID, secret) {
		return c.vaultProblem(vault.ErrLocked)
	}
	unsent := c.unsent(ctx)
	if err := c.clear(ctx, account.ID); err != nil {
		return c.vaultProblem(err)
	}
	open, err := c.openVault(ctx, secret)
	if err != nil {
		return err
	}
	defer open.Close()
	_, err = open.Apply(ctx, unsent)
	return c.vaultProblem(err)
}

// unsent returns the edits that wait in the vault that this device knows, as far as it opens.
func (c *Client) unsent(ctx context.Context) []vault.Edit {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return nil
	}
	defer open.Close()
	var edits []vault.Edit
	for _, s := range open.Export() {
		if !s.Sent {
			edits = append(edits, vault.Edit{Collection: s.Collection, Name: s.Name, Value: s.Value})
		}
	}
	return edits
}

// clear gives up what this device knows of the account's vault.
func (c *Client) clear(ctx context.Context, account string) error {
	if err := c.emptyMemory(ctx, account); err != nil {
		return err
	}
	return c.keys.Note(ctx, account, map[string]string{noteGeneration: "", noteFingerprint: ""})
}

// emptyMemory removes everything from the Memory. The vault that is open here must not be in use.
func (c *Client) emptyMemory(ctx context.Context, account string) error {
	if err := c.vaults.enter(ctx); err != nil {
		return err
	}
	defer c.vaults.leave()
	if c.vaults.users > 0 {
		return ErrMemoryBusy
	}
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

// RepairVault gives up this device's own copy and reads everything anew. Edits that were not sent are lost.
func (c *Client) RepairVault(ctx context.Context) error {
	account, err := c.who(ctx)
	if err != nil {
		return err
	}
	if err := c.emptyMemory(ctx, account.ID); err != nil {
		return c.vaultProblem(err)
	}
	return c.SyncSettings(ctx, true)
}

// NewRecoveryCode makes a code that opens the vault and proves who one is, and ends the one before. Show it once, and only when there is
// no error. The service tells the person of it in the language.
func (c *Client) NewRecoveryCode(ctx context.Context, language string) (string, error) {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return "", err
	}
	defer open.Close()
	code, err := open.ReplaceRecoveryCode(ctx)
	if err != nil {
		return "", c.vaultProblem(err)
	}
	return code.String(), c.putRecovery(ctx, code, language)
}

// Earlier is a vault that was put aside.
type Earlier struct {
	Generation int64 `json:"generation"`
	Since      int64 `json:"since"` // when it was put aside
	Until      int64 `json:"until"` // when it is erased
	Records    int64 `json:"records"`
	Bytes      int64 `json:"bytes"`
	Opens      bool  `json:"opens"` // with what this device has
}

// KeptVaults lists the earlier vaults that can be restored, newest first.
func (c *Client) KeptVaults(ctx context.Context) ([]Earlier, error) {
	account, notes, store, err := c.aside(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := store.Kept(ctx)
	if err != nil {
		return nil, c.vaultProblem(err)
	}
	has, err := c.identities(ctx, account, notes, nil)
	if err != nil {
		return nil, c.vaultProblem(err)
	}
	list := []Earlier{}
	for _, e := range kept {
		list = append(list, Earlier{e.Generation, e.Since, e.Until, e.Records, e.Bytes, keySetOf(e.Keys).Opens(account.ID, has.all()...)})
	}
	return list, nil
}

// aside is what is needed for talk of the account's vaults without opening one.
func (c *Client) aside(ctx context.Context) (api.Account, map[string]string, *Store, error) {
	account, err := c.who(ctx)
	if err != nil {
		return account, nil, nil, err
	}
	if c.keys == nil {
		return account, nil, nil, problem(api.CodeUnavailable, "Nothing can be kept here.")
	}
	notes, err := c.keys.Notes(ctx, account.ID)
	store := c.NewStore(account.ID, 0, func(context.Context, int64) error { return nil }, nil)
	return account, notes, store, c.vaultProblem(err)
}

// ResetVault begins an empty vault, which the password opens. The present one is kept for a while. Errors: CodeInvalidCredentials,
// api.CodeVaultKept.
func (c *Client) ResetVault(ctx context.Context, password string) error {
	account, _, store, err := c.aside(ctx)
	if err != nil {
		return err
	}
	identity, err := c.identityOf(ctx, Secret{Password: password})
	if err != nil {
		return c.vaultProblem(err)
	}
	switch _, err := store.Keys(ctx); {
	case errors.Is(err, vault.ErrAbsent):
		return c.Unlock(ctx, Secret{Password: password})
	case err != nil:
		return c.vaultProblem(err)
	}
	empty := resetting{c.NewStore(account.ID, 0, func(context.Context, int64) error { return nil }, nil), store.generation}
	config := vault.Config{Account: account.ID, Device: vault.NewID(), Store: empty, Memory: &vault.RAM{}, Now: c.now}
	if _, err := vault.Create(ctx, config, identity, identity.Recipient(vault.NewID().String())); err != nil {
		return c.vaultProblem(err)
	}
	return c.settleOn(ctx, account.ID, identity)
}

// settleOn opens the vault that has just become the present one.
func (c *Client) settleOn(ctx context.Context, account string, identity *vault.Identity) error {
	if err := c.clear(ctx, account); err != nil {
		return c.vaultProblem(err)
	}
	open, err := c.openVault(ctx, identity)
	if err != nil {
		return err
	}
	return open.Close()
}

// RestoreVault brings an earlier vault back, which the secret must open, and puts the present one aside. Errors: CodeVaultLocked, CodeNotFound.
func (c *Client) RestoreVault(ctx context.Context, generation int64, secret Secret) error {
	account, notes, store, err := c.aside(ctx)
	if err != nil {
		return err
	}
	kept, err := store.Kept(ctx)
	if err != nil {
		return c.vaultProblem(err)
	}
	identity, err := c.opensEarlier(ctx, account, notes, kept, generation, secret)
	if err != nil {
		return c.vaultProblem(err)
	}
	if _, err := store.Keys(ctx); err != nil {
		return c.vaultProblem(err)
	}
	var now api.VaultGeneration
	in := api.VaultRestoreRequest{Generation: store.generation, Restore: generation}
	if err := store.post(ctx, api.RouteVaultRestore, in, &now, api.MaxBody); err != nil {
		return c.vaultProblem(err)
	}
	return c.settleOn(ctx, account.ID, identity)
}

// opensEarlier finds what opens an earlier vault.
func (c *Client) opensEarlier(ctx context.Context, account api.Account, notes map[string]string, kept []api.VaultEarlier, generation int64, secret Secret) (*vault.Identity, error) {
	for _, e := range kept {
		if e.Generation != generation {
			continue
		}
		has, err := c.identities(ctx, account, notes, nil)
		if err != nil {
			return nil, err
		}
		all := has.all()
		if secret.Password+secret.Recovery != "" || len(secret.PRF) > 0 {
			identity, err := c.identityOf(ctx, secret)
			if err != nil {
				return nil, err
			}
			all = append(all, identity)
		}
		for _, identity := range all {
			if keySetOf(e.Keys).Opens(account.ID, identity) {
				return identity, nil
			}
		}
		return nil, vault.ErrLocked
	}
	return nil, problem(api.CodeNotFound, "This vault is not kept any more.")
}
