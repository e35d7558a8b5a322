package tenant

import (
	"slices"
	"strings"
)

// Bounds of what an application may say about people.
const (
	maxAssigned  = 500
	maxContacts  = 8
	maxACR       = 8
	maxResources = 32
	maxFrequency = 365 * 86400 // seconds
)

// checkTokens checks the algorithms of what an application is sent and of what it sends.
func checkTokens(app Application, wrong func(field, fault string)) {
	wrong("id_token_signed_response_alg", oneOf(app.IDTokenAlg, signingAlgs))
	for _, one := range []struct{ field, alg string }{
		{"userinfo_signed_response_alg", app.UserinfoAlg}, {"introspection_signed_response_alg", app.IntrospectionAlg},
		{"request_object_signing_alg", app.RequestObjectAlg},
	} {
		if one.alg != "" {
			wrong(one.field, oneOf(one.alg, signingAlgs))
		}
	}
	if n := app.DefaultMaxAge; n != nil && (*n < 0 || *n > maxFrequency) {
		wrong("default_max_age", "is not 0 to 31536000 seconds")
	}
	wrong("default_acr_values", every(app.DefaultACR, maxACR, 128))
	if (app.RequirePAR || app.RequireSignedRequest) && !app.answersIn() {
		wrong("require_pushed_authorization_requests", "or require_signed_request_object is for applications that send people to sign in: remove it")
	}
}

// checkPeople checks whom an application may ask, and how often.
func checkPeople(app Application, wrong func(field, fault string)) {
	wrong("consent", oneOf(app.Consent, []string{ConsentAdministrator, ConsentRequired}))
	if app.Dynamic && app.Consent != ConsentRequired {
		wrong("consent", "of an application that registered itself is given by each person")
	}
	wrong("contacts", every(app.Contacts, maxContacts, 254))
	if len(app.AssignedTo) > maxAssigned {
		wrong("assigned_to", "has more than 500 entries: name domains, as *@example.com")
		return
	}
	for _, who := range app.AssignedTo {
		if !address(who) || who != strings.ToLower(who) || strings.Contains(strings.TrimPrefix(who, "*@"), "*") {
			wrong("assigned_to", named(who, "is neither a person like ada@example.com nor a domain like *@example.com, in small letters"))
		}
	}
	switch {
	case app.AssignmentRequired && len(app.AssignedTo) == 0:
		wrong("assigned_to", "is empty, but assignment_required is true: nobody could sign in")
	case !app.AssignmentRequired && len(app.AssignedTo) > 0:
		wrong("assignment_required", "is not true, but assigned_to names people: say true, or leave the list out")
	}
	if app.SignInFrequency < 0 || app.SignInFrequency > maxFrequency {
		wrong("sign_in_frequency", "is not 0 to 31536000 seconds")
	}
}

// checkReach checks which APIs an application may have tokens for. That they are registered is for whoever uses them to see.
func checkReach(app Application, wrong func(field, fault string)) {
	lists := []struct {
		field string
		list  []string
	}{{"resources", app.Resources}, {"introspects", app.Introspects}}
	if x := app.Exchange; x != nil {
		lists = append(lists, struct {
			field string
			list  []string
		}{"exchange", x.Audiences})
		if len(x.Audiences) == 0 || !x.Impersonate && !x.Delegate {
			wrong("exchange", "allows nothing: name audiences, and say true to impersonate or delegate")
		}
		if len(x.From) > maxResources || slices.ContainsFunc(x.From, func(id string) bool { return !validClientID(id) }) {
			wrong("exchange", "has from with more than 32 entries or something that is no client id")
		}
	}
	if (app.Exchange != nil) != app.MayUse(GrantExchange) {
		wrong("exchange", "and the token exchange grant belong together: give both or neither")
	}
	for _, one := range lists {
		wrong(one.field, every(one.list, maxResources, maxIdentifier))
		for _, id := range one.list {
			wrong(one.field, named(id, identifierFault(id)))
		}
	}
}

// fapiAlgs are the signature algorithms of FAPI 2.0 Security Profile section 5.4.1.
var fapiAlgs = []string{"PS256", "ES256", "EdDSA"}

// checkProfile holds an application to the FAPI 2.0 security profile when its registration says so: sections 5.3.2.1 and 5.4.
func checkProfile(app Application, wrong func(field, fault string)) {
	if app.Profile == "" {
		return
	}
	if wrong("profile", oneOf(app.Profile, []string{ProfileFAPI2})); app.Profile != ProfileFAPI2 {
		return
	}
	if !slices.Contains([]string{AuthPrivateKey, AuthTLS, AuthSelfSigned}, app.AuthMethod) {
		wrong("token_endpoint_auth_method", "is not one of profile fapi2: use private_key_jwt, tls_client_auth or self_signed_tls_client_auth")
	}
	if !app.BoundByDPoP && !app.BoundToCertificate {
		wrong("dpop_bound_access_tokens", "is not true, nor tls_client_certificate_bound_access_tokens: profile fapi2 needs one of them")
	}
	if app.answersIn() && !app.RequirePAR {
		wrong("require_pushed_authorization_requests", "is not true: profile fapi2 needs it")
	}
	if app.MayUse(GrantImplicit) {
		wrong("response_types", "has id_token: profile fapi2 is code alone")
	}
	if app.MayUse(GrantDevice) {
		wrong("grant_types", "has the device grant: profile fapi2 knows no other way than a redirect")
	}
	for _, one := range []struct{ field, alg string }{
		{"id_token_signed_response_alg", app.IDTokenAlg}, {"token_endpoint_auth_signing_alg", app.AuthSigningAlg},
		{"userinfo_signed_response_alg", app.UserinfoAlg}, {"introspection_signed_response_alg", app.IntrospectionAlg},
		{"request_object_signing_alg", app.RequestObjectAlg},
	} {
		if one.alg != "" && !slices.Contains(fapiAlgs, one.alg) {
			wrong(one.field, "is not one of profile fapi2: use one of "+strings.Join(fapiAlgs, ", "))
		}
	}
}
