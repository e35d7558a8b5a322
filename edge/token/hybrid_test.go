//go:build !js

package token_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

const frontCallback = "https://front.test/cb"

// application registers one more, by default like the public one, with all response types.
func (g *rig) application(change func(*tenant.Application)) {
	g.Helper()
	app := tenant.Application{
		ClientID: "front", Name: "Front", Kind: tenant.AppWeb, RedirectURIs: []string{frontCallback}, GrantTypes: []string{tenant.GrantCode},
		ResponseModes: []string{"query", "fragment", "form_post"}, ResponseTypes: []string{"code", "id_token", "code id_token"},
		Scopes: []string{"openid", "profile", "email"}, IDTokenAlg: "ES256",
	}
	change(&app)
	g.registry[app.ClientID] = app
}

// registry is what the rig's provider looks applications up in: those put here by tests, then the real one. The operator's file says
// less than an Application can.
type registry struct {
	*rig
}

func (r registry) Application(ctx context.Context, id string) (tenant.Application, error) {
	if app, known := r.registry[id]; known {
		return app, nil
	}
	return r.tenants.Application(ctx, id)
}

func (r registry) Resource(ctx context.Context, identifier string) (tenant.Resource, error) {
	for _, known := range r.apis {
		if known.Identifier == identifier {
			return known, nil
		}
	}
	return r.tenants.Resource(ctx, identifier)
}

// front asks for an answer to the application of that name.
func (b *browser) front(changes ...string) reply {
	b.Helper()
	return b.authorize(append([]string{"client_id", "front", "redirect_uri", frontCallback}, changes...)...)
}

func anything(*tenant.Application) {}

func halfHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func TestHybridFlowAnswersInTheFragment(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, id := g.signedIn("ada@id.test")
	for _, kind := range []string{"code id_token", "id_token code"} { // the words have no order
		res := b.front("response_type", kind)
		if res.to(t).RawQuery != "" || res.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: something in the query: %s", kind, res.to(t))
		}
		answer := answerOf(t, res)
		claims := g.claimsOf(answer.Get("id_token"), "JWT", "ES256")
		if claims["c_hash"] != halfHash(answer.Get("code")) || claims["nonce"] != "no" || claims["sub"] != id || claims["aud"] != "front" {
			t.Errorf("%s: %v", kind, claims)
		}
		if answer.Get("state") != "st" || answer.Get("iss") != g.URL || answer.Has("access_token") || answer.Has("token_type") {
			t.Errorf("%s: %v", kind, answer)
		}
		if _, has := claims["at_hash"]; has || claims["email"] != nil {
			t.Errorf("%s: the front channel carries what the back channel brings: %v", kind, claims)
		}
		res, tok := b.redeem(exchange(answer.Get("code"), "client_id", "front", "client_secret", "-", "redirect_uri", frontCallback))
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", kind, res.body)
		}
		again := g.claimsOf(tok.IDToken, "JWT", "ES256")
		if again["iss"] != claims["iss"] || again["sub"] != claims["sub"] || again["nonce"] != claims["nonce"] || again["email"] != "ada@id.test" {
			t.Errorf("%s: the two ID tokens disagree: %v", kind, again)
		}
	}
}

func TestFrontChannelAnswersByFormPost(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	action, values := formOf(b.front("response_type", "code id_token", "response_mode", "form_post").body)
	if action != frontCallback || values.Get("code") == "" || values.Get("id_token") == "" || values.Get("state") != "st" {
		t.Errorf("%s %v", action, values)
	}
	_, values = formOf(b.front("response_type", "code id_token", "response_mode", "form_post", "nonce", "-").body)
	if values.Get("error") != "invalid_request" || values.Get("state") != "st" {
		t.Errorf("%v", values)
	}
}

// Response mode downgrade: a token must not get into the query, where servers log it and referrers carry it.
func TestFrontChannelTokensNeverTravelInTheQuery(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	for _, kind := range []string{"id_token", "code id_token"} {
		res := b.front("response_type", kind, "response_mode", "query")
		if to := res.to(t); to.RawQuery != "" || answerOf(t, res).Get("error") != "invalid_request" || answerOf(t, res).Has("id_token") {
			t.Errorf("%s: %s", kind, to)
		}
	}
	if answer := answerOf(t, b.front("response_mode", "fragment")); answer.Get("code") == "" {
		t.Errorf("a code in the fragment: %v", answer)
	}
	g.application(func(app *tenant.Application) { app.ResponseModes = []string{"form_post"} })
	if answer := answerOf(t, b.front("response_type", "code id_token", "response_mode", "fragment")); answer.Get("error") != "invalid_request" {
		t.Errorf("a mode that was not registered: %v", answer)
	}
}

func TestFrontChannelErrorsAreInTheFragment(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	signedIn, _ := g.signedIn("ada@id.test")
	for _, test := range []struct {
		name    string
		b       *browser
		changes []string
		want    string
	}{
		{"nonce missing in the hybrid flow", signedIn, []string{"response_type", "code id_token", "nonce", "-"}, "invalid_request"},
		{"nonce missing in the implicit flow", signedIn, []string{"response_type", "id_token", "nonce", "-"}, "invalid_request"},
		{"challenge missing in the hybrid flow", signedIn, []string{"response_type", "code id_token", "code_challenge", "-"}, "invalid_request"},
		{"access token in the front channel", signedIn, []string{"response_type", "id_token token"}, "unsupported_response_type"},
		{"access token in the hybrid flow", signedIn, []string{"response_type", "code id_token token"}, "unsupported_response_type"},
		{"scope without openid", signedIn, []string{"response_type", "code id_token", "scope", "profile"}, "invalid_scope"},
		{"prompt none without session", g.browser(), []string{"response_type", "code id_token", "prompt", "none"}, "login_required"},
	} {
		res := test.b.front(test.changes...)
		answer := answerOf(t, res)
		if res.to(t).RawQuery != "" || answer.Get("error") != test.want || answer.Get("state") != "st" || answer.Get("iss") != g.URL {
			t.Errorf("%s: %s", test.name, res.to(t))
		}
	}
}

func TestResponseTypesAreThoseOfTheRegistration(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for _, registered := range []string{"code", "id_token", "code id_token"} {
		g.application(func(app *tenant.Application) { app.ResponseTypes = []string{registered} })
		for _, asked := range []string{"code", "id_token", "code id_token"} {
			answer := answerOf(t, b.front("response_type", asked))
			if refused := answer.Get("error") == "unauthorized_client"; refused == (asked == registered) {
				t.Errorf("registered %q, asked for %q: %v", registered, asked, answer)
			}
		}
	}
}

// The challenge is what ties a code to the browser that began. Taking it out, or weakening it, on the way must not help.
func TestPKCEDowngradeIsRefused(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	for name, changes := range map[string][]string{
		"challenge taken out":            {"code_challenge", "-", "code_challenge_method", "-"},
		"method taken out":               {"code_challenge_method", "-"},
		"plain":                          {"code_challenge", verifier, "code_challenge_method", "plain"},
		"plain in the hybrid flow":       {"response_type", "code id_token", "code_challenge", verifier, "code_challenge_method", "plain"},
		"taken out of the hybrid flow":   {"response_type", "code id_token", "code_challenge", "-"},
		"an empty challenge":             {"code_challenge", ""},
		"a challenge of another length":  {"code_challenge", challenge + "A"},
		"a challenge that is not base64": {"code_challenge", strings.Repeat("=", 43)},
	} {
		if answer := answerOf(t, b.front(changes...)); answer.Get("error") != "invalid_request" || answer.Has("code") {
			t.Errorf("%s: %v", name, answer)
		}
	}
	code := b.code()
	for _, bad := range []string{"", "-", challenge, strings.Repeat("w", 43)} {
		if res, _ := b.redeem(exchange(code, "code_verifier", bad)); res.StatusCode == http.StatusOK {
			t.Errorf("verifier %q redeemed the code", bad)
		}
		code = b.code()
	}
}

// Mix-up (RFC 9207): a client of several servers must be able to tell whose answer this is, whatever the answer and however it comes.
func TestMixUpIsNoticedByTheIssuerInEveryAnswer(t *testing.T) {
	g := newRig(t)
	g.application(anything)
	b, _ := g.signedIn("ada@id.test")
	for _, kind := range []string{"code", "code id_token"} {
		for _, mode := range []string{"-", "fragment", "form_post"} {
			for _, changes := range [][]string{nil, {"scope", "\""}, {"prompt", "none login"}, {"max_age", "x"}} {
				res := b.front(append([]string{"response_type", kind, "response_mode", mode}, changes...)...)
				var answer url.Values
				if _, answer = formOf(res.body); mode != "form_post" {
					answer = answerOf(t, res)
				}
				if len(answer["iss"]) != 1 || answer.Get("iss") != g.URL || answer.Has("error") == (changes == nil) {
					t.Errorf("%s by %s with %v: %v", kind, mode, changes, answer)
				}
			}
		}
	}
}
