package token

import (
	"context"
	"slices"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// responseCode is the one response type on offer.
const responseCode = "code"

// Limits, in bytes. A request must fit into a cookie while the person signs in.
const (
	maxState = 1024
	maxNonce = 512
)

var scopes = []string{oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail}

// request is an authorization request that was validated against its application's registration. It is sealed into the
// flow cookie, hence the short names.
type request struct {
	ClientID    string             `json:"c"`
	RedirectURI string             `json:"r"`
	Mode        oauth.ResponseMode `json:"m"`
	State       string             `json:"s,omitempty"`
	Scope       oauth.Scope        `json:"o"`
	Nonce       string             `json:"n,omitempty"`
	Challenge   string             `json:"p"`
	Pushed      string             `json:"P,omitempty"` // id of the pushed request, which is answered once
	LoginHint   string             `json:"h,omitempty"`
	Locales     string             `json:"l,omitempty"` // "de" or "en", "" when the request does not say

	None    bool   `json:"q,omitempty"` // prompt=none: answer without showing anything
	Fresh   bool   `json:"f,omitempty"` // the person must sign in again and has not been asked yet
	Subject string `json:"u,omitempty"` // whose session it must be, by id_token_hint

	// NotBefore is when the password must have been given at the earliest, in unix seconds (max_age, prompt=login).
	NotBefore int64 `json:"t,omitempty"`
	// Stale is the digest of the session that did not do, once the person was sent to sign in; with Asked, another session is the
	// outcome of that. Seconds alone would let a session pass that began in the very second of the request.
	Stale string `json:"x,omitempty"`
	Asked bool   `json:"a,omitempty"`
}

// answer is where the request's response goes.
func (q *request) answer(issuer string) oauth.Answer {
	return oauth.Answer{RedirectURI: q.RedirectURI, Mode: q.Mode, State: q.State, Issuer: issuer}
}

// parseRequest validates the parameters of an authorization request whose client and redirect URI are good already. Its
// errors go to the application, for which the request is filled as far as an answer needs.
func (s *Service) parseRequest(ctx context.Context, app tenant.Application, p oauth.Params, from source) (*request, error) {
	q := &request{ClientID: p.Get("client_id"), RedirectURI: p.Get("redirect_uri"), Mode: oauth.ModeQuery, Pushed: from.ID}
	mode, err := oauth.ParseResponseMode(p.Get("response_mode"), oauth.ModeQuery)
	switch {
	case err == nil && !slices.Contains(app.ResponseModes, string(mode)):
		err = oauth.ErrInvalidRequest.With("response_mode is not registered for this application")
	case err == nil:
		q.Mode = mode
	}
	if validState(p.Get("state")) {
		q.State = p.Get("state")
	}
	for _, check := range []error{p.Single(), came(app, from), err, supported(p)} {
		if check != nil {
			return q, check
		}
	}
	if !validState(p.Get("state")) {
		return q, oauth.ErrInvalidRequest.With("state is longer than 1024 characters or not ASCII")
	}
	if q.Scope, err = requestedScope(app, p.Get("scope")); err != nil {
		return q, err
	}
	if q.Challenge, err = challenge(p); err != nil {
		return q, err
	}
	if q.Nonce = p.Get("nonce"); len(q.Nonce) > maxNonce {
		return q, oauth.ErrInvalidRequest.With("nonce is longer than 512 bytes")
	}
	if err := q.parsePrompt(p, s.now()); err != nil {
		return q, err
	}
	return q, s.parseHints(ctx, q, p)
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
	case !p.Has("response_type"):
		return oauth.ErrInvalidRequest.With("response_type is missing")
	case p.Get("response_type") != responseCode:
		return oauth.ErrUnsupportedResponseType.With("response_type must be code")
	}
	return nil
}

// requestedScope returns what of the scope parameter means something here. Without openid this is no OpenID Connect request
// (Core section 3.1.2.1), and we issue nothing to plain OAuth clients.
func requestedScope(app tenant.Application, text string) (oauth.Scope, error) {
	scope, err := oauth.ParseScope(text)
	if err != nil {
		return nil, err
	}
	if !scope.Has(oauth.ScopeOpenID) {
		return nil, oauth.ErrInvalidScope.With("scope must contain openid")
	}
	return scope.Within(app.Scopes...), nil
}

// challenge insists on PKCE with S256 (RFC 7636 section 4.4.1, RFC 9700 section 2.1.1). A request that names no method means "plain".
func challenge(p oauth.Params) (string, error) {
	switch value := p.Get("code_challenge"); {
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
