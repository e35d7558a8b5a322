package tenant

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// Bounds of a resource.
const (
	maxIdentifier   = 256
	maxScopes       = 64
	maxScope        = 64
	defaultLifetime = 600   // seconds
	minLifetime     = 60    // seconds
	maxLifetime     = 86400 // seconds: as long as a signature may be relied upon
)

var resourceMembers = []string{"identifier", "name", "scopes", "token_format", "signing_alg", "lifetime"}

// parseResource reads one entry of "resources": the members are those of Resource.
func parseResource(raw json.RawMessage, position string) (Resource, Faults) {
	var r Resource
	if err := strict(raw, &r, resourceMembers); err != nil {
		if identifierFault(r.Identifier) == "" {
			position = r.Identifier
		}
		return Resource{}, Faults{{Resource: position, Fault: err.Error()}}
	}
	r.TokenFormat = or(r.TokenFormat, FormatJWT)
	r.SigningAlg = or(r.SigningAlg, signingAlgs[0])
	if r.Lifetime == 0 {
		r.Lifetime = defaultLifetime
	}
	faults := checkResource(r)
	if identifierFault(r.Identifier) != "" {
		for i := range faults {
			faults[i].Resource = position
		}
	}
	return r, faults
}

// checkResource returns everything that may not be registered. The front calls it to tell the operator, the object calls it again.
func checkResource(r Resource) (faults Faults) {
	wrong := func(field, fault string) {
		if fault != "" {
			faults = append(faults, Fault{Resource: r.Identifier, Field: field, Fault: fault})
		}
	}
	wrong("identifier", identifierFault(r.Identifier))
	wrong("name", nameFault(r.Name))
	wrong("token_format", oneOf(r.TokenFormat, []string{FormatJWT, FormatOpaque}))
	wrong("signing_alg", oneOf(r.SigningAlg, signingAlgs))
	if r.Lifetime < minLifetime || r.Lifetime > maxLifetime {
		wrong("lifetime", "is not 60 to 86400 seconds")
	}
	wrong("scopes", every(r.Scopes, maxScopes, maxScope))
	for i, s := range r.Scopes {
		switch {
		case slices.Contains(scopes, s) || s == "address" || s == "phone":
			wrong("scopes", "has "+s+", which is about people: leave it out, applications ask for it anyway")
		case s == oauth.ScopeSession:
			wrong("scopes", "has "+s+", which is for the command line alone: choose another word")
		case strings.ContainsAny(s, " \"\\") || !ascii(s):
			wrong("scopes", "has a value with spaces, quotes, backslashes or characters outside ASCII (RFC 6749 section 3.3)")
		case slices.Contains(r.Scopes[:i], s):
			wrong("scopes", "has "+s+" twice: remove one")
		}
	}
	return faults
}

// identifierFault says what is wrong with the identifier of an API, "" for nothing: an absolute URI without a fragment (RFC 8707 section 2).
func identifierFault(s string) string {
	u, err := url.Parse(s)
	switch {
	case s == "" || len(s) > maxIdentifier || !ascii(s) || strings.ContainsAny(s, " \"\\<>"):
		return "is not an absolute URI of 1 to 256 bytes"
	case err != nil || u.Scheme == "" || strings.Contains(s, "#") || u.User != nil || u.Host == "" && u.Opaque == "":
		return "is not an absolute URI without a fragment: use one like https://api.example.com/stock"
	}
	return ""
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
