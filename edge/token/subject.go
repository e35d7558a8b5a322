package token

import (
	"context"
	"encoding/base64"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// Labels key the MACs that pairwise subjects, and the sessions that go with them, are made with. The first is never changed: applications
// know people by what comes out.
const (
	labelPairwise = "pairwise"
	labelSession  = "pairwise/sid"
)

// Kinds of subject (OpenID Connect Core 1.0 section 8).
const (
	subjectPublic   = "public"
	subjectPairwise = "pairwise"
)

// macer is the one method of Keys that pairwise subjects need.
type macer interface {
	MAC(ctx context.Context, label string, data []byte) ([]byte, error)
}

// subject is the sub by which an application knows an account: in ID tokens, at userinfo, in introspection, in JWT access tokens and
// in logout tokens. Public subjects are the account's id; pairwise ones are the same for all applications of a sector and cannot
// be joined with those of another one (Core section 8.1).
func (s *Service) subject(ctx context.Context, app tenant.Application, account string) (string, error) {
	return subjectOf(ctx, s.keys, app, account)
}

func subjectOf(ctx context.Context, k macer, app tenant.Application, account string) (string, error) {
	return pairwise(ctx, k, labelPairwise, app, account)
}

// session is the sid by which an application knows a session: in ID tokens, in JWT access tokens, in introspection and when it ends. One
// with pairwise subjects shares it with its sector alone. A sid need say no more than which session of an application it is (Back-Channel
// Logout 1.0 section 2.1), and one that two sites know would join the subjects that are kept apart.
func (s *Service) session(ctx context.Context, app tenant.Application, sid string) (string, error) {
	return sessionOf(ctx, s.keys, app, sid)
}

func sessionOf(ctx context.Context, k macer, app tenant.Application, sid string) (string, error) {
	return pairwise(ctx, k, labelSession, app, sid)
}

// pairwise is an application's own name for something, which is the same in its sector; public applications have the true one.
func pairwise(ctx context.Context, k macer, label string, app tenant.Application, name string) (string, error) {
	if app.SubjectType != subjectPairwise {
		return name, nil
	}
	sector := app.Sector
	if sector == "" { // nothing to share with anybody: a sector of its own, with a name that no host has
		sector = "client:" + app.ClientID
	}
	sum, err := k.MAC(ctx, label, []byte(sector+"|"+name))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}
