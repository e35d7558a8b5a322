package signin

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/state"
	"github.com/latchkey-id/latchkey/edge/webauthn"
)

const usePasskey state.Use = "signin-passkey"

// passkeyLifetime is long, because a browser that offers passkeys while the name is typed (Web Authentication Level 3 section 5.1.4.1)
// has the challenge from when the page was opened.
const passkeyLifetime = time.Hour

// passkeyAttempt is what a sign-in with a passkey carries. Nothing is kept of it until somebody answers.
type passkeyAttempt struct {
	ID      string `json:"i"`
	Flow    string `json:"f"`
	Expires int64  `json:"e"`
}

// challengeOf is 32 bytes that only the id gives.
func (a passkeyAttempt) challenge() []byte {
	sum := sha256.Sum256([]byte("latchkey/signin/passkey/1 " + a.ID))
	return sum[:]
}

// host is the relying party's id (section 5.1.2): the host that the service has.
func host(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// passkeyBegin asks for any passkey that the person has here. It knows no name, so there is nothing to find out by it.
func (s *Service) passkeyBegin(_ http.ResponseWriter, r *http.Request, in api.PasskeySigninBeginRequest) (api.PasskeySigninBegun, error) {
	if err := checkFlow(in.Flow); err != nil {
		return api.PasskeySigninBegun{}, err
	}
	expires := s.Now().Add(passkeyLifetime)
	a := passkeyAttempt{ID: account.NewID(), Flow: in.Flow, Expires: expires.Unix()}
	sealed, err := state.Seal(r.Context(), s.Keys, usePasskey, a, expires)
	return api.PasskeySigninBegun{State: sealed, Options: webauthn.RequestOptions(host(s.Config.Issuer), a.challenge(), nil), Expires: a.Expires}, err
}

// passkeyFinish signs in whoever has answered. Why an answer is not good, the log says.
func (s *Service) passkeyFinish(w http.ResponseWriter, r *http.Request, in api.PasskeySigninFinishRequest) (api.PasskeySigninFinished, error) {
	var none api.PasskeySigninFinished
	ctx := r.Context()
	a, err := state.Open[passkeyAttempt](ctx, s.Keys, usePasskey, in.State)
	if err != nil {
		return none, err
	}
	if in.Flow != a.Flow {
		return none, fmt.Errorf("%w: state of another flow", problem.New(api.CodeExpired))
	}
	if err := s.limited(r, "signin", s.Config.SigninLimit, api.CodeTooManyAttempts); err != nil {
		return none, err
	}
	to, complete, err := s.verify(r, a, in)
	if err != nil {
		s.Log.InfoContext(ctx, "a passkey's answer was refused", "error", err)
		return none, err
	}
	known, err := s.Accounts.CompletePasskey(ctx, to.cookie.Account, complete)
	if errors.Is(err, account.ErrSession) && to.renew != nil {
		to.anew()
		complete.Session, complete.Renew = to.session, nil
		known, err = s.Accounts.CompletePasskey(ctx, to.cookie.Account, complete)
	}
	switch {
	case errors.Is(err, account.ErrSpent):
		return none, fmt.Errorf("%w: %w", problem.New(api.CodeExpired), err)
	case errors.Is(err, account.ErrFactor):
		return none, fmt.Errorf("%w: %w", problem.New(api.CodePasskeyInvalid), err)
	case err != nil:
		return none, err
	}
	if known {
		to.devices = to.knownDevices
	}
	if err := s.settle(w, r, to); err != nil {
		return none, err
	}
	return api.PasskeySigninFinished{Redirect: destination(a.Flow)}, nil
}

// verify finds the account and the passkey that an answer names, checks the signature, and prepares the session. Everything that is wrong with the
// answer is CodePasskeyInvalid.
func (s *Service) verify(r *http.Request, a passkeyAttempt, in api.PasskeySigninFinishRequest) (to arrival, complete account.CompletePasskeyIn, err error) {
	ctx, refused := r.Context(), problem.New(api.CodePasskeyInvalid)
	credential, handle, err := webauthn.Which(in.Assertion)
	if err != nil {
		return to, complete, fmt.Errorf("%w: %w", refused, err)
	}
	whose, err := webauthn.AccountOf(ctx, s.Keys, handle)
	if errors.Is(err, webauthn.ErrInvalid) {
		return to, complete, fmt.Errorf("%w: %w", refused, err)
	}
	if err != nil {
		return to, complete, err
	}
	f, found, err := s.Accounts.Passkey(ctx, whose, account.PasskeyIn{Credential: credential})
	if err != nil {
		return to, complete, err
	}
	if !found {
		return to, complete, fmt.Errorf("%w: the account does not have it", refused)
	}
	want := webauthn.Want{Challenge: a.challenge(), Origin: s.Config.Issuer, RPID: host(s.Config.Issuer)}
	counter, err := webauthn.Assert(in.Assertion, f.Key, want)
	if err != nil {
		return to, complete, fmt.Errorf("%w: %w", refused, err)
	}
	if to, err = s.arrive(r, whose, in.Keep, false); err != nil {
		return to, complete, err
	}
	complete = account.CompletePasskeyIn{
		Challenge: a.ID, Expires: a.Expires, Factor: f.ID, Counter: int64(counter), Session: to.session, Renew: to.renew, Device: *to.device,
		Language: language(in.Language),
	}
	devices, err := session.ReadDevices(ctx, s.Keys, r)
	if device, has := devices.Of(whose); has {
		complete.Known, to.knownDevices = device.Ref(), devices.With(device)
	}
	return to, complete, err
}
