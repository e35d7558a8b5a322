package client

import (
	"context"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/opaque"
	"github.com/latchkey-id/latchkey/wasm/password"
)

// secretOf turns a typed password into the bytes that are hashed; the caller clears them. The string it came in stays in
// memory until the collector takes it: Go and JavaScript have no way to wipe one. A password longer than any that can
// have been registered, or none at all, is wrong without asking.
func secretOf(typed string) ([]byte, error) {
	if typed == "" || len(typed) > 4*utf8.UTFMax*api.MaxPassword {
		return nil, fromOPAQUE(opaque.ErrPassword)
	}
	return []byte(password.Normalize(typed)), nil
}

// registration is the replacement of a password record under a proof.
type registration struct {
	secret []byte
	proof  string
	// raisedFrom is set when the same password is registered again because the policy was raised; it is what the
	// present record was made with. A service that asks for less than that is refused.
	raisedFrom *api.KSF
}

// prepare makes a new record (ChangeBegin). commit puts it in the place of the old one (ChangeFinish); keys are what it will open, to be wiped.
func (c *Client) prepare(ctx context.Context, r registration) (commit func(context.Context) error, keys opaque.Keys, err error) {
	begin := func(request api.Bytes) (answer api.RegistrationResponse, err error) {
		err = c.post(ctx, api.RouteChangeBegin, api.ChangeBeginRequest{Proof: r.proof, Request: request}, &answer)
		if err == nil && r.raisedFrom != nil && answer.KSF.Below(*r.raisedFrom) {
			err = fromOPAQUE(opaque.ErrKSF)
		}
		return answer, err
	}
	record, ksf, keys, err := c.record(r.secret, begin)
	if err != nil {
		return nil, opaque.Keys{}, err
	}
	request := api.ChangeFinishRequest{Proof: r.proof, Record: record, KSF: ksf, Upgrade: r.raisedFrom != nil}
	return func(ctx context.Context) error { return c.post(ctx, api.RouteChangeFinish, request, nil) }, keys, nil
}

// record runs OPAQUE registration. begin sends the request. The caller wipes the keys.
func (c *Client) record(secret []byte, begin func(api.Bytes) (api.RegistrationResponse, error)) (api.Bytes, api.KSF, opaque.Keys, error) {
	none := opaque.Keys{}
	exchange, request, err := opaque.NewRegistration(secret)
	if err != nil {
		return nil, api.KSF{}, none, fromOPAQUE(err)
	}
	defer exchange.Close()
	answer, err := begin(request)
	if err != nil {
		return nil, api.KSF{}, none, err
	}
	c.progress(StageHashing)
	record, keys, err := exchange.Finish(answer.Response, answer.KSF)
	if err != nil {
		return nil, api.KSF{}, none, fromOPAQUE(err)
	}
	return record, answer.KSF, keys, nil
}
