package client

import (
	"context"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Consent returns what an application asks of the signed-in person. Links of the application that are not https are left out.
// Errors: CodeExpired, CodeSessionRequired.
func (c *Client) Consent(ctx context.Context, flow string) (api.Consent, error) {
	var answer api.Consent
	if err := c.post(ctx, api.RouteConsent, api.ConsentRequest{Flow: flow}, &answer); err != nil {
		return api.Consent{}, err
	}
	for _, link := range []*string{&answer.PolicyURI, &answer.TOSURI} {
		if !strings.HasPrefix(*link, scheme) {
			*link = ""
		}
	}
	if answer.Scopes == nil {
		answer.Scopes = []string{}
	}
	if answer.Resources == nil {
		answer.Resources = []api.ConsentResource{}
	}
	return answer, nil
}

// DecideConsent sends the person's answer, to what Consent showed. An application that asks for the key of its settings gets it with a yes:
// for that the person's vault must open here. Errors: CodeExpired when it is not the question any more, CodeSessionRequired, those of OpenVault.
func (c *Client) DecideConsent(ctx context.Context, in api.ConsentDecision) (api.ConsentDecided, error) {
	var answer api.ConsentDecided
	if in.Allow {
		asked, err := c.Consent(ctx, in.Flow)
		if err == nil && len(asked.KeysFor) > 0 && !asked.Choose {
			in.KeysJWE, err = c.keyFor(ctx, asked.ClientID, asked.KeysFor)
		}
		if err != nil {
			return answer, err
		}
	}
	if err := c.post(ctx, api.RouteConsentDecide, in, &answer); err != nil {
		return api.ConsentDecided{}, err
	}
	return answer, c.redirect(answer.Redirect)
}
