package token

import "net/http"

// binding is what an access token is bound to: the cnf claim (RFC 7800 section 3.1). Without one the token is a bearer token.
type binding struct {
	JKT string `json:"jkt,omitempty"`      // thumbprint of a DPoP key (RFC 9449 section 6.1)
	X5T string `json:"x5t#S256,omitempty"` // thumbprint of a client certificate (RFC 8705 section 3.1)
}

// bind finds out what the tokens of this request are to be bound to.
func (s *Service) bind(http.ResponseWriter, *http.Request, client) (binding, error) {
	return binding{}, nil
}
