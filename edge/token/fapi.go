package token

import (
	"slices"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// An application with the profile fapi2 is held to the FAPI 2.0 security profile. Most of its rules hold for everybody here: PKCE
// with S256, iss in every answer, codes of at most sixty seconds that count once, no access tokens through an address. The others:
//
//	requests are pushed by the authenticated application   withinProfile, request.go
//	private_key_jwt or mutual TLS                          withinProfile
//	aud of assertions is the issuer, a string              assertion.go
//	ES256, PS256 or EdDSA                                  algsOf, withinProfile, resourceFor
//	tokens are bound to a key or certificate               binding.go
//	refresh tokens are not rotated                         grant_refresh.go

// errProfile says that a registration contradicts its own profile. The registry refuses one like that; this is for a mistake there.
var errProfile = oauth.ErrUnauthorizedClient.With("the registration of this application is outside its security profile")

// withinProfile refuses an application whose registration is outside its own profile (FAPI 2.0 security profile sections 5.3.2 and 5.4).
func withinProfile(app tenant.Application) error {
	if app.Profile != tenant.ProfileFAPI2 {
		return nil
	}
	strong := slices.Contains([]string{tenant.AuthPrivateKey, tenant.AuthTLS, tenant.AuthSelfSigned}, app.AuthMethod)
	bound := app.BoundByDPoP || app.BoundToCertificate
	front := slices.ContainsFunc(app.ResponseTypes, func(t string) bool { return t != tenant.ResponseCode })
	if !strong || !bound || front || app.MayUse(tenant.GrantImplicit) {
		return errProfile
	}
	for _, alg := range []string{app.IDTokenAlg, app.UserinfoAlg, app.IntrospectionAlg, app.AuthSigningAlg, app.RequestObjectAlg} {
		if alg != "" && !slices.Contains(profileAlgs, alg) {
			return errProfile
		}
	}
	return nil
}
