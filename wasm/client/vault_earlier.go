package client

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Earlier is a vault that was put aside.
type Earlier struct {
	Generation int64 `json:"generation"`
	Since      int64 `json:"since"`   // when it was put aside
	Until      int64 `json:"until"`   // when it is erased
	Records    int64 `json:"records"` // settings, and what stands beside them
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
	list := []Earlier{}
	for _, e := range kept {
		_, _, err := c.opener(ctx, account, notes, keySetOf(e.Keys), Secret{})
		if err != nil && !errors.Is(err, vault.ErrLocked) {
			return nil, c.vaultProblem(err)
		}
		list = append(list, Earlier{e.Generation, e.Since, e.Until, e.Records, e.Bytes, err == nil})
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

// opener finds what opens the key set of a vault that is or was the person's, and what that vault is known by. This device's own key counts
// only for a vault that the device has had: the service could make others that it opens. Error: vault.ErrLocked.
func (c *Client) opener(ctx context.Context, account api.Account, notes map[string]string, set vault.KeySet, typed Secret) (*vault.Identity, []byte, error) {
	has, err := c.identities(ctx, account, notes, nil)
	if err != nil {
		return nil, nil, err
	}
	all := has.all()
	if typed.Password+typed.Recovery != "" || len(typed.PRF) > 0 {
		identity, err := c.identityOf(ctx, typed)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, identity)
	}
	for _, identity := range slices.Backward(all) {
		fingerprint, err := set.Fingerprint(account.ID, identity)
		if err == nil && (identity.Kind() != vault.KindDevice || hadVault(notes, fingerprint)) {
			return identity, fingerprint, nil
		}
	}
	return nil, nil, vault.ErrLocked
}

func fingerprintNote(fingerprint []byte) string {
	return base64.RawURLEncoding.EncodeToString(fingerprint)
}

// hadVault reports whether this device has had a vault.
func hadVault(notes map[string]string, fingerprint []byte) bool {
	text := fingerprintNote(fingerprint)
	return notes[noteFingerprint] == text || slices.Contains(strings.Fields(notes[noteEarlier]), text)
}

// earlierNote is the note of the vaults that were known before the next one: as many as the service keeps.
func earlierNote(notes map[string]string, next string) string {
	all := strings.Fields(notes[noteFingerprint] + " " + notes[noteEarlier])
	all = slices.DeleteFunc(all, func(f string) bool { return f == next })
	return strings.Join(all[:min(len(all), api.MaxVaultKept)], " ")
}

// ResetVault begins an empty vault, which the password opens. The present one is kept for a while. What waits on this device is sent to it first;
// what cannot be sent is not lost, and moves over as in Unlock. Errors: CodeInvalidCredentials, api.CodeVaultKept.
func (c *Client) ResetVault(ctx context.Context, password string) error {
	account, _, store, err := c.aside(ctx)
	if err != nil {
		return err
	}
	identity, err := c.identityOf(ctx, Secret{Password: password})
	if err != nil {
		return c.vaultProblem(err)
	}
	next := c.NewStore(account.ID, 0, func(context.Context, int64) error { return nil }, nil)
	var made vault.Store = next
	switch _, err := store.Keys(ctx); {
	case errors.Is(err, vault.ErrAbsent): // whatever this device knew: the person has said that it shall begin anew
	case err != nil:
		return c.vaultProblem(err)
	default:
		made = resetting{next, store.generation}
		c.sendBefore(ctx)
	}
	config := vault.Config{Account: account.ID, Device: vault.NewID(), Store: made, Memory: &vault.RAM{}, Now: c.now}
	empty, err := vault.Create(ctx, config, identity, identity.Recipient(vault.NewID().String()))
	if err != nil {
		return c.vaultProblem(err)
	}
	return c.settleOn(ctx, account, identity, known{next.generation, empty.Fingerprint()})
}

// sendBefore sends what waits on this device to the vault that is put aside, which it was written for. What cannot be sent moves over.
func (c *Client) sendBefore(ctx context.Context) { _ = c.SyncSettings(ctx, false) }

// RestoreVault brings an earlier vault back, which the secret must open, and puts the present one aside. When that was done already and did
// not end well here, this device follows. What waits on this device is sent first, or moves over as in Unlock. Errors: CodeVaultLocked, CodeNotFound.
func (c *Client) RestoreVault(ctx context.Context, generation int64, secret Secret) error {
	account, notes, store, err := c.aside(ctx)
	if err != nil {
		return err
	}
	set, err := store.earlier(ctx, generation)
	if err != nil {
		return c.vaultProblem(err)
	}
	identity, fingerprint, err := c.opener(ctx, account, notes, set, secret)
	if err != nil {
		return c.vaultProblem(err)
	}
	if store.generation != generation {
		c.sendBefore(ctx)
		var now api.VaultGeneration
		in := api.VaultRestoreRequest{Generation: store.generation, Restore: generation}
		if err := store.post(ctx, api.RouteVaultRestore, in, &now, api.MaxBody); err != nil {
			return c.vaultProblem(err)
		}
	}
	return c.settleOn(ctx, account, identity, known{generation, fingerprint})
}

// earlier returns the keys of a vault that is kept, or those of the present one if it is that. It meets the present one. Error: CodeNotFound.
func (s *Store) earlier(ctx context.Context, generation int64) (vault.KeySet, error) {
	kept, err := s.Kept(ctx)
	if err != nil {
		return vault.KeySet{}, err
	}
	present, err := s.Keys(ctx)
	if err != nil || s.generation == generation {
		return present, err
	}
	for _, e := range kept {
		if e.Generation == generation {
			return keySetOf(e.Keys), nil
		}
	}
	return vault.KeySet{}, problem(api.CodeNotFound, "This vault is not kept any more.")
}

// EraseVault erases an earlier vault at once, before its time is over. Error: CodeNotFound.
func (c *Client) EraseVault(ctx context.Context, generation int64) error {
	return c.vaultProblem(c.post(ctx, api.RouteVaultErase, api.VaultEraseRequest{Generation: generation}, nil))
}
