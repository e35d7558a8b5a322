package token

import (
	"maps"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// metadata says what this provider does and nothing that it does not (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2,
// and the logout specifications' section on discovery). Members whose absence would claim more than is true, such as
// request_uri_parameter_supported, are there with false.
type metadata struct {
	Issuer                string   `json:"issuer"`
	Authorization         string   `json:"authorization_endpoint"`
	Token                 string   `json:"token_endpoint"`
	Userinfo              string   `json:"userinfo_endpoint"`
	JWKS                  string   `json:"jwks_uri"`
	EndSession            string   `json:"end_session_endpoint"`
	Registration          string   `json:"registration_endpoint,omitempty"`
	Device                string   `json:"device_authorization_endpoint"` // RFC 8628 section 4
	Introspection         string   `json:"introspection_endpoint"`
	Revocation            string   `json:"revocation_endpoint"`
	ServiceDocumentation  string   `json:"service_documentation"`
	Scopes                []string `json:"scopes_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	Subjects              []string `json:"subject_types_supported"`
	ACRs                  []string `json:"acr_values_supported"`
	Claims                []string `json:"claims_supported"`
	ClaimTypes            []string `json:"claim_types_supported"`
	IDTokenAlgs           []string `json:"id_token_signing_alg_values_supported"`
	IDTokenEncryptionAlgs []string `json:"id_token_encryption_alg_values_supported"`
	IDTokenEncryptionEncs []string `json:"id_token_encryption_enc_values_supported"`
	UserinfoAlgs          []string `json:"userinfo_signing_alg_values_supported"`
	UserinfoEncAlgs       []string `json:"userinfo_encryption_alg_values_supported"`
	UserinfoEncEncs       []string `json:"userinfo_encryption_enc_values_supported"`
	IntrospectionAlgs     []string `json:"introspection_signing_alg_values_supported"` // RFC 9701 section 7
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	Prompts               []string `json:"prompt_values_supported"`
	Locales               []string `json:"ui_locales_supported"`
	ResponseIssuer        bool     `json:"authorization_response_iss_parameter_supported"`
	ClaimsParameter       bool     `json:"claims_parameter_supported"`
	CheckSession          string   `json:"check_session_iframe"`
	FrontChannel          bool     `json:"frontchannel_logout_supported"`
	FrontChannelSession   bool     `json:"frontchannel_logout_session_supported"`
	BackChannel           bool     `json:"backchannel_logout_supported"`
	BackChannelSession    bool     `json:"backchannel_logout_session_supported"`
	clientMetadata
}

func (s *Service) discovery(w http.ResponseWriter, _ *http.Request) {
	anyOrigin(w)
	cacheable(w, metadata{
		Issuer:                s.issuer,
		Authorization:         s.issuer + RouteAuthorize,
		Token:                 s.issuer + RouteToken,
		Userinfo:              s.issuer + RouteUserinfo,
		JWKS:                  s.issuer + RouteJWKS,
		EndSession:            s.issuer + RouteLogout,
		Registration:          s.registrationEndpoint(),
		Device:                s.issuer + RouteDevice,
		Introspection:         s.issuer + RouteIntrospect,
		Revocation:            s.issuer + RouteRevoke,
		ServiceDocumentation:  s.issuer + "/docs/integrate-oidc",
		Scopes:                scopes,
		ResponseTypes:         responseTypes,
		ResponseModes:         []string{string(oauth.ModeQuery), string(oauth.ModeFragment), string(oauth.ModeFormPost)},
		GrantTypes:            s.grantTypes(),
		Subjects:              []string{subjectPublic, subjectPairwise},
		ACRs:                  acrs,
		Claims:                claimNames,
		ClaimTypes:            []string{"normal"},
		IDTokenAlgs:           signingAlgs,
		IDTokenEncryptionAlgs: encryptionAlgs,
		IDTokenEncryptionEncs: encryptionEncs,
		UserinfoAlgs:          signingAlgs,
		UserinfoEncAlgs:       encryptionAlgs,
		UserinfoEncEncs:       encryptionEncs,
		IntrospectionAlgs:     signingAlgs,
		ChallengeMethods:      []string{oauth.MethodS256},
		Prompts:               []string{promptNone, promptLogin, promptSelect, promptConsent, promptCreate},
		Locales:               oauth.Languages,
		ResponseIssuer:        true,
		ClaimsParameter:       true,
		CheckSession:          s.issuer + RouteCheck,
		FrontChannel:          true,
		FrontChannelSession:   true,
		BackChannel:           true,
		BackChannelSession:    true,
		clientMetadata:        s.clientMetadata(),
	})
}

// What applications may register for what they are sent; edge/tenant has the same lists, and a test holds them together.
var (
	signingAlgs    = []string{keys.ES256, keys.RS256, keys.EdDSA, keys.PS256}
	encryptionAlgs = []string{"ECDH-ES", "ECDH-ES+A256KW", "RSA-OAEP-256"}
	encryptionEncs = []string{"A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"}
)

// grantTypes are those of the token endpoint, and implicit for an ID token in the front channel, in alphabetical order.
func (s *Service) grantTypes() []string {
	types := slices.AppendSeq([]string{tenant.GrantImplicit}, maps.Keys(s.grants))
	slices.Sort(types)
	return types
}
