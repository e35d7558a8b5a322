package token

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// fulfil makes the answer to a request, in one transaction with the check of the session. A *pending says what the person has to do
// first.
func (s *Service) fulfil(ctx context.Context, app tenant.Application, q *request, present *session.Cookie) (url.Values, error) {
	if err := s.ready(ctx, app, q, present); err != nil {
		return nil, err
	}
	in := account.AuthorizeIn{
		Session: present.Ref(), AuthAfter: q.NotBefore,
		ClientID: q.ClientID, RedirectURI: q.RedirectURI, Scope: q.Scope.String(), Resources: q.Resources,
		Nonce: q.Nonce, Challenge: q.Challenge, JKT: q.JKT, ClaimsRequest: q.Claims,
		BackchannelLogoutURI: app.BackchannelLogoutURI, FrontchannelLogoutURI: app.FrontchannelLogoutURI,
		ConsentNeeded: app.Consent == tenant.ConsentRequired, Lifetime: q.lifetime,
	}
	in.Agreed = in.ConsentNeeded && q.Agreed == digest(present)
	if in.ConsentNeeded {
		terms, err := s.terms(ctx, app, q)
		if err != nil {
			return nil, err
		}
		in.Terms = terms
	}
	in.AssignedTo = assignedTo(app)
	if app.NoKeptSessions {
		in.KeptMaxAge = int64(keptMaxAge / time.Second)
	}
	answer := url.Values{}
	if q.code() {
		secret := account.NewSecret()
		in.CodeHash = account.Hash(secret)
		sealed, err := s.sealCode(ctx, code{Account: present.Account, Secret: secret, Keys: q.Sealed})
		if err != nil {
			return nil, err
		}
		answer.Set("code", sealed)
	}
	out, err := s.accounts.Authorize(ctx, present.Account, in)
	if err != nil {
		return nil, q.missing(err)
	}
	if err := s.spendPushed(ctx, q.Pushed); err != nil {
		return nil, err
	}
	if q.idToken() {
		token, err := s.frontToken(ctx, app, q, present.Account, answer.Get("code"), out)
		if err != nil {
			return nil, err
		}
		answer.Set("id_token", token)
	}
	return answer, nil
}

// assignedTo is whom an application is for, nil for everyone.
func assignedTo(app tenant.Application) []string {
	if !app.AssignmentRequired {
		return nil
	}
	return append([]string{}, app.AssignedTo...) // nobody, rather than everybody, when nobody is
}

// sealCode makes the code that the application sees. The account refuses it after CodeLifetime. What names the account outlives
// that, so that a code that comes back late still revokes what it had issued.
func (s *Service) sealCode(ctx context.Context, c code) (string, error) {
	sealed, err := s.keys.Seal(ctx, keys.PurposeCode, c, s.now().Add(CodeLifetime+AccessLifetime))
	if err != nil {
		return "", fmt.Errorf("token: seal code: %w", err)
	}
	return sealed, nil
}

// frontToken makes the ID token of an authorization answer (Core sections 3.2.2.10, 3.3.2.11). With a code beside it, it says who
// signed in and no more: the rest comes by the back channel (section 3.3.3.6).
func (s *Service) frontToken(ctx context.Context, app tenant.Application, q *request, id, code string, out account.AuthorizeOut) (string, error) {
	g := granted{
		Account: id, SID: out.SID, Scope: q.Scope.String(), Nonce: q.Nonce, AuthTime: out.AuthTime, AMR: out.AMR, Code: code,
	}
	if code == "" {
		g.Claims, g.ClaimsRequest = out.Claims, q.Claims
	}
	return s.idToken(ctx, app, g, "")
}

// missing turns what the account says into what the person has to do.
func (q *request) missing(err error) error {
	switch {
	case errors.Is(err, account.ErrSession), errors.Is(err, account.ErrStale):
		return q.signIn(err)
	case errors.Is(err, account.ErrConsent) && q.None && q.Subject != "": // or it could be guessed who visits a site
		return oauth.ErrLoginRequired.From(err)
	case errors.Is(err, account.ErrConsent):
		return needConsent.from(err)
	case errors.Is(err, account.ErrAssignment) && q.None:
		return oauth.ErrAccessDenied.From(err)
	case errors.Is(err, account.ErrAssignment):
		return needOther.from(err)
	}
	return err
}
