package client

import (
	"context"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/opaque"
	"github.com/latchkey-id/latchkey/wasm/password"
)

// PasswordStrength judges a password while it is typed: every rule that needs no network. about is what is known of the
// person (UPN, display name). Without a dictionary common words go unnoticed.
func (c *Client) PasswordStrength(typed string, about []string) password.Verdict {
	return c.currentMeter().Check(typed, about)
}

// CheckPassword applies every rule to a password that somebody wants to use, the breached one included. A range service that
// cannot be reached refuses nobody: Checked says whether it was asked. Error: CodeUnavailable when the dictionary is not
// loaded, because a rule that cannot be checked is not met.
func (c *Client) CheckPassword(ctx context.Context, typed string, about []string) (password.Verdict, error) {
	meter := c.currentMeter()
	if !meter.Complete() {
		return password.Verdict{}, problem(api.CodeUnavailable, "The dictionary of the password meter is not loaded.")
	}
	verdict := meter.Check(typed, about)
	if !verdict.Acceptable {
		return verdict, nil
	}
	verdict.Breached, verdict.Checked = c.breached(ctx, typed)
	if verdict.Breached {
		verdict = verdict.Refuse(password.ReasonBreached, password.AvoidReuse)
	}
	return verdict, nil
}

// accept turns a refusal of CheckPassword into an error.
func (c *Client) accept(ctx context.Context, typed string, about []string) error {
	verdict, err := c.CheckPassword(ctx, typed, about)
	if err != nil {
		return err
	}
	if !verdict.Acceptable {
		return refused(verdict)
	}
	return nil
}

// breached asks the range service, directly and anonymously, so that not even our own service learns the five digits. Any
// failure means: not known to be breached, and not checked.
func (c *Client) breached(ctx context.Context, typed string) (found, checked bool) {
	configuration, err := c.Configuration(ctx)
	if err != nil || !strings.HasPrefix(configuration.RangeService, "https://") {
		return false, false
	}
	prefix, suffix := password.RangeQuery(typed)
	response, err := c.carry(ctx, Request{
		Method: "GET", URL: configuration.RangeService + prefix, Header: map[string]string{"Add-Padding": "true"},
		Limit: password.MaxRange, Anonymous: true,
	})
	if err != nil || response.Status != 200 {
		return false, false
	}
	count, err := password.ParseRange(response.Body, suffix)
	return count > 0, err == nil
}

// ChangePassword proves the present password and registers the new one; every other session ends. The settings are opened by either until it is
// done, and by the new one from then on. Errors: *Refused for a new password that breaks the rules, CodeInvalidCredentials for a wrong present
// one, CodeDeviceUntrusted on a device that cannot take the settings along, and those of OpenVault.
func (c *Client) ChangePassword(ctx context.Context, present, wanted string) error {
	account, err := c.Account(ctx)
	if err != nil {
		return err
	}
	if err := c.accept(ctx, wanted, []string{account.UPN, account.Email, account.Name}); err != nil {
		return err
	}
	token, keys, err := c.reauthenticate(ctx, present)
	if err != nil {
		return err
	}
	defer keys.Wipe()
	secret, err := secretOf(wanted)
	if err != nil {
		return err
	}
	defer clear(secret)
	return c.replacePassword(ctx, account.UPN, keys.Export, registration{secret: secret, proof: token})
}

// reauthenticate proves the present password inside the session and returns what a change needs, and what the password opens.
func (c *Client) reauthenticate(ctx context.Context, present string) (string, opaque.Keys, error) {
	secret, err := secretOf(present)
	if err != nil {
		return "", opaque.Keys{}, err
	}
	defer clear(secret)
	p, err := c.prove(secret, func(ke1 api.Bytes) (answer api.PasswordBeginResponse, err error) {
		err = c.post(ctx, api.RouteReauthBegin, api.ReauthBeginRequest{KE1: ke1}, &answer)
		return answer, err
	})
	if err != nil {
		return "", opaque.Keys{}, err
	}
	var answer api.ReauthFinishResponse
	err = c.post(ctx, api.RouteReauthFinish, api.ReauthFinishRequest{State: p.state, KE3: p.ke3}, &answer)
	if err != nil {
		p.keys.Wipe()
	}
	return answer.Proof, p.keys, err
}
