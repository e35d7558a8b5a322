package client

import (
	"context"
	"errors"
	"slices"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// maxApplications bounds the list of what applications keep, in bytes.
const maxApplications = api.MaxVaultApplications * maxKeys

// Keeper is an application that keeps settings of its own for the person.
type Keeper struct {
	ID       string `json:"id"`       // client id
	Name     string `json:"name"`     // "" when it is not registered any more
	Verified bool   `json:"verified"` // registered by the operator; false: it registered itself and may call itself anything
	Since    int64  `json:"since"`    // when it first kept something
	Records  int64  `json:"records"`  // settings, and what stands beside them
	Bytes    int64  `json:"bytes"`
	Changed  int64  `json:"changed"` // 0: nothing was written yet
	Opens    bool   `json:"opens"`   // with the key that is in the person's vault
}

// Keepers lists the applications that keep something for the person, the oldest first. The service cannot read what that is, and this does
// not either. Errors: those of OpenVault.
func (c *Client) Keepers(ctx context.Context) ([]Keeper, error) {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return nil, err
	}
	defer open.Close()
	all, err := open.store().applications(ctx)
	if err != nil {
		return nil, c.vaultProblem(err)
	}
	locked := func(a api.VaultApplication) bool { return !opens(open, a) }
	if slices.ContainsFunc(all, locked) { // another device may have made the key just now
		if err := c.SyncSettings(ctx, true); err != nil {
			return nil, err
		}
	}
	list := make([]Keeper, len(all))
	for i, a := range all {
		list[i] = Keeper{a.ID, a.Name, a.Verified, a.Since, a.Records, a.Bytes, a.Changed, opens(open, a)}
	}
	return list, nil
}

// opens reports whether the key in the person's vault opens what an application keeps.
func opens(open *Open, a api.VaultApplication) bool {
	key, there := applicationKey(open, a.ID)
	return there && (a.Generation == 0 || slices.ContainsFunc(a.Keys.Wraps, func(w api.VaultWrap) bool { return w.ID == key.ID() }))
}

// applications lists what applications keep.
func (s *Store) applications(ctx context.Context) ([]api.VaultApplication, error) {
	var answer api.VaultApplications
	if err := s.post(ctx, api.RouteVaultApplications, struct{}{}, &answer, maxApplications); err != nil {
		return nil, err
	}
	if len(answer.Applications) > api.MaxVaultApplications {
		return nil, badAnswer(200)
	}
	return answer.Applications, nil
}

// KeeperSettings opens what an application keeps, on this device, to look at it. Errors: CodeNotFound, api.CodeApplicationKey when the key
// in the person's vault does not open it, the accusations.
func (c *Client) KeeperSettings(ctx context.Context, id string) ([]Setting, error) {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return nil, err
	}
	defer open.Close()
	all, err := open.store().applications(ctx)
	if err != nil {
		return nil, c.vaultProblem(err)
	}
	i := slices.IndexFunc(all, func(a api.VaultApplication) bool { return a.ID == id })
	if i < 0 {
		return nil, problem(api.CodeNotFound, "This application keeps nothing.")
	}
	shown := []Setting{}
	if all[i].Generation == 0 {
		return shown, nil
	}
	key, there := applicationKey(open, id)
	if !there {
		return nil, problem(api.CodeApplicationKey, "The key of what this application keeps is not in your vault.")
	}
	kept, err := vault.ReadApplication(ctx, vault.Config{
		Device: vault.NewID(), Store: reading{open.store(), all[i]}, Memory: &vault.RAM{}, Now: c.now,
	}, key)
	if err == nil {
		err = kept.Verify(ctx) // which writes nothing
	}
	if err != nil {
		return nil, c.vaultProblem(err)
	}
	for _, s := range kept.Export() {
		one := ShowSetting(s)
		one.Device = "" // an application names its devices as it likes
		shown = append(shown, one)
	}
	return shown, nil
}

// ExportKeeper gives what an application keeps as text. Whoever has it can read it.
func (c *Client) ExportKeeper(ctx context.Context, id string) (string, error) {
	account, err := c.who(ctx)
	if err != nil {
		return "", err
	}
	settings, err := c.KeeperSettings(ctx, id)
	if err != nil {
		return "", err
	}
	return c.export(Export{Account: account.UPN, Settings: settings, Application: id})
}

// EraseKeeper erases what an application keeps: its key, in the person's vault and in what the service has of that setting's past, and then the
// vault that the key opened. When the service cannot be reached in between, the application is still listed, and nothing opens it; do it
// again. It may be repeated.
func (c *Client) EraseKeeper(ctx context.Context, id string) error {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return err
	}
	defer open.Close()
	if err := open.Delete(ctx, applicationKeys, id); err != nil {
		return c.vaultProblem(err)
	}
	if err := c.SyncSettings(ctx, true); err != nil {
		return err
	}
	collection, record := open.IDs(applicationKeys, id)
	in := api.VaultApplicationEraseRequest{ID: id, Collection: collection.String(), Record: record.String()}
	return c.vaultProblem(open.store().post(ctx, api.RouteVaultApplicationErase, in, new(api.VaultApplicationErased), api.MaxBody))
}

// reading is the vault of an application as a device of the person has it: to read.
type reading struct {
	store *Store
	of    api.VaultApplication
}

var (
	_           vault.Store = reading{}
	errReadOnly             = errors.New("client: only the application writes what it keeps")
)

// Pull gives what changed.
func (r reading) Pull(ctx context.Context, cursor int64, limit int) (vault.Page, error) {
	var answer api.VaultPullResponse
	in := api.VaultApplicationPullRequest{ID: r.of.ID, VaultPullRequest: api.VaultPullRequest{
		Generation: r.of.Generation, Cursor: cursor, Limit: min(limit, api.MaxVaultRecords),
	}}
	if err := r.store.post(ctx, api.RouteVaultApplicationPull, in, &answer, maxPage); err != nil {
		return vault.Page{}, err
	}
	return pageOf(answer)
}

// Keys gives the key set that the list had.
func (r reading) Keys(context.Context) (vault.KeySet, error) { return keySetOf(r.of.Keys), nil }

// Push writes nothing.
func (reading) Push(context.Context, vault.Batch) error { return errReadOnly }

// PutKeys writes nothing.
func (reading) PutKeys(context.Context, vault.KeySet) error { return errReadOnly }

// keptMethods are what a page can call about what applications keep.
var keptMethods = map[string]func(ctx context.Context, c *Client, a args) (any, error){
	"keepers":        func(ctx context.Context, c *Client, _ args) (any, error) { return c.Keepers(ctx) },
	"keeperSettings": func(ctx context.Context, c *Client, a args) (any, error) { return c.KeeperSettings(ctx, a.ID) },
	"exportKeeper": func(ctx context.Context, c *Client, a args) (any, error) {
		text, err := c.ExportKeeper(ctx, a.ID)
		return map[string]string{"text": text}, err
	},
	"eraseKeeper": func(ctx context.Context, c *Client, a args) (any, error) { return done{}, c.EraseKeeper(ctx, a.ID) },
}
