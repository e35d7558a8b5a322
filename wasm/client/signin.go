package client

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/opaque"
)

// Discover asks where upn signs in. flow is the id of the flow the page was opened with, or "".
func (c *Client) Discover(ctx context.Context, flow, upn string) (api.DiscoverResponse, error) {
	var answer api.DiscoverResponse
	if err := c.post(ctx, api.RouteDiscover, api.DiscoverRequest{Flow: flow, UPN: upn}, &answer); err != nil {
		return api.DiscoverResponse{}, err
	}
	switch answer.Realm {
	case api.RealmManaged:
		answer.Redirect = ""
		return answer, nil
	case api.RealmFederated:
		return answer, c.redirect(answer.Redirect)
	}
	return api.DiscoverResponse{}, badAnswer(200)
}

// SignIn is one attempt with a password.
type SignIn struct {
	Flow     string
	UPN      string // as Discover normalised it
	Password string
	Keep     bool // keep me signed in
}

// SignIn proves the password in two round trips and says where to go next; the session cookie comes with the answer. When the
// service's stretching has been raised since the record was made, the same password is registered again on the way.
func (c *Client) SignIn(ctx context.Context, in SignIn) (api.PasswordFinishResponse, error) {
	secret, err := secretOf(in.Password)
	if err != nil {
		return api.PasswordFinishResponse{}, err
	}
	defer clear(secret)
	begin := func(ke1 api.Bytes) (answer api.PasswordBeginResponse, err error) {
		err = c.post(ctx, api.RoutePasswordBegin, api.PasswordBeginRequest{Flow: in.Flow, UPN: in.UPN, KE1: ke1}, &answer)
		return answer, err
	}
	proof, err := c.prove(secret, begin)
	if err != nil {
		return api.PasswordFinishResponse{}, err
	}
	defer proof.keys.Wipe()
	var answer api.PasswordFinishResponse
	request := api.PasswordFinishRequest{Flow: in.Flow, State: proof.state, KE3: proof.ke3, Keep: in.Keep}
	if err := c.post(ctx, api.RoutePasswordFinish, request, &answer); err != nil {
		return api.PasswordFinishResponse{}, err
	}
	if err := c.redirect(answer.Redirect); err != nil {
		return api.PasswordFinishResponse{}, err
	}
	c.signedIn(ctx, in.UPN, proof.keys.Export)
	if answer.UpgradeProof != "" {
		// A failure is of no concern to the person: the old record still works and the next sign-in tries again.
		_ = c.replacePassword(ctx, in.UPN, proof.keys.Export, registration{secret: secret, proof: answer.UpgradeProof, raisedFrom: &proof.ksf})
		answer.UpgradeProof = ""
	}
	return answer, nil
}

// proof is the last message of a password proof, ready to be sent.
type proof struct {
	state string
	ke3   api.Bytes
	ksf   api.KSF // what the record was made with
	keys  opaque.Keys
}

// prove runs OPAQUE sign-in up to KE3. begin sends KE1. The caller wipes the keys.
func (c *Client) prove(secret []byte, begin func(ke1 api.Bytes) (api.PasswordBeginResponse, error)) (proof, error) {
	exchange, ke1, err := opaque.NewSignIn(secret)
	if err != nil {
		return proof{}, fromOPAQUE(err)
	}
	defer exchange.Close()
	answer, err := begin(ke1)
	if err != nil {
		return proof{}, err
	}
	c.progress(StageHashing)
	ke3, keys, err := exchange.Finish(answer.KE2, answer.KSF)
	if err != nil {
		return proof{}, fromOPAQUE(err)
	}
	return proof{answer.State, ke3, answer.KSF, keys}, nil
}
