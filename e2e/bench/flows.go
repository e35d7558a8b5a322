package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
)

const (
	clientID    = "bench"
	redirectURI = "https://bench.example/callback"
	verifier    = "bench-bench-bench-bench-bench-bench-bench-ok"
)

// browser plays a browser's part towards Latchkey: it keeps cookies and names the origin.
type browser struct {
	base   string // where the service listens
	issuer string // what it calls itself
	secret string // of the application
	http   *http.Client
	jar    map[string]string
}

func newBrowser(base, issuer, secret string) *browser {
	return &browser{base, issuer, secret, &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, map[string]string{}}
}

func (b *browser) do(r *http.Request) (*http.Response, []byte, error) {
	for name, value := range b.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	answer, err := b.http.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer, body, err
}

// call sends a request of the JSON interface and keeps the cookies of the answer.
func (b *browser) call(route string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodPost, b.base+route, bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", b.issuer)
	answer, body, err := b.do(r)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d %s", route, answer.StatusCode, body)
	}
	for _, c := range answer.Cookies() {
		b.jar[c.Name] = c.Value
	}
	return json.Unmarshal(body, out)
}

// signUp makes an account under the service's own domain.
func (b *browser) signUp(upn string, p *person) error {
	var state api.SignupState
	if err := b.call(api.RouteSignupBegin, api.SignupBeginRequest{Kind: api.SignupNew, UPN: upn}, &state); err != nil {
		return err
	}
	request, err := p.registration()
	if err != nil {
		return err
	}
	var response api.RegistrationResponse
	if err := b.call(api.RouteSignupPassword, api.SignupPasswordRequest{State: state.State, Request: request}, &response); err != nil {
		return err
	}
	record, err := p.record(response.Response, response.KSF)
	if err != nil {
		return err
	}
	return b.call(api.RouteSignupFinish, api.SignupFinishRequest{
		State: state.State, Name: "Bench", Record: record, KSF: response.KSF,
	}, &api.SignupFinishResponse{})
}

// signIn is both steps of a password sign-in.
func (b *browser) signIn(upn string, p *person) error {
	a, err := p.begin()
	if err != nil {
		return err
	}
	var begin api.PasswordBeginResponse
	if err := b.call(api.RoutePasswordBegin, api.PasswordBeginRequest{UPN: upn, KE1: a.ke1}, &begin); err != nil {
		return err
	}
	ke3, err := a.ke3(begin.KE2)
	if err != nil {
		return err
	}
	return b.call(api.RoutePasswordFinish, api.PasswordFinishRequest{State: begin.State, KE3: ke3}, &api.PasswordFinishResponse{})
}

// codeFlow is authorize and token for somebody who is signed in.
func (b *browser) codeFlow() error {
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirectURI}, "scope": {"openid profile email"},
		"state": {"s"}, "nonce": {"n"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}
	r, err := http.NewRequest(http.MethodGet, b.base+"/oauth2/authorize?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	answer, body, err := b.do(r)
	if err != nil {
		return err
	}
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		return fmt.Errorf("authorize: %d to %q %s", answer.StatusCode, to, body)
	}
	return b.redeem(b.base+"/oauth2/token", to.Query().Get("code"))
}

func (b *browser) redeem(endpoint, code string) error {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}}
	r, err := http.NewRequest(http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, url.QueryEscape(b.secret))
	answer, err := b.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("id_token"))) {
		err = fmt.Errorf("token: %d %s", answer.StatusCode, body)
	}
	return err
}

// plainFlow is the same against the plain Worker.
func (b *browser) plainFlow(account int) error {
	r, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/authorize?account=%d&nonce=n", b.base, account), nil)
	if err != nil {
		return err
	}
	answer, body, err := b.do(r)
	if err != nil {
		return err
	}
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		return fmt.Errorf("plain authorize: %d %s", answer.StatusCode, body)
	}
	return b.redeem(fmt.Sprintf("%s/token?account=%d", b.base, account), to.Query().Get("code"))
}
