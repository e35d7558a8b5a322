package token

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// idClaims are the claims of an ID token (OpenID Connect Core 1.0 section 2). There is one audience,
// the application, so there is no azp.
type idClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	AuthTime int64    `json:"auth_time"`
	Nonce    string   `json:"nonce,omitempty"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr,omitempty"`     // RFC 8176
	Session  string   `json:"sid"`               // Front-Channel Logout 1.0 section 3, Back-Channel Logout 1.0 section 2.1
	AtHash   string   `json:"at_hash,omitempty"` // of the access token that comes along
	CHash    string   `json:"c_hash,omitempty"`  // of the code that comes along in the front channel
	Tenant   string   `json:"tid"`               // whose account this is: one issuer, many tenants
	personal
}

// personal are the claims about the person that an application may have by scope or by name (Core sections 5.4, 5.5).
type personal struct {
	Name          string `json:"name,omitempty"`
	UPN           string `json:"preferred_username,omitempty"`
	Updated       int64  `json:"updated_at,omitempty"` // unix seconds
	Email         string `json:"email,omitempty"`
	EmailVerified *bool  `json:"email_verified,omitempty"`
}

// claimNames is what discovery promises: exactly the members of idClaims and personal.
var claimNames = []string{
	"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "c_hash", "tid",
	"name", "preferred_username", "updated_at", "email", "email_verified",
}

// personalOf is what one of the two places may say: what the scope covers, and what the claims parameter names for this place.
func personalOf(c account.Claims, scope string, named map[string]*struct{}) personal {
	granted := oauth.Words(scope)
	may := func(claim string) bool {
		_, wished := named[claim]
		return wished || granted.Has(claimScopes[claim])
	}
	var p personal
	if may("name") {
		p.Name = c.Name
	}
	if may("preferred_username") {
		p.UPN = c.UPN
	}
	if may("updated_at") {
		p.Updated = c.UpdatedAt
	}
	if may("email") {
		p.Email = c.Email
	}
	if may("email_verified") && (c.Email != "" || c.EmailVerified) {
		p.EmailVerified = &c.EmailVerified
	}
	return p
}

// keptWishes reads what wishes.kept wrote.
func keptWishes(text string) (wishes, error) {
	var w wishes
	if text == "" {
		return w, nil
	}
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return w, fmt.Errorf("token: kept claims request: %w", err)
	}
	return w, nil
}

// ExpiresAt is exp.
func (c idClaims) ExpiresAt() int64 { return c.Expires }

// idToken makes an ID token: signed, then encrypted when the application registered a key, which makes it the ID tag that
// nobody else can read. accessToken is the one that comes along, "" for none.
func (s *Service) idToken(ctx context.Context, app tenant.Application, g granted, accessToken string) (string, error) {
	now := s.now()
	sub, err := s.subject(ctx, app, g.Account)
	if err != nil {
		return "", err
	}
	sid, err := s.session(ctx, app, g.SID)
	if err != nil {
		return "", err
	}
	w, err := keptWishes(g.ClaimsRequest)
	if err != nil {
		return "", err
	}
	return signFor(ctx, s.keys, app, "JWT", idClaims{
		Issuer: s.issuer, Subject: sub, Audience: app.ClientID,
		Expires: now.Add(IDLifetime).Unix(), Issued: now.Unix(), AuthTime: g.AuthTime,
		Nonce: g.Nonce, ACR: acrOf(g.AMR), AMR: g.AMR, Session: sid,
		AtHash: halfHash(app.IDTokenAlg, accessToken), CHash: halfHash(app.IDTokenAlg, g.Code), Tenant: tenant.Consumers,
		personal: personalOf(g.Claims, g.Scope, w.IDToken),
	})
}

// signFor signs claims with the application's algorithm and encrypts the result to it (RFC 7519 appendix A.2, Core section 10.2).
func signFor(ctx context.Context, k signer, app tenant.Application, typ string, claims any) (string, error) {
	signed, err := k.Sign(ctx, app.IDTokenAlg, typ, claims)
	if err != nil {
		return "", fmt.Errorf("token: sign: %w", err)
	}
	if app.EncryptionKey == nil || app.EncryptionAlg == "" {
		return signed, nil
	}
	return encryptTo(app, app.EncryptionAlg, app.EncryptionEnc, typ, "JWT", signed)
}

// encryptTo encrypts to the application's key. Nothing is compressed before it: lengths would tell.
func encryptTo(app tenant.Application, alg, enc, typ, cty, plain string) (string, error) {
	options := (&jose.EncrypterOptions{}).WithContentType(jose.ContentType(cty)).WithType(jose.ContentType(typ))
	to := jose.Recipient{Algorithm: jose.KeyAlgorithm(alg), Key: app.EncryptionKey}
	encrypter, err := jose.NewEncrypter(jose.ContentEncryption(enc), to, options)
	if err != nil {
		return "", fmt.Errorf("token: encrypt to %s: %w", app.ClientID, err)
	}
	sealed, err := encrypter.Encrypt([]byte(plain))
	if err != nil {
		return "", fmt.Errorf("token: encrypt to %s: %w", app.ClientID, err)
	}
	return sealed.CompactSerialize()
}

// signer is the one method of Keys that making a token needs.
type signer interface {
	Sign(ctx context.Context, alg, typ string, claims any) (string, error)
}

// halfHash is at_hash or c_hash: the left half of the hash that belongs to the signature algorithm (Core sections 3.1.3.6 and
// 3.3.2.11); for Ed25519 that is SHA-512. It is "" for a token that is not there.
func halfHash(alg, token string) string {
	if token == "" {
		return ""
	}
	if alg == "EdDSA" {
		sum := sha512.Sum512([]byte(token))
		return base64.RawURLEncoding.EncodeToString(sum[:32])
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// hint is what an id_token_hint says.
type hint struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Session  string `json:"sid"`
	Expires  int64  `json:"exp"`
}

// readHint reads an ID token that we signed, however old (RP-Initiated Logout 1.0 section 2). Any other token, one of another
// type and one of another algorithm than our keys are for included, is refused.
func (s *Service) readHint(ctx context.Context, token string) (hint, error) {
	var h hint
	if err := s.keys.Verify(ctx, token, "JWT", &h); err != nil {
		return hint{}, fmt.Errorf("token: id_token_hint: %w", err)
	}
	if h.Issuer != s.issuer || h.Subject == "" || h.Audience == "" || h.Expires == 0 { // a signed userinfo answer has no exp
		return hint{}, oauth.ErrInvalidRequest.With("id_token_hint is not an ID token of this issuer")
	}
	return h, nil
}
