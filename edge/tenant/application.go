package tenant

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// AppKind says what an application is, because native applications may be answered on the loopback interface.
type AppKind string

// The kinds of application.
const (
	AppWeb    AppKind = "web"    // answered at https addresses
	AppNative AppKind = "native" // also at http://127.0.0.1 and http://[::1], any port (RFC 8252 section 7.3)
)

// GrantCode is the authorization code grant (RFC 6749 section 4.1).
const GrantCode = "authorization_code"

// What an application may register. Where it says nothing, it gets the whole list, or the first algorithm of it.
var (
	grantTypes    = []string{GrantCode}
	responseModes = []string{"query", "form_post"}
	scopes        = []string{"openid", "profile", "email"}
	signingAlgs   = []string{"ES256", "RS256", "EdDSA"}
	ecAlgs        = []string{string(jose.ECDH_ES_A256KW), string(jose.ECDH_ES)}
	rsaAlgs       = []string{string(jose.RSA_OAEP_256)}
	contentEncs   = []string{string(jose.A256GCM), string(jose.A128GCM), string(jose.A128CBC_HS256), string(jose.A256CBC_HS512)}
)

// Application is a registered relying party. A value from Service is shared between requests: don't change it.
type Application struct {
	ClientID string  `json:"client_id"`
	Name     string  `json:"name"` // shown to people
	Kind     AppKind `json:"kind"`
	// SecretHash is the SHA-256 of the client secret, nil for a public client. Compare with CheckSecret.
	SecretHash             []byte   `json:"secret_hash,omitempty"`
	RedirectURIs           []string `json:"redirect_uris"` // compare with MatchRedirect
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"`
	FrontchannelLogoutURI  string   `json:"frontchannel_logout_uri,omitempty"` // "" for none
	BackchannelLogoutURI   string   `json:"backchannel_logout_uri,omitempty"`  // "" for none
	GrantTypes             []string `json:"grant_types"`
	ResponseModes          []string `json:"response_modes"`
	Scopes                 []string `json:"scopes"`
	IDTokenAlg             string   `json:"id_token_alg"` // JWS algorithm: ES256, RS256 or EdDSA
	// EncryptionKey is the application's public key. When it is there, ID tokens are encrypted to it with EncryptionAlg
	// (JWE key management) and EncryptionEnc (content encryption).
	EncryptionKey *jose.JSONWebKey `json:"encryption_key,omitempty"`
	EncryptionAlg string           `json:"encryption_alg,omitempty"`
	EncryptionEnc string           `json:"encryption_enc,omitempty"`
}

// Public reports whether the application cannot keep a secret (RFC 6749 section 2.1).
func (a Application) Public() bool { return len(a.SecretHash) == 0 }

// MayUse reports whether the application registered a grant type.
func (a Application) MayUse(grant string) bool { return slices.Contains(a.GrantTypes, grant) }

// CheckSecret compares in constant time. A public client has no right secret.
func (a Application) CheckSecret(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return !a.Public() && subtle.ConstantTimeCompare(sum[:], a.SecretHash) == 1
}

// MatchRedirect reports whether uri is registered. Addresses are compared byte by byte (RFC 9700 section 2.1); only a native
// application's loopback address may have another port (RFC 8252 section 7.3).
func (a Application) MatchRedirect(uri string) bool { return a.match(a.RedirectURIs, uri) }

// MatchPostLogout does the same for the addresses a browser may be sent to after sign-out.
func (a Application) MatchPostLogout(uri string) bool { return a.match(a.PostLogoutRedirectURIs, uri) }

func (a Application) match(registered []string, uri string) bool {
	if oauth.MatchRedirectURI(registered, uri) {
		return true
	}
	if a.Kind != AppNative {
		return false
	}
	wanted, ok := withoutPort(uri)
	return ok && slices.ContainsFunc(registered, func(r string) bool {
		loopback, ok := withoutPort(r)
		return ok && loopback == wanted
	})
}
