package client

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Security returns what the person can prove themselves by. Error: CodeSessionRequired.
func (c *Client) Security(ctx context.Context) (api.Security, error) {
	var answer api.Security
	err := c.get(ctx, api.RouteSecurity, &answer)
	if answer.Factors == nil {
		answer.Factors = []api.Factor{}
	}
	if answer.Waiting == nil {
		answer.Waiting = []api.SecurityWaiting{}
	}
	return answer, err
}

// AddEmail has a code sent to an address.
func (c *Client) AddEmail(ctx context.Context, in api.EmailAddRequest) (answer api.SecuritySent, err error) {
	err = c.post(ctx, api.RouteEmailAdd, in, &answer)
	return answer, err
}

// AddPhone has a code sent to a phone.
func (c *Client) AddPhone(ctx context.Context, in api.PhoneAddRequest) (answer api.SecuritySent, err error) {
	err = c.post(ctx, api.RoutePhoneAdd, in, &answer)
	return answer, err
}

// VerifyFactor adds the address or phone by the code that was sent there.
func (c *Client) VerifyFactor(ctx context.Context, in api.FactorVerifyRequest) error {
	return c.post(ctx, api.RouteFactorVerify, in, nil)
}

// TOTPBegin makes a secret for an authenticator.
func (c *Client) TOTPBegin(ctx context.Context) (answer api.TOTPBegun, err error) {
	err = c.post(ctx, api.RouteTOTPBegin, struct{}{}, &answer)
	return answer, err
}

// TOTPFinish adds the authenticator.
func (c *Client) TOTPFinish(ctx context.Context, in api.TOTPFinishRequest) error {
	return c.post(ctx, api.RouteTOTPFinish, in, nil)
}

// PasskeyBegin gives what the browser makes a passkey by.
func (c *Client) PasskeyBegin(ctx context.Context) (answer api.PasskeyBegun, err error) {
	err = c.post(ctx, api.RoutePasskeyBegin, struct{}{}, &answer)
	return answer, err
}

// PasskeyFinish adds the passkey and returns its factor. When prf is what it gave for PRFInput, it opens the vault too from then on;
// otherwise PasskeyOpens can do that later.
func (c *Client) PasskeyFinish(ctx context.Context, in api.PasskeyFinishRequest, prf []byte) (api.Factor, error) {
	if err := c.post(ctx, api.RoutePasskeyFinish, in, nil); err != nil {
		return api.Factor{}, err
	}
	security, err := c.Security(ctx)
	if err != nil {
		return api.Factor{}, err
	}
	for _, f := range security.Factors {
		if f.ID != in.Challenge { // the factor has the id of its challenge
			continue
		}
		if len(prf) > 0 {
			err = c.PasskeyOpens(ctx, f.ID, prf)
		}
		return f, err
	}
	return api.Factor{}, badAnswer(200)
}

// PasskeyOpens has a passkey open the vault, by what it gave for PRFInput.
func (c *Client) PasskeyOpens(ctx context.Context, factor string, prf []byte) error {
	identity, err := vault.PRFIdentity(prf)
	if err != nil {
		return problem(api.CodeBadRequest, "The passkey gave something that is no secret.")
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return err
	}
	defer open.Close()
	return c.vaultProblem(open.Add(ctx, identity.Recipient(factor)))
}

// RemoveFactor removes one, or has it wait. What opened the vault by it goes with it.
func (c *Client) RemoveFactor(ctx context.Context, in api.FactorRemoveRequest) (answer api.FactorRemoved, err error) {
	if err := c.post(ctx, api.RouteFactorRemove, in, &answer); err != nil || answer.Waiting != nil {
		return answer, err
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return answer, nil // a device on which it is open does it
	}
	defer open.Close()
	return answer, c.vaultProblem(open.Remove(ctx, in.ID))
}

// UndoFactor stops what waits.
func (c *Client) UndoFactor(ctx context.Context, id string) error {
	return c.post(ctx, api.RouteSecurityUndo, api.SecurityUndoRequest{ID: id}, nil)
}

// Confirm proves the password again.
func (c *Client) Confirm(ctx context.Context, password string) (answer api.Confirmed, err error) {
	token, keys, err := c.reauthenticate(ctx, password)
	if err != nil {
		return answer, err
	}
	keys.Wipe()
	err = c.post(ctx, api.RouteConfirm, api.ConfirmRequest{Proof: token}, &answer)
	return answer, err
}

// ConfirmSend has a code sent, or a challenge made, to confirm by.
func (c *Client) ConfirmSend(ctx context.Context, in api.TrustSendRequest) (answer api.TrustSent, err error) {
	err = c.post(ctx, api.RouteConfirmSend, in, &answer)
	return answer, err
}

// ConfirmProve confirms by a second proof.
func (c *Client) ConfirmProve(ctx context.Context, in api.TrustProveRequest) (answer api.Confirmed, err error) {
	err = c.post(ctx, api.RouteConfirmProve, in, &answer)
	return answer, err
}

// TrustWait asks that this device become trusted after the waiting time.
func (c *Client) TrustWait(ctx context.Context, language string) (answer api.SecurityWaiting, err error) {
	err = c.post(ctx, api.RouteTrustWait, api.TrustWaitRequest{Language: language}, &answer)
	return answer, err
}

// putRecovery gives the service what proves that one has a recovery code, and opens nothing.
func (c *Client) putRecovery(ctx context.Context, code vault.RecoveryCode, language string) error {
	return c.post(ctx, api.RouteRecoveryPut, api.RecoveryPutRequest{Verifier: code.Proof(), Language: language}, nil)
}

// proveBy is a proof as a page has it: a recovery code as the person typed it.
func proveBy(a args) (api.TrustProveRequest, error) {
	in := api.TrustProveRequest{Challenge: a.Challenge, Method: a.Method, Code: a.Code, Assertion: a.Assertion}
	if a.Recovery == "" {
		return in, nil
	}
	code, err := vault.ParseRecoveryCode(a.Recovery)
	in.Recovery = code.Proof()
	return in, err
}

// proveTrust is TrustProve with what a page has. A recovery code, and a passkey that gave its secret, open the vault too.
func (c *Client) proveTrust(ctx context.Context, a args) (any, error) {
	in, err := proveBy(a)
	if err != nil {
		return nil, c.vaultProblem(err)
	}
	trust, err := c.TrustProve(ctx, in)
	if err != nil || trust.State == VaultOpen || trust.State == VaultNone || a.Recovery == "" && len(a.PRF) == 0 {
		return trust, err
	}
	if err := c.Unlock(ctx, Secret{Recovery: a.Recovery, PRF: a.PRF}); err != nil {
		return trust, nil // the device is trusted; the page offers other ways to open the settings
	}
	return c.Trust(ctx)
}
