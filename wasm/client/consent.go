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

// DecideConsent sends the person's answer, to what Consent showed. Errors: CodeExpired when it is not the question any more,
// CodeSessionRequired.
func (c *Client) DecideConsent(ctx context.Context, in api.ConsentDecision) (api.ConsentDecided, error) {
	var answer api.ConsentDecided
	if err := c.post(ctx, api.RouteConsentDecide, in, &answer); err != nil {
		return api.ConsentDecided{}, err
	}
	return answer, c.redirect(answer.Redirect)
}
