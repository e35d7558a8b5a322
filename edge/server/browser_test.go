//go:build !js

package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
	"github.com/latchkey-id/latchkey/edge/session"
)

// browser is a browser with one of our pages open. It keeps cookies for as long as the world's clock says and follows no
// redirect.
type browser struct {
	w       *world
	t       testing.TB
	cookies map[string]*http.Cookie // Expires is always set
	address string                  // that it comes from
}

func (w *world) browser() *browser {
	return &browser{w: w, t: w.t, cookies: map[string]*http.Cookie{}, address: "192.0.2.7"}
}

func (b *browser) do(r *http.Request) *http.Response {
	b.t.Helper()
	r.Header.Set("CF-Connecting-IP", b.address)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	for name, c := range b.cookies {
		if !b.w.clock.Now().Before(c.Expires) {
			delete(b.cookies, name)
			continue
		}
		r.AddCookie(c)
	}
	answer := b.w.send(r).Result()
	for _, c := range answer.Cookies() {
		open := c.Name == session.StateCookieName // and worth nothing
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || c.HttpOnly == open || (c.SameSite == http.SameSiteLaxMode) == open || c.Path != "/" || c.Domain != "" {
			b.t.Errorf("%s sets a cookie that others may read or set: %s", r.URL.Path, c.Raw)
		}
		life := time.Duration(c.MaxAge) * time.Second
		if c.MaxAge == 0 { // until the browser is closed, which these never are
			life = 1000 * day
		}
		c.Expires = b.w.clock.Now().Add(life)
		b.cookies[c.Name] = c
	}
	return answer
}

const day = 24 * time.Hour

// get asks for a path, as a page does: "/api/…", or as a person does who follows a link.
func (b *browser) get(path string) *http.Response {
	b.t.Helper()
	return b.do(httptest.NewRequest(http.MethodGet, issuer+path, nil))
}

// call is a page's request to the JSON interface. A refusal comes back as an error.
func (b *browser) call(method, route string, in, out any) error {
	b.t.Helper()
	body, err := json.Marshal(in)
	b.w.must(err)
	r := httptest.NewRequest(method, issuer+route, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", issuer)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer := b.do(r)
	if answer.StatusCode != http.StatusOK {
		p := problemOf(b.t, answer)
		return &p
	}
	return json.NewDecoder(answer.Body).Decode(out)
}

func (b *browser) post(route string, in, out any) error {
	b.t.Helper()
	return b.call(http.MethodPost, route, in, out)
}

// account is what the account page shows.
func (b *browser) account() (out api.Account, err error) {
	b.t.Helper()
	err = b.call(http.MethodGet, api.RouteAccount, nil, &out)
	return out, err
}

const secret = "correct horse battery staple"

// cheap is what these browsers stretch with, whatever they say: the server cannot tell, and Argon2id is not what is tested here.
var cheap = passwordtest.KSF

// signup makes an account with an address of its own and keeps the person signed in.
func (b *browser) signup(upn string) {
	b.t.Helper()
	var up api.SignupState
	b.w.must(b.post(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupEmail, UPN: upn}, &up))
	b.w.must(b.post(api.RouteSignupCode, api.SignupCodeRequest{State: up.State, Code: b.w.mail(upn).Code}, &up))
	record := passwordtest.Register(b.t, secret, cheap, func(request []byte) []byte {
		var out api.RegistrationResponse
		b.w.must(b.post(api.RouteSignupPassword, api.SignupPasswordRequest{State: up.State, Request: request}, &out))
		return out.Response
	})
	b.w.must(b.post(api.RouteSignupFinish, api.SignupFinishRequest{
		State: up.State, Name: "Ada Lovelace", Record: record, KSF: api.CurrentKSF, Keep: true,
	}, new(api.SignupFinishResponse)))
	b.w.wake() // commits the name
}

// begin is the first half of a sign-in; the second may come later.
func (b *browser) begin(upn string) (finish func() error) {
	b.t.Helper()
	login := passwordtest.Begin(b.t, secret)
	var begun api.PasswordBeginResponse
	b.w.must(b.post(api.RoutePasswordBegin, api.PasswordBeginRequest{UPN: upn, KE1: login.KE1}, &begun))
	return func() error {
		b.t.Helper()
		ke3, err := login.Finish(begun.KE2, cheap)
		b.w.must(err)
		return b.post(api.RoutePasswordFinish, api.PasswordFinishRequest{State: begun.State, KE3: ke3, Keep: true}, new(api.PasswordFinishResponse))
	}
}

// location is where a redirect leads.
func location(t testing.TB, answer *http.Response) *url.URL {
	t.Helper()
	u, err := answer.Location()
	if err != nil {
		t.Fatalf("status %d leads nowhere: %v", answer.StatusCode, err)
	}
	return u
}

func refusedWith(err error, code api.Code) bool {
	var p *api.Problem
	return errors.As(err, &p) && p.Code == code
}
