//go:build !js

package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
	provider "github.com/latchkey-id/latchkey/edge/token"
)

// site is an application that people sign in to. It keeps the keys for a day, the longest that is promised, and doesn't ask
// for those it does not know.
type site struct {
	w       *world
	id, alg string
	keys    jose.JSONWebKeySet
	fetched time.Time
}

var verifier = strings.Repeat("v", 43)

// sites registers an application for each of the signature algorithms.
func (w *world) sites(algs ...string) []*site {
	w.t.Helper()
	var entries []string
	var all []*site
	for _, alg := range algs {
		s := &site{w: w, id: "site-" + strings.ToLower(alg), alg: alg}
		entries = append(entries, fmt.Sprintf(`{"client_id":%q,"name":"A site","public":true,"redirect_uris":[%q],
			"id_token_signed_response_alg":%q}`, s.id, s.callback(), alg))
		all = append(all, s)
	}
	w.operate(http.MethodPut, tenant.RouteApplications, `{"applications":[`+strings.Join(entries, ",")+`]}`, new(tenant.Changes))
	return all
}

func (s *site) callback() string { return "https://" + s.id + ".test/callback" }

// request is where the site sends a browser.
func (s *site) request() string {
	return provider.RouteAuthorize + "?" + url.Values{
		"client_id": {s.id}, "redirect_uri": {s.callback()}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {"st"},
		"code_challenge": {oauth.Challenge(verifier)}, "code_challenge_method": {"S256"},
	}.Encode()
}

// code gets a code for a browser that is signed in.
func (s *site) code(b *browser) string {
	s.w.t.Helper()
	to := location(s.w.t, b.get(s.request()))
	code := to.Query().Get("code")
	if code == "" {
		s.w.t.Fatalf("no code for a browser that is signed in: %s", to)
	}
	return code
}

// tokens are what a code is worth.
type tokens struct {
	Access string `json:"access_token"`
	ID     string `json:"id_token"`
}

func (s *site) redeem(code string) (out tokens) {
	s.w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, issuer+provider.RouteToken, strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {s.callback()}, "client_id": {s.id}, "code_verifier": {verifier},
	}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := s.w.send(r)
	if answer.Code != http.StatusOK {
		s.w.t.Fatalf("code refused: %d %s", answer.Code, answer.Body)
	}
	s.w.must(json.Unmarshal(answer.Body.Bytes(), &out))
	return out
}

// fetch asks for the published keys.
func (s *site) fetch() (set jose.JSONWebKeySet) {
	s.w.t.Helper()
	answer := s.w.send(httptest.NewRequest(http.MethodGet, issuer+provider.RouteJWKS, nil))
	s.w.must(json.Unmarshal(answer.Body.Bytes(), &set))
	return set
}

// accept checks an ID token as the site would that arrives now.
func (s *site) accept(idToken string) {
	s.w.t.Helper()
	if s.w.clock.Now().Sub(s.fetched) > day {
		s.refresh()
	}
	s.check(idToken, s.keys)
}

func (s *site) refresh() { s.keys, s.fetched = s.fetch(), s.w.clock.Now() }

func (s *site) check(idToken string, set jose.JSONWebKeySet) {
	s.w.t.Helper()
	signed, err := jose.ParseSignedCompact(idToken, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(s.alg)})
	s.w.must(err)
	key := set.Key(signed.Signatures[0].Protected.KeyID)
	if len(key) != 1 {
		s.w.t.Fatalf("%s: %d published keys for a live token", s.alg, len(key))
	}
	data, err := signed.Verify(key[0])
	s.w.must(err)
	var claims struct {
		Expires int64 `json:"exp"`
	}
	s.w.must(json.Unmarshal(data, &claims))
	if !s.w.clock.Now().Before(time.Unix(claims.Expires, 0)) {
		s.w.t.Fatal("the token has expired: the test is wrong")
	}
}

// userinfo reports whether an access token is good.
func (s *site) userinfo(access string) bool {
	r := httptest.NewRequest(http.MethodGet, issuer+provider.RouteUserinfo, nil)
	r.Header.Set("Authorization", "Bearer "+access)
	return s.w.send(r).Code == http.StatusOK
}
