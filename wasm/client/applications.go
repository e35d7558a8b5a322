package client

import (
	"context"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Applications lists what applications may do for the person, newest use first. Error: CodeSessionRequired.
func (c *Client) Applications(ctx context.Context) (api.Applications, error) {
	var answer api.Applications
	err := c.get(ctx, api.RouteApplications, &answer)
	if answer.Applications == nil {
		answer.Applications = []api.Application{}
	}
	for i := range answer.Applications {
		if app := &answer.Applications[i]; app.Scopes == nil {
			app.Scopes = []string{}
		}
		if app := &answer.Applications[i]; app.Resources == nil {
			app.Resources = []api.ConsentResource{}
		}
	}
	return answer, err
}

// RemoveApplication takes from an application all that it may do. Error: CodeSessionRequired.
func (c *Client) RemoveApplication(ctx context.Context, id string) error {
	return c.post(ctx, api.RouteApplicationRemove, api.ApplicationRemoveRequest{ID: id}, nil)
}

// Apps lists the applications that the person may open, by name. Those whose address is not https are left out. Error:
// CodeSessionRequired.
func (c *Client) Apps(ctx context.Context) (api.Apps, error) {
	var answer api.Apps
	err := c.get(ctx, api.RouteApps, &answer)
	answer.Apps = slices.DeleteFunc(append([]api.App{}, answer.Apps...), func(app api.App) bool {
		return !strings.HasPrefix(app.URL, scheme) || c.redirect(app.URL) != nil
	})
	return answer, err
}
