package portal

import (
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
)

// account is what the person sees of it.
func (s *Service) account(w http.ResponseWriter, r *http.Request) (api.Account, error) {
	here, err := s.here(r)
	if err != nil {
		return api.Account{}, err
	}
	p, err := s.Accounts.Profile(r.Context(), here.Account, here.Ref())
	if err != nil {
		return api.Account{}, refused(w, err)
	}
	return api.Account{ID: here.Account, UPN: p.UPN, Name: p.Name, Email: p.Email, Created: p.Created}, nil
}

// sessions lists where the person is signed in.
func (s *Service) sessions(w http.ResponseWriter, r *http.Request) (api.Sessions, error) {
	here, err := s.here(r)
	if err != nil {
		return api.Sessions{}, err
	}
	out, err := s.Accounts.Sessions(r.Context(), here.Account, here.Ref())
	if err != nil {
		return api.Sessions{}, refused(w, err)
	}
	return api.Sessions{Sessions: out.Sessions}, nil
}

// endSessions ends one session of the account or all but this one. Ending one that has ended already is no failure; the present
// one ends as any other, and its cookie goes.
func (s *Service) endSessions(w http.ResponseWriter, r *http.Request, in api.SessionsEndRequest) (problem.Empty, error) {
	here, err := s.here(r)
	if err != nil {
		return problem.Empty{}, err
	}
	if in.Others == (in.ID != "") {
		return problem.Empty{}, fmt.Errorf("%w: one session, or the others", problem.New(api.CodeBadRequest))
	}
	if in.Others {
		return problem.Empty{}, refused(w, s.Accounts.EndOthers(r.Context(), here.Account, here.Ref()))
	}
	_, err = s.Accounts.EndSession(r.Context(), here.Account, account.EndSessionIn{Session: here.Ref(), ID: in.ID})
	if err == nil && in.ID == here.ID {
		session.Clear(w)
	}
	return problem.Empty{}, refused(w, err)
}
