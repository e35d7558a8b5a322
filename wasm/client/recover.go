package client

import (
	"context"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Proved lets a new password be set.
type Proved struct {
	State string `json:"state"`
	UPN   string `json:"upn"`
	Keeps bool   `json:"keeps"` // what was proved by opens the settings too
}

// Recovered says where the browser goes next, and what became of the settings.
type Recovered struct {
	Redirect string     `json:"redirect"`
	State    VaultState `json:"state"`
}

// recovery is a proof under way in this program.
type recovery struct {
	upn    string
	secret *vault.Identity // what opens the settings too; nil: nothing does
}

// RecoverBegin begins to prove whose the account is without the password.
func (c *Client) RecoverBegin(ctx context.Context, in api.RecoverBeginRequest) (answer api.RecoverBegun, err error) {
	err = c.post(ctx, api.RouteRecoverBegin, in, &answer)
	return answer, err
}

// RecoverProve gives the proof. The recovery code is as the person typed it; prf is what a passkey gave for PRFInput beside its assertion. Errors:
// CodeRecoveryTyped, CodeWrong, CodeSpent.
func (c *Client) RecoverProve(ctx context.Context, in api.RecoverProveRequest, typed string, prf []byte) (Proved, error) {
	var secret *vault.Identity
	var err error
	switch {
	case typed != "":
		var code vault.RecoveryCode
		if code, err = vault.ParseRecoveryCode(typed); err == nil {
			in.Recovery, secret = code.Proof(), vault.RecoveryIdentity(code)
		}
	case len(prf) > 0:
		secret, err = vault.PRFIdentity(prf)
	}
	if err != nil {
		return Proved{}, c.vaultProblem(err)
	}
	var answer api.RecoverProved
	if err := c.post(ctx, api.RouteRecoverProve, in, &answer); err != nil {
		return Proved{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recoveries[answer.State] = recovery{answer.UPN, secret}
	return Proved{answer.State, answer.UPN, answer.Keeps && secret != nil}, nil
}

// RecoverFinish sets the new password and signs in. Whatever opened the settings before, on this device or as the proof, hands them over to the new
// password; State is VaultLocked when nothing did. Errors: *Refused, CodeExpired.
func (c *Client) RecoverFinish(ctx context.Context, state, wanted string, keep bool) (Recovered, error) {
	c.mu.Lock()
	known := c.recoveries[state]
	c.mu.Unlock()
	local, _, _ := strings.Cut(known.upn, "@")
	if err := c.accept(ctx, wanted, []string{known.upn, local}); err != nil {
		return Recovered{}, err
	}
	secret, err := secretOf(wanted)
	if err != nil {
		return Recovered{}, err
	}
	defer clear(secret)
	record, ksf, keys, err := c.record(secret, func(request api.Bytes) (answer api.RegistrationResponse, err error) {
		err = c.post(ctx, api.RouteRecoverPassword, api.RecoverPasswordRequest{State: state, Request: request}, &answer)
		return answer, err
	})
	if err != nil {
		return Recovered{}, err
	}
	defer keys.Wipe()
	var answer api.RecoverFinished
	in := api.RecoverFinishRequest{State: state, Record: record, KSF: ksf, Keep: keep}
	if err := c.post(ctx, api.RouteRecoverFinish, in, &answer); err != nil {
		return Recovered{}, err
	}
	c.mu.Lock()
	delete(c.recoveries, state)
	c.mu.Unlock()
	c.signedIn(ctx, known.upn, keys.Export)
	return Recovered{answer.Redirect, c.takeAlong(ctx, known.secret)}, c.redirect(answer.Redirect)
}

// takeAlong opens the vault after a recovery. The password is set already, so a failure is only a state.
func (c *Client) takeAlong(ctx context.Context, secret *vault.Identity) VaultState {
	if c.keys == nil {
		return VaultBroken
	}
	trust, err := c.Trust(ctx)
	if err != nil || !trust.Trusted || secret == nil || trust.State != VaultLocked && trust.State != VaultReplaced {
		return trust.State
	}
	open, err := c.openVault(ctx, secret)
	if err != nil {
		state, _ := stateOf(err)
		return state
	}
	_ = open.Close()
	return VaultOpen
}

// recoverMethods are what a page can call about a forgotten password.
var recoverMethods = map[string]func(ctx context.Context, c *Client, a args) (any, error){
	"recoverBegin": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.RecoverBegin(ctx, api.RecoverBeginRequest{Flow: a.Flow, UPN: a.UPN, Kind: api.Proof(a.Kind), Value: a.Value, Language: a.Language})
	},
	"recoverProve": func(ctx context.Context, c *Client, a args) (any, error) {
		in := api.RecoverProveRequest{State: a.State, Code: a.Code, Assertion: a.Assertion}
		return c.RecoverProve(ctx, in, a.Recovery, a.PRF)
	},
	"recoverFinish": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.RecoverFinish(ctx, a.State, a.Password, a.Keep)
	},
}
