package client

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// PasskeyOptions asks for a challenge that any passkey of this service may answer, until Expires.
func (c *Client) PasskeyOptions(ctx context.Context, flow string) (api.PasskeySigninBegun, error) {
	var answer api.PasskeySigninBegun
	err := c.post(ctx, api.RouteSigninPasskeyBegin, api.PasskeySigninBeginRequest{Flow: flow}, &answer)
	return answer, err
}

// PasskeySignIn is what a passkey has answered.
type PasskeySignIn struct {
	api.PasskeySigninFinishRequest
	PRF []byte // what its PRF extension gave for PRFInput, nil for nothing
}

// SignInWithPasskey signs in and says where to go next; the session cookie comes with the answer, and the device is trusted. A passkey with PRF opens
// the settings too. Errors: CodePasskeyInvalid, CodeExpired: a new challenge helps.
func (c *Client) SignInWithPasskey(ctx context.Context, in PasskeySignIn) (api.PasskeySigninFinished, error) {
	var answer api.PasskeySigninFinished
	if err := c.post(ctx, api.RouteSigninPasskeyFinish, in.PasskeySigninFinishRequest, &answer); err != nil {
		return api.PasskeySigninFinished{}, err
	}
	if err := c.redirect(answer.Redirect); err != nil {
		return api.PasskeySigninFinished{}, err
	}
	c.forgetWho()
	if secret, err := vault.PRFIdentity(in.PRF); err == nil {
		c.takeAlong(ctx, secret)
	}
	return answer, nil
}

// passkeyMethods are what a page can call about a sign-in with a passkey.
var passkeyMethods = map[string]func(ctx context.Context, c *Client, a args) (any, error){
	"passkeyOptions": func(ctx context.Context, c *Client, a args) (any, error) { return c.PasskeyOptions(ctx, a.Flow) },
	"signinPasskey": func(ctx context.Context, c *Client, a args) (any, error) {
		in := api.PasskeySigninFinishRequest{Flow: a.Flow, State: a.State, Assertion: a.Assertion, Keep: a.Keep, Language: a.Language}
		return c.SignInWithPasskey(ctx, PasskeySignIn{in, a.PRF})
	},
}
