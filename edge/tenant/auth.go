package tenant

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// maxTLSName bounds what a certificate must say, in bytes.
const maxTLSName = 512

// checkAuth checks that an application can authenticate in the way it says, and in no other.
func checkAuth(app Application, wrong func(field, fault string)) {
	if len(app.SecretHash) != 0 && len(app.SecretHash) != 32 {
		wrong("client_secret", "is not kept as a SHA-256")
	}
	secret := app.Authenticates(AuthBasic) || app.Authenticates(AuthPost)
	switch {
	case app.AuthMethod != "" && !slices.Contains(authMethods, app.AuthMethod):
		wrong("token_endpoint_auth_method", oneOf(app.AuthMethod, authMethods))
		return
	case secret && len(app.SecretHash) == 0:
		wrong("client_secret", `is missing: make one with "openssl rand -hex 32"`)
	case !secret && len(app.SecretHash) != 0:
		wrong("client_secret", "is given, but token_endpoint_auth_method is another way to authenticate: keep one of them")
	}
	keys := app.JWKS != nil || app.JWKSURI != ""
	if (app.AuthMethod == AuthPrivateKey || app.AuthMethod == AuthSelfSigned) && !keys {
		wrong("jwks", "is missing: "+app.AuthMethod+" needs the application's public keys, in jwks or by jwks_uri")
	}
	if app.AuthSigningAlg != "" {
		wrong("token_endpoint_auth_signing_alg", oneOf(app.AuthSigningAlg, signingAlgs))
		if app.AuthMethod != AuthPrivateKey {
			wrong("token_endpoint_auth_signing_alg", "is given, but token_endpoint_auth_method is not private_key_jwt: remove it")
		}
	}
	if (app.RequestObjectAlg != "" || app.RequireSignedRequest) && !keys {
		wrong("jwks", "is missing: request objects are signed with the application's key, give its public half in jwks or by jwks_uri")
	}
	checkTLS(app, wrong)
	checkKeys(app, wrong)
	checkConfidential(app, wrong)
}

// checkTLS holds a tls_client_auth client to exactly one identity, and others to none (RFC 8705 section 2.1.2).
func checkTLS(app Application, wrong func(field, fault string)) {
	const one = "give exactly one of tls_client_auth_subject_dn, _san_dns, _san_uri, _san_ip, _san_email"
	if app.TLS == nil {
		if app.AuthMethod == AuthTLS {
			wrong("tls_client_auth_subject_dn", "is missing: "+one+" (RFC 8705 section 2.1.2)")
		}
		return
	}
	if app.AuthMethod != AuthTLS {
		wrong("tls_client_auth_subject_dn", "or another name of a certificate is given, but token_endpoint_auth_method is not tls_client_auth: remove it")
	}
	id, set := *app.TLS, 0
	for _, name := range []string{id.SubjectDN, id.DNS, id.URI, id.IP, id.Email} {
		if name != "" {
			set++
		}
		if len(name) > maxTLSName || strings.ContainsFunc(name, unprintable) {
			wrong("tls_client_auth_subject_dn", "or another name of the certificate is longer than 512 bytes or has characters that cannot be printed")
		}
	}
	if set != 1 {
		wrong("tls_client_auth_subject_dn", "is not the only name of the certificate: "+one)
	}
	if id.SubjectDN != "" && !strings.Contains(id.SubjectDN, "=") {
		wrong("tls_client_auth_subject_dn", "is not a distinguished name: write it like CN=shop,O=Example (RFC 4514)")
	}
	if id.IP != "" {
		if a, err := netip.ParseAddr(id.IP); err != nil || a.Zone() != "" {
			wrong("tls_client_auth_san_ip", "is not an IP address")
		}
	}
	if u, err := url.Parse(id.URI); id.URI != "" && (err != nil || u.Scheme == "") {
		wrong("tls_client_auth_san_uri", "is not an absolute URI")
	}
	if id.Email != "" && !address(id.Email) {
		wrong("tls_client_auth_san_email", "is not an address like shop@example.com")
	}
	if strings.ContainsAny(id.DNS, " /:@*") {
		wrong("tls_client_auth_san_dns", "is not a host name")
	}
}

// checkConfidential keeps from a public client what only an authenticated one may do.
func checkConfidential(app Application, wrong func(field, fault string)) {
	if !app.Public() {
		return
	}
	for _, grant := range []string{GrantClient, GrantExchange} { // RFC 6749 section 4.4, RFC 8693 section 2.1
		if app.MayUse(grant) {
			wrong("grant_types", "has "+grant+", which is for applications that authenticate: give it a client_secret or a key")
		}
	}
	if len(app.Introspects) > 0 { // RFC 7662 section 2.1
		wrong("introspects", "is for applications that authenticate: give it a client_secret or a key")
	}
}

// address reports whether s looks like local@domain.
func address(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && len(s) <= 254 && !strings.Contains(domain, "@") && !strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || unprintable(r) })
}
