package client

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// known is a vault that this device has to find at the service, and no other.
type known struct {
	generation  int64
	fingerprint []byte
}

// name is what notes call it.
func (k known) name() string {
	return strconv.FormatInt(k.generation, 10) + " " + fingerprintNote(k.fingerprint)
}

// adopt takes the account's present vault, which the secret has to open, in the place of the one that this device knows.
func (c *Client) adopt(ctx context.Context, secret *vault.Identity) error {
	account, _, store, err := c.aside(ctx)
	if err != nil {
		return err
	}
	set, err := store.Keys(ctx)
	if errors.Is(err, vault.ErrAbsent) { // it has just said that there is one
		err = &vault.Tampering{Err: vault.ErrDropped}
	}
	if err != nil {
		return c.vaultProblem(err)
	}
	fingerprint, err := set.Fingerprint(account.ID, secret)
	if err != nil {
		return c.vaultProblem(vault.ErrLocked)
	}
	return c.settleOn(ctx, account, secret, known{store.generation, fingerprint})
}

// settleOn takes a vault, which the identity opens, in the place of the one that this device knows. The new one is opened beside the old one,
// which is given up in the same change of the Memory that brings the new one: stopped anywhere, by a lost connection too, this device knows
// the one or the other, and edits that were never sent wait in it. They move over with their own times, deletions too; those that nothing here
// opens lie beside the new vault until something does. The caller must not have the vault open.
func (c *Client) settleOn(ctx context.Context, account api.Account, identity *vault.Identity, next known) error {
	if err := c.vaults.enterAlone(ctx); err != nil {
		return c.vaultProblem(err)
	}
	defer c.vaults.leave()
	c.vaults.here = nil
	memory, err := c.openMemory(ctx, account.ID)
	if err == nil {
		err = errors.Join(c.replace(ctx, account, memory, identity, next), memory.Close())
	}
	if err == nil {
		c.vaults.mu.Lock()
		defer c.vaults.mu.Unlock()
		c.vaults.status.problem = nil // it was of the other one
	}
	return c.vaultProblem(err)
}

// replace puts a vault in the place of what a Memory has.
func (c *Client) replace(ctx context.Context, account api.Account, memory Memory, identity *vault.Identity, next known) error {
	notes, err := c.notesOf(ctx, account.ID, memory)
	if err != nil {
		return err
	}
	kept, err := memory.Load(ctx)
	if err != nil {
		return err
	}
	has, err := c.identities(ctx, account, notes, identity)
	if err != nil {
		return err
	}
	if bytes.Equal(vault.Known(kept), next.fingerprint) {
		return c.goOn(ctx, account, memory, notes, identity, has, next)
	}
	fresh := &vault.RAM{}
	present, err := c.openBeside(ctx, account.ID, notes, fresh, identity, has, next)
	if err != nil {
		return err
	}
	changes, err := carry(ctx, present, fresh, kept, has.all())
	if err != nil {
		return err
	}
	if err := c.keys.Note(ctx, account.ID, map[string]string{noteNext: next.name()}); err != nil {
		return err
	}
	if err := memory.Save(ctx, changes); err != nil {
		return err
	}
	if _, err := memory.Load(ctx); err != nil { // a Memory that is a log lets go of what it had
		return err
	}
	return c.keys.Note(ctx, account.ID, turn(notes, next.name()))
}

// goOn is replace when the Memory is of that very vault. What was seen of it counts, whatever number it has now: all that is there is read again,
// and a service that goes back to an old state of it is accused as ever.
func (c *Client) goOn(ctx context.Context, account api.Account, memory Memory, notes map[string]string, identity *vault.Identity, has identities, next known) error {
	present, err := c.openBeside(ctx, account.ID, notes, memory, identity, has, next)
	if err == nil {
		err = present.Verify(ctx)
	}
	if err != nil {
		return err
	}
	return c.keys.Note(ctx, account.ID, turn(notes, next.name()))
}

// openBeside opens a vault over a Memory of its own. As everywhere, this device's own key and the present password open it from then on.
func (c *Client) openBeside(ctx context.Context, account string, notes map[string]string, memory vault.Memory, identity *vault.Identity, has identities, next known) (*vault.Vault, error) {
	store := c.NewStore(account, next.generation, func(context.Context, int64) error { return nil }, c.vaults.room)
	here := &openVault{account: account, store: store}
	config, err := c.vaultConfig(ctx, here, notes)
	if err != nil {
		return nil, err
	}
	config.Memory, config.Fingerprint = memory, next.fingerprint
	if here.Vault, err = vault.Open(ctx, config, identity); err != nil {
		return nil, err
	}
	return here.Vault, c.belong(ctx, here, notes[noteDevice], has)
}

// carry says what has to change in a Memory that gave kept, so that it becomes that of the present vault, which has been opened over fresh.
func carry(ctx context.Context, present *vault.Vault, fresh vault.Memory, kept map[string][]byte, has []*vault.Identity) (map[string][]byte, error) {
	changes := map[string][]byte{}
	for key := range kept {
		changes[key] = nil
	}
	stays := map[string][]byte{}
	for prefix, former := range vault.Former(kept) {
		if present.Carry(ctx, former, has...) != nil {
			for key, body := range former {
				stays[prefix+key] = body
			}
		}
	}
	if present.Carry(ctx, kept, has...) != nil {
		maps.Copy(stays, vault.SetAside(kept))
	}
	maps.Copy(changes, stays)
	now, err := fresh.Load(ctx)
	maps.Copy(changes, now)
	return changes, errors.Join(err, ctx.Err())
}

// recall brings the edits of former vaults back that lie beside this one and that the secret opens.
func (o *Open) recall(ctx context.Context, secret *vault.Identity) error {
	kept, err := o.here.memory.Load(ctx)
	if err != nil {
		return err
	}
	for prefix, former := range vault.Former(kept) {
		if o.Carry(ctx, former, secret) != nil {
			continue
		}
		over := map[string][]byte{}
		for key := range former {
			over[prefix+key] = nil
		}
		if err := o.here.memory.Save(ctx, over); err != nil {
			return err
		}
	}
	return nil
}

// turn is the change of notes when a vault, by generation and fingerprint, has taken the place of the one that they are of.
func turn(notes map[string]string, name string) map[string]string {
	generation, fingerprint, _ := strings.Cut(name, " ")
	return map[string]string{
		noteGeneration: generation, noteFingerprint: fingerprint, noteEarlier: earlierNote(notes, fingerprint), noteNext: "",
	}
}

// notesOf are the notes of an account whose Memory this program has. When another vault has taken the place of the former one in the Memory and
// not in the notes yet, they are brought up to it.
func (c *Client) notesOf(ctx context.Context, account string, memory vault.Memory) (map[string]string, error) {
	notes, err := c.keys.Notes(ctx, account)
	name := notes[noteNext]
	if err != nil || name == "" {
		return notes, err
	}
	kept, err := memory.Load(ctx)
	if err != nil {
		return nil, err
	}
	changes := map[string]string{noteNext: ""}
	if _, fingerprint, _ := strings.Cut(name, " "); fingerprint == fingerprintNote(vault.Known(kept)) {
		changes = turn(notes, name)
	}
	maps.Copy(notes, changes)
	return notes, c.keys.Note(ctx, account, changes)
}
