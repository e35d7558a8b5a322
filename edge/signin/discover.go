package signin

import (
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// discover tells from the domain alone where a name signs in. It looks up no name, so it has none to give away.
func (s *Service) discover(_ http.ResponseWriter, r *http.Request, in api.DiscoverRequest) (api.DiscoverResponse, error) {
	upn, err := parseUPN(in.UPN)
	if err != nil {
		return api.DiscoverResponse{}, err
	}
	if err := checkFlow(in.Flow); err != nil {
		return api.DiscoverResponse{}, err
	}
	at, err := s.realmOf(r.Context(), upn.domain)
	if err != nil {
		return api.DiscoverResponse{}, err
	}
	out := api.DiscoverResponse{Realm: at.Realm, UPN: upn.text}
	if Next(Facts{Realm: at.Realm}, s.policy) == StepUpstream {
		out.Redirect = at.redirect
	}
	return out, nil
}

// upn is a normalised user principal name.
type upn struct{ text, local, domain string }

func parseUPN(text string) (upn, error) {
	whole, local, domain, err := names.NormalizeUPN(text)
	if err != nil {
		return upn{}, problem.Because(api.CodeInvalidUPN, err)
	}
	return upn{whole, local, domain}, nil
}

// checkFlow bounds what becomes part of a redirect: nothing, or the id of a flow (edge/token makes them of 16 random bytes).
func checkFlow(id string) error {
	if id == "" {
		return nil
	}
	// The length of the text too: encoding/base64 skips line breaks, which nobody may put in an address.
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(id); err != nil || len(raw) != 16 || len(id) != 22 {
		return fmt.Errorf("%w: flow id", problem.New(api.CodeBadRequest))
	}
	return nil
}

// destination is where the browser goes once it is signed in. It is built from an id and never taken from a request.
func destination(flow string) string {
	if flow == "" {
		return "/account"
	}
	return "/oauth2/resume?flow=" + flow
}
