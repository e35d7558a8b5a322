package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	benchAPI   = "https://api.bench.example/stock"
	grantTurns = time.Second
)

// operation is one kind of request that token services are compared in.
type operation struct {
	name string
	run  func(p *provider, client int) error
	can  func(p *provider) bool
	// what Latchkey must reach, as a multiple
	workerd, node float64
}

var operations = []operation{
	{"client credentials", (*provider).clientCredentials, func(p *provider) bool { return p.name != "workers-oauth-provider" }, 4, 0.6},
	{"introspection", (*provider).introspection, func(p *provider) bool { return p.introspect != "" }, 4, 0.6},
	{"refresh with rotation", (*provider).refresh, func(p *provider) bool { return true }, 2, 1},
	{"code flow, signed in", (*provider).codeFlow, func(p *provider) bool { return p.name != "openauth" }, 2, 1},
}

// grants compares the token endpoints with those of other services.
func (b *bench) grants() error {
	const clients = 8
	ours, err := b.own(clients)
	if err != nil {
		return err
	}
	defer ours.stop()
	var failed error
	for _, start := range []func(int) (*provider, error){b.betterAuth, b.openAuth, b.workersOAuth, b.oidcProvider} {
		peer, err := start(clients)
		if err == nil {
			err = b.compare(ours, peer)
			peer.stop()
		}
		failed = errors.Join(failed, err) // the others are there to be measured all the same
	}
	return failed
}

// compare adds a row for each operation that both sides have.
func (b *bench) compare(ours, peer *provider) error {
	for _, op := range operations {
		if !op.can(peer) {
			continue
		}
		measure := func(p *provider) func() (float64, error) {
			return func() (float64, error) {
				rate, err := flows(p.clients, grantTurns, func(c int) error { return op.run(p, c) })
				if err != nil {
					err = fmt.Errorf("%s: %s: %w", p.name, op.name, err)
				}
				return rate, err
			}
		}
		b.say("%s, %s", peer.name, op.name)
		our, their, ratio, err := b.turns(measure(ours), measure(peer))
		if err != nil {
			return err
		}
		target := op.workerd
		if peer.node {
			target = op.node
		}
		b.add(row{op.name, fmt.Sprintf("%.0f/s", our), fmt.Sprintf("%s %.0f/s", peer.name, their),
			fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %g", target), ratio >= target})
	}
	return nil
}

// own is Latchkey with the same applications.
func (b *bench) own(clients int) (*provider, error) {
	s, err := b.latchkey("grants")
	if err != nil {
		return nil, err
	}
	application := func(id string, grants ...string) map[string]any {
		return map[string]any{
			"client_id": id, "name": "Bench", "client_secret": benchSecret, "redirect_uris": []string{redirectURI},
			"grant_types": append(grants, "authorization_code"), "resources": []string{benchAPI}, "introspects": []string{benchAPI},
		}
	}
	file, err := json.Marshal(map[string]any{
		"applications": []any{application("bench", "client_credentials"), application("bench-refresh", "refresh_token")},
		"resources":    []any{map[string]any{"identifier": benchAPI, "name": "Stock", "scopes": []string{"stock"}, "token_format": "opaque"}},
	})
	if err == nil {
		err = s.Load(b.ctx, file)
	}
	if err != nil {
		return nil, err
	}
	p := &provider{name: "latchkey", clients: clients, authorize: s.URL + "/oauth2/authorize", token: s.URL + "/oauth2/token",
		introspect: s.URL + "/oauth2/introspect", id: "bench", refreshID: "bench-refresh", secret: benchSecret,
		service: url.Values{"scope": {"stock"}, "resource": {benchAPI}}, stop: func() { _ = s.Stop() }}
	for i := range clients {
		_, member, _, err := b.member(s, i)
		if err != nil {
			return nil, err
		}
		p.browsers = append(p.browsers, member.Browser)
	}
	return p, nil
}

func (p *provider) clientCredentials(client int) error {
	form := url.Values{"grant_type": {"client_credentials"}}
	for name, values := range p.service {
		form[name] = values
	}
	answer, err := p.post(p.token, client, p.id, form)
	if err == nil && client == 0 {
		p.accessToken = answer.AccessToken
	}
	return err
}

func (p *provider) introspection(client int) error {
	answer, err := p.post(p.introspect, client, p.id, url.Values{"token": {p.accessToken}, "token_type_hint": {"access_token"}})
	if err == nil && !answer.Active {
		err = fmt.Errorf("the token is not active")
	}
	return err
}

// refresh uses the refresh token of the last time, the first of which comes from a code flow.
func (p *provider) refresh(client int) error {
	if p.refreshTokens == nil {
		p.refreshTokens = make([]string, p.clients)
	}
	if p.refreshTokens[client] == "" {
		answer, err := p.begin(client)
		if err != nil {
			return err
		}
		p.refreshTokens[client] = answer.RefreshToken
	}
	answer, err := p.post(p.token, client, p.refreshID, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {p.refreshTokens[client]}})
	if err == nil && answer.RefreshToken == p.refreshTokens[client] {
		err = fmt.Errorf("the refresh token was not rotated")
	}
	p.refreshTokens[client] = answer.RefreshToken
	return err
}

// begin gets a first refresh token.
func (p *provider) begin(client int) (answer, error) {
	if p.service.Has("provider") {
		return p.post(p.token, client, p.id, url.Values{"grant_type": {"client_credentials"}, "provider": {"door"}})
	}
	return p.code(client, p.refreshID, "openid profile email"+p.offline)
}

func (p *provider) codeFlow(client int) error {
	_, err := p.code(client, p.id, "openid profile email")
	return err
}

// code goes to the authorization endpoint, follows redirects until it is back at the application and redeems the code.
func (p *provider) code(client int, id, scope string) (answer, error) {
	challenge := sha256.Sum256([]byte(verifier))
	address, err := url.Parse(p.authorize + "?" + url.Values{
		"response_type": {"code"}, "client_id": {id}, "redirect_uri": {redirectURI}, "scope": {scope}, "state": {"state-of-the-bench"}, "nonce": {"n"},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"login_hint": {fmt.Sprintf("person-%d", client)}, "provider": {"door"},
	}.Encode())
	if err != nil {
		return answer{}, err
	}
	for range 5 {
		r, err := http.NewRequest(http.MethodGet, address.String(), nil)
		if err != nil {
			return answer{}, err
		}
		got, body, err := p.browsers[client].Do(r)
		if err != nil {
			return answer{}, err
		}
		if address, err = address.Parse(got.Header.Get("Location")); err != nil || got.Header.Get("Location") == "" {
			return answer{}, fmt.Errorf("authorize: %d %s", got.StatusCode, body)
		}
		if strings.HasPrefix(address.String(), redirectURI) {
			break
		}
	}
	code := address.Query().Get("code")
	if code == "" {
		return answer{}, fmt.Errorf("authorize led to %s", address)
	}
	return p.post(p.token, client, id, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier},
	})
}

// answer is what of a token or introspection answer is looked at.
type answer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	Active       bool   `json:"active"`
}

func (p *provider) post(endpoint string, client int, id string, form url.Values) (answer, error) {
	if p.service.Has("provider") { // openauth knows its clients by parameters alone
		form.Set("client_id", id)
		form.Set("client_secret", p.secret)
	}
	r, err := http.NewRequest(http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !p.service.Has("provider") {
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(p.secret))
	}
	got, err := p.browsers[client].HTTP.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return answer{}, err
	}
	var out answer
	if err := json.Unmarshal(body, &out); err != nil || got.StatusCode != http.StatusOK || out.AccessToken == "" && !out.Active {
		return out, fmt.Errorf("%s: %d %s", endpoint, got.StatusCode, body)
	}
	return out, nil
}
