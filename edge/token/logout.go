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
	Session  string `json:"s,omitempty"` // the one that id_token_hint is of, "" without a good one
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
	if present != nil && f.Logout.Session != present.ID { // a session is one person's, whatever its subject was called
		to += "&confirm=1"
	}
	oauth.Redirect(w, r, to)
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
			clientID, bye.Session = h.Audience, h.Session
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
