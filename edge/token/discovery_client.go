package token

import "github.com/latchkey-id/latchkey/edge/tenant"

// clientMetadata is the part of the metadata about how clients prove who they are (OpenID Connect Discovery 1.0 section 3, RFC 8414
// section 2, and the sections on metadata of RFC 8705, 9101, 9126 and 9449).
type clientMetadata struct {
	Push                  string   `json:"pushed_authorization_request_endpoint"`
	PushRequired          bool     `json:"require_pushed_authorization_requests"` // of everybody; an application can ask for it
	TokenAuth             []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgs         []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	IntrospectionAuth     []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAuthAlgs []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	RevocationAuth        []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgs    []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	DPoPAlgs              []string `json:"dpop_signing_alg_values_supported"`
	BoundToCertificate    bool     `json:"tls_client_certificate_bound_access_tokens"`
	RequestParameter      bool     `json:"request_parameter_supported"`
	RequestURIParameter   bool     `json:"request_uri_parameter_supported"` // of addresses of the application's own
	RequestObjectAlgs     []string `json:"request_object_signing_alg_values_supported"`
	SignedRequired        bool     `json:"require_signed_request_object"` // of everybody; an application can ask for it
}

// clientMetadata says what is true here: mutual TLS is on offer only where the platform hands certificates over.
func (s *Service) clientMetadata() clientMetadata {
	all := []string{tenant.AuthNone, tenant.AuthBasic, tenant.AuthPost, tenant.AuthPrivateKey}
	overTLS := s.certificates.Header != ""
	if overTLS {
		all = append(all, tenant.AuthTLS, tenant.AuthSelfSigned)
	}
	confidential := all[1:]
	return clientMetadata{
		Push: s.issuer + RoutePush, TokenAuth: all, TokenAuthAlgs: clientAlgs,
		IntrospectionAuth: confidential, IntrospectionAuthAlgs: clientAlgs, RevocationAuth: all, RevocationAuthAlgs: clientAlgs,
		DPoPAlgs: clientAlgs, BoundToCertificate: overTLS, RequestParameter: true, RequestObjectAlgs: clientAlgs,
	}
}
