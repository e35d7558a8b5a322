package opaquetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 1 << 20

// Browser plays a browser's part: it keeps cookies and names the origin. It is for one goroutine at a time.
type Browser struct {
	Base    string       // where the service listens
	Issuer  string       // what the service calls itself
	HTTP    *http.Client // follows no redirect
	Cookies map[string]string
	Header  http.Header // sent with every request
}

// NewBrowser returns a browser without cookies. It sends its requests as client does, without following redirects.
func NewBrowser(base, issuer string, client *http.Client) *Browser {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Browser{base, issuer, &own, map[string]string{}, http.Header{}}
}

// Do sends a request with the cookies, and keeps those of the answer.
func (b *Browser) Do(r *http.Request) (*http.Response, []byte, error) {
	for name, value := range b.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for name, values := range b.Header {
		r.Header[name] = values
	}
	answer, err := b.HTTP.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, nil, err
	}
	for _, c := range answer.Cookies() {
		if c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Before(time.Now()) {
			delete(b.Cookies, c.Name)
			continue
		}
		b.Cookies[c.Name] = c.Value
	}
	return answer, body, nil
}

// Call posts to a route of the JSON interface; with in == nil it gets. Errors: *api.Problem for an answer that is one.
func (b *Browser) Call(route string, in, out any) error {
	r, err := b.request(route, in)
	if err != nil {
		return err
	}
	answer, body, err := b.Do(r)
	if err != nil {
		return err
	}
	if answer.StatusCode == http.StatusOK {
		return json.Unmarshal(body, out)
	}
	problem := &api.Problem{}
	if json.Unmarshal(body, problem) != nil || problem.Code == "" {
		return fmt.Errorf("%s: %d %s", route, answer.StatusCode, body)
	}
	if header := answer.Header.Get("Retry-After"); header != fmt.Sprint(problem.RetryAfter) && problem.RetryAfter != 0 {
		return fmt.Errorf("%s: Retry-After is %q in the header and %d in the body", route, header, problem.RetryAfter)
	}
	return fmt.Errorf("%s: %w", route, problem)
}

func (b *Browser) request(route string, in any) (*http.Request, error) {
	if in == nil {
		return http.NewRequest(http.MethodGet, b.Base+route, nil)
	}
	data, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, b.Base+route, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", b.Issuer)
	return r, nil
}

// SignUp makes an account with a new address of the service's own domain and signs in.
func (b *Browser) SignUp(upn string, p *Person) error {
	state, err := b.BeginSignUp(api.SignupNew, upn)
	if err != nil {
		return err
	}
	return b.FinishSignUp(state, p)
}

// BeginSignUp reserves an address.
func (b *Browser) BeginSignUp(kind api.SignupKind, upn string) (state api.SignupState, err error) {
	err = b.Call(api.RouteSignupBegin, api.SignupBeginRequest{Kind: kind, UPN: upn}, &state)
	return state, err
}

// FinishSignUp registers the password and signs in. An address of the person's own has been proved before.
func (b *Browser) FinishSignUp(state api.SignupState, p *Person) error {
	request, err := p.Registration()
	if err != nil {
		return err
	}
	var response api.RegistrationResponse
	if err := b.Call(api.RouteSignupPassword, api.SignupPasswordRequest{State: state.State, Request: request}, &response); err != nil {
		return err
	}
	record, err := p.Record(response.Response, response.KSF)
	if err != nil {
		return err
	}
	return b.Call(api.RouteSignupFinish, api.SignupFinishRequest{
		State: state.State, Name: "Ada Lovelace", Record: record, KSF: response.KSF,
	}, &api.SignupFinishResponse{})
}

// SignIn is both steps of a password sign-in.
func (b *Browser) SignIn(upn string, p *Person) error {
	a, err := p.Begin()
	if err != nil {
		return err
	}
	var begin api.PasswordBeginResponse
	if err := b.Call(api.RoutePasswordBegin, api.PasswordBeginRequest{UPN: upn, KE1: a.KE1}, &begin); err != nil {
		return err
	}
	ke3, err := a.KE3(begin.KE2)
	if err != nil {
		return err
	}
	return b.Call(api.RoutePasswordFinish, api.PasswordFinishRequest{State: begin.State, KE3: ke3}, &api.PasswordFinishResponse{})
}
