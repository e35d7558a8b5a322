package token

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// farewell is a sign-out that an application asked for and that was validated.
type farewell struct {
	Redirect string `json:"r,omitempty"` // a registered address with state appended, "" for none
	Locales  string `json:"l,omitempty"`
	Session  string `json:"s,omitempty"` // the sid of id_token_hint, "" without a good one
	Client   string `json:"c,omitempty"` // the application that knows the session by it
}

// logout is the end-session endpoint (RP-Initiated Logout 1.0 section 2). It ends nothing itself: anybody can make a browser come
// here. It sends the person to the sign-out page, which ends the session with a POST of our own (signout), and asks first
// unless the request carries an ID token of this very session (section 6).
func (s *Service) logout(w http.ResponseWriter, r *http.Request) {
	p, err := oauth.RequestParams(w, r)
	if err == nil {
		err = p.Single()
	}
	if err != nil {
		s.errors.Page(w, r, err)
		return
	}
	bye, err := s.parseLogout(r.Context(), p)
	if err != nil {
		s.errors.Page(w, r, err)
		return
	}
	f := flow{ID: newFlowID(), Logout: bye}
	if withheld(r) {
		s.detour(w, r, f)
		return
	}
	if err := s.keepFlow(w, r, f); err != nil {
		s.errors.Page(w, r, err)
		return
	}
	s.toSignout(w, r, f)
}

// toSignout sends the person to the sign-out page, which asks first (confirm=1) unless the hint is of the present session. Without
// a session there is nothing to ask about.
func (s *Service) toSignout(w http.ResponseWriter, r *http.Request, f flow) {
	present, err := s.present(r)
	if err != nil {
		s.errors.Page(w, r, err)
		return
	}
	to := oauth.PagePrefix(r, f.Logout.Locales) + "/signout?flow=" + f.ID
	if present != nil {
		hinted, err := s.hinted(r.Context(), f.Logout, present.ID)
		if err != nil {
			s.errors.Page(w, r, err)
			return
		}
		if !hinted {
			to += "&confirm=1"
		}
	}
	oauth.Redirect(w, r, to)
}

// hinted reports whether the hint is of that session, which is one person's, whatever its subject was called.
func (s *Service) hinted(ctx context.Context, bye *farewell, id string) (bool, error) {
	if bye.Session == "" {
		return false, nil
	}
	app, err := s.application(ctx, bye.Client)
	if errors.Is(err, oauth.ErrInvalidClient) { // gone since
		return false, nil
	}
	if err != nil {
		return false, err
	}
	sid, err := s.session(ctx, app, id)
	return sid == bye.Session, err
}

// parseLogout validates the request. logout_hint proves nothing and so changes nothing. An id_token_hint that is not ours, or no longer verifiable, leaves a person who wants to
// sign out nothing worse than a question, but leads nowhere afterwards; contradictions and foreign addresses are errors.
func (s *Service) parseLogout(ctx context.Context, p oauth.Params) (*farewell, error) {
	bye, clientID := &farewell{}, p.Get("client_id")
	if !validState(p.Get("state")) {
		return nil, oauth.ErrInvalidRequest
	}
	bye.Locales = uiLocale(p)
	trusted := true
	if p.Has("id_token_hint") {
		h, err := s.readHint(ctx, p.Get("id_token_hint"))
		switch {
		case err != nil:
			s.log.InfoContext(ctx, "id_token_hint refused", "error", err)
			trusted = false
		case clientID != "" && clientID != h.Audience:
			return nil, oauth.ErrInvalidRequest.With("client_id is not the audience of id_token_hint")
		default:
			clientID, bye.Session, bye.Client = h.Audience, h.Session, h.Audience
		}
	}
	if !trusted || !p.Has("post_logout_redirect_uri") {
		return bye, nil
	}
	var err error
	bye.Redirect, err = s.afterLogout(ctx, clientID, p.Get("post_logout_redirect_uri"), p.Get("state"))
	return bye, err
}

// afterLogout matches the address against those that the application registered (section 3.1) and appends state to it.
func (s *Service) afterLogout(ctx context.Context, clientID, address, state string) (string, error) {
	if clientID == "" {
		return "", oauth.ErrRedirectURI
	}
	app, err := s.application(ctx, clientID)
	if errors.Is(err, oauth.ErrInvalidClient) {
		err = oauth.ErrUnknownClient.From(err)
	}
	if err != nil {
		return "", err
	}
	if !app.MatchPostLogout(address) {
		return "", oauth.ErrRedirectURI
	}
	if state == "" {
		return address, nil
	}
	return oauth.AddQuery(address, url.Values{"state": {state}}), nil
}
