package tenant

import "github.com/latchkey-id/latchkey/edge/oauth"

// CommandLine is the client id of the command line, wasm/cmd/latchkey. It is built in: operators register nothing for it, and nobody else
// can have its id.
const CommandLine = "latchkey"

// commandLinePassword is how long before the answer the password was given at the latest, in seconds. A session that began with a password
// makes another one here, so a browser that somebody found signed in must not be enough.
const commandLinePassword = 600

// commandLine may ask for one thing, a session of its own, and each time the person is asked (edge/token). It keeps no secret, so what is
// issued to it is bound to a code verifier or a device code, and to a key.
var commandLine = Application{
	ClientID: CommandLine, Name: "Latchkey command line", Kind: AppNative, AuthMethod: AuthNone,
	RedirectURIs:    []string{"http://127.0.0.1/callback", "http://[::1]/callback"}, // any port (RFC 8252 section 7.3)
	GrantTypes:      []string{GrantCode, GrantDevice},
	ResponseTypes:   []string{ResponseCode},
	ResponseModes:   []string{"query"},
	Scopes:          []string{oauth.ScopeSession},
	IDTokenAlg:      signingAlgs[0],
	BoundByDPoP:     true,
	SubjectType:     SubjectPublic,
	Consent:         ConsentAdministrator,
	SignInFrequency: commandLinePassword,
}
