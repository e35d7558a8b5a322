package token

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/device"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/state"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

// Codes that may be tried, right ones included. The threat model does the arithmetic.
var (
	codesByAccount = throttle.Limit{Count: 20, Window: time.Hour}
	codesByNetwork = throttle.Limit{Count: 60, Window: time.Hour}
)

// repeated is the permit that comes with a yes to a request that waits no more. It permits nothing.
const repeated = "repeated"

// usePairing is the use of what a person's answer brings back: which request was shown to whom.
const usePairing state.Use = "device"

type pairing struct {
	Key     []byte `json:"u"` // of the request
	Session string `json:"s"` // digest of the session that it was shown to
}

// deviceRedirect stands where a redirect URI does in a permit: no application can have registered it.
const deviceRedirect = tenant.GrantDevice

// challengeOf is the PKCE challenge whose verifier has this hash.
func challengeOf(hash []byte) string { return base64.RawURLEncoding.EncodeToString(hash) }

// showDevice says what a device asks for (api.RouteDevice). It needs a session, so that guesses are somebody's, and it counts all
// of them. It changes nothing: opening a link, or typing a code, is no answer.
func (s *Service) showDevice(w http.ResponseWriter, r *http.Request, in api.DeviceRequest) (api.DeviceResponse, error) {
	code, err := device.ParseCode(in.Code)
	if err != nil {
		return api.DeviceResponse{}, problem.New(api.CodeDeviceUnknown)
	}
	present, err := s.present(r)
	if err != nil {
		return api.DeviceResponse{}, err
	}
	if present == nil {
		return s.signInFirst(w, r, code)
	}
	who, err := s.accounts.Profile(r.Context(), present.Account, present.Ref())
	if errors.Is(err, account.ErrSession) {
		return s.signInFirst(w, r, code)
	}
	var network []byte
	if err == nil {
		network, err = s.network(r)
	}
	if err == nil {
		err = s.mayTry(r.Context(), present, network)
	}
	if err != nil {
		return api.DeviceResponse{}, err
	}
	key, err := s.codeKey(r.Context(), code)
	if err != nil {
		return api.DeviceResponse{}, err
	}
	ask, err := s.pairingOf(r.Context(), key)
	if err != nil {
		return api.DeviceResponse{}, err
	}
	if stale, err := s.stale(r.Context(), ask, present); err != nil || stale {
		if err != nil {
			return api.DeviceResponse{}, err
		}
		return s.signInFirst(w, r, code)
	}
	out, err := s.describePairing(r.Context(), ask, network)
	out.UPN, out.Code = who.UPN, device.FormatCode(code)
	if err == nil {
		out.State, err = state.Seal(r.Context(), s.keys, usePairing, pairing{key, digest(present)}, time.Unix(out.Expires, 0))
	}
	return out, err
}

// signInFirst sends the person to sign in and back to the page with the code, which has to be submitted there once more.
func (s *Service) signInFirst(w http.ResponseWriter, r *http.Request, code string) (api.DeviceResponse, error) {
	f := flow{ID: newFlowID(), Device: code}
	return api.DeviceResponse{SignIn: "/signin?flow=" + f.ID}, s.keepFlow(w, r, f)
}

// resumeDevice brings the person back to the page, where the code is filled in and nothing else has happened.
func (s *Service) resumeDevice(w http.ResponseWriter, r *http.Request, f flow) {
	dropFlow(w, r, f.ID)
	oauth.Redirect(w, r, oauth.PagePrefix(r, "")+pageDevice+"?user_code="+device.FormatCode(f.Device))
}

// mayTry counts a code that is tried, for the account and for the network that it comes from.
func (s *Service) mayTry(ctx context.Context, present *session.Cookie, network []byte) error {
	for _, b := range []struct {
		bucket string
		limit  throttle.Limit
	}{
		{"device-code:" + present.Account, codesByAccount},
		{"device-code:" + fmt.Sprintf("%x", network), codesByNetwork},
	} {
		ok, wait, err := s.throttle.Take(ctx, b.bucket, b.limit)
		if err != nil {
			return err
		}
		if !ok {
			return problem.Retry(api.CodeTooManyAttempts, wait)
		}
	}
	return nil
}

// waitingDevice is a request that can be answered, its application, and what an authorization request for the same would be.
type waitingDevice struct {
	device.Request
	app   tenant.Application
	query *request
}

// pairingOf finds a request and asks the registration again. CodeDeviceUnknown: there is none, whatever became of it.
func (s *Service) pairingOf(ctx context.Context, key []byte) (waitingDevice, error) {
	asked, err := s.devices.Look(ctx, key)
	if errors.Is(err, device.ErrUnknown) {
		return waitingDevice{}, problem.Because(api.CodeDeviceUnknown, err)
	}
	if err != nil {
		return waitingDevice{}, err
	}
	app, err := s.application(ctx, asked.ClientID)
	if errors.Is(err, oauth.ErrInvalidClient) || err == nil && !app.MayUse(tenant.GrantDevice) {
		return waitingDevice{}, problem.New(api.CodeDeviceUnknown)
	}
	if err != nil {
		return waitingDevice{}, err
	}
	q := &request{
		ClientID: app.ClientID, RedirectURI: deviceRedirect, Type: typeCode, Scope: oauth.Words(asked.Scope), Resources: asked.Resources,
		Challenge: challengeOf(asked.SecretHash), JKT: asked.Binding, lifetime: device.Lifetime + device.Grace,
	}
	if err = q.parseAge(app, oauth.Params{}, s.now()); q.Fresh { // to sign in for this device is to sign in after it asked
		q.Fresh, q.NotBefore = false, asked.Created
	}
	return waitingDevice{asked, app, q}, err
}

// stale reports whether the person has to sign in again before this application: by its sign-in frequency, or because a session
// that was kept does not count for long.
func (s *Service) stale(ctx context.Context, ask waitingDevice, present *session.Cookie) (bool, error) {
	now, err := s.accounts.TouchSession(ctx, present.Account, present.Ref())
	if errors.Is(err, account.ErrSession) {
		return true, nil
	}
	kept := ask.app.NoKeptSessions && now.Keep && now.AuthTime < s.now().Add(-keptMaxAge).Unix()
	return kept || now.AuthTime < ask.query.NotBefore, err
}

// describePairing says what the device asks for, and whether from another network than the person's.
func (s *Service) describePairing(ctx context.Context, ask waitingDevice, network []byte) (api.DeviceResponse, error) {
	out := api.DeviceResponse{
		Application: ask.app.Name, Verified: !ask.app.Dynamic, Scopes: ask.query.Scope, Place: ask.Place, Created: ask.Created, Expires: ask.Created + device.Lifetime,
	}
	out.Elsewhere = !equal(string(network), string(ask.Network))
	for _, identifier := range ask.Resources {
		to, err := s.resource(ctx, identifier)
		if errors.Is(err, oauth.ErrInvalidTarget) {
			return out, problem.New(api.CodeDeviceUnknown)
		}
		if err != nil {
			return out, err
		}
		out.Resources = append(out.Resources, to.Name)
	}
	return out, nil
}

// answerDevice takes the person's answer (api.RouteDeviceAnswer), for the request and the session that the page showed. A yes is
// the account's: it checks the session once more, whether the application is for this person, and notes the consent, all in one
// transaction with the code that the device will get.
func (s *Service) answerDevice(_ http.ResponseWriter, r *http.Request, in api.DeviceAnswerRequest) (problem.Empty, error) {
	shown, err := state.Open[pairing](r.Context(), s.keys, usePairing, in.State)
	if err != nil {
		return problem.Empty{}, err
	}
	present, err := s.present(r)
	if err == nil && (present == nil || digest(present) != shown.Session) {
		err = problem.New(api.CodeSessionRequired)
	}
	if err != nil {
		return problem.Empty{}, err
	}
	permit, err := s.permit(r.Context(), shown.Key, present, in.Allow)
	if err != nil {
		return problem.Empty{}, err
	}
	err = s.devices.Decide(r.Context(), shown.Key, device.Person{Account: present.Account, Session: present.ID}, permit)
	if errors.Is(err, device.ErrUnknown) {
		err = problem.New(api.CodeExpired)
	}
	return problem.Empty{}, err
}

// permit is what the device gets: an authorization code, or "" for a no, which needs no more than the session.
func (s *Service) permit(ctx context.Context, key []byte, present *session.Cookie, allow bool) (string, error) {
	if !allow {
		_, err := s.accounts.TouchSession(ctx, present.Account, present.Ref())
		return "", answered(err)
	}
	ask, err := s.pairingOf(ctx, key)
	if errors.Is(err, device.ErrUnknown) { // answered or over. Whether it was this very answer, and its reply was lost, Decide knows.
		return repeated, nil
	}
	if err != nil {
		return "", err
	}
	ask.query.Agreed = digest(present)
	answer, err := s.fulfil(ctx, ask.app, ask.query, present)
	return answer.Get("code"), answered(err)
}

// answered turns what stands in the way of an answer into what the page is told.
func answered(err error) error {
	var missing *pending
	switch {
	case errors.Is(err, account.ErrSession):
		return problem.New(api.CodeSessionRequired)
	case errors.As(err, &missing) && missing.page == needOther.page:
		return problem.New(api.CodeNotAssigned)
	case errors.As(err, &missing):
		return problem.New(api.CodeSessionRequired)
	}
	return err
}
