package token

import "slices"

// Authentication context classes, weakest first: what acr says and what acr_values may ask for (OpenID Connect Core 1.0 section 2).
const (
	acrSingle = "urn:latchkey:acr:1" // one factor
	acrMulti  = "urn:latchkey:acr:2" // two factors or more
)

// acrs are the classes that a person can reach here.
var acrs = []string{acrSingle}

// acrOf is the class that the methods of a sign-in (RFC 8176) reach. It is the one place that decides about it.
func acrOf(amr []string) string {
	if slices.Contains(amr, "mfa") {
		return acrMulti
	}
	return acrSingle
}
