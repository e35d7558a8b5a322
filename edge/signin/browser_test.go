//go:build !js

package signin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
	"github.com/latchkey-id/latchkey/edge/session"
)

// browser is a client with cookies and an address.
type browser struct {
	w       *world
	t       testing.TB
	handler http.Handler
	address string
	agent   string
	cookies map[string]*http.Cookie

	last *httptest.ResponseRecorder // the latest answer
}

func (w *world) browser(address string) *browser {
	return &browser{
		w: w, t: w.t, handler: w.handler(), address: address, cookies: map[string]*http.Cookie{},
		agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
	}
}

// post sends a body and reads the answer into out. A refusal is returned as a problem.
func (b *browser) post(route string, body, out any) *api.Problem {
	b.t.Helper()
	data, err := json.Marshal(body)
	must(b.t, err)
	r := httptest.NewRequestWithContext(b.t.Context(), "POST", route, bytes.NewReader(data))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("CF-Connecting-IP", b.address)
	r.Header.Set("User-Agent", b.agent)
	r.Header.Set("Latchkey-Place", "Berlin, DE")
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	b.last = httptest.NewRecorder()
	b.handler.ServeHTTP(b.last, r)
	for _, c := range b.last.Result().Cookies() {
		b.cookies[c.Name] = c
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	if got := b.last.Header().Get("Cache-Control"); got != "no-store" {
		b.t.Errorf("%s: Cache-Control %q", route, got)
	}
	if b.last.Code == http.StatusOK {
		must(b.t, json.Unmarshal(b.last.Body.Bytes(), out))
		return nil
	}
	p := new(api.Problem)
	must(b.t, json.Unmarshal(b.last.Body.Bytes(), p))
	if p.Status != b.last.Code {
		b.t.Errorf("%s: status %d in the body, %d on the wire", route, p.Status, b.last.Code)
	}
	return p
}

// session is what the browser's session cookie holds.
func (b *browser) session() (session.Cookie, error) {
	r := httptest.NewRequestWithContext(b.t.Context(), "GET", "/", nil)
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	return session.Read(b.t.Context(), b.w.ring, r)
}

// live returns the session of the browser, which must be live.
func (b *browser) live() session.Cookie {
	b.t.Helper()
	c, err := b.session()
	must(b.t, err)
	_, err = b.w.accounts.TouchSession(b.t.Context(), c.Account, c.Ref())
	must(b.t, err)
	return c
}

// begin is the first half of a sign-in.
func (b *browser) begin(upn, password, flow string) (*passwordtest.Login, api.PasswordBeginResponse, *api.Problem) {
	b.t.Helper()
	login := passwordtest.Begin(b.t, password)
	var out api.PasswordBeginResponse
	p := b.post(api.RoutePasswordBegin, api.PasswordBeginRequest{Flow: flow, UPN: upn, KE1: login.KE1}, &out)
	return login, out, p
}

var errWrong = errors.New("the client saw that the password is wrong")

// signin is both halves, as the client core does them.
func (b *browser) signin(upn, password string, keep bool) (api.PasswordFinishResponse, error) {
	b.t.Helper()
	var out api.PasswordFinishResponse
	login, begun, p := b.begin(upn, password, "")
	if p != nil {
		return out, p
	}
	ke3, err := login.Finish(begun.KE2, begun.KSF)
	if err != nil {
		return out, errWrong
	}
	if p := b.post(api.RoutePasswordFinish, api.PasswordFinishRequest{State: begun.State, KE3: ke3, Keep: keep}, &out); p != nil {
		return out, p
	}
	return out, nil
}

// signup is the whole way of a sign-up.
func (b *browser) signup(kind api.SignupKind, upn, password string) error {
	b.t.Helper()
	up, err := b.prove(kind, upn)
	if err != nil {
		return err
	}
	if p := b.finish(b.finishRequest(up, password)); p != nil {
		return p
	}
	b.w.wake() // the name's commit
	return nil
}

// prove begins a sign-up and enters the code.
func (b *browser) prove(kind api.SignupKind, upn string) (api.SignupState, error) {
	b.t.Helper()
	var up api.SignupState
	if p := b.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: kind, UPN: upn, Language: "de"}, &up); p != nil {
		return up, p
	}
	if up.NeedsCode {
		code := b.w.lastMail(up.UPN).Code
		if p := b.post(api.RouteSignupCode, api.SignupCodeRequest{State: up.State, Code: code}, &up); p != nil {
			return up, p
		}
	}
	return up, nil
}

// finishRequest does OPAQUE registration and returns what finish wants.
func (b *browser) finishRequest(up api.SignupState, password string) api.SignupFinishRequest {
	b.t.Helper()
	var made api.KSF
	record := passwordtest.Register(b.t, password, b.w.config.KSF, func(request []byte) []byte {
		var out api.RegistrationResponse
		if p := b.post(api.RouteSignupPassword, api.SignupPasswordRequest{State: up.State, Request: request}, &out); p != nil {
			b.t.Fatal(p)
		}
		made = out.KSF
		return out.Response
	})
	return api.SignupFinishRequest{State: up.State, Name: "Ada Lovelace", Record: record, KSF: made}
}

func (b *browser) finish(in api.SignupFinishRequest) *api.Problem {
	b.t.Helper()
	return b.post(api.RouteSignupFinish, in, new(api.SignupFinishResponse))
}

// isCode reports whether err is the problem of that code.
func isCode(err error, code api.Code) bool {
	var p *api.Problem
	return errors.As(err, &p) && p != nil && p.Code == code
}

// refusedWith is isCode for what post returns.
func refusedWith(p *api.Problem, code api.Code) bool { return p != nil && p.Code == code }
