package tenant

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// Bounds of dynamic registration.
const (
	MaxRegistration = 64 << 10 // bytes of a document
	maxSector       = 200      // addresses of a sector's document
)

// ErrStatement says that the document has a software statement (RFC 7591 section 2.3). Nobody's statements are trusted here, and an application
// that relies on one would otherwise be registered as something else than it thinks.
var ErrStatement = errors.New("tenant: software statements are not approved")

// document is what an application says of itself when it registers (RFC 7591 section 2, OpenID Connect Registration 1.0 section 2).
type document struct {
	metadata
	Name  string  `json:"client_name,omitempty"`
	Kind  AppKind `json:"application_type,omitempty"`
	Scope string  `json:"scope,omitempty"`
	// Statement is not decoded: in WebAssembly a stack ends long before encoding/json thinks that a value is nested too deeply.
	Statement json.RawMessage `json:"software_statement,omitempty"`

	ClientID string `json:"client_id,omitempty"`     // when it replaces a registration (RFC 7592 section 2.2)
	Secret   string `json:"client_secret,omitempty"` // likewise
}

// Request is a registration document that was read.
type Request struct {
	Application  Application
	ClientID     string // as the document has it, "" for none
	ClientSecret string // likewise
}

// ParseRegistration reads a document of at most MaxRegistration bytes for an application that is to have a client id, under the terms
// of an initial access token. Members that are not known are ignored and what the document leaves open gets the defaults of the
// specifications (RFC 7591 section 2; OpenID Connect Registration 1.0 section 2). Its error is Faults or ErrStatement.
//
// The application has no client secret yet: its SecretHash is what secret says, for one that authenticates with a secret.
func ParseRegistration(data []byte, clientID string, secret []byte, terms Terms) (Request, error) {
	var d document
	if len(data) > MaxRegistration {
		return Request{}, Faults{{Fault: "the document is larger than 64 KiB"}}
	}
	if err := strict(data, &d, nil); err != nil {
		return Request{}, Faults{{Fault: "the document " + err.Error()}}
	}
	if given(d.Statement) {
		return Request{}, ErrStatement
	}
	app := terms.apply(d.application(clientID))
	if app.Authenticates(AuthBasic) || app.Authenticates(AuthPost) {
		app.SecretHash = secret
	}
	faults := parseKeys(&app, d.JWKS, nil)
	fillEncryption(&app, "A128CBC-HS256")
	faults = append(faults, check(app)...)
	if faults = append(faults, strangerFaults(app)...); len(faults) > 0 {
		return Request{}, faults
	}
	return Request{app.settled(), d.ClientID, d.Secret}, nil
}

// application is what a document means, with the defaults of the specifications.
func (d document) application(clientID string) Application {
	app := d.metadata.application()
	app.ClientID, app.Kind = clientID, AppKind(or(string(d.Kind), string(AppWeb)))
	app.GrantTypes = orAll(app.GrantTypes, grantsFor(app.ResponseTypes))
	if len(app.ResponseTypes) == 0 && app.MayUse(GrantCode) {
		app.ResponseTypes = []string{ResponseCode}
	}
	app.AuthMethod = or(app.AuthMethod, AuthBasic)
	if app.answersIn() {
		app.ResponseModes = slices.Clone(modesFor(app))
	}
	app.Scopes = scopesFor(app, d.Scope)
	app.IDTokenAlg = or(app.IDTokenAlg, "RS256")
	if app.UserinfoAlg == "none" { // plain JSON, which is what nothing said means, too
		app.UserinfoAlg = ""
	}
	app.Name = d.Name
	if list := hosts(app.RedirectURIs); app.Name == "" && len(list) > 0 {
		app.Name = list[0]
	}
	app.Name = or(app.Name, clientID)
	app.Sector = sectorOf(app)
	return app
}

// modesFor are the response modes, of which a document says nothing. One that keeps no secret may be a script in a page, which reads
// fragments. At others nobody looks for a code there, and it would stay in the address wherever the browser goes next (RFC 9700 section 4.1.1).
func modesFor(app Application) []string {
	if app.AuthMethod == AuthNone {
		return responseModes
	}
	return defaultModes(app)
}

// grantsFor are the grant types that go with response types (RFC 7591 section 2.1).
func grantsFor(responses []string) []string {
	var grants []string
	text := " " + strings.Join(responses, " ") + " "
	if len(responses) == 0 || strings.Contains(text, " code ") {
		grants = append(grants, GrantCode)
	}
	if strings.Contains(text, " id_token ") {
		grants = append(grants, GrantImplicit)
	}
	return grants
}

// scopesFor keeps of the wished-for scope what there is and what the application can use. One that is answered in the browser always
// may ask for openid, without which nothing is answered.
func scopesFor(app Application, wish string) (granted []string) {
	if !app.forPeople() {
		return nil
	}
	wished := strings.Fields(wish)
	for _, s := range scopes {
		unusable := s == oauth.ScopeOffline && !app.MayUse(GrantRefresh)
		wanted := len(wished) == 0 && s != oauth.ScopeSettings || slices.Contains(wished, s) || s == oauth.ScopeOpenID && app.answersIn()
		if wanted && !unusable {
			granted = append(granted, s)
		}
	}
	return orAll(granted, scopes[:1])
}

// strangerFaults are about what only an operator may register. Links must stay on the hosts that people come back to, so that an
// application cannot dress up as another one (RFC 7591 section 5, OpenID Connect Registration 1.0 section 9.1).
func strangerFaults(app Application) (faults Faults) {
	own := hosts(app.RedirectURIs)
	for _, link := range []struct{ field, uri string }{
		{"client_uri", app.ClientURI}, {"logo_uri", app.LogoURI}, {"policy_uri", app.PolicyURI}, {"tos_uri", app.TOSURI},
		{"initiate_login_uri", app.InitiateLoginURI},
	} {
		if link.uri != "" && !slices.Contains(own, strings.Join(hosts([]string{link.uri}), "")) {
			faults = append(faults, Fault{Application: app.ClientID, Field: link.field, Fault: "is at another host than every redirect URI"})
		}
	}
	if app.SectorURI != "" && !app.answeredAtHome() {
		faults = append(faults, Fault{Application: app.ClientID, Field: "sector_identifier_uri",
			Fault: "shows nothing for an application that is not answered at redirect URIs of its own alone: leave it out"})
	}
	return faults
}

// Owns reports whether people may take a link of an application's for its own. One that registered itself may list redirect URIs at
// hosts that are somebody else's, so its link must be at the host that it was answered at and, of answered, at no other.
func (a Application) Owns(link string, answered ...string) bool {
	return !a.Dynamic || slices.Equal(hosts([]string{link}), hosts(answered))
}

// Hosts are the faults about where an application's addresses lead, in this one place; a fetch checks again. An address that this service
// itself would call must have a public name, or whoever registers it could have our own network looked at (server-side request
// forgery). And a site that registers itself does not send people to their own machine (OpenID Connect Registration 1.0 section 2,
// application_type). local, when the issuer is there to be tried out, allows this machine for both.
func (a Application) Hosts(local bool) (faults Faults) {
	wrong := func(field, fault string) {
		faults = append(faults, Fault{Application: a.ClientID, Field: field, Fault: fault})
	}
	for _, one := range []struct{ field, uri string }{
		{"jwks_uri", a.JWKSURI}, {"sector_identifier_uri", a.SectorURI}, {"backchannel_logout_uri", a.BackchannelLogoutURI},
	} {
		if one.uri != "" && !oauth.PublicAddress(one.uri, local) {
			wrong(one.field, named(one.uri, "is not at a host with a public name: this service does not call addresses of private networks"))
		}
	}
	if local || !a.Dynamic || a.Kind != AppWeb {
		return faults
	}
	for _, list := range []struct {
		field string
		uris  []string
	}{{"redirect_uris", a.RedirectURIs}, {"post_logout_redirect_uris", a.PostLogoutRedirectURIs}} {
		if slices.ContainsFunc(hosts(list.uris), oauth.ThisMachine) {
			wrong(list.field, "leads to the person's own machine: that is for native applications")
		}
	}
	return faults
}

// CheckSector reads the document at a sector_identifier_uri, and returns an error unless it is a JSON array that has every redirect URI
// of the application (OpenID Connect Registration 1.0 section 5).
func (a Application) CheckSector(data []byte) error {
	var list []string
	if err := json.Unmarshal(data, &list); err != nil || len(list) > maxSector {
		return Faults{{Application: a.ClientID, Field: "sector_identifier_uri", Fault: "does not lead to a JSON array of at most 200 addresses"}}
	}
	for _, uri := range a.RedirectURIs {
		if !slices.Contains(list, uri) {
			return Faults{{Application: a.ClientID, Field: "sector_identifier_uri", Fault: "leads to a document that does not have every redirect URI"}}
		}
	}
	return nil
}

// Metadata is a registration as its application gets it back: everything that is registered now (RFC 7591 section 3.2.1). Members of
// the answer that are no metadata, the secret among them, are up to whoever answers.
func (a Application) Metadata() (map[string]any, error) {
	m, err := metadataOf(a)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(document{metadata: m, Name: a.Name, Kind: a.Kind, Scope: strings.Join(a.Scopes, " "), ClientID: a.ClientID})
	if err != nil {
		return nil, err
	}
	var members map[string]any
	return members, json.Unmarshal(data, &members)
}
