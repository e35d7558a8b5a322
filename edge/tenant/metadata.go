package tenant

import (
	"encoding/json"
	"slices"
	"strings"
)

// metadata are the members of a registration that have a name in a specification: RFC 7591, RFC 8705, RFC 9101, RFC 9126, RFC 9449, RFC 9701 and
// OpenID Connect Registration and its logout companions. The operator's file and dynamic registration share them.
type metadata struct {
	RedirectURIs           []string `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"`
	FrontchannelLogoutURI  string   `json:"frontchannel_logout_uri,omitempty"`
	FrontchannelSession    bool     `json:"frontchannel_logout_session_required,omitempty"`
	BackchannelLogoutURI   string   `json:"backchannel_logout_uri,omitempty"`
	BackchannelSession     bool     `json:"backchannel_logout_session_required,omitempty"`

	GrantTypes    []string `json:"grant_types,omitempty"`
	ResponseTypes []string `json:"response_types,omitempty"`

	AuthMethod     string          `json:"token_endpoint_auth_method,omitempty"`
	AuthSigningAlg string          `json:"token_endpoint_auth_signing_alg,omitempty"`
	JWKS           json.RawMessage `json:"jwks,omitempty"`
	JWKSURI        string          `json:"jwks_uri,omitempty"`
	TLSSubjectDN   string          `json:"tls_client_auth_subject_dn,omitempty"`
	TLSDNS         string          `json:"tls_client_auth_san_dns,omitempty"`
	TLSURI         string          `json:"tls_client_auth_san_uri,omitempty"`
	TLSIP          string          `json:"tls_client_auth_san_ip,omitempty"`
	TLSEmail       string          `json:"tls_client_auth_san_email,omitempty"`

	BoundToCertificate    bool   `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	BoundByDPoP           bool   `json:"dpop_bound_access_tokens,omitempty"`
	SubjectType           string `json:"subject_type,omitempty"`
	SectorURI             string `json:"sector_identifier_uri,omitempty"`
	IDTokenAlg            string `json:"id_token_signed_response_alg,omitempty"`
	EncryptionAlg         string `json:"id_token_encrypted_response_alg,omitempty"`
	EncryptionEnc         string `json:"id_token_encrypted_response_enc,omitempty"`
	UserinfoAlg           string `json:"userinfo_signed_response_alg,omitempty"`
	UserinfoEncryptionAlg string `json:"userinfo_encrypted_response_alg,omitempty"`
	UserinfoEncryptionEnc string `json:"userinfo_encrypted_response_enc,omitempty"`
	IntrospectionAlg      string `json:"introspection_signed_response_alg,omitempty"`

	RequestObjectAlg     string   `json:"request_object_signing_alg,omitempty"`
	RequireSignedRequest bool     `json:"require_signed_request_object,omitempty"`
	RequirePAR           bool     `json:"require_pushed_authorization_requests,omitempty"`
	DefaultMaxAge        *int64   `json:"default_max_age,omitempty"`
	DefaultACR           []string `json:"default_acr_values,omitempty"`

	InitiateLoginURI string   `json:"initiate_login_uri,omitempty"`
	ClientURI        string   `json:"client_uri,omitempty"`
	LogoURI          string   `json:"logo_uri,omitempty"`
	PolicyURI        string   `json:"policy_uri,omitempty"`
	TOSURI           string   `json:"tos_uri,omitempty"`
	Contacts         []string `json:"contacts,omitempty"`
}

var metadataMembers = []string{"redirect_uris", "post_logout_redirect_uris", "frontchannel_logout_uri", "frontchannel_logout_session_required",
	"backchannel_logout_uri", "backchannel_logout_session_required", "grant_types", "response_types", "token_endpoint_auth_method",
	"token_endpoint_auth_signing_alg", "jwks", "jwks_uri", "tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri",
	"tls_client_auth_san_ip", "tls_client_auth_san_email", "tls_client_certificate_bound_access_tokens", "dpop_bound_access_tokens",
	"subject_type", "sector_identifier_uri", "id_token_signed_response_alg", "id_token_encrypted_response_alg",
	"id_token_encrypted_response_enc", "userinfo_signed_response_alg", "userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc",
	"introspection_signed_response_alg", "request_object_signing_alg", "require_signed_request_object",
	"require_pushed_authorization_requests", "default_max_age", "default_acr_values", "initiate_login_uri", "client_uri", "logo_uri",
	"policy_uri", "tos_uri", "contacts"}

// application makes an application of what m says, without its keys. Nothing is checked yet.
func (m metadata) application() Application {
	app := Application{
		RedirectURIs: m.RedirectURIs, PostLogoutRedirectURIs: m.PostLogoutRedirectURIs,
		FrontchannelLogoutURI: m.FrontchannelLogoutURI, FrontchannelSessionRequired: m.FrontchannelSession,
		BackchannelLogoutURI: m.BackchannelLogoutURI, BackchannelSessionRequired: m.BackchannelSession,
		GrantTypes: m.GrantTypes, ResponseTypes: inOrder(m.ResponseTypes),
		AuthMethod: m.AuthMethod, AuthSigningAlg: m.AuthSigningAlg, JWKSURI: m.JWKSURI,
		BoundToCertificate: m.BoundToCertificate, BoundByDPoP: m.BoundByDPoP, SubjectType: m.SubjectType, SectorURI: m.SectorURI,
		IDTokenAlg: m.IDTokenAlg, EncryptionAlg: m.EncryptionAlg, EncryptionEnc: m.EncryptionEnc,
		UserinfoAlg: m.UserinfoAlg, UserinfoEncryptionAlg: m.UserinfoEncryptionAlg, UserinfoEncryptionEnc: m.UserinfoEncryptionEnc,
		IntrospectionAlg: m.IntrospectionAlg, RequestObjectAlg: m.RequestObjectAlg, RequireSignedRequest: m.RequireSignedRequest,
		RequirePAR: m.RequirePAR, DefaultMaxAge: m.DefaultMaxAge, DefaultACR: m.DefaultACR,
		InitiateLoginURI: m.InitiateLoginURI, ClientURI: m.ClientURI, LogoURI: m.LogoURI, PolicyURI: m.PolicyURI, TOSURI: m.TOSURI,
		Contacts: m.Contacts,
	}
	if id := (TLSIdentity{m.TLSSubjectDN, m.TLSDNS, m.TLSURI, m.TLSIP, m.TLSEmail}); id != (TLSIdentity{}) {
		app.TLS = &id
	}
	return app
}

// metadataOf is the way back. Its error is that of writing keys.
func metadataOf(app Application) (metadata, error) {
	m := metadata{
		RedirectURIs: app.RedirectURIs, PostLogoutRedirectURIs: app.PostLogoutRedirectURIs,
		FrontchannelLogoutURI: app.FrontchannelLogoutURI, FrontchannelSession: app.FrontchannelSessionRequired,
		BackchannelLogoutURI: app.BackchannelLogoutURI, BackchannelSession: app.BackchannelSessionRequired,
		GrantTypes: app.GrantTypes, ResponseTypes: app.ResponseTypes,
		AuthMethod: app.AuthMethod, AuthSigningAlg: app.AuthSigningAlg, JWKSURI: app.JWKSURI,
		BoundToCertificate: app.BoundToCertificate, BoundByDPoP: app.BoundByDPoP, SubjectType: app.SubjectType, SectorURI: app.SectorURI,
		IDTokenAlg: app.IDTokenAlg, EncryptionAlg: app.EncryptionAlg, EncryptionEnc: app.EncryptionEnc,
		UserinfoAlg: app.UserinfoAlg, UserinfoEncryptionAlg: app.UserinfoEncryptionAlg, UserinfoEncryptionEnc: app.UserinfoEncryptionEnc,
		IntrospectionAlg: app.IntrospectionAlg, RequestObjectAlg: app.RequestObjectAlg, RequireSignedRequest: app.RequireSignedRequest,
		RequirePAR: app.RequirePAR, DefaultMaxAge: app.DefaultMaxAge, DefaultACR: app.DefaultACR,
		InitiateLoginURI: app.InitiateLoginURI, ClientURI: app.ClientURI, LogoURI: app.LogoURI, PolicyURI: app.PolicyURI, TOSURI: app.TOSURI,
		Contacts: app.Contacts,
	}
	if id := app.TLS; id != nil {
		m.TLSSubjectDN, m.TLSDNS, m.TLSURI, m.TLSIP, m.TLSEmail = id.SubjectDN, id.DNS, id.URI, id.IP, id.Email
	}
	if app.JWKS == nil {
		return m, nil
	}
	var err error
	m.JWKS, err = json.Marshal(app.JWKS)
	return m, err
}

// inOrder puts the words of each response type in order: "id_token code" is "code id_token" (Multiple Response Types section 3).
func inOrder(types []string) []string {
	var out []string
	for _, t := range types {
		words := strings.Split(t, " ")
		slices.Sort(words)
		out = append(out, strings.Join(words, " "))
	}
	return out
}
