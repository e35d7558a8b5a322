package tenant

import (
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// entry is an application as the file writes it.
type entry struct {
	metadata
	ClientID      string          `json:"client_id"`
	Name          string          `json:"name"`
	Kind          AppKind         `json:"kind"`
	ClientSecret  string          `json:"client_secret"`
	IsPublic      bool            `json:"public"` // the same as token_endpoint_auth_method none
	ResponseModes []string        `json:"response_modes"`
	Scopes        []string        `json:"scopes"`
	EncryptionKey json.RawMessage `json:"encryption_key"`

	Profile            string          `json:"profile"`
	Consent            string          `json:"consent"`
	AssignmentRequired bool            `json:"assignment_required"`
	AssignedTo         []string        `json:"assigned_to"`
	SignInFrequency    int64           `json:"sign_in_frequency"`
	KeptSessions       *bool           `json:"kept_sessions"` // not given: true
	Resources          []string        `json:"resources"`
	Introspects        []string        `json:"introspects"`
	Exchange           *ExchangePolicy `json:"exchange"`
}

var entryMembers = append([]string{"client_id", "name", "kind", "client_secret", "public", "response_modes", "scopes", "encryption_key",
	"profile", "consent", "assignment_required", "assigned_to", "sign_in_frequency", "kept_sessions", "resources", "introspects", "exchange"},
	metadataMembers...)

// parseApplication reads one entry. position names it in faults until its client id is known.
func parseApplication(raw json.RawMessage, position string) (Application, Faults) {
	var e entry
	if err := strict(raw, &e, entryMembers); err != nil {
		if validClientID(e.ClientID) {
			position = e.ClientID
		}
		return Application{}, Faults{{Application: position, Fault: err.Error()}}
	}
	app := e.application()
	faults := parseSecret(&app, e)
	faults = append(faults, parseKeys(&app, e.JWKS, e.EncryptionKey)...)
	fillEncryption(&app, contentEncs[0])
	faults = append(faults, check(app)...)
	if !validClientID(app.ClientID) {
		for i := range faults {
			faults[i].Application = position
		}
	}
	return app, faults
}

// application is what an entry means, with the defaults of the file.
func (e entry) application() Application {
	app := e.metadata.application()
	app.ClientID, app.Name, app.Kind = e.ClientID, e.Name, AppKind(or(string(e.Kind), string(AppWeb)))
	if len(app.GrantTypes) == 0 {
		app.GrantTypes = []string{GrantCode}
		if slices.Contains(e.Scopes, oauth.ScopeOffline) {
			app.GrantTypes = []string{GrantCode, GrantRefresh}
		}
	}
	app.ResponseModes, app.Scopes = e.ResponseModes, e.Scopes
	if app.answersIn() {
		app.ResponseModes = orAll(e.ResponseModes, defaultModes(app))
	}
	if app.forPeople() {
		app.Scopes = orAll(e.Scopes, scopes[:3])
	}
	app.IDTokenAlg = or(app.IDTokenAlg, signingAlgs[0])
	app.Profile, app.Consent, app.AssignmentRequired, app.AssignedTo = e.Profile, e.Consent, e.AssignmentRequired, e.AssignedTo
	app.RequirePAR = app.RequirePAR || app.Profile == ProfileFAPI2 && app.answersIn()
	app.SignInFrequency, app.NoKeptSessions = e.SignInFrequency, e.KeptSessions != nil && !*e.KeptSessions
	app.Resources, app.Introspects, app.Exchange = e.Resources, e.Introspects, e.Exchange
	app.Sector = sectorOf(app)
	return app
}

// defaultModes are query and form_post; an ID token in the front channel has no query, and has fragment for its default.
func defaultModes(app Application) []string {
	if app.MayUse(GrantImplicit) {
		return responseModes
	}
	return responseModes[:2]
}

// fillEncryption completes algorithms by the content encryption that is used when none is named.
func fillEncryption(app *Application, enc string) {
	if app.EncryptionAlg != "" {
		app.EncryptionEnc = or(app.EncryptionEnc, enc)
	}
	if app.UserinfoEncryptionAlg != "" {
		app.UserinfoEncryptionEnc = or(app.UserinfoEncryptionEnc, enc)
	}
}

func parseSecret(app *Application, e entry) Faults {
	if e.IsPublic {
		if e.ClientSecret != "" {
			return Faults{{Application: app.ClientID, Field: "public", Fault: "is true, but there is a client_secret: remove one of them"}}
		}
		if app.AuthMethod != "" && app.AuthMethod != AuthNone {
			return Faults{{Application: app.ClientID, Field: "public", Fault: "is true, but token_endpoint_auth_method is not none: remove one of them"}}
		}
		return nil
	}
	switch {
	case e.ClientSecret == "" && app.AuthMethod != "":
		return nil // check sees whether the method needs one
	case e.ClientSecret == "":
		return Faults{{Application: app.ClientID, Field: "client_secret", Fault: `is missing: make one with "openssl rand -hex 32", or say "public": true for an application that cannot keep a secret`}}
	case weakSecret(e.ClientSecret):
		return Faults{{Application: app.ClientID, Field: "client_secret", Fault: `is not 32 random bytes as text (43 to 256 printable characters): make one with "openssl rand -hex 32"`}}
	}
	sum := sha256.Sum256([]byte(e.ClientSecret))
	app.SecretHash = sum[:]
	return nil
}

// weakSecret refuses what cannot be 32 random bytes: only randomness makes a plain hash a safe way to keep it.
func weakSecret(s string) bool {
	var seen [128]bool
	kinds := 0
	for i := range len(s) {
		if s[i] <= 0x20 || s[i] >= 0x7f {
			return true
		}
		if !seen[s[i]] {
			seen[s[i]], kinds = true, kinds+1
		}
	}
	return len(s) < 43 || len(s) > 256 || kinds < 10
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func orAll(list, otherwise []string) []string {
	if len(list) == 0 {
		return slices.Clone(otherwise)
	}
	return list
}
