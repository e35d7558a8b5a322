package token

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// Values of prompt (OpenID Connect Core 1.0 section 3.1.2.1, Initiating User Registration 1.0 section 4).
const (
	promptNone    = "none"
	promptLogin   = "login"
	promptSelect  = "select_account"
	promptConsent = "consent"
	promptCreate  = "create"
)

// keptMaxAge is how long a password counts in a session that outlives the browser, at an application that does not take such
// sessions: "keep me signed in" is about the person's own device, and some applications want to hear from the person each day.
const keptMaxAge = 24 * time.Hour

// parsePrompt reads prompt.
func (q *request) parsePrompt(app tenant.Application, p oauth.Params, now time.Time) error {
	values := strings.Fields(p.Get("prompt"))
	for _, value := range values {
		switch value {
		case promptNone:
			q.None = true
		case promptLogin:
			q.Fresh = true
		case promptSelect:
			q.Choose = true
		case promptConsent:
			q.Consent = true
		case promptCreate:
			q.Fresh, q.Create = true, true
		default:
			return oauth.ErrInvalidRequest.With("prompt has an unknown value")
		}
	}
	if q.None && len(values) > 1 {
		return oauth.ErrInvalidRequest.With("prompt=none stands alone")
	}
	return q.parseAge(app, p, now)
}

// parseAge finds out how old the password may be: what the request says, or else the application's default (Dynamic
// Registration 1.0 section 2), and in any case the application's sign-in frequency.
func (q *request) parseAge(app tenant.Application, p oauth.Params, now time.Time) error {
	age := int64(-1)
	if app.DefaultMaxAge != nil {
		age = *app.DefaultMaxAge
	}
	if p.Has("max_age") {
		asked, err := strconv.ParseUint(p.Get("max_age"), 10, 31)
		if err != nil {
			return oauth.ErrInvalidRequest.With("max_age is not a number of seconds")
		}
		age = int64(asked)
	}
	if often := app.SignInFrequency; often > 0 && (age < 0 || often < age) {
		age = often
	}
	if age == 0 {
		q.Fresh = true // the same as prompt=login
	}
	if age >= 0 {
		q.NotBefore = now.Unix() - age
	}
	return nil
}

// parseHints reads who the application thinks the person is. An id_token_hint that is not ours, or was another application's, says
// nothing: it is as if the person were unknown, which prompt=none answers with login_required.
func (s *Service) parseHints(ctx context.Context, q *request, p oauth.Params) error {
	if hint := p.Get("login_hint"); len(hint) <= api.MaxUPN {
		q.LoginHint = hint
	}
	q.Locales = uiLocale(p)
	if !p.Has("id_token_hint") {
		return nil
	}
	hint, err := s.readHint(ctx, p.Get("id_token_hint"))
	switch {
	case err == nil && hint.Audience == q.ClientID:
		q.Subject = hint.Subject
	case q.None:
		return oauth.ErrLoginRequired.From(err)
	}
	return nil
}

// uiLocale keeps of ui_locales the one language that will be used, because the cookie is small.
func uiLocale(p oauth.Params) string {
	tags := strings.Fields(strings.ToLower(p.Get("ui_locales")))
	for _, tag := range tags[:min(len(tags), 16)] {
		primary, _, _ := strings.Cut(tag, "-")
		if slices.Contains(oauth.Languages, primary) {
			return primary
		}
	}
	return ""
}
