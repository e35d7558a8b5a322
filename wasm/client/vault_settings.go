package client

import (
	"context"
	"encoding/base64"
	"slices"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Setting is a setting in the open, as pages and exports have it.
type Setting struct {
	Collection string `json:"collection"`
	Name       string `json:"name"`
	Value      string `json:"value"`
	Binary     bool   `json:"binary,omitempty"`   // the value is no text, and stands in base64
	Device     string `json:"device,omitempty"`   // id of the device that wrote it
	Modified   int64  `json:"modified,omitempty"` // unix seconds, by that device's clock
	Waiting    bool   `json:"waiting,omitempty"`  // only this device has it so far
}

// ShowSetting puts a setting into the form of pages and exports.
func ShowSetting(s vault.Setting) Setting {
	shown := Setting{
		Collection: s.Collection, Name: s.Name, Value: string(s.Value), Device: deviceName(s.Device), Modified: s.Written.Unix(), Waiting: !s.Sent,
	}
	if !utf8.Valid(s.Value) {
		shown.Value, shown.Binary = base64.StdEncoding.EncodeToString(s.Value), true
	}
	return shown
}

// value reads what ShowSetting, or a page, put there.
func (s Setting) value() ([]byte, error) {
	if !s.Binary {
		return []byte(s.Value), nil
	}
	value, err := base64.StdEncoding.DecodeString(s.Value)
	if err != nil {
		return nil, problem(api.CodeBadRequest, "The value is not base64.")
	}
	return value, nil
}

// Settings lists the settings of a collection, or all with "", in the order of their names. What other devices changed since the last
// SyncSettings is not in it. Errors: those of OpenVault.
func (c *Client) Settings(ctx context.Context, collection string) ([]Setting, error) {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return nil, err
	}
	defer open.Close()
	all := open.Export
	if collection != "" {
		all = func() []vault.Setting { return open.List(collection) }
	}
	shown := []Setting{}
	for _, s := range OwnSettings(all()) {
		shown = append(shown, ShowSetting(s))
	}
	return shown, nil
}

// OwnSettings leaves out the keys of what applications keep, which are settings as well: whoever had one in an export could read what it opens.
func OwnSettings(all []vault.Setting) []vault.Setting {
	return slices.DeleteFunc(all, func(s vault.Setting) bool { return s.Collection == applicationKeys })
}

// SetSetting writes one, here; it is sent by itself, or by SyncSettings. Errors: CodeSettingName, CodeSettingLimit.
func (c *Client) SetSetting(ctx context.Context, s Setting) error {
	value, err := s.value()
	if err != nil {
		return err
	}
	_, err = c.edit(ctx, []vault.Edit{{Collection: s.Collection, Name: s.Name, Value: value}})
	return err
}

// DeleteSetting removes one, here.
func (c *Client) DeleteSetting(ctx context.Context, collection, name string) error {
	_, err := c.edit(ctx, []vault.Edit{{Collection: collection, Name: name, Delete: true}})
	return err
}

// DeleteAllSettings removes all of them, here, and says how many. What the service keeps of earlier contents goes with its time. What
// applications keep stays: EraseApplication.
func (c *Client) DeleteAllSettings(ctx context.Context) (int, error) {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return 0, err
	}
	defer open.Close()
	var edits []vault.Edit
	for _, s := range OwnSettings(open.Export()) {
		edits = append(edits, vault.Edit{Collection: s.Collection, Name: s.Name, Delete: true})
	}
	return c.edit(ctx, edits)
}

// edit makes edits and sees to it that they are sent.
func (c *Client) edit(ctx context.Context, edits []vault.Edit) (int, error) {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return 0, err
	}
	defer open.Close()
	n, err := open.Apply(ctx, edits)
	if n > 0 {
		nudge(c.vaults.edited)
	}
	return n, c.vaultProblem(err)
}

// SettingHistory lists what a setting was before, newest first, as far as the service keeps it and the keys still open it.
func (c *Client) SettingHistory(ctx context.Context, collection, name string) ([]Setting, error) {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return nil, err
	}
	defer open.Close()
	bodies, err := open.store().History(ctx, open.Vault, collection, name)
	if err != nil {
		return nil, c.vaultProblem(err)
	}
	past, err := open.Past(ctx, collection, name, bodies)
	if err != nil {
		return nil, c.vaultProblem(err)
	}
	shown := []Setting{}
	for _, s := range past {
		shown = append(shown, ShowSetting(s))
	}
	slices.SortStableFunc(shown, func(a, b Setting) int { return int(b.Modified - a.Modified) })
	return shown, nil
}
