//go:build !js

package token_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/session"
)

var (
	verifier  = strings.Repeat("v", 43)
	challenge = oauth.Challenge(verifier)
)

// browser keeps cookies and follows no redirect by itself.
type browser struct {
	*rig
	client *http.Client
	sid    string // of the latest sign-in
	keep   bool   // "keep me signed in"
}

// reply is an answer that was read.
type reply struct {
	*http.Response
	body string
}

// to is where a redirect leads.
func (r reply) to(t testing.TB) *url.URL {
	t.Helper()
	u, err := url.Parse(r.Header.Get("Location"))
	if err != nil || r.Header.Get("Location") == "" {
		t.Fatalf("%d leads to %q: %v\n%s", r.StatusCode, r.Header.Get("Location"), err, r.body)
	}
	return u
}

func (g *rig) browser() *browser {
	g.Helper()
	jar, err := cookiejar.New(nil)
	g.must(err)
	return &browser{rig: g, client: &http.Client{
		Jar: jar, Transport: g.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (b *browser) do(r *http.Request) reply {
	b.Helper()
	res, err := b.client.Do(r)
	b.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	b.must(err)
	return reply{res, string(body)}
}

func (b *browser) get(path string, header ...string) reply {
	b.Helper()
	r, err := http.NewRequest(http.MethodGet, b.URL+path, nil)
	b.must(err)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

func (b *browser) post(path string, form url.Values, header ...string) reply {
	b.Helper()
	r, err := http.NewRequest(http.MethodPost, b.URL+path, strings.NewReader(form.Encode()))
	b.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

// signIn does what edge/signin does after a right password: a new session in the account and its cookie in the browser.
func (b *browser) signIn(accountID string) {
	b.Helper()
	b.sid = account.NewID()
	b.complete(accountID, nil)
}

// renew signs in again into the same session.
func (b *browser) renew(accountID string) {
	b.Helper()
	present, err := session.Read(context.Background(), b.keys, &http.Request{Header: http.Header{"Cookie": {b.cookies("__Host-session")[0].String()}}})
	b.must(err)
	ref := present.Ref()
	b.complete(accountID, &ref)
}

func (b *browser) complete(accountID string, renew *account.SessionRef) {
	b.Helper()
	ctx, attempt, secret := context.Background(), account.NewID(), account.NewSecret()
	_, err := b.accounts.BeginSignin(ctx, accountID, account.BeginSigninIn{Name: "n", Attempt: attempt, Policy: account.DefaultLockPolicy})
	b.must(err)
	kept := newSession(b.sid, secret)
	kept.Keep = b.keep
	b.must(b.accounts.CompleteSignin(ctx, accountID, account.CompleteSigninIn{Attempt: attempt, Session: kept, Renew: renew}))
	w := httptest.NewRecorder()
	b.must(session.Issue(ctx, b.keys, w, session.Cookie{Account: accountID, ID: b.sid, Secret: secret}, b.now(), 30*24*time.Hour, true))
	b.client.Jar.SetCookies(b.base(), w.Result().Cookies())
}

func (b *browser) base() *url.URL {
	u, _ := url.Parse(b.URL)
	return u
}

// cookies are those of the browser whose names begin so.
func (b *browser) cookies(prefix string) []*http.Cookie {
	var out []*http.Cookie
	for _, c := range b.client.Jar.Cookies(b.base()) {
		if strings.HasPrefix(c.Name, prefix) {
			out = append(out, c)
		}
	}
	return out
}

// hide takes a cookie away, as browsers do with SameSite=Lax cookies on another site's POST, and returns how to put it back.
func (b *browser) hide(name string) (restore func()) {
	hidden := b.cookies(name)
	b.client.Jar.SetCookies(b.base(), []*http.Cookie{{Name: name, MaxAge: -1, Path: "/", Secure: true}})
	return func() { b.client.Jar.SetCookies(b.base(), hidden) }
}

// request is a good authorization request of the shop, with changes: a value of "-" takes a parameter out.
func request(changes ...string) url.Values {
	v := url.Values{
		"client_id": {"shop"}, "redirect_uri": {shopCallback}, "response_type": {"code"}, "scope": {"openid profile email"},
		"state": {"st"}, "nonce": {"no"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if v.Set(changes[i], changes[i+1]); changes[i+1] == "-" {
			v.Del(changes[i])
		}
	}
	return v
}

func (b *browser) authorize(changes ...string) reply {
	b.Helper()
	return b.get("/oauth2/authorize?" + request(changes...).Encode())
}

// code gets a code for a signed-in person.
func (b *browser) code(changes ...string) string {
	b.Helper()
	to := b.authorize(changes...).to(b)
	code := to.Query().Get("code")
	if code == "" {
		b.Fatalf("no code: %s", to)
	}
	return code
}

// exchange is a good token request of the shop for a code, with changes.
func exchange(code string, changes ...string) url.Values {
	v := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {shopCallback}, "code_verifier": {verifier},
		"client_id": {"shop"}, "client_secret": {shopSecret},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if v.Set(changes[i], changes[i+1]); changes[i+1] == "-" {
			v.Del(changes[i])
		}
	}
	return v
}

// tokens is the token endpoint's answer, good or bad.
type tokens struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	Scope       string `json:"scope"`
	IDToken     string `json:"id_token"`

	RefreshToken string `json:"refresh_token"`

	Error string `json:"error"`
}

func (b *browser) redeem(form url.Values, header ...string) (reply, tokens) {
	b.Helper()
	res := b.post("/oauth2/token", form, header...)
	var t tokens
	if err := json.Unmarshal([]byte(res.body), &t); err != nil {
		b.Fatalf("%d %q: %v", res.StatusCode, res.body, err)
	}
	return res, t
}

// signedIn is a browser with a person in it, and the person's tokens for the shop.
func (g *rig) signedIn(upn string) (*browser, string) {
	g.Helper()
	b, id := g.browser(), g.person(upn)
	b.signIn(id)
	return b, id
}

func (b *browser) tokens() tokens {
	b.Helper()
	res, t := b.redeem(exchange(b.code()))
	if res.StatusCode != http.StatusOK {
		b.Fatalf("token endpoint: %d %s", res.StatusCode, res.body)
	}
	return t
}

func (b *browser) userinfo(accessToken string) reply {
	b.Helper()
	return b.get("/oauth2/userinfo", "Authorization", "Bearer "+accessToken)
}

// signout is what the sign-out page does.
func (b *browser) signout(flow string) (reply, api.SignoutResponse) {
	b.Helper()
	body, _ := json.Marshal(map[string]string{"flow": flow})
	r, err := http.NewRequest(http.MethodPost, b.URL+api.RouteSignout, strings.NewReader(string(body)))
	b.must(err)
	r.Header.Set("Content-Type", "application/json")
	res := b.do(r)
	var out api.SignoutResponse
	if res.StatusCode == http.StatusOK {
		b.must(json.Unmarshal([]byte(res.body), &out))
	}
	return res, out
}
