package client

import (
	"context"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Account returns what the signed-in person sees of the account. Error: CodeSessionRequired.
func (c *Client) Account(ctx context.Context) (api.Account, error) {
	var answer api.Account
	err := c.get(ctx, api.RouteAccount, &answer)
	return answer, err
}

// Sessions lists the browsers that are signed in, newest use first. Error: CodeSessionRequired.
func (c *Client) Sessions(ctx context.Context) (api.Sessions, error) {
	var answer api.Sessions
	err := c.get(ctx, api.RouteSessions, &answer)
	if answer.Sessions == nil {
		answer.Sessions = []api.Session{}
	}
	return answer, err
}

// EndSession ends one session, or all others. Errors: CodeNotFound, CodeSessionRequired.
func (c *Client) EndSession(ctx context.Context, in api.SessionsEndRequest) error {
	return c.post(ctx, api.RouteSessionsEnd, in, nil)
}

// signoutRequest names the flow that /oauth2/logout began, if it did.
type signoutRequest struct {
	Flow string `json:"flow,omitempty"`
}

// SignOut ends the session of this browser, after what waits here was sent, if it can be. What opens the vault without the person goes; its
// copy stays only if edits still wait in it. The answer lists the pages of other applications to load in hidden frames before going on;
// those that are not https are left out.
func (c *Client) SignOut(ctx context.Context, flow string) (api.SignoutResponse, error) {
	account := c.beforeSignOut(ctx)
	var answer api.SignoutResponse
	if err := c.post(ctx, api.RouteSignout, signoutRequest{flow}, &answer); err != nil {
		return api.SignoutResponse{}, err
	}
	_ = c.signedOut(ctx, account) // nobody can do anything about it, and what is left is sealed
	frames := []string{}
	for _, frame := range answer.FrontChannel {
		if strings.HasPrefix(frame, "https://") {
			frames = append(frames, frame)
		}
	}
	answer.FrontChannel = frames
	return answer, c.redirect(answer.Redirect)
}
