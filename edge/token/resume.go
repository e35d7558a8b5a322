package token

import (
	"net/http"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// resume takes up a flow where it left: after the sign-in page, or after a detour. Only the browser that began the flow has its
// cookie; in any other, and when the flow is over, there is nothing to resume (login CSRF).
func (s *Service) resume(w http.ResponseWriter, r *http.Request) {
	p, err := oauth.QueryParams(r)
	if err != nil {
		s.errors.Page(w, r, err)
		return
	}
	f, err := s.openFlow(r, p.Get("flow"))
	if err != nil {
		s.errors.Page(w, r, err)
		return
	}
	switch {
	case f.Authorize != nil:
		s.resumeAuthorize(w, r, f)
	case f.Logout != nil:
		s.toSignout(w, r, f)
	case f.Device != "":
		s.resumeDevice(w, r, f)
	default:
		s.errors.Page(w, r, oauth.ErrExpired)
	}
}

// resumeAuthorize asks the registration again, because an application may have been removed or changed meanwhile.
func (s *Service) resumeAuthorize(w http.ResponseWriter, r *http.Request, f flow) {
	app, err := s.applicationFor(r.Context(), f.Authorize.ClientID, f.Authorize.RedirectURI)
	if err != nil {
		dropFlow(w, r, f.ID)
		s.errors.Page(w, r, err)
		return
	}
	s.decide(w, r, app, f)
}
