package signin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/state"
)

// signupCookie remembers the new address that this browser has reserved, so that going back a page or loading it again does not
// find the address taken by oneself. It holds the same sealed value as the page.
const signupCookie = "__Host-signup"

// resume finds the sign-up that this browser has begun for a new address and that is still open.
func (s *Service) resume(r *http.Request, kind api.SignupKind, name string) (api.SignupState, bool, error) {
	var none api.SignupState
	cookie, err := r.Cookie(signupCookie)
	if err != nil || kind != api.SignupNew {
		return none, false, nil
	}
	facts, err := s.signupOf(r.Context(), cookie.Value, name)
	if err != nil || facts.UPN != name {
		return none, false, err
	}
	return signupState(cookie.Value, facts), true, nil
}

// signupOf returns the facts of a sealed sign-up for a new address, none when it is over, another's, or was not made here.
func (s *Service) signupOf(ctx context.Context, sealed, name string) (account.SignupFactsOut, error) {
	var none account.SignupFactsOut
	up, err := state.Open[signup](ctx, s.Keys, useSignup, sealed)
	var p *api.Problem
	if errors.As(err, &p) || err == nil && (up.Kind != api.SignupNew || up.UPN != name) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	facts, err := s.Accounts.SignupFacts(ctx, up.Account)
	if errors.Is(err, account.ErrSignup) {
		return none, nil
	}
	return facts, err
}

// remember has the browser keep a sealed sign-up; an empty one is forgotten.
func remember(w http.ResponseWriter, sealed string) {
	maxAge := int(signupLifetime / time.Second)
	if sealed == "" {
		maxAge = -1
	}
	http.SetCookie(w, session.HostCookie(signupCookie, sealed, maxAge))
}
