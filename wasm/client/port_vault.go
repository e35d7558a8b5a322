package client

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/api"
)

// vaultArgs are the arguments of the methods about devices and settings.
type vaultArgs struct {
	Method     string    `json:"method"`
	Channel    string    `json:"channel"`
	Challenge  string    `json:"challenge"`
	Assertion  string    `json:"assertion"`
	Credential string    `json:"credential"`
	Address    string    `json:"address"`
	Recovery   string    `json:"recovery"`
	PRF        api.Bytes `json:"prf"`
	Number     string    `json:"number"`
	Collection string    `json:"collection"`
	Value      string    `json:"value"`
	Binary     bool      `json:"binary"`
	Text       string    `json:"text"`
	Dry        bool      `json:"dry"`
	Once       bool      `json:"once"`
	Generation int64     `json:"generation"`
	Metered    bool      `json:"metered"`
	Why        string    `json:"why"`
}

func (a args) secret() Secret {
	return Secret{Password: a.Password, Recovery: a.Recovery, PRF: a.PRF}
}

// trustMethods are what a page can call about devices.
var trustMethods = map[string]func(ctx context.Context, c *Client, a args) (any, error){
	"trust": func(ctx context.Context, c *Client, _ args) (any, error) { return c.Trust(ctx) },
	"trustSend": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.TrustSend(ctx, api.TrustSendRequest{Method: a.Method, Channel: a.Channel, Language: a.Language})
	},
	"trustProve":      func(ctx context.Context, c *Client, a args) (any, error) { return c.proveTrust(ctx, a) },
	"requestApproval": func(ctx context.Context, c *Client, _ args) (any, error) { return c.RequestApproval(ctx) },
	"pollApproval":    func(ctx context.Context, c *Client, a args) (any, error) { return c.PollApproval(ctx, a.ID) },
	"confirmApproval": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.ConfirmApproval(ctx, a.ID, a.Number)
	},
	"approvals":    func(ctx context.Context, c *Client, _ args) (any, error) { return c.Approvals(ctx) },
	"takeApproval": func(ctx context.Context, c *Client, a args) (any, error) { return c.TakeApproval(ctx, a.ID) },
	"checkApproval": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.CheckApproval(ctx, a.ID, a.Number, a.Allow)
	},
	"devices": func(ctx context.Context, c *Client, _ args) (any, error) { return c.Devices(ctx) },
	"renameDevice": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.RenameDevice(ctx, api.DeviceRenameRequest{ID: a.ID, Name: a.Name})
	},
	"revokeDevice": func(ctx context.Context, c *Client, a args) (any, error) { return done{}, c.RevokeDevice(ctx, a.ID) },
}

// settingMethods are what a page can call about settings.
var settingMethods = map[string]func(ctx context.Context, c *Client, a args) (any, error){
	"unlock":   func(ctx context.Context, c *Client, a args) (any, error) { return done{}, c.Unlock(ctx, a.secret()) },
	"settings": func(ctx context.Context, c *Client, a args) (any, error) { return c.Settings(ctx, a.Collection) },
	"setSetting": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.SetSetting(ctx, Setting{Collection: a.Collection, Name: a.Name, Value: a.Value, Binary: a.Binary})
	},
	"deleteSetting": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.DeleteSetting(ctx, a.Collection, a.Name)
	},
	"settingHistory": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.SettingHistory(ctx, a.Collection, a.Name)
	},
	"restoreSetting": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.SetSetting(ctx, Setting{Collection: a.Collection, Name: a.Name, Value: a.Value, Binary: a.Binary})
	},
	"exportSettings": func(ctx context.Context, c *Client, _ args) (any, error) {
		text, err := c.ExportSettings(ctx)
		return map[string]string{"text": text}, err
	},
	"importSettings": func(ctx context.Context, c *Client, a args) (any, error) { return c.ImportSettings(ctx, a.Text, a.Dry) },
	"deleteAllSettings": func(ctx context.Context, c *Client, _ args) (any, error) {
		n, err := c.DeleteAllSettings(ctx)
		return map[string]int{"deleted": n}, err
	},
	"syncSettings":  func(ctx context.Context, c *Client, a args) (any, error) { return done{}, c.SyncSettings(ctx, a.Once) },
	"watchSettings": func(_ context.Context, c *Client, _ args) (any, error) { return done{}, c.watchOnce() },
	"vaultStatus":   func(ctx context.Context, c *Client, _ args) (any, error) { return c.VaultStatus(ctx) },
	"network": func(_ context.Context, c *Client, a args) (any, error) {
		c.SetNetwork(Network{a.Metered, a.Why})
		return done{}, nil
	},
	"allowMetered": func(ctx context.Context, c *Client, a args) (any, error) { return done{}, c.AllowMetered(ctx, a.Allow) },
	"repairVault":  func(ctx context.Context, c *Client, _ args) (any, error) { return done{}, c.RepairVault(ctx) },
	"newRecoveryCode": func(ctx context.Context, c *Client, _ args) (any, error) {
		code, err := c.NewRecoveryCode(ctx)
		return map[string]string{"code": code}, err
	},
	"keepRecoveryCode": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.KeepRecoveryCode(ctx, a.Recovery, a.Language)
	},
	"resetVault": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.ResetVault(ctx, a.Password)
	},
	"keptVaults": func(ctx context.Context, c *Client, _ args) (any, error) { return c.KeptVaults(ctx) },
	"restoreVault": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.RestoreVault(ctx, a.Generation, a.secret())
	},
	"eraseVault": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.EraseVault(ctx, a.Generation)
	},
}

// watchOnce begins to watch, unless this client does so already.
func (c *Client) watchOnce() error {
	c.vaults.watch.Do(func() { go c.Watch(context.Background()) })
	return nil
}
