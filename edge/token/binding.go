package token

import (
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// binding is what an access token is bound to: the cnf claim (RFC 7800 section 3.1). Without one the token is a bearer token.
type binding struct {
	JKT string `json:"jkt,omitempty"`      // thumbprint of a DPoP key (RFC 9449 section 6.1)
	X5T string `json:"x5t#S256,omitempty"` // thumbprint of a client certificate (RFC 8705 section 3.1)
}

// bind finds out what the tokens of this request are to be bound to: to the key of the DPoP proof that it carries, to the certificate that
// it came with when the application registered for that, or to nothing.
func (s *Service) bind(w http.ResponseWriter, r *http.Request, c client) (binding, error) {
	var b binding
	if len(r.Header.Values(proofHeader)) > 0 {
		p, err := s.checkProof(w, r, c.Application)
		if err != nil {
			return b, err
		}
		b.JKT = p.thumbprint
	} else if c.BoundByDPoP {
		return b, oauth.ErrInvalidProof.With("this application's requests need a DPoP proof")
	}
	if c.BoundToCertificate {
		shown, ok := s.certificate(r)
		if !ok {
			return b, oauth.ErrInvalidRequest.With("this application's requests need a client certificate")
		}
		b.X5T = shown.thumbprint
	}
	if c.Profile == tenant.ProfileFAPI2 && b == (binding{}) {
		return b, oauth.ErrInvalidRequest.With("this application's tokens must be bound to a key or a certificate")
	}
	return b, nil
}

// checkBinding checks that who uses an access token has what it is bound to (RFC 9449 section 7, RFC 8705 section 3). A bound token that
// is presented as a bearer token is refused, and so is a bearer token under the name of DPoP. app is whom the token was issued to.
func (s *Service) checkBinding(w http.ResponseWriter, r *http.Request, app tenant.Application, token string, b binding) error {
	if underDPoP(r) != (b.JKT != "") {
		return oauth.ErrInvalidToken.With("the access token is of another type")
	}
	if b.JKT != "" {
		if len(r.Header.Values(proofHeader)) == 0 {
			return oauth.ErrInvalidProof.With("the DPoP proof is missing")
		}
		p, err := s.checkProof(w, r, app)
		if err != nil {
			return err
		}
		if !equal(p.ath, tokenHash(token)) {
			return oauth.ErrInvalidProof.With("ath of the DPoP proof is not the hash of the access token")
		}
		if !equal(p.thumbprint, b.JKT) {
			return oauth.ErrInvalidToken.With("the access token is bound to another key")
		}
	}
	if b.X5T != "" {
		if shown, ok := s.certificate(r); !ok || !equal(shown.thumbprint, b.X5T) {
			return oauth.ErrInvalidToken.With("the access token is bound to a client certificate")
		}
	}
	return nil
}

// underDPoP reports whether the access token came by the scheme DPoP (RFC 9449 section 7.1).
func underDPoP(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "DPoP")
}
