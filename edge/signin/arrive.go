package signin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/session"
)

// placeHeader says roughly where the client is ("Berlin, DE"). The bridge sets it from what the platform knows and strips what a
// client sent.
const placeHeader = "Latchkey-Place"

// arrival is a browser about to be signed in: what its cookies and the account's rows will be. Its secrets are always new ones
// that nobody has seen before, whatever session the browser showed.
type arrival struct {
	cookie   session.Cookie
	session  account.NewSession
	renew    *account.SessionRef // the session that goes on, when the browser is in one of this account
	previous *session.Cookie     // the session that the browser leaves behind, nil for none
	device   *account.NewDevice  // nil when the account knows the browser
	devices  session.Devices     // for the device cookie
	// knownDevices are devices without a new one, where the account has yet to say whether it knows the browser.
	knownDevices session.Devices
	life         time.Duration
}

// arrive prepares the session of a browser at an account. knownDevice says that the account recognised the device cookie. When the
// person is only signing in again, because one application asked for it, the session keeps its id: the other applications
// stay signed in, and are told when it ends.
func (s *Service) arrive(r *http.Request, accountID string, keep, knownDevice bool) (arrival, error) {
	devices, err := session.ReadDevices(r.Context(), s.Keys, r)
	if err != nil {
		return arrival{}, err
	}
	a := arrival{cookie: session.Cookie{Account: accountID, ID: account.NewID(), Secret: account.NewSecret()}, life: absolute}
	rest := idle
	if keep {
		a.life, rest = keptAbsolute, keptIdle
	}
	label := session.Label(r.UserAgent())
	a.session = account.NewSession{
		ID: a.cookie.ID, SecretHash: account.Hash(a.cookie.Secret),
		Device: label, Place: r.Header.Get(placeHeader), Keep: keep,
		Idle: int64(rest / time.Second), Absolute: int64(a.life / time.Second),
		AMR: []string{"pwd"}, // RFC 8176 section 2
	}
	if err := s.succeed(r, &a); err != nil {
		return arrival{}, err
	}
	device, has := devices.Of(accountID)
	if !has || !knownDevice {
		device = session.Device{Account: accountID, ID: account.NewID(), Secret: account.NewSecret()}
		a.device = &account.NewDevice{ID: device.ID, SecretHash: account.Hash(device.Secret), Label: label}
	}
	a.devices = devices.With(device)
	return a, nil
}

// succeed looks at the session that the browser shows: one of the same account is renewed, one of another is left behind.
func (s *Service) succeed(r *http.Request, a *arrival) error {
	previous, err := session.Read(r.Context(), s.Keys, r)
	switch {
	case errors.Is(err, session.ErrNone):
		return nil
	case err != nil:
		return err
	case previous.Account != a.cookie.Account:
		a.previous = &previous
		return nil
	}
	ref := previous.Ref()
	a.renew, a.cookie.ID, a.session.ID = &ref, previous.ID, previous.ID
	return nil
}

// anew makes it a session of its own, when the one to be renewed has ended.
func (a *arrival) anew() {
	a.cookie.ID = account.NewID()
	a.session.ID, a.renew = a.cookie.ID, nil
}

// settle is called when the session exists: it ends the other account's session that the browser was in, and puts the cookies of the
// new one in its place.
func (s *Service) settle(w http.ResponseWriter, r *http.Request, a arrival) error {
	ctx, now := r.Context(), s.Now()
	if a.previous != nil {
		s.leave(ctx, *a.previous)
	}
	if err := session.IssueDevices(ctx, s.Keys, w, a.devices, now); err != nil {
		return err
	}
	return session.Issue(ctx, s.Keys, w, a.cookie, now, a.life, a.session.Keep)
}

// leave ends the session that the cookie is about to be replaced of, because nobody could end it from this browser any more.
// The person is signed in already, so a failure is for the log.
func (s *Service) leave(ctx context.Context, previous session.Cookie) {
	_, err := s.Accounts.EndSession(ctx, previous.Account, account.EndSessionIn{Session: previous.Ref()})
	if err != nil && !errors.Is(err, account.ErrSession) {
		s.Log.WarnContext(ctx, "a replaced session goes on until it expires", "error", err)
	}
}

// upgradeProof makes the right to replace the record by a stronger one of the same password.
func (s *Service) upgradeProof(ctx context.Context, c session.Cookie) (sealed string, hash []byte, err error) {
	proof := password.Proof{Account: c.Account, Session: c.ID, Secret: account.NewSecret(), Upgrade: true}
	sealed, err = password.SealProof(ctx, s.Keys, proof, s.Now().Add(proofLifetime))
	return sealed, account.Hash(proof.Secret), err
}
