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

// securityHere is Security, whose PRF says of each factor whether it opens the vault that the account has now, where that is open here: a
// passkey or a code of before one that was begun anew does not.
func (c *Client) securityHere(ctx context.Context) (api.Security, error) {
	answer, err := c.Security(ctx)
	if err != nil {
		return answer, err
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return answer, nil
	}
	opens, going := map[string]bool{}, map[string]bool{}
	for _, r := range open.Recipients() {
		if opens[r.ID] = true; r.Kind == vault.KindRecovery {
			opens[string(api.ProofRecovery)] = true
		}
	}
	for _, w := range answer.Waiting {
		going[w.Subject] = true
	}
	for i, f := range answer.Factors {
		code := f.Kind == api.ProofRecovery && opens[string(f.Kind)] && !going[f.ID]
		answer.Factors[i].PRF = code || f.Kind == api.ProofPasskey && opens[f.ID]
	}
	return answer, c.vaultProblem(open.Close())
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

// NewRecoveryCode returns a code that counts for nothing yet: show it, and call KeepRecoveryCode once the person has it. Errors: those of
// OpenVault, api.CodeConfirmRequired, so that nobody is shown a code that cannot be kept.
func (c *Client) NewRecoveryCode(ctx context.Context) (string, error) {
	open, err := c.OpenVault(ctx)
	if err != nil {
		return "", err
	}
	if err := open.Close(); err != nil {
		return "", c.vaultProblem(err)
	}
	security, err := c.Security(ctx)
	if err != nil {
		return "", err
	}
	if security.Confirmed <= c.now().Unix() {
		return "", problem(api.CodeConfirmRequired, "A recent proof is needed first.")
	}
	return vault.NewRecoveryCode().String(), nil
}

// KeepRecoveryCode has a code open the vault and prove who one is, and ends the one before. Doing it twice is doing it once. The service tells
// the person of it in the language. Errors: CodeRecoveryTyped, api.CodeConfirmRequired, those of OpenVault.
func (c *Client) KeepRecoveryCode(ctx context.Context, shown, language string) error {
	code, err := vault.ParseRecoveryCode(shown)
	if err != nil {
		return c.vaultProblem(err)
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return err
	}
	defer open.Close()
	return c.vaultProblem(open.ReplaceRecoveryCode(ctx, code, func(ctx context.Context) error {
		// It proves that one has the code, and opens nothing.
		return c.post(ctx, api.RouteRecoveryPut, api.RecoveryPutRequest{Verifier: code.Proof(), Language: language}, nil)
	}))
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
