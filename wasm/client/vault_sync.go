package client

import (
	"context"
	"maps"
	"slices"

	"github.com/latchkey-id/latchkey/edge/api"
)

// VaultStatus is what a page shows of the settings' state.
type VaultStatus struct {
	State   VaultState   `json:"state"`
	Pending int          `json:"pending"`           // edits that wait to be sent
	Paused  bool         `json:"paused"`            // settings do not travel at the moment
	Why     string       `json:"why,omitempty"`     // metered, cellular, save_data
	Metered bool         `json:"metered"`           // whether they may travel over such connections
	Last    int64        `json:"last"`              // when they were last exchanged, unix seconds; 0: never by this program
	Used    int64        `json:"used"`              // bytes of the quota; 0: not known yet
	Quota   int64        `json:"quota"`             // bytes
	Problem *api.Problem `json:"problem,omitempty"` // of the last exchange
}

// syncStatus is what a client remembers of exchanges.
type syncStatus struct {
	last        int64
	used, quota int64
	problem     *api.Problem
	network     Network
	paused      bool
}

func (v *vaults) room(used, quota int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.status.used, v.status.quota = used, quota
}

// SetNetwork tells what is known of the connection. Settings do not travel over a metered one unless the person allows it.
func (c *Client) SetNetwork(n Network) {
	c.vaults.mu.Lock()
	c.vaults.status.network = n
	c.vaults.mu.Unlock()
	nudge(c.vaults.poke)
}

// AllowMetered says whether settings may travel over metered connections on this device.
func (c *Client) AllowMetered(ctx context.Context, allow bool) error {
	account, err := c.who(ctx)
	if err != nil {
		return err
	}
	if c.keys == nil {
		return problem(api.CodeUnavailable, "Nothing can be kept here.")
	}
	note := map[string]string{noteMetered: ""}
	if allow {
		note[noteMetered] = "1"
	}
	err = c.keys.Note(ctx, account.ID, note)
	nudge(c.vaults.poke)
	return c.vaultProblem(err)
}

// paused says why settings do not travel at the moment, and whether they might over a metered connection; it tells the page when that
// changes.
func (c *Client) paused(ctx context.Context, account string) (why string, allowed bool) {
	notes, err := c.keys.Notes(ctx, account)
	allowed = err == nil && notes[noteMetered] == "1"
	c.vaults.mu.Lock()
	status := &c.vaults.status
	if status.network.Metered && !allowed {
		if why = status.network.Why; why == "" {
			why = "metered"
		}
	}
	changed := status.paused != (why != "")
	status.paused = why != ""
	c.vaults.mu.Unlock()
	if changed {
		c.event(Event{Network: map[bool]string{true: "paused", false: "running"}[why != ""]})
	}
	return why, allowed
}

// VaultStatus says how the settings stand. Error: CodeSessionRequired.
func (c *Client) VaultStatus(ctx context.Context) (VaultStatus, error) {
	account, err := c.who(ctx)
	if err != nil {
		return VaultStatus{}, err
	}
	answer := VaultStatus{State: VaultBroken}
	switch open, err := c.OpenVault(ctx); {
	case err == nil:
		answer.State, answer.Pending = VaultOpen, open.Pending()
		if err := open.Close(); err != nil {
			return VaultStatus{}, c.vaultProblem(err)
		}
	default:
		answer.State, answer.Problem = stateOf(err)
	}
	if c.keys != nil {
		answer.Why, answer.Metered = c.paused(ctx, account.ID)
	}
	answer.Paused = answer.Why != ""
	c.vaults.mu.Lock()
	defer c.vaults.mu.Unlock()
	s := c.vaults.status
	answer.Last, answer.Used, answer.Quota = s.last, s.used, s.quota
	if answer.Problem == nil {
		answer.Problem = s.problem
	}
	if s.problem != nil && s.problem.Code == api.CodeVaultReplaced {
		answer.State = VaultReplaced
	}
	return answer, nil
}

// SyncSettings takes what other devices wrote and sends what waits here, unless the connection is metered; once does it all the same.
// Errors: those of OpenVault, api.CodeQuota, CodeVaultBusy, the accusations.
func (c *Client) SyncSettings(ctx context.Context, once bool) error {
	account, err := c.who(ctx)
	if err != nil {
		return err
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return err
	}
	defer open.Close()
	if why, _ := c.paused(ctx, account.ID); why != "" && !once {
		return nil
	}
	before := open.Arrived()
	err = c.vaultProblem(open.Sync(ctx))
	c.vaults.mu.Lock()
	c.vaults.status.problem = asProblem(err)
	if err == nil {
		c.vaults.status.last = c.now().Unix()
	}
	c.vaults.mu.Unlock()
	if changed := differing(before, open.Arrived()); len(changed) > 0 {
		c.event(Event{Changed: changed})
	}
	return err
}

// VerifySettings reads all that the service has again and compares it with what this device knows. It finds what an exchange cannot see: settings
// that are missing without having changed. Errors: those of OpenVault, the accusations.
func (c *Client) VerifySettings(ctx context.Context) error {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return err
	}
	defer open.Close()
	return c.vaultProblem(open.Verify(ctx))
}

// differing lists the collections whose count is another one.
func differing(before, after map[string]int) []string {
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] != after[name] {
			changed = append(changed, name)
		}
	}
	return changed
}
