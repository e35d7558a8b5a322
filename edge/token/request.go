package token

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// Limits, in bytes. A request must fit into a cookie while the person signs in.
const (
	maxState = 1024
	maxNonce = 512
)

// maxResources bounds the APIs that one request names (RFC 8707).
const maxResources = 8

// request is an authorization request that was validated against its application's registration. It is sealed into the
// flow cookie, hence the short names.
type request struct {
	ClientID    string             `json:"c"`
	RedirectURI string             `json:"r"`
	Type        string             `json:"y"`
	Mode        oauth.ResponseMode `json:"m"`
	State       string             `json:"s,omitempty"`
	Scope       oauth.Scope        `json:"o"`
	Resources   []string           `json:"e,omitempty"` // identifiers of APIs
	Nonce       string             `json:"n,omitempty"`
	Challenge   string             `json:"p,omitempty"`
	JKT         string             `json:"j,omitempty"` // key that the code is bound to (RFC 9449 section 10)
	Claims      string             `json:"k,omitempty"` // what of the claims parameter is kept (wishes.kept)
	LoginHint   string             `json:"h,omitempty"`
	Locales     string             `json:"l,omitempty"` // "de" or "en", "" when the request does not say
	lifetime    int64              // of the code, in seconds; 0: CodeLifetime
	Vault       []byte             `json:"V,omitempty"` // point that a device is to encrypt the key of the application's settings to
	Sealed      string             `json:"S,omitempty"` // what it has encrypted
	Pushed      string             `json:"P,omitempty"` // id of the pushed request, which is answered once

	None    bool `json:"q,omitempty"` // prompt=none: answer without showing anything
	Fresh   bool `json:"f,omitempty"` // the person must sign in again and has not been asked yet
	Create  bool `json:"w,omitempty"` // prompt=create: and by making an account
	Choose  bool `json:"z,omitempty"` // prompt=select_account
	Consent bool `json:"b,omitempty"` // prompt=consent

	Subject string `json:"u,omitempty"` // whose session it must be, by id_token_hint or claims
	// ACR are the levels asked for that a person can reach here; MustACR that another one is no success.
	ACR     []string `json:"g,omitempty"`
	MustACR bool     `json:"v,omitempty"`

	// NotBefore is when the password must have been given at the earliest, in unix seconds (max_age, sign-in frequency).
	NotBefore int64 `json:"t,omitempty"`

	// What follows says how far the person has got. Sessions are told apart by their digest: seconds alone would let a session pass
	// that began in the very second of the request.
	Asked  bool   `json:"a,omitempty"` // was sent to sign in, and
	Stale  string `json:"x,omitempty"` // this session did not do then
	Shown  string `json:"i,omitempty"` // was asked about the application in this session,
	Chosen string `json:"C,omitempty"` // chose the account of this one,
	Agreed string `json:"A,omitempty"` // agreed to what is asked in this one,
	Denied string `json:"D,omitempty"` // said no in this one, or is not one of its people

	Choosing bool `json:"d,omitempty"` // the account was all that was asked about
}

// answer is where the request's response goes.
func (q *request) answer(issuer string) oauth.Answer {
	return oauth.Answer{RedirectURI: q.RedirectURI, Mode: q.Mode, State: q.State, Issuer: issuer}
}

// code reports whether the answer has a code, idToken whether it has an ID token.
func (q *request) code() bool    { return q.Type != typeIDToken }
func (q *request) idToken() bool { return q.Type != typeCode }

// parseRequest validates the parameters of an authorization request whose client and redirect URI are good already. Its
// errors go to the application, for which the request is filled as far as an answer needs.
func (s *Service) parseRequest(ctx context.Context, app tenant.Application, p oauth.Params, from source) (*request, error) {
	q := &request{ClientID: p.Get("client_id"), RedirectURI: p.Get("redirect_uri"), Pushed: from.ID}
	var wrongType, wrongMode, err error
	q.Type, wrongType = responseType(app, p.Get("response_type"))
	q.Mode, wrongMode = responseMode(app, q.Type, p.Get("response_mode"))
	if validState(p.Get("state")) {
		q.State = p.Get("state")
	}
	for _, check := range []error{p.Single(), came(app, from), supported(p), wrongType, wrongMode} {
		if check != nil {
			return q, check
		}
	}
	if !validState(p.Get("state")) {
		return q, oauth.ErrInvalidRequest.With("state is longer than 1024 characters or not ASCII")
	}
	if err := s.parseScope(ctx, app, q, p); err != nil {
		return q, err
	}
	if q.Challenge, err = challenge(q, p); err != nil {
		return q, err
	}
	if err := q.parseValues(p); err != nil {
		return q, err
	}
	if err := q.parsePrompt(app, p, s.now()); err != nil {
		return q, err
	}
	if err := q.parseKeys(p); err != nil {
		return q, err
	}
	if err := s.parseHints(ctx, q, p); err != nil {
		return q, err
	}
	if err := q.parseClaims(app, p); err != nil {
		return q, err
	}
	return q, s.spendObject(ctx, q.ClientID, from.Object)
}

// came holds an application to the way in which it said its requests come.
func came(app tenant.Application, from source) error {
	switch {
	case (app.RequirePAR || app.Profile == tenant.ProfileFAPI2) && !from.Pushed:
		return oauth.ErrInvalidRequest.With("this application must push its requests")
	case app.RequireSignedRequest && !from.Signed:
		return oauth.ErrInvalidRequest.With("this application must sign its requests")
	}
	return nil
}

// validState: VSCHAR (RFC 6749 appendix A.5), bounded.
func validState(state string) bool {
	for i := range len(state) {
		if state[i] < 0x20 || state[i] > 0x7e {
			return false
		}
	}
	return len(state) <= maxState
}

// supported refuses what a specification lets a provider refuse by name (OpenID Connect Core 1.0 sections 3.1.2.6, 6, 7.2).
func supported(p oauth.Params) error {
	switch {
	case p.Has("request"):
		return oauth.ErrRequestNotSupported
	case p.Has("request_uri"):
		return oauth.ErrRequestURINotSupported
	case p.Has("registration"):
		return oauth.ErrRegistrationRefused
	}
	return nil
}

// challenge insists on PKCE with S256 for every code (RFC 7636 section 4.4.1, RFC 9700 section 2.1.1). A request that names no
// method means "plain".
func challenge(q *request, p oauth.Params) (string, error) {
	switch value := p.Get("code_challenge"); {
	case !q.code():
		return "", nil
	case value == "":
		return "", oauth.ErrInvalidRequest.With("code_challenge is missing")
	case p.Get("code_challenge_method") != oauth.MethodS256:
		return "", oauth.ErrInvalidRequest.With("code_challenge_method must be S256")
	case !oauth.ValidChallenge(value):
		return "", oauth.ErrInvalidRequest.With("code_challenge is not the base64url of a SHA-256")
	default:
		return value, nil
	}
}

// parseValues reads what is only passed on. Whoever gets an ID token in the front channel must be able to tell it from one of
// another sign-in (Core sections 3.2.2.1, 3.3.2.11).
func (q *request) parseValues(p oauth.Params) error {
	q.Nonce, q.JKT = p.Get("nonce"), p.Get("dpop_jkt")
	switch {
	case len(q.Nonce) > maxNonce:
		return oauth.ErrInvalidRequest.With("nonce is longer than 512 bytes")
	case q.Nonce == "" && q.idToken():
		return oauth.ErrInvalidRequest.With("nonce is missing")
	case q.JKT != "" && !oauth.ValidChallenge(q.JKT): // of the same form: the base64url of a SHA-256
		return oauth.ErrInvalidRequest.With("dpop_jkt is not a thumbprint")
	}
	return nil
}
