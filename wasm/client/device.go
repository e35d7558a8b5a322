package client

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Device asks what device shows a code, as the person typed it. When SignIn of the answer is there, the person has to sign in
// first. Errors: CodeDeviceUnknown, CodeTooManyAttempts.
func (c *Client) Device(ctx context.Context, code string) (api.DeviceResponse, error) {
	var answer api.DeviceResponse
	if len(code) > api.MaxDeviceCode {
		return answer, problem(api.CodeDeviceUnknown, "No device is waiting with this code.")
	}
	if err := c.post(ctx, api.RouteDevice, api.DeviceRequest{Code: code}, &answer); err != nil {
		return api.DeviceResponse{}, err
	}
	if answer.SignIn == "" {
		return answer, nil
	}
	return api.DeviceResponse{SignIn: answer.SignIn}, c.redirect(answer.SignIn)
}

// AnswerDevice says yes or no to the device of an answer of Device. Errors: CodeExpired, CodeSessionRequired.
func (c *Client) AnswerDevice(ctx context.Context, state string, allow bool) error {
	return c.post(ctx, api.RouteDeviceAnswer, api.DeviceAnswerRequest{State: state, Allow: allow}, nil)
}
