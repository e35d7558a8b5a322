package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// claimLifetime is how long a proved e-mail address is held while its account is being made; the account object commits it right after.
const claimLifetime = 5 * time.Minute

// signupFinish makes the account and signs the browser in. Everything that can refuse comes before the one transaction that makes
// both, so a failed finish leaves the sign-up as it was, to be finished again.
func (s *Service) signupFinish(w http.ResponseWriter, r *http.Request, in api.SignupFinishRequest) (api.SignupFinishResponse, error) {
	var none api.SignupFinishResponse
	ctx := r.Context()
	if err := checkFlow(in.Flow); err != nil {
		return none, err
	}
	chosen := Facts{Realm: api.RealmManaged, Password: true, KSF: s.policy.KSF} // Accept takes no record below the policy
	up, known, err := s.openSignup(ctx, in.State, StepDone, chosen)
	if err != nil {
		return none, err
	}
	name, ok := displayName(in.Name)
	if !ok {
		return none, fmt.Errorf("%w: display name", problem.New(api.CodeBadRequest))
	}
	keyID, err := s.password.Accept(ctx, in.Record, in.KSF, s.policy.KSF)
	if errors.Is(err, password.ErrMessage) {
		return none, problem.Because(api.CodeRecordInvalid, err)
	}
	if err != nil {
		return none, err
	}
	a, err := s.arrive(r, up.Account, in.Keep, false)
	if err != nil {
		return none, err
	}
	activate := account.ActivateIn{
		Name: name, Record: in.Record, KSF: in.KSF, KeyID: keyID, Session: a.session, Device: a.device,
	}
	if err := s.activate(r, up, known, activate); err != nil {
		return none, err
	}
	if up.Kind == api.SignupNew {
		remember(w, "")
	}
	return api.SignupFinishResponse{Redirect: destination(in.Flow)}, s.settle(w, r, a)
}

// activate claims the name, counts the account for the client's address and makes it. What was taken is given back when it fails.
func (s *Service) activate(r *http.Request, up signup, known account.SignupFactsOut, in account.ActivateIn) error {
	ctx := r.Context()
	token, letGo, err := s.claim(ctx, up, known)
	if err != nil {
		return err
	}
	giveBack, err := s.countAccount(r)
	if err != nil {
		letGo()
		return err
	}
	in.NameToken = token
	err = s.Accounts.Activate(ctx, up.Account, in)
	if errors.Is(err, account.ErrSignup) { // another request finished it between our look and now, with this very name
		giveBack()
		return signupProblem(err)
	}
	if err != nil {
		giveBack()
		letGo()
		return err
	}
	// The account's outbox commits the name whatever happens from here on, but in its own time. Whoever is told that the account is
	// there may sign in to it at once, so the answer waits for a commit.
	if err := s.Names.Commit(ctx, up.UPN, token); err != nil {
		s.Log.WarnContext(ctx, "a new account's name is left to the outbox", "error", err)
	}
	return nil
}

// claim makes sure of the name: the reservation of a new address is renewed, that of a proved e-mail address is made. Of two people
// who proved the same address, the first to come here gets it. letGo undoes what a failed sign-up would leave reserved.
func (s *Service) claim(ctx context.Context, up signup, known account.SignupFactsOut) (token string, letGo func(), err error) {
	if up.Kind == api.SignupNew {
		err := s.Names.Renew(ctx, up.UPN, known.NameToken, signupLifetime)
		if errors.Is(err, names.ErrLost) {
			err = problem.Because(api.CodeExpired, err)
		}
		return known.NameToken, func() {}, err
	}
	token, err = s.Names.Reserve(ctx, up.UPN, names.Owner{Kind: names.Account, ID: up.Account}, claimLifetime)
	if errors.Is(err, names.ErrTaken) {
		err = s.whyTaken(ctx, up.UPN)
	}
	return token, func() {
		if err := s.Names.Release(ctx, up.UPN, token); err != nil {
			s.Log.WarnContext(ctx, "a name stays reserved until the reservation ends", "error", err)
		}
	}, err
}

// whyTaken tells an address that has an account by now from one that a finish holds which is under way or was cut off.
func (s *Service) whyTaken(ctx context.Context, name string) error {
	_, committed, err := s.Names.Lookup(ctx, name)
	switch {
	case err != nil:
		return err
	case committed:
		return problem.New(api.CodeNameTaken)
	}
	return problem.Retry(api.CodeUnavailable, claimLifetime)
}

// displayName tidies what a person wants to be called. It has 1 to api.MaxDisplayName code points, none of which controls
// the text around it: such a name would be shown to others as something it is not.
func displayName(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if !utf8.ValidString(text) || text == "" || utf8.RuneCountInString(text) > api.MaxDisplayName {
		return "", false
	}
	return text, !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp)
	})
}
