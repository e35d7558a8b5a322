package client

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/api"
)

// securityMethods are what a page can call about proofs.
var securityMethods = map[string]func(ctx context.Context, c *Client, a args) (any, error){
	"security": func(ctx context.Context, c *Client, _ args) (any, error) { return c.securityHere(ctx) },
	"addEmail": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.AddEmail(ctx, api.EmailAddRequest{Address: a.Address, Language: a.Language})
	},
	"addPhone": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.AddPhone(ctx, api.PhoneAddRequest{Number: a.Number, Channel: a.Channel, Language: a.Language})
	},
	"verifyFactor": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.VerifyFactor(ctx, api.FactorVerifyRequest{Challenge: a.Challenge, Code: a.Code})
	},
	"totpBegin": func(ctx context.Context, c *Client, _ args) (any, error) { return c.TOTPBegin(ctx) },
	"totpFinish": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.TOTPFinish(ctx, api.TOTPFinishRequest{ID: a.ID, Code: a.Code})
	},
	"passkeyBegin": func(ctx context.Context, c *Client, _ args) (any, error) { return c.PasskeyBegin(ctx) },
	"passkeyFinish": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.PasskeyFinish(ctx, api.PasskeyFinishRequest{Challenge: a.Challenge, Credential: a.Credential, Name: a.Name}, a.PRF)
	},
	"passkeyOpens": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.PasskeyOpens(ctx, a.ID, a.PRF)
	},
	"removeFactor": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.RemoveFactor(ctx, api.FactorRemoveRequest{ID: a.ID, Language: a.Language})
	},
	"undoFactor": func(ctx context.Context, c *Client, a args) (any, error) { return done{}, c.UndoFactor(ctx, a.ID) },
	"confirm":    func(ctx context.Context, c *Client, a args) (any, error) { return c.Confirm(ctx, a.Password) },
	"confirmSend": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.ConfirmSend(ctx, api.TrustSendRequest{Method: a.Method, Channel: a.Channel, Language: a.Language})
	},
	"confirmProve": func(ctx context.Context, c *Client, a args) (any, error) {
		in, err := proveBy(a)
		if err != nil {
			return nil, c.vaultProblem(err)
		}
		return c.ConfirmProve(ctx, in)
	},
	"trustWait": func(ctx context.Context, c *Client, a args) (any, error) { return c.TrustWait(ctx, a.Language) },
}
