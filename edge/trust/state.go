package trust

import (
	"context"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
)

// state says where the asking device stands. Proofs are only looked up for one that needs them.
func (s *Service) state(c call, _ problem.Empty) (api.TrustState, error) {
	facts, err := s.Accounts.TrustFacts(c.ctx(), c.here.Account, c.here.Ref())
	if err != nil {
		return api.TrustState{}, err
	}
	out := api.TrustState{
		Device: facts.Device, Trusted: facts.Trusted, Enrolled: facts.Enrolled, Approval: facts.Approval, Methods: []api.TrustMethod{},
	}
	if facts.Device == "" || facts.Trusted {
		return out, nil
	}
	methods, err := s.Proofs.Methods(c.ctx(), c.here.Account, c.here.Ref())
	out.Methods = append(out.Methods, methods...)
	return out, err
}

func (s *Service) send(c call, in api.TrustSendRequest) (api.TrustSent, error) {
	return s.Proofs.Send(c.r, c.here, in)
}

// prove answers with what has become of the device.
func (s *Service) prove(c call, in api.TrustProveRequest) (api.TrustState, error) {
	if err := s.Proofs.Prove(c.r, c.here, in); err != nil {
		return api.TrustState{}, err
	}
	return s.state(c, problem.Empty{})
}

// none is a deployment without second proofs.
type none struct{}

var _ Proofs = none{}

func (none) Methods(context.Context, string, account.SessionRef) ([]api.TrustMethod, error) {
	return nil, nil
}

func (none) Send(*http.Request, session.Cookie, api.TrustSendRequest) (api.TrustSent, error) {
	return api.TrustSent{}, problem.New(api.CodeNotFound)
}

func (none) Prove(*http.Request, session.Cookie, api.TrustProveRequest) error {
	return problem.New(api.CodeNotFound)
}
