package client

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/api"
)

// SignupBegin reserves a name, and has a code sent if the kind asks for one.
func (c *Client) SignupBegin(ctx context.Context, in api.SignupBeginRequest) (api.SignupState, error) {
	return c.signupStep(ctx, api.RouteSignupBegin, in, "")
}

// SignupResend has another code sent; the one before stops working.
func (c *Client) SignupResend(ctx context.Context, state string) (api.SignupState, error) {
	return c.signupStep(ctx, api.RouteSignupResend, api.SignupState{State: state}, state)
}

// SignupCode proves the address with the code from the mail.
func (c *Client) SignupCode(ctx context.Context, in api.SignupCodeRequest) (api.SignupState, error) {
	return c.signupStep(ctx, api.RouteSignupCode, in, in.State)
}

// signupStep makes one step and remembers whose sign-up the new state is, so that the last step knows which name parts a
// password may not be made of.
func (c *Client) signupStep(ctx context.Context, route string, in any, before string) (api.SignupState, error) {
	var answer api.SignupState
	if err := c.post(ctx, route, in, &answer); err != nil {
		return api.SignupState{}, err
	}
	if answer.State == "" || len(answer.State) > api.MaxPasswordTokens || len(answer.UPN) > api.MaxUPN {
		return api.SignupState{}, badAnswer(200)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.signups, before)
	c.signups[answer.State] = answer.UPN
	return answer, nil
}

// SignupFinish is the last step of a sign-up.
type SignupFinish struct {
	Flow     string
	State    string
	UPN      string // as SignupState has it; may be empty when this client made the earlier steps
	Name     string // display name
	Password string
	Keep     bool
}

// SignupFinish checks the password, registers it, creates the account and signs in. Errors: *Refused for a password that
// breaks the rules, problems otherwise.
func (c *Client) SignupFinish(ctx context.Context, in SignupFinish) (api.SignupFinishResponse, error) {
	c.mu.Lock()
	upn := c.signups[in.State]
	c.mu.Unlock()
	if err := c.accept(ctx, in.Password, []string{upn, in.UPN, in.Name}); err != nil {
		return api.SignupFinishResponse{}, err
	}
	secret, err := secretOf(in.Password)
	if err != nil {
		return api.SignupFinishResponse{}, err
	}
	defer clear(secret)
	record, ksf, keys, err := c.record(secret, func(request api.Bytes) (answer api.RegistrationResponse, err error) {
		err = c.post(ctx, api.RouteSignupPassword, api.SignupPasswordRequest{State: in.State, Request: request}, &answer)
		return answer, err
	})
	if err != nil {
		return api.SignupFinishResponse{}, err
	}
	defer keys.Wipe()
	var answer api.SignupFinishResponse
	request := api.SignupFinishRequest{Flow: in.Flow, State: in.State, Name: in.Name, Record: record, KSF: ksf, Keep: in.Keep}
	if err := c.post(ctx, api.RouteSignupFinish, request, &answer); err != nil {
		return api.SignupFinishResponse{}, err
	}
	c.mu.Lock()
	delete(c.signups, in.State)
	c.mu.Unlock()
	if upn == "" {
		upn = in.UPN
	}
	c.signedUp(ctx, upn, keys.Export)
	return answer, c.redirect(answer.Redirect)
}
