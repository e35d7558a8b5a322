package rp

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	maxToken = 16 << 10 // bytes of any token before it is parsed
	leeway   = time.Minute
)

// What is accepted, whatever a token's header says.
var (
	signatures = []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA}
	keyAlgs    = []jose.KeyAlgorithm{jose.ECDH_ES, jose.ECDH_ES_A256KW, jose.RSA_OAEP_256}
	contentEnc = []jose.ContentEncryption{jose.A256GCM, jose.A128GCM, jose.A128CBC_HS256, jose.A256CBC_HS512}
)

// audience is one string or several (RFC 7519 section 4.1.3).
type audience []string

func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

func (a audience) has(id string) bool {
	for _, s := range a {
		if s == id {
			return true
		}
	}
	return false
}

// claims are those of an ID token or a logout token.
type claims struct {
	Issuer   string                     `json:"iss"`
	Audience audience                   `json:"aud"`
	Party    string                     `json:"azp"`
	Expires  int64                      `json:"exp"`
	Issued   int64                      `json:"iat"`
	Nonce    *string                    `json:"nonce"`
	AtHash   string                     `json:"at_hash"`
	SID      string                     `json:"sid"`
	ID       string                     `json:"jti"`
	Events   map[string]json.RawMessage `json:"events"`
	UPN      string                     `json:"preferred_username"`
	User

	algorithm string // that the token is signed with
}

// verify checks signature, issuer, audience and time of a token from the provider and returns what it says and the signed token
// itself, without the encryption around it.
func (rp *RP) verify(ctx context.Context, token, typ string) (claims, string, error) {
	if len(token) > maxToken {
		return claims{}, "", errors.New("token is too long")
	}
	token, err := rp.decrypt(token)
	if err != nil {
		return claims{}, "", err
	}
	object, err := jose.ParseSignedCompact(token, signatures)
	if err != nil {
		return claims{}, "", err
	}
	header := object.Signatures[0].Protected
	if got, _ := header.ExtraHeaders[jose.HeaderType].(string); !typeMatches(got, typ) {
		return claims{}, "", fmt.Errorf("token is of type %q, not %q", got, typ)
	}
	key, err := rp.provider.key(ctx, header.KeyID)
	if err != nil {
		return claims{}, "", err
	}
	if key.Algorithm != "" && key.Algorithm != header.Algorithm {
		return claims{}, "", errors.New("token is signed with another algorithm than its key is for")
	}
	data, err := object.Verify(key)
	if err != nil {
		return claims{}, "", err
	}
	var c claims
	if err := json.Unmarshal(data, &c); err != nil {
		return claims{}, "", err
	}
	c.algorithm = header.Algorithm
	now := rp.config.Now()
	switch {
	case c.Issuer != rp.config.Issuer:
		err = errors.New("token is from another issuer")
	case !c.Audience.has(rp.config.ClientID), len(c.Audience) > 1 && c.Party != rp.config.ClientID, c.Party != "" && c.Party != rp.config.ClientID:
		err = errors.New("token is for another application")
	case now.Add(-leeway).Unix() >= c.Expires:
		err = errors.New("token has expired")
	case now.Add(leeway).Unix() < c.Issued:
		err = errors.New("token is from the future")
	}
	c.User.UPN = c.UPN
	return c, token, err
}

// decrypt takes the encryption off a nested JWT (RFC 7519 section 5.2). A site with a key accepts nothing else.
func (rp *RP) decrypt(token string) (string, error) {
	if rp.config.DecryptionKey == nil || strings.Count(token, ".") != 4 {
		if rp.config.DecryptionKey != nil {
			return "", errors.New("token is not encrypted, although this site registered a key")
		}
		return token, nil
	}
	object, err := jose.ParseEncryptedCompact(token, keyAlgs, contentEnc)
	if err != nil {
		return "", err
	}
	inner, err := object.Decrypt(rp.config.DecryptionKey)
	return string(inner), err
}

// typeMatches compares `typ` as RFC 7515 section 4.1.9 says; an ID token may go without.
func typeMatches(got, want string) bool {
	got = strings.TrimPrefix(strings.ToLower(got), "application/")
	return got == want || want == "jwt" && got == ""
}

// checkIDToken checks what only an ID token has (OpenID Connect Core 1.0 sections 3.1.3.7 and 3.1.3.8).
func checkIDToken(c claims, nonce, accessToken string) error {
	if c.Subject == "" {
		return errors.New("token names nobody")
	}
	if c.Nonce == nil || subtle.ConstantTimeCompare([]byte(*c.Nonce), []byte(nonce)) != 1 {
		return errors.New("token belongs to another sign-in")
	}
	if c.AtHash != "" && c.AtHash != halfHash(c.algorithm, accessToken) {
		return errors.New("token belongs to another access token")
	}
	return nil
}

// halfHash is the left half of the hash that the signature algorithm uses (OpenID Connect Core 1.0 section 3.1.3.6); Ed25519 uses
// SHA-512.
func halfHash(algorithm, token string) string {
	if algorithm == string(jose.EdDSA) {
		sum := sha512.Sum512([]byte(token))
		return base64.RawURLEncoding.EncodeToString(sum[:32])
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
