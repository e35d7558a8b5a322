//go:build !js

package token_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

// A stranger who registers an application, with a token of the operator's, attacks other applications and their people.

// join signs a person in to the newcomer, who agrees to everything, and returns the tokens.
func (n *newcomer) join(b *browser, redirect string) tokens {
	n.Helper()
	to := b.authorize("client_id", n.id, "redirect_uri", redirect, "scope", "openid offline_access", "prompt", "consent").to(n)
	code := b.say(to, true).to(n).Query().Get("code")
	_, t := b.redeem(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}},
		"Authorization", basic(n.id, n.secret))
	if t.IDToken == "" || t.RefreshToken == "" {
		n.Fatalf("%+v", t)
	}
	return t
}

// Pairwise theft: who has tokens of a person already would learn by what name another site knows that person, by moving there.
func TestPairwiseTheftByMovingARegistration(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	known := g.claimsOf(b.tokensOf("twin1").IDToken, "JWT", "ES256")["sub"]
	for _, before := range []string{"public", "pairwise"} {
		n := g.newcomer(`{"redirect_uris": ["https://new.test/cb"], "grant_types": ["authorization_code", "refresh_token"], "subject_type": "`+before+`",
			"id_token_signed_response_alg": "ES256"}`, tenant.Terms{})
		mine := n.join(b, "https://new.test/cb")
		res, members := g.manage("PUT", n.address, n.token, `{"client_id": "`+n.id+`", "redirect_uris": ["`+twinCallback+`"], "subject_type": "pairwise",
			"grant_types": ["authorization_code", "refresh_token"], "id_token_signed_response_alg": "ES256"}`)
		if res.StatusCode != http.StatusBadRequest || members["error"] != "invalid_client_metadata" {
			t.Errorf("%s: %d %s", before, res.StatusCode, res.body)
		}
		_, next := b.redeem(refreshForm(mine.RefreshToken), "Authorization", basic(n.id, n.secret))
		if sub := g.claimsOf(next.IDToken, "JWT", "ES256")["sub"]; sub == known {
			t.Errorf("%s: knows the person as twin.test does", before)
		}
		res, _ = g.manage("PUT", n.address, n.token, `{"client_id": "`+n.id+`", "redirect_uris": ["https://new.test/cb2"], "subject_type": "`+before+`"}`)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: an honest change: %d %s", before, res.StatusCode, res.body)
		}
	}
}

// Pairwise theft: a document that lists redirect URIs shows nothing about an application that has tokens without them.
func TestPairwiseTheftByTheSectorOfAnotherSite(t *testing.T) {
	g := newRig(t)
	g.published = func(*http.Request) (*http.Response, error) {
		r := answer(http.StatusOK)
		r.Body = io.NopCloser(strings.NewReader(`["https://victim.example/cb", "http://127.0.0.1/cb"]`))
		return r, nil
	}
	for rule, members := range map[string]string{
		"by a device":             `"redirect_uris": ["https://victim.example/cb"], "grant_types": ["authorization_code", "` + tenant.GrantDevice + `"]`,
		"without a redirect URI":  `"grant_types": ["` + tenant.GrantDevice + `"]`,
		"on everybody's loopback": `"redirect_uris": ["http://127.0.0.1/cb"], "application_type": "native"`,
	} {
		res, answered := g.manage("POST", "/oauth2/register", g.initial(1, tenant.Terms{}),
			fmt.Sprintf(`{%s, "subject_type": "pairwise", "sector_identifier_uri": "https://victim.example/sector"}`, members))
		if res.StatusCode != http.StatusBadRequest || answered["error"] != "invalid_client_metadata" {
			t.Errorf("%s: %d %s", rule, res.StatusCode, res.body)
		}
	}
}

// Unmasking a visitor: an application that nobody has agreed to guesses who its visitor is, without a page to be seen.
func TestUnmaskingAVisitorBySilentGuesses(t *testing.T) {
	g := newRig(t)
	n := g.newcomer(aRegistration, tenant.Terms{})
	b, ada := g.signedIn("ada@id.test")
	bob := g.person("bob@id.test")
	seen := map[string]string{}
	for who, id := range map[string]string{"ada": ada, "bob": bob} {
		for _, place := range []string{"id_token", "userinfo"} {
			to := b.authorize("client_id", n.id, "redirect_uri", "https://new.test/cb", "prompt", "none", "scope", "openid",
				"claims", fmt.Sprintf(`{%q: {"sub": {"value": %q}}}`, place, id)).to(t)
			seen[to.Query().Get("error")+"|"+to.Query().Get("error_description")] = who + " by " + place
		}
	}
	if len(seen) != 1 {
		t.Errorf("a right guess can be told from a wrong one: %v", seen)
	}
}

// Impersonation: the page for devices shows a name that a stranger chose, and says so.
func TestImpersonationAtTheDevicePageIsMarked(t *testing.T) {
	g := withTV(newRig(t))
	n := g.newcomer(`{"client_name": "Living-room TV", "grant_types": ["`+tenant.GrantDevice+`"], "token_endpoint_auth_method": "none"}`, tenant.Terms{})
	b, _ := g.signedIn("ada@id.test")
	for client, verified := range map[string]bool{"tv": true, n.id: false} {
		shown := b.shown(g.turnOn("client_id", client, "scope", "openid").UserCode)
		if shown.Application != "Living-room TV" || shown.Verified != verified {
			t.Errorf("%s: %+v", client, shown)
		}
	}
}

// Response mode downgrade: whoever makes up a request for another application sends the code where its server does not look, and where it
// stays in the address when the callback redirects.
func TestResponseModeDowngradeToTheFragment(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for rule, c := range map[string]struct {
		document string
		may      bool
	}{
		"a server":           {aRegistration, false},
		"a script in a page": {`{"redirect_uris": ["https://new.test/cb"], "token_endpoint_auth_method": "none"}`, true},
	} {
		n := g.newcomer(c.document, tenant.Terms{})
		res := b.authorize("client_id", n.id, "redirect_uri", "https://new.test/cb", "response_mode", "fragment", "scope", "openid")
		if to := res.to(t); (to.Path == "/consent") != c.may || !c.may && to.Query().Get("error") != "invalid_request" {
			t.Errorf("%s: %s", rule, to)
		}
	}
}

// Consent replay: what was agreed to for one API is nothing for another one that has a word of the same name.
func TestConsentOfOneAPIIsNotReplayedAtAnother(t *testing.T) {
	g := newRig(t)
	photos, files := "https://photos.test/", "https://files.test/"
	g.apis = []tenant.Resource{{Identifier: photos, Name: "Photos", Scopes: []string{"read", "write"}}, {Identifier: files, Name: "Files", Scopes: []string{"read", "write"}}}
	g.application(func(app *tenant.Application) {
		asks(app)
		app.Resources = []string{photos, files}
	})
	b, _ := g.signedIn("ada@id.test")
	agreed := [][]string{{"scope", "openid write", "resource", photos}, {"scope", "openid read", "resource", files}, {"scope", "openid email"}}
	for _, one := range agreed {
		b.say(b.front(one...).to(t), true)
	}
	for _, one := range append(agreed, []string{"scope", "email", "resource", photos}) {
		if to := b.front(one...).to(t); to.Query().Get("code") == "" {
			t.Errorf("%v is asked for again: %s", one, to)
		}
	}
	for _, more := range [][]string{{"scope", "openid write", "resource", files}, {"scope", "openid read", "resource", photos}} {
		if to := b.front(more...).to(t); to.Path != "/consent" {
			t.Errorf("%v: nobody is asked: %s", more, to)
		}
	}
}

// Impersonation: an application lists somebody else's callback beside its own, to link to that one's pages.
func TestImpersonationByLinksOfAnotherSite(t *testing.T) {
	g := newRig(t)
	n := g.newcomer(`{"redirect_uris": ["https://new.test/cb", "https://bank.test/cb"], "policy_uri": "https://bank.test/privacy", "tos_uri": "https://new.test/terms"}`,
		tenant.Terms{})
	b, _ := g.signedIn("ada@id.test")
	for host, want := range map[string][2]string{"new.test": {"", "https://new.test/terms"}, "bank.test": {"https://bank.test/privacy", ""}} {
		shown := b.asked(b.authorize("client_id", n.id, "redirect_uri", "https://"+host+"/cb").to(t))
		if shown.Host != host || shown.Verified || shown.PolicyURI != want[0] || shown.TOSURI != want[1] {
			t.Errorf("%s: %+v", host, shown)
		}
	}
}

// Consent replay: a person agrees where a known address is shown, or none, and the code goes to another one without a question.
func TestConsentForOneHostIsNotReplayedAtAnother(t *testing.T) {
	g := withTV(newRig(t))
	n := g.newcomer(`{"redirect_uris": ["https://bank.test/cb", "https://bank.test/other", "https://new.test/cb"], "token_endpoint_auth_method": "none",
		"grant_types": ["authorization_code", "`+tenant.GrantDevice+`"]}`, tenant.Terms{})
	b, _ := g.signedIn("ada@id.test")
	ask := func(redirect string) *url.URL {
		return b.authorize("client_id", n.id, "redirect_uri", redirect, "scope", "openid").to(t)
	}
	b.lets(g.turnOn("client_id", n.id, "scope", "openid"))
	b.say(ask("https://bank.test/cb"), true)
	if to := ask("https://bank.test/other"); to.Query().Get("code") == "" {
		t.Errorf("the same host is asked about again: %s", to)
	}
	if to := ask("https://new.test/cb"); to.Path != "/consent" {
		t.Errorf("nobody is asked about the other host: %s", to)
	}
	b.say(ask("https://new.test/cb"), true)
	for _, redirect := range []string{"https://bank.test/cb", "https://new.test/cb"} {
		if to := ask(redirect); to.Query().Get("code") == "" {
			t.Errorf("forgotten: %s", to)
		}
	}
}
