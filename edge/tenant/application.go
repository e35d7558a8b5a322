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

// Grant types, as grant_type writes them.
const (
	GrantCode     = "authorization_code"                              // RFC 6749 section 4.1
	GrantImplicit = "implicit"                                        // an ID token in the front channel (OpenID Connect Core 1.0 section 3.2, 3.3)
	GrantRefresh  = "refresh_token"                                   // RFC 6749 section 6
	GrantClient   = "client_credentials"                              // RFC 6749 section 4.4
	GrantDevice   = "urn:ietf:params:oauth:grant-type:device_code"    // RFC 8628 section 3.4
	GrantExchange = "urn:ietf:params:oauth:grant-type:token-exchange" // RFC 8693 section 2.1
)

// Ways of client authentication, as token_endpoint_auth_method writes them.
const (
	AuthNone       = "none"
	AuthBasic      = "client_secret_basic"         // RFC 6749 section 2.3.1
	AuthPost       = "client_secret_post"          // RFC 6749 section 2.3.1
	AuthPrivateKey = "private_key_jwt"             // OpenID Connect Core 1.0 section 9
	AuthTLS        = "tls_client_auth"             // RFC 8705 section 2.1
	AuthSelfSigned = "self_signed_tls_client_auth" // RFC 8705 section 2.2
)

// Who agrees to what an application may know and do.
const (
	ConsentAdministrator = "administrator" // whoever registered it did, for everyone
	ConsentRequired      = "required"      // each person is asked
)

// ProfileFAPI2 holds an application to the FAPI 2.0 security profile: what is outside it is refused.
const ProfileFAPI2 = "fapi2"

// Response types, their words in the order of the alphabet (OAuth 2.0 Multiple Response Types). None brings an access token through an
// address (RFC 9700 section 2.1.2).
const (
	ResponseCode    = "code"
	ResponseIDToken = "id_token"
	ResponseHybrid  = "code id_token"
)

// Kinds of subject (OpenID Connect Core 1.0 section 8).
const (
	SubjectPublic   = "public"
	SubjectPairwise = "pairwise"
)

// What an application may register. Parse says which of it an application gets that says nothing.
var (
	grantTypes    = []string{GrantCode, GrantImplicit, GrantRefresh, GrantClient, GrantDevice, GrantExchange}
	responseTypes = []string{ResponseCode, ResponseIDToken, ResponseHybrid}
	responseModes = []string{"query", "form_post", "fragment"}
	scopes        = []string{"openid", "profile", "email", oauth.ScopeOffline, oauth.ScopeSettings}
	signingAlgs   = []string{"ES256", "RS256", "EdDSA", "PS256"}
	authMethods   = []string{AuthNone, AuthBasic, AuthPost, AuthPrivateKey, AuthTLS, AuthSelfSigned}
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
	IDTokenAlg             string   `json:"id_token_alg"` // JWS algorithm: ES256, RS256, PS256 or EdDSA
	// EncryptionKey is the application's public key. When it is there, ID tokens are encrypted to it with EncryptionAlg
	// (JWE key management) and EncryptionEnc (content encryption).
	EncryptionKey *jose.JSONWebKey `json:"encryption_key,omitempty"`
	EncryptionAlg string           `json:"encryption_alg,omitempty"`
	EncryptionEnc string           `json:"encryption_enc,omitempty"`

	// How the application authenticates. See Authenticates for what no AuthMethod means.
	AuthMethod     string              `json:"auth_method,omitempty"`      // one of the Auth constants, or ""
	AuthSigningAlg string              `json:"auth_signing_alg,omitempty"` // of its assertions, "" for any that is allowed
	JWKS           *jose.JSONWebKeySet `json:"jwks,omitempty"`             // its public keys, or
	JWKSURI        string              `json:"jwks_uri,omitempty"`         // where they are
	TLS            *TLSIdentity        `json:"tls,omitempty"`              // for tls_client_auth

	// What its tokens look like.
	BoundToCertificate    bool   `json:"bound_to_certificate,omitempty"`    // RFC 8705 section 3
	BoundByDPoP           bool   `json:"bound_by_dpop,omitempty"`           // RFC 9449 section 5.2
	SubjectType           string `json:"subject_type,omitempty"`            // public or pairwise (OpenID Connect Core 1.0 section 8)
	Sector                string `json:"sector,omitempty"`                  // host that pairwise subjects belong to
	SectorURI             string `json:"sector_identifier_uri,omitempty"`   // where it was proved
	UserinfoAlg           string `json:"userinfo_alg,omitempty"`            // "" for plain JSON
	UserinfoEncryptionAlg string `json:"userinfo_encryption_alg,omitempty"` // "" for none
	UserinfoEncryptionEnc string `json:"userinfo_encryption_enc,omitempty"` // goes with it
	IntrospectionAlg      string `json:"introspection_alg,omitempty"`       // "" for the default (RFC 9701)

	// How it asks.
	ResponseTypes        []string `json:"response_types,omitempty"`
	RequestObjectAlg     string   `json:"request_object_alg,omitempty"`     // "" for any that is allowed
	RequireSignedRequest bool     `json:"require_signed_request,omitempty"` // RFC 9101 section 10.5
	RequirePAR           bool     `json:"require_par,omitempty"`            // RFC 9126 section 6
	DefaultMaxAge        *int64   `json:"default_max_age,omitempty"`        // seconds
	DefaultACR           []string `json:"default_acr,omitempty"`
	Profile              string   `json:"profile,omitempty"` // "" or ProfileFAPI2

	// Whom it may ask, and how often.
	Consent            string   `json:"consent,omitempty"`
	AssignmentRequired bool     `json:"assignment_required,omitempty"`
	AssignedTo         []string `json:"assigned_to,omitempty"`       // UPNs, or *@domain
	SignInFrequency    int64    `json:"sign_in_frequency,omitempty"` // seconds a password is good for here, 0: as long as the session
	NoKeptSessions     bool     `json:"no_kept_sessions,omitempty"`  // "keep me signed in" counts for a day after the password

	// What it may reach.
	Resources   []string        `json:"resources,omitempty"`   // APIs it may have tokens for (RFC 8707)
	Introspects []string        `json:"introspects,omitempty"` // APIs it is: it may introspect their tokens
	Exchange    *ExchangePolicy `json:"exchange,omitempty"`    // nil: no token exchange

	// What people and other programs see.
	InitiateLoginURI            string   `json:"initiate_login_uri,omitempty"` // OpenID Connect Core 1.0 section 4
	ClientURI                   string   `json:"client_uri,omitempty"`
	LogoURI                     string   `json:"logo_uri,omitempty"`
	PolicyURI                   string   `json:"policy_uri,omitempty"`
	TOSURI                      string   `json:"tos_uri,omitempty"`
	Contacts                    []string `json:"contacts,omitempty"`
	FrontchannelSessionRequired bool     `json:"frontchannel_session_required,omitempty"`
	BackchannelSessionRequired  bool     `json:"backchannel_session_required,omitempty"`

	// Dynamic says that it registered itself (RFC 7591).
	Dynamic bool `json:"dynamic,omitempty"`
}

// TLSIdentity is what the certificate of a tls_client_auth client must say; one member is set (RFC 8705 section 2.1.2).
type TLSIdentity struct {
	SubjectDN string `json:"subject_dn,omitempty"` // RFC 4514
	DNS       string `json:"dns,omitempty"`
	URI       string `json:"uri,omitempty"`
	IP        string `json:"ip,omitempty"`
	Email     string `json:"email,omitempty"`
}

// ExchangePolicy says what an application may exchange tokens into (RFC 8693).
type ExchangePolicy struct {
	Audiences   []string `json:"audiences"`             // identifiers of resources
	Impersonate bool     `json:"impersonate,omitempty"` // a token that does not name the actor
	Delegate    bool     `json:"delegate,omitempty"`    // a token with act
	From        []string `json:"from,omitempty"`        // applications whose tokens it may bring; empty: only tokens made for a resource that it introspects
}

// Resource is an API that tokens are made for (RFC 8707).
type Resource struct {
	Identifier  string   `json:"identifier"` // absolute URI
	Name        string   `json:"name"`       // shown to people
	Scopes      []string `json:"scopes"`
	TokenFormat string   `json:"token_format"` // FormatJWT or FormatOpaque
	SigningAlg  string   `json:"signing_alg"`  // of JWT access tokens
	Lifetime    int64    `json:"lifetime"`     // seconds of an access token
}

// Formats of access tokens.
const (
	FormatJWT    = "jwt"    // RFC 9068
	FormatOpaque = "opaque" // to be introspected (RFC 7662)
)

// Public reports whether the application cannot keep a secret (RFC 6749 section 2.1).
func (a Application) Public() bool { return a.Authenticates(AuthNone) }

// Authenticates reports whether an application may authenticate in a way. One that registered none has the choice between the two ways
// to send its secret, or, without a secret, only says its name.
func (a Application) Authenticates(method string) bool {
	switch {
	case a.AuthMethod != "":
		return method == a.AuthMethod
	case len(a.SecretHash) == 0:
		return method == AuthNone
	}
	return method == AuthBasic || method == AuthPost
}

// settled returns a with the defaults of members that older registrations, and short ones, don't have.
func (a Application) settled() Application {
	if len(a.ResponseTypes) == 0 && a.MayUse(GrantCode) {
		a.ResponseTypes = []string{ResponseCode}
	}
	a.SubjectType = or(a.SubjectType, SubjectPublic)
	a.Consent = or(a.Consent, ConsentAdministrator)
	return a
}

// MayUse reports whether the application registered a grant type.
func (a Application) MayUse(grant string) bool { return slices.Contains(a.GrantTypes, grant) }

// CheckSecret compares in constant time. A public client has no right secret.
func (a Application) CheckSecret(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return len(a.SecretHash) != 0 && subtle.ConstantTimeCompare(sum[:], a.SecretHash) == 1
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
