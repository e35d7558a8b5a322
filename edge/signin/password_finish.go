package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/state"
)

// passwordFinish checks a KE3, spends the attempt and signs the browser in. Every failure of the proof is CodeInvalidCredentials, for a
// known and an unknown name alike, and touches no object.
func (s *Service) passwordFinish(w http.ResponseWriter, r *http.Request, in api.PasswordFinishRequest) (api.PasswordFinishResponse, error) {
	var none api.PasswordFinishResponse
	ctx := r.Context()
	a, err := state.Open[attempt](ctx, s.Keys, useAttempt, in.State)
	if err != nil {
		return none, err
	}
	if in.Flow != a.Flow {
		return none, fmt.Errorf("%w: state of another flow", problem.New(api.CodeExpired))
	}
	err = s.password.Check(ctx, in.KE3, a.MAC)
	switch {
	case errors.Is(err, password.ErrMessage):
		return none, problem.Because(api.CodeBadRequest, err)
	case errors.Is(err, password.ErrWrong), err == nil && a.Known != 1:
		return none, problem.Because(api.CodeInvalidCredentials, err)
	case err != nil:
		return none, err
	}
	arrival, err := s.arrive(r, strings.TrimRight(a.Object, " "), in.Keep, a.Device == 1)
	if err != nil {
		return none, err
	}
	upgrade, err := s.complete(ctx, a, &arrival)
	if errors.Is(err, account.ErrSession) && arrival.renew != nil { // ended elsewhere, or renewed by another tab just now
		arrival.anew()
		upgrade, err = s.complete(ctx, a, &arrival)
	}
	if errors.Is(err, account.ErrSpent) {
		return none, problem.Because(api.CodeExpired, err)
	}
	if err != nil {
		return none, err
	}
	if err := s.settle(w, r, arrival); err != nil {
		return none, err
	}
	return api.PasswordFinishResponse{Redirect: destination(a.Flow), UpgradeProof: upgrade}, nil
}

// complete spends the attempt and makes or renews the session, in one transaction. When the record is due for stronger parameters, the
// proof to replace it comes with it. ErrSpent; ErrSession when the session to renew is not there.
func (s *Service) complete(ctx context.Context, a attempt, to *arrival) (upgrade string, err error) {
	in := account.CompleteSigninIn{Attempt: a.ID, Session: to.session, Renew: to.renew, Device: to.device}
	if Next(Facts{Realm: api.RealmManaged, Password: true, KSF: a.KSF}, s.policy) == StepUpgrade {
		if upgrade, in.UpgradeProof, err = s.upgradeProof(ctx, to.cookie); err != nil {
			return "", err
		}
	}
	return upgrade, s.Accounts.CompleteSignin(ctx, to.cookie.Account, in)
}
