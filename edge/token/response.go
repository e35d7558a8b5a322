package token

import (
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// Response types (OAuth 2.0 Multiple Response Type Encoding Practices section 3). None with token: an access token does not
// travel through an address (RFC 9700 section 2.1.2).
const (
	typeCode    = "code"
	typeIDToken = "id_token"
	typeHybrid  = "code id_token"
)

// responseTypes are those on offer; an application gets those that it registered.
var responseTypes = []string{typeCode, typeIDToken, typeHybrid}

// responseType reads response_type, whose words have no order (RFC 6749 section 3.1.1). An application that registered none uses
// codes.
func responseType(app tenant.Application, text string) (string, error) {
	words := strings.Fields(text)
	slices.Sort(words)
	wanted, registered := strings.Join(words, " "), app.ResponseTypes
	if len(registered) == 0 {
		registered = []string{typeCode}
	}
	switch {
	case wanted == "":
		return wanted, oauth.ErrInvalidRequest.With("response_type is missing")
	case !slices.Contains(responseTypes, wanted):
		return wanted, oauth.ErrUnsupportedResponseType.With("response_type must be code, id_token or code id_token")
	case !slices.Contains(registered, wanted):
		return wanted, oauth.ErrUnauthorizedClient.With("response_type is not registered for this application")
	}
	return wanted, nil
}

// responseMode reads response_mode. The fragment is the default of every type that brings a token along, and such an answer
// never goes into the query, which servers log and referrers carry (Multiple Response Type Encoding Practices sections 2.1 and 5). An
// answer always has a mode, also the one that says that the mode is wrong.
func responseMode(app tenant.Application, kind, text string) (oauth.ResponseMode, error) {
	fallback := oauth.ModeQuery
	if strings.Contains(kind, "token") {
		fallback = oauth.ModeFragment
	}
	mode, err := oauth.ParseResponseMode(text, fallback)
	switch {
	case err != nil:
		return fallback, err
	case mode == oauth.ModeQuery && fallback != oauth.ModeQuery:
		return fallback, oauth.ErrInvalidRequest.With("response_mode=query is not for tokens")
	case text != "" && !slices.Contains(app.ResponseModes, string(mode)):
		return fallback, oauth.ErrInvalidRequest.With("response_mode is not registered for this application")
	}
	return mode, nil
}
