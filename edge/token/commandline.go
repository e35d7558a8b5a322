package token

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// How long a session of the command line lasts: as long as that of a browser whose owner stays signed in.
const (
	commandLineIdle     = 30 * 24 * time.Hour
	commandLineAbsolute = 90 * 24 * time.Hour
)

// parseSessionScope reads scope for the command line, which may ask for a session and for nothing else. The person is asked each time:
// any program on a computer can open a browser here in the command line's name and listen for the answer, so a yes of before means
// nothing.
func (q *request) parseSessionScope(asked oauth.Scope, p oauth.Params) error {
	if q.Scope = asked.Within(oauth.ScopeSession); len(q.Scope) == 0 || q.idToken() {
		return oauth.ErrInvalidScope.With("the command line asks for a session and for nothing else")
	}
	if p.Has("resource") {
		return errTarget
	}
	q.Consent = true
	return nil
}

// commandLine turns an access token of the command line into a session of its own (api.RouteCommandLine). From then on the command line
// is what a browser is, with a session that its owner sees and can end; nothing else takes that token.
func (s *Service) commandLine(w http.ResponseWriter, r *http.Request) {
	err := s.openCommandLine(w, r)
	var p *api.Problem
	switch {
	case err == nil:
		problem.JSON(w, problem.Empty{})
	case errors.As(err, &p):
		problem.Write(w, r, s.log, err)
	default:
		s.errors.Bearer(w, r, err)
	}
}

func (s *Service) openCommandLine(w http.ResponseWriter, r *http.Request) error {
	if r.Header.Get("Sec-Fetch-Site") != "" { // a browser; none would have the proof, and none is to get a session in this way
		return problem.New(api.CodeBadRequest)
	}
	in, err := problem.Decode[api.CommandLineRequest](w, r)
	if err != nil {
		return err
	}
	a, err := s.commandLineToken(w, r)
	if err != nil {
		return err
	}
	devices, err := session.ReadDevices(r.Context(), s.keys, r)
	if err != nil {
		return err
	}
	label := commandLineLabel(in.Host)
	cookie := session.Cookie{Account: a.Account, ID: account.NewID(), Secret: account.NewSecret()}
	device, has := devices.Of(a.Account)
	fresh := session.Device{Account: a.Account, ID: account.NewID(), Secret: account.NewSecret()}
	opening := account.OpenSessionIn{
		GrantID: a.Grant, ClientID: tenant.CommandLine, Scope: oauth.ScopeSession,
		Session: account.NewSession{
			ID: cookie.ID, SecretHash: account.Hash(cookie.Secret), Device: label, Place: r.Header.Get(placeHeader), Keep: true,
			Idle: int64(commandLineIdle / time.Second), Absolute: int64(commandLineAbsolute / time.Second),
		},
		Device: account.NewDevice{ID: fresh.ID, SecretHash: account.Hash(fresh.Secret), Label: label, Kind: api.DeviceCommandLine},
	}
	if has {
		opening.Known = device.Ref()
	}
	known, err := s.accounts.OpenSession(r.Context(), a.Account, opening)
	if errors.Is(err, account.ErrGrant) {
		return oauth.ErrInvalidToken.From(err)
	}
	if err != nil {
		return err
	}
	if !known {
		device = fresh
	}
	return s.issueCommandLine(w, r, cookie, devices.With(device))
}

// issueCommandLine answers with the cookies. The session that was there before ends, because nobody could end it from there any more.
func (s *Service) issueCommandLine(w http.ResponseWriter, r *http.Request, c session.Cookie, d session.Devices) error {
	ctx := r.Context()
	before, err := s.present(r)
	if err == nil && before != nil {
		_, err = s.accounts.EndSession(ctx, before.Account, account.EndSessionIn{Session: before.Ref()})
	}
	if err != nil && !errors.Is(err, account.ErrSession) {
		s.log.WarnContext(ctx, "a replaced session goes on until it expires", "error", err)
	}
	if err := session.IssueDevices(ctx, s.keys, w, d, s.now()); err != nil {
		return err
	}
	return session.Issue(ctx, s.keys, w, c, s.now(), commandLineAbsolute, true)
}

// commandLineToken is the access token of a request: of the built-in application, for a session and nothing else, with the proof of the
// key that it is bound to. Whether it was used before is the account's answer.
func (s *Service) commandLineToken(w http.ResponseWriter, r *http.Request) (access, error) {
	if !underDPoP(r) {
		return access{}, oauth.ErrNoToken
	}
	text, err := bearer(w, r)
	if err != nil {
		return access{}, err
	}
	a, err := s.openAccess(r.Context(), text)
	if err != nil {
		return access{}, err
	}
	if a.Client != tenant.CommandLine || a.Scope != oauth.ScopeSession || len(a.Audience) > 0 || a.Actor != nil || a.Binding.JKT == "" {
		return access{}, oauth.ErrInsufficientScope.With("the access token is not for a session")
	}
	app, err := s.applications.Application(r.Context(), a.Client)
	if err != nil {
		return access{}, fmt.Errorf("token: the command line: %w", err)
	}
	return a, s.checkBinding(w, r, app, text, a.Binding)
}

// commandLineLabel names a command line for its owner. A computer names itself, so little is taken of what it says.
func commandLineLabel(host string) string {
	const fine = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"
	if host == "" || len(host) > api.MaxHostName || strings.Trim(host, fine) != "" {
		return "latchkey"
	}
	return "latchkey on " + host
}
