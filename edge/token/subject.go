package token

import (
	"context"
	"encoding/base64"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// labelPairwise keys the MAC that pairwise subjects are made with. It is never changed: applications know people by what comes out.
const labelPairwise = "pairwise"

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
	if app.SubjectType != subjectPairwise {
		return account, nil
	}
	sector := app.Sector
	if sector == "" { // nothing to share with anybody: a sector of its own, with a name that no host has
		sector = "client:" + app.ClientID
	}
	sum, err := k.MAC(ctx, labelPairwise, []byte(sector+"|"+account))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}
