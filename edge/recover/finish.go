package recover

import (
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
)

// finish spends the proof and replaces the record, in one transaction of the account object, and signs the browser in.
func (s *Service) finish(w http.ResponseWriter, r *http.Request, in api.RecoverFinishRequest) (api.RecoverFinished, error) {
	var none api.RecoverFinished
	ctx := r.Context()
	at, err := s.open(ctx, in.State, 1)
	if err != nil {
		return none, err
	}
	keyID, err := s.password.Accept(ctx, in.Record, in.KSF, s.KSF)
	if errors.Is(err, password.ErrMessage) {
		return none, problem.Because(api.CodeRecordInvalid, err)
	}
	if err != nil {
		return none, err
	}
	devices, err := session.ReadDevices(ctx, s.Keys, r)
	if err != nil {
		return none, err
	}
	cookie := session.Cookie{Account: at.object(), ID: account.NewID(), Secret: account.NewSecret()}
	fresh := session.Device{Account: cookie.Account, ID: account.NewID(), Secret: account.NewSecret()}
	label := session.Label(r.UserAgent())
	life, rest := absolute, idle
	if in.Keep {
		life, rest = keptAbsolute, keptIdle
	}
	finish := account.FinishRecoveryIn{
		Challenge: at.Challenge, Record: in.Record, KSF: in.KSF, KeyID: keyID, Language: at.Language,
		Session: account.NewSession{
			ID: cookie.ID, SecretHash: account.Hash(cookie.Secret), Device: label, Place: r.Header.Get(placeHeader), Keep: in.Keep,
			Idle: int64(rest / time.Second), Absolute: int64(life / time.Second),
		},
		Device: account.NewDevice{ID: fresh.ID, SecretHash: account.Hash(fresh.Secret), Label: label},
	}
	here, has := devices.Of(cookie.Account)
	if has {
		finish.Known = here.Ref()
	}
	out, err := s.Accounts.FinishRecovery(ctx, cookie.Account, finish)
	if errors.Is(err, account.ErrSpent) {
		err = problem.Because(api.CodeExpired, err)
	}
	if err != nil {
		return none, err
	}
	if !out.Known {
		here = fresh
	}
	s.leave(r, cookie.Account)
	if err := session.IssueDevices(ctx, s.Keys, w, devices.With(here), s.Now()); err != nil {
		return none, err
	}
	return api.RecoverFinished{Redirect: destination(at.Flow), Trusted: out.Trusted}, session.Issue(ctx, s.Keys, w, cookie, s.Now(), life, in.Keep)
}

// leave ends the session of another account that the browser was in: nobody could end it from here any more. Those of this account have
// ended already. The person is signed in, so a failure is for the log.
func (s *Service) leave(r *http.Request, accountID string) {
	ctx := r.Context()
	previous, err := session.Read(ctx, s.Keys, r)
	if err != nil || previous.Account == accountID {
		return
	}
	_, err = s.Accounts.EndSession(ctx, previous.Account, account.EndSessionIn{Session: previous.Ref()})
	if err != nil && !errors.Is(err, account.ErrSession) {
		s.Log.WarnContext(ctx, "a replaced session goes on until it expires", "error", err)
	}
}

// destination is where the browser goes once it is signed in. It is built from an id and never taken from a request.
func destination(flow string) string {
	if flow == "" {
		return "/account"
	}
	return "/oauth2/resume?flow=" + flow
}
