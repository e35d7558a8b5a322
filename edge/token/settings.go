package token

import (
	"crypto/ecdsa"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

const (
	maxKeysJWK = 512  // bytes of the parameter keys_jwk
	maxKeysJWE = 640  // bytes of what a device encrypts to that key
	keysRoom   = 1024 // bytes that it takes in a flow cookie
)

// parseKeys reads keys_jwk: base64url of the application's ephemeral P-256 public key as a JWK (RFC 7517, RFC 7518 section 6.2). A device of
// the person encrypts to it the key of what the application keeps for that person. We carry the answer in the code and cannot read it;
// that a key of the application's own was asked for is all that we learn. The person is asked each time, because only a page of ours on
// a device of theirs can make the answer.
func (q *request) parseKeys(p oauth.Params) error {
	text := p.Get("keys_jwk")
	if text == "" {
		return nil
	}
	if !q.Scope.Has(oauth.ScopeSettings) || !q.code() {
		return oauth.ErrInvalidRequest.With("keys_jwk needs latchkey:settings in scope, and a code")
	}
	if q.Vault = parsePoint(text); q.Vault == nil {
		return oauth.ErrInvalidRequest.With("keys_jwk is not the base64url of a public P-256 key as a JWK")
	}
	q.Consent = true
	return nil
}

// parsePoint returns the uncompressed point of a key, nil when there is none.
func parsePoint(text string) []byte {
	if len(text) > maxKeysJWK {
		return nil
	}
	raw, err := decodePart(text)
	if err != nil {
		return nil
	}
	key, _, err := parseProofKey(raw)
	public, ok := key.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return nil
	}
	point, err := public.Bytes()
	if err != nil {
		return nil
	}
	return point
}

// validJWE reports whether text may be a compact JWE (RFC 7516 section 3.1) with direct key agreement. What is in it is between the
// device and the application.
func validJWE(text string) bool {
	parts := strings.Split(text, ".")
	if len(text) > maxKeysJWE || len(parts) != 5 || parts[1] != "" {
		return false
	}
	for i, part := range parts {
		if _, err := decodePart(part); err != nil && i != 1 {
			return false
		}
	}
	return true
}

// Protected runs next for a request with an access token of a person's that is for this service and has scope; next hears whose and
// which application's. Without one it answers as RFC 6750 section 3 says.
func (s *Service) Protected(scope string, next func(w http.ResponseWriter, r *http.Request, accountID, clientID string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" { // such a body has no room for a token
			s.errors.Bearer(w, r, oauth.ErrNoToken)
			return
		}
		a, err := s.admit(w, r, scope)
		if err != nil {
			s.errors.Bearer(w, r, err)
			return
		}
		next(w, r, a.Account, a.Client)
	})
}
