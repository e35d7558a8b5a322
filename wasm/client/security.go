package client

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// routeRecoveryPut takes what proves the recovery code.
const routeRecoveryPut = "/api/security/recovery/put"

// putRecovery gives the service what proves that one has a recovery code, and opens nothing.
func (c *Client) putRecovery(ctx context.Context, code vault.RecoveryCode) error {
	return c.post(ctx, routeRecoveryPut, struct {
		Verifier api.Bytes `json:"verifier"`
	}{code.Proof()}, nil)
}

// proveTrust is TrustProve with what a page has; a recovery code as the person typed it opens the vault too.
func (c *Client) proveTrust(ctx context.Context, a args) (any, error) {
	in := api.TrustProveRequest{Challenge: a.Challenge, Method: a.Method, Code: a.Code, Assertion: a.Assertion}
	if a.Recovery == "" {
		return c.TrustProve(ctx, in)
	}
	code, err := vault.ParseRecoveryCode(a.Recovery)
	if err != nil {
		return nil, c.vaultProblem(err)
	}
	in.Recovery = code.Proof()
	trust, err := c.TrustProve(ctx, in)
	if err != nil || trust.State == VaultOpen || trust.State == VaultNone {
		return trust, err
	}
	if err := c.Unlock(ctx, Secret{Recovery: a.Recovery}); err != nil {
		return trust, nil // the device is trusted; the page offers other ways to open the settings
	}
	return c.Trust(ctx)
}
