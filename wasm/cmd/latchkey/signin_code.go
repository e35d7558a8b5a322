package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// pairing is what the service says to a device that asks (RFC 8628 section 3.2).
type pairing struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Page       string `json:"verification_uri"`
	Expires    int64  `json:"expires_in"` // seconds
	Interval   int64  `json:"interval"`   // seconds
}

const (
	defaultInterval = 5  // seconds (RFC 8628 section 3.2)
	maxInterval     = 60 // seconds that a service may have a device wait
)

// byDeviceCode signs in with a browser on another device: the device authorization grant (RFC 8628).
func (p program) byDeviceCode(ctx context.Context, c *connection, proof *prover) (accessToken, error) {
	var asked pairing
	if err := c.form(ctx, proof, routeDevice, url.Values{"client_id": {clientID}, "scope": {scope}}, &asked); err != nil {
		return accessToken{}, err
	}
	if !strings.HasPrefix(asked.Page, c.options.service+"/") {
		return accessToken{}, errors.New("the service sends you to a page that is not its own")
	}
	fmt.Fprintf(p.problems, "Open this page on a device that you are signed in on, and type the code:\n\n  %s\n  %s\n\n"+
		"Only allow it if that page shows exactly this code.\n", printable(asked.Page), printable(asked.UserCode))
	interval := min(max(asked.Interval, defaultInterval), maxInterval)
	for {
		if err := p.system.wait(ctx, time.Duration(interval)*time.Second); err != nil {
			return accessToken{}, err
		}
		var token accessToken
		err := c.form(ctx, proof, routeToken, url.Values{
			"grant_type": {grantDevice}, "client_id": {clientID}, "device_code": {asked.DeviceCode},
		}, &token)
		var refused *oauthError
		switch {
		case err == nil:
			return token, nil
		case errors.As(err, &refused) && refused.Code == "authorization_pending":
		case errors.As(err, &refused) && refused.Code == "slow_down": // RFC 8628 section 3.5
			interval = min(interval+5, maxInterval)
		default:
			return accessToken{}, err
		}
	}
}
