package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/network"
)

// openedVault is the person's vault, for this process alone until it is closed.
type openedVault struct {
	*client.Open
	connection *connection
}

// openVault opens the vault of whoever is signed in, which another process may be at work on: then it waits. It needs no connection when this
// computer has opened the vault before. Errors: outcomes for who is not signed in, for a computer that is not trusted, and for a vault that others
// work on; see explain.
func (p program) openVault(ctx context.Context, o deviceOptions) (*openedVault, error) {
	c, err := p.signedIn(ctx, o)
	if err != nil {
		return nil, err
	}
	return c.open(ctx)
}

func (c *connection) open(ctx context.Context) (*openedVault, error) {
	c.Remember(api.Account{ID: c.person.Account, UPN: c.person.UPN})
	open, err := c.OpenVault(ctx)
	if err != nil {
		return nil, c.explain(err)
	}
	return &openedVault{open, c}, nil
}

// errPaused says that settings wait because of what the connection costs.
var errPaused = errors.New("settings do not travel over this connection")

// exchange takes what other devices wrote and sends what waits here, unless the connection is metered and this is not meant to be done once
// all the same.
func (v *openedVault) exchange(ctx context.Context, once bool) error {
	c := v.connection
	if cost, err := network.Now(ctx); err == nil && cost.Paused() {
		c.SetNetwork(client.Network{Metered: true, Why: cost.Why()})
	}
	if err := c.SyncSettings(ctx, once); err != nil {
		return c.explain(err)
	}
	if once {
		return nil
	}
	status, err := c.VaultStatus(ctx)
	if err == nil && status.Paused {
		err = fmt.Errorf("%w: %s; --metered does it once", errPaused, status.Why)
	}
	return err
}

// unreachable reports whether the service was not spoken to, so that what is here must do.
func unreachable(err error) bool { return errors.Is(err, errUnreachable) || errors.Is(err, errPaused) }
