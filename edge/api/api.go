// Package api is the contract between the browser and the edge: the routes under /api, the bodies they
// take and give, the error codes a program can rely on, and the limits both sides check.
//
// Both halves of Latchkey import it, so it holds nothing but types, constants and the OPAQUE suite. It must
// never import net/http, syscall/js or any other package of this module.
//
// Every body is JSON in UTF-8. Byte strings are base64url without padding (Bytes), times are unix seconds
// and durations are whole seconds, because JavaScript loses integers past 2^53 and has no time type of its own.
package api

import (
	"encoding/base64"
)

// Routes of the JSON interface. All take POST with Content-Type application/json unless a comment says GET, and
// all but Configuration are refused unless the request comes from one of our own pages (Origin).
const (
	RouteConfiguration = "/api/configuration" // GET: Configuration

	RouteDiscover       = "/api/signin/discover"        // DiscoverRequest → DiscoverResponse
	RoutePasswordBegin  = "/api/signin/password/begin"  // PasswordBeginRequest → PasswordBeginResponse
	RoutePasswordFinish = "/api/signin/password/finish" // PasswordFinishRequest → PasswordFinishResponse

	RouteSigninPasskeyBegin  = "/api/signin/passkey/begin"  // PasskeySigninBeginRequest → PasskeySigninBegun
	RouteSigninPasskeyFinish = "/api/signin/passkey/finish" // PasskeySigninFinishRequest → PasskeySigninFinished

	RouteSignupBegin    = "/api/signup/begin"    // SignupBeginRequest → SignupState
	RouteSignupResend   = "/api/signup/resend"   // SignupState → SignupState
	RouteSignupCode     = "/api/signup/code"     // SignupCodeRequest → SignupState
	RouteSignupPassword = "/api/signup/password" // SignupPasswordRequest → RegistrationResponse
	RouteSignupFinish   = "/api/signup/finish"   // SignupFinishRequest → SignupFinishResponse

	RouteAccount      = "/api/account"                 // GET: Account
	RouteSessions     = "/api/account/sessions"        // GET: Sessions
	RouteSessionsEnd  = "/api/account/sessions/end"    // SessionsEndRequest → {}
	RouteReauthBegin  = "/api/account/reauth/begin"    // ReauthBeginRequest → PasswordBeginResponse
	RouteReauthFinish = "/api/account/reauth/finish"   // ReauthFinishRequest → ReauthFinishResponse
	RouteChangeBegin  = "/api/account/password/begin"  // ChangeBeginRequest → RegistrationResponse
	RouteChangeFinish = "/api/account/password/finish" // ChangeFinishRequest → {}
	RouteSignout      = "/api/signout"                 // {} → SignoutResponse

	RouteConsent       = "/api/consent"        // ConsentRequest → Consent
	RouteConsentDecide = "/api/consent/decide" // ConsentDecision → ConsentDecided
)

// Limits that both sides check.
const (
	MaxBody           = 64 << 10 // bytes of any request to /api; more is answered 413
	MaxUPN            = 254      // bytes, RFC 5321 section 4.5.3.1.3
	MaxDisplayName    = 64       // Unicode code points
	MinPassword       = 12       // Unicode code points; the server cannot check it, the client core does
	MaxPassword       = 256      // Unicode code points
	CodeDigits        = 6        // digits of a code sent by mail
	CodeLifetime      = 600      // seconds
	CodeTries         = 5        // wrong codes until a new one is needed
	MaxPasswordTokens = 4096     // bytes of any sealed value (flow, state, proof)
)

// Bytes is a byte string that travels as base64url without padding (RFC 4648 section 5).
type Bytes []byte

// MarshalText writes b as base64url without padding. As text, and not as JSON of its own, which encoding/json would go through once more:
// most of what the vault's answers consist of is such bytes.
func (b Bytes) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(make([]byte, 0, base64.RawURLEncoding.EncodedLen(len(b))), b), nil
}

// UnmarshalText reads base64url without padding; anything else is an error.
func (b *Bytes) UnmarshalText(text []byte) error {
	raw, err := base64.RawURLEncoding.Strict().AppendDecode(make([]byte, 0, base64.RawURLEncoding.DecodedLen(len(text))), text)
	if err != nil {
		return err
	}
	*b = raw
	return nil
}

// Configuration is what a page may know about the deployment before anybody has signed in.
type Configuration struct {
	Issuer        string `json:"issuer"`         // https URL without a trailing slash
	DefaultDomain string `json:"default_domain"` // domain of addresses that Latchkey itself hands out
	RangeService  string `json:"range_service"`  // URL prefix of the breached-password range service, "" for none
	KSF           KSF    `json:"ksf"`            // what a new password record must use
}

// DiscoverRequest asks where a person signs in.
type DiscoverRequest struct {
	Flow string `json:"flow,omitempty"` // id of the flow the page was opened with
	UPN  string `json:"upn"`
}

// Realm says where a UPN signs in.
type Realm string

const (
	RealmManaged   Realm = "managed"   // with a password, here
	RealmFederated Realm = "federated" // at an upstream provider; DiscoverResponse.Redirect says where
)

// DiscoverResponse is the same for every name of a managed domain, registered or not.
type DiscoverResponse struct {
	Realm    Realm  `json:"realm"`
	UPN      string `json:"upn"` // normalised; use it from here on
	Redirect string `json:"redirect,omitempty"`
}

// PasswordBeginRequest opens a password sign-in.
type PasswordBeginRequest struct {
	Flow string `json:"flow,omitempty"`
	UPN  string `json:"upn"`
	KE1  Bytes  `json:"ke1"` // RFC 9807 section 6.1
}

// PasswordBeginResponse answers a KE1, for a known and an unknown name alike.
type PasswordBeginResponse struct {
	State string `json:"state"` // sealed; return it with KE3 within two minutes, once
	KE2   Bytes  `json:"ke2"`
	KSF   KSF    `json:"ksf"` // what the record was made with
}

// PasswordFinishRequest closes a password sign-in.
type PasswordFinishRequest struct {
	Flow  string `json:"flow,omitempty"`
	State string `json:"state"`
	KE3   Bytes  `json:"ke3"`
	Keep  bool   `json:"keep"` // keep me signed in: the cookie outlives the browser
}

// PasskeySigninBeginRequest asks for a challenge that any passkey may answer.
type PasskeySigninBeginRequest struct {
	Flow string `json:"flow,omitempty"`
}

// PasskeySigninBegun carries PublicKeyCredentialRequestOptionsJSON (Web Authentication Level 3 section 5.1.10).
type PasskeySigninBegun struct {
	State   string `json:"state"`
	Options string `json:"options"`
	Expires int64  `json:"expires"`
}

// PasskeySigninFinishRequest carries AuthenticationResponseJSON, without what the passkey's PRF extension gave.
type PasskeySigninFinishRequest struct {
	Flow      string `json:"flow,omitempty"`
	State     string `json:"state"`
	Assertion string `json:"assertion"`
	Keep      bool   `json:"keep"`
	Language  string `json:"language,omitempty"` // of the notice that a device was confirmed
}

// PasskeySigninFinished says where the browser goes next; the session cookie comes with it, and the device is trusted.
type PasskeySigninFinished struct {
	Redirect string `json:"redirect"`
}

// PasswordFinishResponse says where the browser goes next; the session cookie comes with it.
type PasswordFinishResponse struct {
	Redirect string `json:"redirect"`
	// UpgradeProof is set when the record's KSF parameters are below the present ones: the client then registers
	// the same password again with ChangeBegin and ChangeFinish (Upgrade), before it follows Redirect.
	UpgradeProof string `json:"upgrade_proof,omitempty"`
}

// SignupKind is the kind of name a new account gets.
type SignupKind string

const (
	SignupEmail SignupKind = "email" // the person's own address, proved by a code
	SignupNew   SignupKind = "new"   // a new address under the service's default domain
)

// SignupBeginRequest reserves a name.
type SignupBeginRequest struct {
	Flow     string     `json:"flow,omitempty"`
	Kind     SignupKind `json:"kind"`
	UPN      string     `json:"upn"`
	Language string     `json:"language,omitempty"` // BCP 47; of the mail
}

// SignupState carries a sign-up from one step to the next. The server keeps the truth; State is sealed.
type SignupState struct {
	State     string `json:"state"`
	UPN       string `json:"upn"`
	NeedsCode bool   `json:"needs_code"`
	Expires   int64  `json:"expires"` // of the code, or of the reservation when no code is needed
}

// SignupCodeRequest proves the address.
type SignupCodeRequest struct {
	State string `json:"state"`
	Code  string `json:"code"`
}

// SignupPasswordRequest starts OPAQUE registration; it may be repeated.
type SignupPasswordRequest struct {
	State   string `json:"state"`
	Request Bytes  `json:"request"` // RFC 9807 section 5.1, registration request
}

// RegistrationResponse carries OPAQUE's registration response.
type RegistrationResponse struct {
	Response Bytes `json:"response"`
	KSF      KSF   `json:"ksf"` // what the record must be made with
}

// SignupFinishRequest creates the account and signs in.
type SignupFinishRequest struct {
	Flow   string `json:"flow,omitempty"`
	State  string `json:"state"`
	Name   string `json:"name"` // display name
	Record Bytes  `json:"record"`
	KSF    KSF    `json:"ksf"`
	Keep   bool   `json:"keep"`
}

// SignupFinishResponse says where the browser goes next; the session cookie comes with it.
type SignupFinishResponse struct {
	Redirect string `json:"redirect"`
}

// Account is what a signed-in person sees of the account.
type Account struct {
	ID      string `json:"id"` // the `sub` that applications see
	UPN     string `json:"upn"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Created int64  `json:"created"`
}

// Session is one browser that is signed in.
type Session struct {
	ID       string `json:"id"`
	Device   string `json:"device"` // "Firefox on Linux"
	Place    string `json:"place"`  // "Berlin, DE", or "" when the platform does not say
	Created  int64  `json:"created"`
	LastUsed int64  `json:"last_used"`
	Keep     bool   `json:"keep"`
	Current  bool   `json:"current"`
}

// Sessions lists the live sessions, newest use first.
type Sessions struct {
	Sessions []Session `json:"sessions"`
}

// SessionsEndRequest ends one session, or all but the present one.
type SessionsEndRequest struct {
	ID     string `json:"id,omitempty"`
	Others bool   `json:"others,omitempty"`
}

// ReauthBeginRequest proves the present password again, inside a session.
type ReauthBeginRequest struct {
	KE1 Bytes `json:"ke1"`
}

// ReauthFinishRequest closes the proof.
type ReauthFinishRequest struct {
	State string `json:"state"`
	KE3   Bytes  `json:"ke3"`
}

// ReauthFinishResponse carries the proof that a password change needs.
type ReauthFinishResponse struct {
	Proof string `json:"proof"` // sealed; five minutes, one change
}

// ChangeBeginRequest starts OPAQUE registration of the new password.
type ChangeBeginRequest struct {
	Proof   string `json:"proof"`
	Request Bytes  `json:"request"`
}

// ChangeFinishRequest replaces the password record. Unless it is an upgrade, every other session ends.
type ChangeFinishRequest struct {
	Proof   string `json:"proof"`
	Record  Bytes  `json:"record"`
	KSF     KSF    `json:"ksf"`
	Upgrade bool   `json:"upgrade"` // same password, new parameters
}

// SignoutResponse lists the pages of other applications that must be loaded in hidden frames
// (OpenID Connect Front-Channel Logout 1.0 section 2) before the browser goes on.
type SignoutResponse struct {
	FrontChannel []string `json:"front_channel"`
	Redirect     string   `json:"redirect"`
}

// ConsentRequest asks what an application wants of the signed-in person.
type ConsentRequest struct {
	Flow string `json:"flow"` // id of the flow the page was opened with
}

// Consent is what a person is asked before an application gets an answer.
type Consent struct {
	Choose      bool   `json:"choose"`      // only whether this is the account to go on with
	Application string `json:"application"` // its name, as whoever registered it wrote it
	Host        string `json:"host"`        // where the answer goes, "" for a program on the person's own device
	Verified    bool   `json:"verified"`    // registered by the operator; false: it registered itself and may call itself anything
	PolicyURI   string `json:"policy_uri"`  // "" for none
	TOSURI      string `json:"tos_uri"`     // "" for none

	UPN  string `json:"upn"` // as whom the person is signed in
	Name string `json:"name"`
	Seen string `json:"seen"` // names the session that this was shown to

	// ClientID and KeysFor say for which application, and to which P-256 point (SEC 1 section 2.3.3), the key of its settings is to be
	// encrypted; KeysFor is empty when it asks for none.
	ClientID string `json:"client_id"`
	KeysFor  Bytes  `json:"keys_for"`

	Scopes    []string          `json:"scopes"` // of openid, profile, email, offline_access, latchkey:settings and latchkey:session
	Resources []ConsentResource `json:"resources"`
}

// ConsentResource is an API that the application wants to use for the person.
type ConsentResource struct {
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"` // the API's own words
}

// ConsentDecision is the person's answer.
type ConsentDecision struct {
	Flow  string `json:"flow"`
	Seen  string `json:"seen"` // of Consent
	Allow bool   `json:"allow"`
	// KeysJWE comes with Allow where Consent has KeysFor: a compact JWE (RFC 7516) of at most 640 bytes that the application alone can open.
	KeysJWE string `json:"keys_jwe,omitempty"`
}

// ConsentDecided says where the browser goes next.
type ConsentDecided struct {
	Redirect string `json:"redirect"`
}
