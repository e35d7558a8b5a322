package tenant

import (
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// answersIn reports whether an application is answered in the browser, at a redirect URI.
func (a Application) answersIn() bool { return a.MayUse(GrantCode) || a.MayUse(GrantImplicit) }

// forPeople reports whether people sign in to the application, at a browser or at a device.
func (a Application) forPeople() bool { return a.answersIn() || a.MayUse(GrantDevice) }

// checkGrants holds grant types and response types together (RFC 7591 section 2.1), and what else goes with them.
func checkGrants(app Application, wrong func(field, fault string)) {
	if len(app.ResponseTypes) > 0 || app.answersIn() {
		wrong("response_types", within(app.ResponseTypes, responseTypes))
	}
	wrong("grant_types", within(app.GrantTypes, grantTypes))
	code := slices.Contains(app.ResponseTypes, ResponseCode) || slices.Contains(app.ResponseTypes, ResponseHybrid)
	implicit := slices.Contains(app.ResponseTypes, ResponseIDToken) || slices.Contains(app.ResponseTypes, ResponseHybrid)
	wrong("grant_types", goTogether(code, app.MayUse(GrantCode), "code", GrantCode))
	wrong("grant_types", goTogether(implicit, app.MayUse(GrantImplicit), "id_token", GrantImplicit))
	if app.MayUse(GrantRefresh) && !app.MayUse(GrantCode) && !app.MayUse(GrantDevice) {
		wrong("grant_types", "has refresh_token and nothing that gives one: add authorization_code or the device grant, or remove it")
	}
	if app.answersIn() || len(app.ResponseModes) > 0 {
		wrong("response_modes", within(app.ResponseModes, responseModes))
	}
	if app.forPeople() || len(app.Scopes) > 0 {
		wrong("scopes", apart(app.Scopes))
	}
	if app.answersIn() && !slices.Contains(app.Scopes, oauth.ScopeOpenID) {
		wrong("scopes", "lacks openid: add it")
	}
	if slices.Contains(app.Scopes, oauth.ScopeOffline) && !app.MayUse(GrantRefresh) {
		wrong("scopes", "has offline_access, which is for refresh tokens: add refresh_token to grant_types")
	}
}

// apart checks scope values of our own; those of an API come with it.
func apart(values []string) string {
	fault := within(values, scopes)
	if fault != "" {
		fault += "; the scopes of an API come with it when it is listed under resources"
	}
	return fault
}

func goTogether(response, grant bool, responseType, grantType string) string {
	switch {
	case response && !grant:
		return "lacks " + grantType + ", which response_types with " + responseType + " needs: add it"
	case grant && !response:
		return "has " + grantType + ", but no response_types with " + responseType + ": add one, or remove the grant"
	}
	return ""
}

// checkURIs checks the addresses that browsers are sent to or that this service calls.
func checkURIs(app Application, wrong func(field, fault string)) {
	if len(app.RedirectURIs) == 0 && app.answersIn() {
		wrong("redirect_uris", "is empty: list the addresses that people are sent back to")
	}
	for _, list := range []struct {
		field string
		uris  []string
	}{{"redirect_uris", app.RedirectURIs}, {"post_logout_redirect_uris", app.PostLogoutRedirectURIs}} {
		if len(list.uris) > maxURIs {
			wrong(list.field, "has more than 32 addresses: register the parts as applications of their own")
			continue
		}
		for _, uri := range list.uris {
			wrong(list.field, named(uri, uriFault(uri, app.Kind)))
		}
	}
	for _, one := range []struct{ field, uri string }{
		{"backchannel_logout_uri", app.BackchannelLogoutURI}, {"frontchannel_logout_uri", app.FrontchannelLogoutURI},
		{"sector_identifier_uri", app.SectorURI}, {"initiate_login_uri", app.InitiateLoginURI}, {"client_uri", app.ClientURI},
		{"logo_uri", app.LogoURI}, {"policy_uri", app.PolicyURI}, {"tos_uri", app.TOSURI},
	} {
		if one.uri != "" {
			wrong(one.field, named(one.uri, uriFault(one.uri, AppWeb)))
		}
	}
	if uri := app.FrontchannelLogoutURI; uri != "" && !sameOrigin(uri, app.RedirectURIs) { // OpenID Connect Front-Channel Logout 1.0 section 2
		wrong("frontchannel_logout_uri", "has another scheme, host or port than every redirect URI: use the application's own")
	}
	checkSector(app, wrong)
}

// checkSector checks whom an application shares its subjects with (OpenID Connect Core 1.0 section 8.1). That the document at
// sector_identifier_uri has the redirect URIs, whoever registers the application has made sure of (CheckSector).
func checkSector(app Application, wrong func(field, fault string)) {
	wrong("subject_type", oneOf(app.SubjectType, []string{SubjectPublic, SubjectPairwise}))
	if app.SubjectType == SubjectPairwise && app.SectorURI == "" && len(hosts(app.RedirectURIs)) > 1 {
		wrong("sector_identifier_uri", "is missing: redirect URIs at several hosts need it for pairwise subjects")
	}
	if app.Sector != sectorOf(app) {
		wrong("sector_identifier_uri", "does not fit the sector")
	}
}

// sectorOf is the host that an application's pairwise subjects belong to: that of sector_identifier_uri, else the one that all redirect
// URIs have. "" is a sector of its own, for an application about which its redirect URIs show nothing.
func sectorOf(app Application) string {
	if app.SubjectType != SubjectPairwise {
		return ""
	}
	if app.SectorURI != "" {
		return strings.Join(hosts([]string{app.SectorURI}), "")
	}
	list := hosts(app.RedirectURIs)
	if len(list) != 1 || !app.answeredAtHome() {
		return ""
	}
	return list[0]
}

// answeredAtHome reports whether only who has the hosts of an application's redirect URIs can have tokens by it. It is not so for one
// that can have them without being answered there, nor for one that is answered on the loopback interface, where everybody is.
func (a Application) answeredAtHome() bool {
	list := hosts(a.RedirectURIs)
	return len(list) > 0 && !a.MayUse(GrantDevice) && (a.Kind != AppNative || !slices.ContainsFunc(list, oauth.ThisMachine))
}

// hosts are the different hosts of some addresses, without ports.
func hosts(uris []string) (list []string) {
	for _, uri := range uris {
		u, err := url.Parse(uri)
		if err != nil {
			continue
		}
		if host := strings.ToLower(u.Hostname()); !slices.Contains(list, host) {
			list = append(list, host)
		}
	}
	return list
}
