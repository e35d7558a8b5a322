package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// proveByRecovery proves this computer by the printed code, and opens the settings with it.
func (p program) proveByRecovery(ctx context.Context, c *connection, method string) error {
	for {
		typed, err := p.askSecret(ctx, "Recovery code: ")
		if err != nil {
			return err
		}
		code, err := vault.ParseRecoveryCode(typed)
		if err != nil {
			fmt.Fprintln(p.problems, "There is a typing mistake in that code.")
			continue
		}
		if _, err := c.TrustProve(ctx, api.TrustProveRequest{Method: method, Recovery: code.Proof()}); err != nil {
			return err
		}
		return c.Unlock(ctx, client.Secret{Recovery: typed})
	}
}

// unlock opens the settings of a computer that is trusted, when no key of its own opens them yet: by the recovery code, if that was chosen,
// or else by the password, which is stretched here and never sent.
func (p program) unlock(ctx context.Context, c *connection, at client.Trust, method string) error {
	switch at.State {
	case client.VaultLocked, client.VaultReplaced, client.VaultNone:
	default:
		return nil
	}
	for {
		secret, err := p.secret(ctx, c, at.State != client.VaultNone && method == string(api.ProofRecovery))
		if err != nil {
			return err
		}
		err = c.Unlock(ctx, secret)
		problem, ok := errors.AsType[*api.Problem](err)
		if !ok || problem.Code != api.CodeInvalidCredentials && problem.Code != client.CodeRecoveryTyped {
			return err
		}
		fmt.Fprintln(p.problems, describe(problem))
	}
}

// secret asks for what opens the settings.
func (p program) secret(ctx context.Context, c *connection, recovery bool) (client.Secret, error) {
	if recovery {
		code, err := p.askSecret(ctx, "Recovery code: ")
		return client.Secret{Recovery: code}, err
	}
	password, err := p.askSecret(ctx, fmt.Sprintf("Password of %s, to open your settings here: ", printable(c.person.UPN)))
	return client.Secret{Password: password}, err
}
