package token

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
)

// signoutRequest is the body of api.RouteSignout.
type signoutRequest struct {
	// Flow is the id of the sign-out that an application asked for, "" when the person did. It cannot be guessed, so a page of
	// ours that has one was sent here by logout, and one that was linked to by a stranger has none that works.
	Flow string `json:"flow,omitempty"`
}

// signout ends the session of this browser (api.RouteSignout) and says which pages of applications to load in hidden frames and
// where to go then: the application's address, or "/" when there is none. It does the same when there is no session any more, so that it can be repeated.
func (s *Service) signout(w http.ResponseWriter, r *http.Request, in signoutRequest) (api.SignoutResponse, error) {
	out := api.SignoutResponse{FrontChannel: []string{}, Redirect: "/"}
	if in.Flow != "" {
		f, err := s.openFlow(r, in.Flow)
		if errors.Is(err, oauth.ErrExpired) || err == nil && f.Logout == nil {
			return out, problem.New(api.CodeExpired)
		}
		if err != nil {
			return out, err
		}
		if f.Logout.Redirect != "" {
			out.Redirect = f.Logout.Redirect
		}
	}
	present, err := s.present(r)
	if err != nil {
		return out, err
	}
	if present != nil {
		if out.FrontChannel, err = s.end(r, present); err != nil {
			return out, err
		}
	}
	session.Clear(w)
	dropFlow(w, r, in.Flow)
	return out, nil
}

// end ends a session in the account, which queues the back-channel logouts in the same transaction, and returns the front-channel pages.
func (s *Service) end(r *http.Request, present *session.Cookie) ([]string, error) {
	ended, err := s.accounts.EndSession(r.Context(), present.Account, account.EndSessionIn{Session: present.Ref()})
	if errors.Is(err, account.ErrSession) {
		return []string{}, nil // over already
	}
	if err != nil {
		return nil, err
	}
	return s.frontChannel(r.Context(), ended.FrontChannel, present.ID), nil
}

// frontChannel adds issuer and session to the applications' logout pages (Front-Channel Logout 1.0 section 2), each once. They were
// validated when they were registered. An application that is gone has no page any more; the session is over in any case.
func (s *Service) frontChannel(ctx context.Context, pages []account.FrontChannel, id string) []string {
	out := make([]string, 0, len(pages))
	for _, page := range pages {
		app, err := s.applications.Application(ctx, page.ClientID)
		var sid string
		if err == nil {
			sid, err = s.session(ctx, app, id)
		}
		if err != nil {
			s.log.InfoContext(ctx, "no front-channel logout", "client", page.ClientID, "error", err)
			continue
		}
		if to := oauth.AddQuery(page.URI, url.Values{"iss": {s.issuer}, "sid": {sid}}); !slices.Contains(out, to) {
			out = append(out, to)
		}
	}
	return out
}
