//go:build !js

package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

// delivered runs the outbox and returns what applications were sent since the last time.
func (g *rig) delivered() (requests []*http.Request, logoutTokens []string) {
	g.Helper()
	g.must(g.native.Wake(context.Background()))
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, form := range g.forms {
		values, err := url.ParseQuery(form)
		g.must(err)
		logoutTokens = append(logoutTokens, values.Get("logout_token"))
	}
	requests = g.told
	g.told, g.forms = nil, nil
	return requests, logoutTokens
}

func TestBackChannelTellsEveryApplicationThatWasSignedInTo(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	b.tokens()
	b.code("client_id", "vault", "redirect_uri", "https://vault.test/cb")
	b.code("client_id", "app", "redirect_uri", appCallback) // has no back channel
	b.signout("")
	requests, logoutTokens := g.delivered()
	if len(requests) != 2 {
		t.Fatalf("%d applications told", len(requests))
	}
	for i, r := range requests {
		compact, alg := logoutTokens[i], "ES256"
		if r.URL.String() == "https://vault.test/back" {
			object, err := jose.ParseEncryptedCompact(compact, []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
			g.must(err)
			signed, err := object.Decrypt(g.vaultKey)
			g.must(err)
			compact, alg = string(signed), "RS256"
		}
		checkLogoutToken(g, r, compact, alg, id, b.sid)
	}
}

func checkLogoutToken(g *rig, r *http.Request, compact, alg, sub, sid string) {
	g.Helper()
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Header.Get("Cookie") != "" {
		g.Errorf("%s %v", r.Method, r.Header)
	}
	claims := g.claimsOf(compact, "logout+jwt", alg)
	now := float64(g.now().Unix())
	aud := map[string]string{"https://shop.test/back": "shop", "https://vault.test/back": "vault"}[r.URL.String()]
	if claims["iss"] != g.URL || claims["sub"] != sub || claims["sid"] != sid || claims["aud"] != aud || claims["iat"] != now || claims["exp"] != now+120 {
		g.Errorf("%s: %v", r.URL, claims)
	}
	events, _ := json.Marshal(claims["events"])
	if _, nonce := claims["nonce"]; nonce || claims["jti"] == "" || string(events) != `{"http://schemas.openid.net/event/backchannel-logout":{}}` {
		g.Errorf("%s: %v", r.URL, claims)
	}
}

func TestBackChannelTriesAgainWhenItMayHelp(t *testing.T) {
	for _, test := range []struct {
		name  string
		reply func(*http.Request) (*http.Response, error)
		again bool
	}{
		{"200", func(*http.Request) (*http.Response, error) { return answer(200), nil }, false},
		{"204", func(*http.Request) (*http.Response, error) { return answer(204), nil }, false},
		{"400", func(*http.Request) (*http.Response, error) { return answer(400), nil }, false},
		{"404", func(*http.Request) (*http.Response, error) { return answer(404), nil }, false},
		{"redirect", func(*http.Request) (*http.Response, error) { return answer(302), nil }, false},
		{"429", func(*http.Request) (*http.Response, error) { return answer(429), nil }, true},
		{"503", func(*http.Request) (*http.Response, error) { return answer(503), nil }, true},
		{"no connection", func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }, true},
	} {
		g := newRig(t)
		b, _ := g.signedIn("ada@id.test")
		b.tokens()
		b.signout("")
		g.mu.Lock()
		g.reply = test.reply
		g.mu.Unlock()
		_, first := g.delivered()
		g.wait(time.Hour)
		_, second := g.delivered()
		if len(first) != 1 || (len(second) > 0) != test.again {
			t.Errorf("%s: %d, then %d tries", test.name, len(first), len(second))
			continue
		}
		if test.again {
			one, two := g.claimsOf(first[0], "logout+jwt", "ES256"), g.claimsOf(second[0], "logout+jwt", "ES256")
			if one["jti"] != two["jti"] || one["iat"] == two["iat"] {
				t.Errorf("%s: a repeat is %v after %v", test.name, two, one)
			}
		}
	}
}

// SSRF: the address is the registered one at the time of delivery, whatever the outbox entry says.
func TestBackChannelAsksTheRegistrationForTheAddress(t *testing.T) {
	g := newRig(t)
	effect := g.effect()
	deliver := func(l account.Logout) error {
		payload, err := json.Marshal(l)
		g.must(err)
		return effect(t.Context(), object.Delivery{ID: "d1", Topic: account.TopicLogout, Payload: payload})
	}
	g.must(deliver(account.Logout{Sub: "s", SID: "x", ClientID: "shop", BackchannelLogoutURI: "http://169.254.169.254/"}))
	requests, _ := g.delivered()
	if len(requests) != 1 || requests[0].URL.String() != "https://shop.test/back" {
		t.Errorf("%v", requests)
	}
	g.must(deliver(account.Logout{Sub: "s", SID: "x", ClientID: "app", BackchannelLogoutURI: "https://app.test/back"}))
	g.remove("vault")
	g.must(deliver(account.Logout{Sub: "s", SID: "x", ClientID: "vault", BackchannelLogoutURI: "https://vault.test/back"}))
	if requests, _ := g.delivered(); len(requests) != 0 {
		t.Errorf("told all the same: %v", requests)
	}
	insecure := g.effectFor(fixed{tenant.Application{ClientID: "shop", IDTokenAlg: "ES256", BackchannelLogoutURI: "http://shop.test/back"}})
	g.must(insecure(t.Context(), object.Delivery{ID: "d2", Payload: []byte(`{"client_id":"shop"}`)}))
	if requests, _ := g.delivered(); len(requests) != 0 {
		t.Errorf("a token was sent without TLS: %v", requests)
	}
}

// SSRF: a service that the public uses calls no private host, should one have got into the registry all the same.
func TestBackChannelCallsNoPrivateHost(t *testing.T) {
	g := newRig(t)
	for _, address := range []string{"https://169.254.169.254/", "https://10.0.0.1/", "https://localhost/", "https://[::1]/", "https://db.internal/", "https://shop.example/"} {
		app := tenant.Application{ClientID: "shop", IDTokenAlg: "ES256", BackchannelLogoutURI: address}
		effect := token.BackChannel(token.BackChannelDeps{
			Issuer: "https://login.example", Keys: g.keys, Applications: fixed{app}, Transport: g, Now: g.now, Log: slog.New(slog.DiscardHandler),
		})
		g.must(effect(t.Context(), object.Delivery{ID: "d1", Payload: []byte(`{"client_id":"shop"}`)}))
		if requests, _ := g.delivered(); (len(requests) == 1) != (address == "https://shop.example/") {
			t.Errorf("%s: %v", address, requests)
		}
	}
}

// fixed is a registry that a careless operator has written to by hand.
type fixed struct{ app tenant.Application }

func (f fixed) Application(context.Context, string) (tenant.Application, error) { return f.app, nil }
