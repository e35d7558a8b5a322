package keys

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// MaxToken bounds a signed token, in bytes.
const MaxToken = 16 << 10

// maxHeader bounds a token's encoded header, in bytes; those that sign writes have about a hundred. What is nested thousands deep is
// short enough for MaxToken and, decoded, too deep for the runtime's stack.
const maxHeader = 512

var signatureAlgs = []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.EdDSA}

// signingKey is a signing key as the front uses it.
type signingKey struct {
	id     string
	alg    string
	starts time.Time
	public crypto.PublicKey
	signer any // what go-jose signs with; nil when the key is retired
}

// newSigningKey reads the material. With a Native the private half is not parsed in Go at all.
func newSigningKey(r row, m material, native Native) (*signingKey, error) {
	public, err := x509.ParsePKIXPublicKey(m.Public)
	if err != nil {
		return nil, err
	}
	if !fits(r.Alg, public) {
		return nil, errForm
	}
	k := &signingKey{id: r.ID, alg: r.Alg, starts: r.start(), public: public}
	switch {
	case m.Private == nil:
	case native != nil:
		jwk := k.jwk()
		k.signer = &nativeSigner{native: native, alg: r.Alg, pkcs8: m.Private, public: &jwk}
	default:
		private, err := parsePrivate(r.Alg, m.Private)
		if err != nil {
			return nil, err
		}
		k.signer = jose.JSONWebKey{Key: private, KeyID: r.ID}
	}
	return k, nil
}

func (k *signingKey) jwk() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.public, KeyID: k.id, Algorithm: k.alg, Use: "sig"}
}

// nativeSigner lets go-jose sign through the runtime.
type nativeSigner struct {
	native Native
	alg    string
	pkcs8  []byte
	public *jose.JSONWebKey
}

var _ jose.OpaqueSigner = (*nativeSigner)(nil)

func (n *nativeSigner) Public() *jose.JSONWebKey { return n.public }

func (n *nativeSigner) Algs() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.SignatureAlgorithm(n.alg)}
}

func (n *nativeSigner) SignPayload(payload []byte, alg jose.SignatureAlgorithm) ([]byte, error) {
	return n.native.Sign(string(alg), n.pkcs8, payload)
}

// sign returns payload as compact JWS (RFC 7515 section 7.1).
func (k *signingKey) sign(typ string, payload []byte) (string, error) {
	key := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.alg), Key: k.signer}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		return "", err
	}
	object, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	compact, err := object.CompactSerialize()
	if err == nil && len(compact) > MaxToken {
		err = ErrSize
	}
	return compact, err
}

// parseToken reads a compact JWS of an allowed algorithm and returns the key id it names. It is not verified yet.
func parseToken(compact string) (*jose.JSONWebSignature, string, error) {
	if header, _, _ := strings.Cut(compact, "."); len(compact) > MaxToken || len(header) > maxHeader {
		return nil, "", ErrToken
	}
	object, err := jose.ParseSignedCompact(compact, signatureAlgs)
	if err != nil || len(object.Signatures) != 1 {
		return nil, "", ErrToken
	}
	return object, object.Signatures[0].Protected.KeyID, nil
}

// verify checks the signature and fills claims. The header must be the very one that sign writes, so that whatever else a header
// can say (jwk, jku, x5u, x5c, crit, b64) is not looked at but refused, and the key is never used with another algorithm.
func (k *signingKey) verify(object *jose.JSONWebSignature, compact, typ string, claims any) error {
	header, _, _ := strings.Cut(compact, ".")
	if header != k.header(typ) {
		return ErrToken
	}
	payload, err := object.Verify(k.public)
	if err != nil {
		return ErrToken
	}
	if err := json.Unmarshal(payload, claims); err != nil {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	return nil
}

// header is what sign writes, base64url.
func (k *signingKey) header(typ string) string {
	data, err := json.Marshal(map[string]string{"alg": k.alg, "kid": k.id, "typ": typ}) // sorted, as go-jose writes it
	if err != nil {
		panic("keys: " + err.Error()) // strings only
	}
	return base64.RawURLEncoding.EncodeToString(data)
}
