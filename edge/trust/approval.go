package trust

import (
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
)

func (s *Service) begin(c call, in api.ApprovalBeginRequest) (api.ApprovalBegun, error) {
	id := account.NewID()
	out, err := s.Accounts.BeginApproval(c.ctx(), c.here.Account, account.BeginApprovalIn{Session: c.here.Ref(), ID: id, Commitment: in.Commit})
	if err == nil && out.RetryAfter > 0 {
		err = problem.Retry(api.CodeLocked, time.Duration(out.RetryAfter)*time.Second)
	}
	if err != nil {
		return api.ApprovalBegun{}, err
	}
	return api.ApprovalBegun{ID: id, Expires: out.Expires}, nil
}

func (s *Service) poll(c call, in api.ApprovalPollRequest) (api.ApprovalPolled, error) {
	out, err := s.Accounts.PollApproval(c.ctx(), c.here.Account, account.PollApprovalIn{Session: c.here.Ref(), ID: in.ID, Reveal: in.Reveal})
	return api.ApprovalPolled{State: out.State, Nonce: out.Nonce, Fingerprint: out.Fingerprint}, err
}

func (s *Service) approvals(c call, _ problem.Empty) (api.Approvals, error) {
	out, err := s.Accounts.Approvals(c.ctx(), c.here.Account, c.here.Ref())
	return api.Approvals{Approvals: out.Approvals}, err
}

func (s *Service) take(c call, in api.ApprovalTakeRequest) (problem.Empty, error) {
	return problem.Empty{}, s.Accounts.TakeApproval(c.ctx(), c.here.Account, account.TakeApprovalIn{
		Session: c.here.Ref(), ID: in.ID, Nonce: in.Nonce, Fingerprint: in.Fingerprint,
	})
}

func (s *Service) look(c call, in api.ApprovalLookRequest) (api.Approval, error) {
	return s.Accounts.LookApproval(c.ctx(), c.here.Account, account.LookApprovalIn{Session: c.here.Ref(), ID: in.ID})
}

func (s *Service) decide(c call, in api.ApprovalDecideRequest) (problem.Empty, error) {
	return problem.Empty{}, s.Accounts.DecideApproval(c.ctx(), c.here.Account, account.DecideApprovalIn{Session: c.here.Ref(), ID: in.ID, Allow: in.Allow})
}
