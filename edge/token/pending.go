package token

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/session"
)

// pending is what a person has to do before a request can be answered: one of our pages. With prompt=none nobody is asked and it is
// the answer (OpenID Connect Core 1.0 section 3.1.2.6).
type pending struct {
	answer *oauth.Error
	page   string
}

var (
	needSignin  = &pending{oauth.ErrLoginRequired, "/signin"}
	needAccount = &pending{oauth.ErrLoginRequired, "/signup"}
	needChoice  = &pending{oauth.ErrAccountSelection, "/consent"}
	needConsent = &pending{oauth.ErrConsentRequired, "/consent"}
	needOther   = &pending{oauth.ErrAccessDenied, "/error"} // this person may not use the application; another one may
)

// Error names the answer and the cause.
func (p *pending) Error() string { return p.answer.Error() }

// Unwrap returns the answer.
func (p *pending) Unwrap() error { return p.answer }

// from returns p with the cause for the log.
func (p *pending) from(cause error) error { return &pending{p.answer.From(cause), p.page} }

// signIn is the sign-in page, or once that of prompt=create.
func (q *request) signIn(cause error) error {
	if q.Create && !q.Asked {
		return needAccount.from(cause)
	}
	return needSignin.from(cause)
}

// ask keeps the request in the browser and sends the person to the page.
func (s *Service) ask(w http.ResponseWriter, r *http.Request, f flow, missing *pending, present *session.Cookie) {
	q := f.Authorize
	query := url.Values{"flow": {f.ID}}
	switch missing.page {
	case needSignin.page, needAccount.page:
		if !q.Asked && present != nil {
			q.Stale = digest(present)
		}
		if q.Fresh {
			q.Fresh, q.NotBefore = false, max(q.NotBefore, s.now().Unix())
		}
		q.Asked = true
		if q.LoginHint != "" {
			query.Set("login_hint", q.LoginHint)
		}
	case needConsent.page:
		q.Shown, q.Choosing = digest(present), errors.Is(missing, oauth.ErrAccountSelection)
	case needOther.page:
		q.Denied = digest(present)
		query.Set("code", oauth.ErrNotAssigned.Code)
	}
	if err := s.keepFlow(w, r, f); err != nil {
		s.errors.Answer(w, r, q.answer(s.issuer), err)
		return
	}
	oauth.Redirect(w, r, oauth.PagePrefix(r, q.Locales)+missing.page+"?"+query.Encode())
}
