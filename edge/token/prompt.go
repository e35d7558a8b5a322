package token

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
)

// Values of prompt (OpenID Connect Core 1.0 section 3.1.2.1).
const (
	promptNone    = "none"
	promptLogin   = "login"
	promptSelect  = "select_account"
	promptConsent = "consent"
)

// parsePrompt reads prompt and max_age (Core section 3.1.2.1). There is no account chooser and no consent page of its own:
// signing in again is how a person chooses an account and says yes.
func (q *request) parsePrompt(p oauth.Params, now time.Time) error {
	for _, value := range strings.Fields(p.Get("prompt")) {
		switch value {
		case promptNone:
			q.None = true
		case promptLogin, promptSelect, promptConsent:
			q.Fresh = true
		default:
			return oauth.ErrInvalidRequest.With("prompt has an unknown value")
		}
	}
	if q.None && q.Fresh {
		return oauth.ErrInvalidRequest.With("prompt=none stands alone")
	}
	if !p.Has("max_age") {
		return nil
	}
	age, err := strconv.ParseUint(p.Get("max_age"), 10, 31)
	if err != nil {
		return oauth.ErrInvalidRequest.With("max_age is not a number of seconds")
	}
	if q.NotBefore = now.Unix() - int64(age); age == 0 {
		q.Fresh = true // the same as prompt=login
	}
	return nil
}

// parseHints reads who the application thinks the person is. An id_token_hint that is not ours says nothing: it is as if the
// person were unknown, which prompt=none answers with login_required.
func (s *Service) parseHints(ctx context.Context, q *request, p oauth.Params) error {
	if hint := p.Get("login_hint"); len(hint) <= api.MaxUPN {
		q.LoginHint = hint
	}
	q.Locales = uiLocale(p)
	if !p.Has("id_token_hint") {
		return nil
	}
	hint, err := s.readHint(ctx, p.Get("id_token_hint"))
	if err == nil {
		q.Subject = hint.Subject
		return nil
	}
	if q.None {
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
