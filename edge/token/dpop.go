package token

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

const (
	proofHeader = "DPoP"
	nonceHeader = "DPoP-Nonce"
	typeProof   = "dpop+jwt"

	// proofAge is how old a proof may be by its own clock. The nonce says so by ours.
	proofAge = 5 * time.Minute
	// nonceLife is how long a nonce is given out; it is accepted for as long again.
	nonceLife = 150 * time.Second

	labelNonce = "token/dpop-nonce"
)

// proof is what a DPoP proof showed.
type proof struct {
	thumbprint string // of the key (RFC 7638)
	ath        string
}

// checkProof verifies the DPoP proof of a request (RFC 9449 section 4.3): one, with a public key of its own, for this method and address,
// fresh by its own clock and by our nonce, and never seen before. It puts a nonce into the answer when the client has none that
// lasts. There must be a header. The profile of the application decides which algorithms will do.
func (s *Service) checkProof(w http.ResponseWriter, r *http.Request, app tenant.Application) (proof, error) {
	headers := r.Header.Values(proofHeader)
	if len(headers) != 1 {
		return proof{}, oauth.ErrInvalidProof.With("more than one DPoP proof")
	}
	j, err := parseJWS(headers[0])
	if err != nil || j.typ != typeProof || j.jwk == nil || !slices.Contains(algsOf(app, ""), j.alg) {
		return proof{}, oauth.ErrInvalidProof.With("the DPoP proof is not a dpop+jwt of an accepted algorithm with its public key").From(err)
	}
	key, thumbprint, err := parseProofKey(j.jwk)
	if err != nil || !suits(j.alg, key) {
		return proof{}, oauth.ErrInvalidProof.With("jwk of the DPoP proof is not a public key for its algorithm").From(err)
	}
	id, err := s.readProof(r, j)
	if err != nil {
		return proof{}, err
	}
	if err := s.checkNonce(w, r, j.claims); err != nil {
		return proof{}, err
	}
	return proof{thumbprint: thumbprint, ath: id.ath}, s.spendProof(r.Context(), j, key, thumbprint, id.jti)
}

// proofID are the members of a proof that are looked at later.
type proofID struct{ jti, ath string }

// readProof checks what a proof says (RFC 9449 section 4.2).
func (s *Service) readProof(r *http.Request, j jws) (id proofID, err error) {
	var ok [4]bool
	var method, address string
	id.jti, ok[0] = j.claims.text("jti")
	method, ok[1] = j.claims.text("htm")
	address, ok[2] = j.claims.text("htu")
	id.ath, ok[3] = j.claims.optional("ath")
	issued, has, isTime := j.claims.time("iat")
	now := s.now()
	switch {
	case slices.Contains(ok[:], false) || !has || !isTime:
		return id, oauth.ErrInvalidProof.With("jti, htm, htu or iat of the DPoP proof is missing or of another type")
	case method != r.Method || !sameAddress(address, s.issuer+r.URL.Path):
		return id, oauth.ErrInvalidProof.With("the DPoP proof is for another method or address")
	case issued < now.Add(-proofAge).Unix() || issued > now.Add(maxSkew).Unix() || !s.timely(j.claims, 365*24*time.Hour, false):
		return id, oauth.ErrInvalidProof.With("the DPoP proof is too old or from the future")
	}
	return id, nil
}

// spendProof checks the signature, and then that the proof is new. A proof whose nonce is missing or old has spent nothing.
func (s *Service) spendProof(ctx context.Context, j jws, key crypto.PublicKey, thumbprint, jti string) error {
	if err := j.verify(s.keys, key); err != nil {
		return oauth.ErrInvalidProof.With("the signature of the DPoP proof is wrong").From(err)
	}
	first, err := s.once(ctx, useProof, thumbprint, jti)
	if err == nil && !first {
		err = oauth.ErrInvalidProof.With("the DPoP proof was used before")
	}
	return err
}

// checkNonce wants a nonce of the present or the previous stretch of time (RFC 9449 section 8). A client that has none, or one that will not
// last, is given the present one.
func (s *Service) checkNonce(w http.ResponseWriter, r *http.Request, claims claimSet) error {
	got, _ := claims.optional("nonce")
	present, err := s.nonce(r.Context(), 0)
	if err != nil {
		return err
	}
	if equal(got, present) {
		return nil
	}
	w.Header().Set(nonceHeader, present)
	previous, err := s.nonce(r.Context(), -1)
	if err == nil && !equal(got, previous) {
		err = oauth.ErrUseNonce.With("the DPoP proof needs the nonce of this answer")
	}
	return err
}

// nonce makes the nonce of the present stretch of time, or of one before. There is nothing to remember: it is a MAC of its number.
func (s *Service) nonce(ctx context.Context, offset int64) (string, error) {
	number := s.now().Unix()/int64(nonceLife/time.Second) + offset
	sum, err := s.keys.MAC(ctx, labelNonce, binary.BigEndian.AppendUint64(nil, uint64(number)))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sum[:16]), nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// tokenHash is ath (RFC 9449 section 4.2).
func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// sameAddress reports whether htu is the address of this request, without query and fragment, after the normalisations of RFC 3986
// sections 6.2.2 and 6.2.3: case of scheme and host, the default port, escapes that need not be. ours is in normal form.
func sameAddress(htu, ours string) bool {
	u, err := url.Parse(htu)
	if err != nil || len(htu) > oauth.MaxRedirectURI || u.User != nil || u.Opaque != "" {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	path := unreserved(u.EscapedPath())
	if strings.Contains(path, "/.") { // dot segments: nobody has to write an endpoint like that
		return false
	}
	return strings.ToLower(u.Scheme)+"://"+host+path == ours
}

// unreserved decodes the escapes of characters that need none (RFC 3986 section 2.3) and leaves all others as they are.
func unreserved(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			if c, err := url.PathUnescape(path[i : i+3]); err == nil && len(c) == 1 && isUnreserved(c[0]) {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

func isUnreserved(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
