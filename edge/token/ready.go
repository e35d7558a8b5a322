package token

import (
	"context"
	"encoding/base64"
	"slices"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// ready says what is missing before the account need be asked.
func (s *Service) ready(ctx context.Context, app tenant.Application, q *request, present *session.Cookie) error {
	if present == nil || q.Fresh {
		return q.signIn(nil)
	}
	here := digest(present)
	switch {
	case q.Asked && q.Stale == here:
		return q.signIn(nil)
	case q.Denied == here:
		return oauth.ErrAccessDenied
	}
	if q.Subject != "" {
		sub, err := s.subject(ctx, app, present.Account)
		if err != nil {
			return err
		}
		if sub != q.Subject && q.Asked {
			return oauth.ErrLoginRequired
		}
		if sub != q.Subject {
			return q.signIn(nil)
		}
	}
	if err := s.reached(ctx, q, present); err != nil {
		return err
	}
	switch {
	case q.Agreed == here:
	case q.Consent:
		return s.consentIn(ctx, q, present)
	case q.Choose && !q.Asked && q.Chosen != here && (q.Shown == "" || q.Shown == here): // another session was chosen by signing in to it
		return needChoice
	}
	return nil
}

// consentIn asks for consent, in a session that will do when it was given: who has to sign in again does so first, and is asked once.
func (s *Service) consentIn(ctx context.Context, q *request, present *session.Cookie) error {
	if q.NotBefore > 0 {
		now, err := s.accounts.TouchSession(ctx, present.Account, present.Ref())
		if err != nil {
			return q.missing(err)
		}
		if now.AuthTime < q.NotBefore {
			return q.signIn(account.ErrStale)
		}
	}
	return needConsent
}

// reached checks the level of the session against what was asked for. Only when some level would not do is the session looked at.
func (s *Service) reached(ctx context.Context, q *request, present *session.Cookie) error {
	if len(q.ACR) == 0 || !slices.ContainsFunc(acrs, func(level string) bool { return !slices.Contains(q.ACR, level) }) {
		return nil
	}
	now, err := s.accounts.TouchSession(ctx, present.Account, present.Ref())
	if err != nil {
		return q.missing(err)
	}
	return q.stepUp(acrOf(now.AMR))
}

// stepUp lets a person try once more to reach the level (OpenID Connect Core Unmet Authentication Requirements 1.0, RFC 9470
// section 5).
func (q *request) stepUp(level string) error {
	switch {
	case slices.Contains(q.ACR, level):
		return nil
	case !q.Asked:
		return q.signIn(nil)
	case q.MustACR:
		return oauth.ErrUnmetAuthentication
	}
	return nil
}

// digest tells one sign-in from the next. Signing in again may keep the session's id but always makes a new secret.
func digest(present *session.Cookie) string {
	return base64.RawURLEncoding.EncodeToString(account.Hash(present.Secret)[:16])
}
