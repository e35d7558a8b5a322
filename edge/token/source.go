package token

import (
	"net/http"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// source is how the parameters of an authorization request came here, which decides what they are worth.
type source struct {
	Pushed bool // by the authenticated application itself (RFC 9126)
	Signed bool // by the application's key (RFC 9101)
}

// resolve returns the parameters of an authorization request that count: those of the request itself, those that were pushed before,
// or those of a request object.
func (s *Service) resolve(_ *http.Request, p oauth.Params) (oauth.Params, source, error) {
	return p, source{}, nil
}
