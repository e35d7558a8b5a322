//go:build !js

package token_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// page posts to our JSON interface as our own page does.
func (b *browser) page(route string, in, out any) reply {
	b.Helper()
	body, err := json.Marshal(in)
	b.must(err)
	r, err := http.NewRequest(http.MethodPost, b.URL+route, strings.NewReader(string(body)))
	b.must(err)
	r.Header.Set("Content-Type", "application/json")
	res := b.do(r)
	if res.StatusCode == http.StatusOK && out != nil {
		b.must(json.Unmarshal([]byte(res.body), out))
	}
	return res
}

// asked is what the page /consent of a redirect shows.
func (b *browser) asked(to *url.URL) (c api.Consent) {
	b.Helper()
	if to.Path != "/consent" {
		b.Fatalf("nobody is asked: %s", to)
	}
	if res := b.page(api.RouteConsent, api.ConsentRequest{Flow: to.Query().Get("flow")}, &c); res.StatusCode != http.StatusOK {
		b.Fatalf("%d %s", res.StatusCode, res.body)
	}
	return c
}

// say presses a button on that page and returns where the browser goes after it.
func (b *browser) say(to *url.URL, allow bool) reply {
	b.Helper()
	var done api.ConsentDecided
	seen := b.asked(to).Seen
	res := b.page(api.RouteConsentDecide, api.ConsentDecision{Flow: to.Query().Get("flow"), Seen: seen, Allow: allow}, &done)
	if res.StatusCode != http.StatusOK {
		b.Fatalf("%d %s", res.StatusCode, res.body)
	}
	return b.get(done.Redirect)
}

// asks registers an application that each person is asked about.
func asks(app *tenant.Application) { app.Consent = tenant.ConsentRequired }

func TestConsentIsAskedOnceAndRemembered(t *testing.T) {
	g := newRig(t)
	g.application(asks)
	b, _ := g.signedIn("ada@id.test")
	if query := b.front("prompt", "none").to(t).Query(); query.Get("error") != "consent_required" {
		t.Errorf("prompt=none: %v", query)
	}
	to := b.front().to(t)
	shown := b.asked(to)
	if shown.Application != "Front" || shown.Host != "front.test" || !shown.Verified || shown.UPN != "ada@id.test" || shown.Choose ||
		strings.Join(shown.Scopes, " ") != "openid profile email" {
		t.Errorf("the page shows %+v", shown)
	}
	answer := b.say(to, true).to(t).Query()
	if answer.Get("code") == "" || answer.Get("state") != "st" || len(b.cookies("__Host-flow-")) != 0 {
		t.Fatalf("after yes: %v", answer)
	}
	if query := b.front("prompt", "none").to(t).Query(); query.Get("code") == "" {
		t.Errorf("forgotten: %v", query)
	}
	if query := b.front("scope", "openid").to(t).Query(); query.Get("code") == "" {
		t.Errorf("less than was agreed to: %v", query)
	}
	other := g.browser()
	other.signIn(g.person("bob@id.test"))
	if to := other.front().to(t); to.Path != "/consent" {
		t.Errorf("another person agreed by this: %s", to)
	}
}

func TestMoreThanWasAgreedToIsAskedFor(t *testing.T) {
	g := newRig(t)
	g.apis = []tenant.Resource{{Identifier: "https://api.test/", Name: "Photos", Scopes: []string{"photos.read"}}}
	g.application(func(app *tenant.Application) {
		asks(app)
		app.Resources, app.GrantTypes = []string{"https://api.test/"}, []string{tenant.GrantCode, tenant.GrantRefresh}
		app.Scopes = append(app.Scopes, "offline_access")
	})
	b, _ := g.signedIn("ada@id.test")
	b.say(b.front("scope", "openid").to(t), true)
	for _, more := range [][]string{
		{"scope", "openid email"}, {"scope", "openid offline_access"}, {"scope", "openid photos.read", "resource", "https://api.test/"},
		{"scope", "openid", "claims", `{"userinfo":{"name":null}}`},
	} {
		to := b.front(more...).to(t)
		shown := b.asked(to)
		if answer := b.say(to, true).to(t).Query(); answer.Get("code") == "" {
			t.Errorf("%v: %v", more, answer)
		}
		if to := b.front(more...).to(t); to.Query().Get("code") == "" {
			t.Errorf("%v is asked for again: %s", more, to)
		}
		switch more[1] {
		case "openid photos.read":
			if len(shown.Resources) != 1 || shown.Resources[0].Name != "Photos" || strings.Join(shown.Resources[0].Scopes, "") != "photos.read" {
				t.Errorf("%+v", shown)
			}
		case "openid":
			if strings.Join(shown.Scopes, " ") != "openid profile" {
				t.Errorf("claims that are asked for by name are not shown: %+v", shown)
			}
		}
	}
}

func TestRefusedConsentIsAccessDenied(t *testing.T) {
	g := newRig(t)
	g.application(asks)
	b, _ := g.signedIn("ada@id.test")
	query := b.say(b.front().to(t), false).to(t).Query()
	if query.Get("error") != "access_denied" || query.Get("state") != "st" || query.Get("iss") != g.URL || query.Has("code") || len(b.cookies("__Host-flow-")) != 0 {
		t.Errorf("%v", query)
	}
	if to := b.front().to(t); to.Path != "/consent" {
		t.Errorf("a no is taken for an answer for ever: %s", to)
	}
	_, values := formOf(b.say(b.front("response_mode", "form_post").to(t), false).body)
	if values.Get("error") != "access_denied" {
		t.Errorf("by form_post: %v", values)
	}
}

func TestPromptConsentAlwaysAsks(t *testing.T) {
	g := newRig(t)
	for _, consent := range []string{tenant.ConsentRequired, tenant.ConsentAdministrator} {
		g.application(func(app *tenant.Application) { app.Consent = consent })
		b, _ := g.signedIn(consent + "@id.test")
		for range 2 {
			if query := b.say(b.front("prompt", "consent").to(t), true).to(t).Query(); query.Get("code") == "" {
				t.Errorf("%s: %v", consent, query)
			}
		}
		if query := b.front("prompt", "none").to(t).Query(); query.Get("code") == "" {
			t.Errorf("%s: asked for once more: %v", consent, query)
		}
		if query := b.say(b.front("prompt", "consent").to(t), false).to(t).Query(); query.Get("error") != "access_denied" {
			t.Errorf("%s: %v", consent, query)
		}
	}
}

func TestAdministratorsConsentAsksNobody(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) { app.Consent = tenant.ConsentAdministrator })
	b, _ := g.signedIn("ada@id.test")
	if query := b.front().to(t).Query(); query.Get("code") == "" {
		t.Errorf("%v", query)
	}
}

// An application that registered itself may call itself anything, so the page says that nobody vouches for it, and where it is.
func TestConsentSaysThatNobodyCheckedTheApplication(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) {
		asks(app)
		app.Dynamic, app.Name, app.PolicyURI = true, "Your Bank", "https://front.test/privacy"
	})
	b, _ := g.signedIn("ada@id.test")
	if shown := b.asked(b.front().to(t)); shown.Verified || shown.Host != "front.test" || shown.PolicyURI == "" {
		t.Errorf("%+v", shown)
	}
}

// Whoever begins a request in his own browser, or makes another one post, gets no consent of somebody else.
func TestConsentForgedByAnotherBrowser(t *testing.T) {
	g := newRig(t)
	g.application(asks)
	attacker, _ := g.signedIn("eve@id.test")
	victim, _ := g.signedIn("ada@id.test")
	flow := attacker.front().to(t).Query().Get("flow")
	seen := attacker.asked(&url.URL{Path: "/consent", RawQuery: "flow=" + flow}).Seen
	for _, in := range []api.ConsentDecision{{Flow: flow, Seen: seen, Allow: true}, {Flow: "", Seen: seen, Allow: true}, {Flow: "../" + flow, Allow: true}} {
		if res := victim.page(api.RouteConsentDecide, in, nil); res.StatusCode != http.StatusGone {
			t.Errorf("%+v: %d %s", in, res.StatusCode, res.body)
		}
	}
	// the flow of the victim's own, with what another session was shown
	own := victim.front().to(t).Query().Get("flow")
	if res := victim.page(api.RouteConsentDecide, api.ConsentDecision{Flow: own, Seen: seen, Allow: true}, nil); res.StatusCode != http.StatusGone {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	// a form of another site cannot say what our page says
	r, _ := http.NewRequest(http.MethodPost, g.URL+api.RouteConsentDecide, strings.NewReader(`{"flow":"`+own+`","seen":"`+seen+`","allow":true}`))
	r.Header.Set("Content-Type", "text/plain")
	if res := victim.do(r); res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	if to := victim.get("/oauth2/resume?flow=" + own).to(t); to.Path != "/consent" {
		t.Errorf("the victim agreed: %s", to)
	}
}

// What one person agreed to is not what the next one in the same browser did.
func TestConsentIsOfTheSessionThatItWasShownTo(t *testing.T) {
	g := newRig(t)
	g.application(asks)
	b, _ := g.signedIn("ada@id.test")
	to := b.front().to(t)
	seen := b.asked(to).Seen
	b.signIn(g.person("bob@id.test"))
	in := api.ConsentDecision{Flow: to.Query().Get("flow"), Seen: seen, Allow: true}
	if res := b.page(api.RouteConsentDecide, in, nil); res.StatusCode != http.StatusGone {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	var done api.ConsentDecided
	in.Seen = b.asked(to).Seen
	b.page(api.RouteConsentDecide, in, &done)
	b.signIn(g.person("carol@id.test"))
	if to := b.get(done.Redirect).to(t); to.Path != "/consent" {
		t.Errorf("one person's yes was another's: %s", to)
	}
	b.signout("")
	if res := b.page(api.RouteConsent, api.ConsentRequest{Flow: to.Query().Get("flow")}, nil); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("signed out: %d %s", res.StatusCode, res.body)
	}
}

// The page answers only for a flow that was sent there: a request that waits for a password, or a sign-out, is not agreed to.
func TestConsentNeedsAQuestion(t *testing.T) {
	g := newRig(t)
	g.application(asks)
	b, _ := g.signedIn("ada@id.test")
	flows := []string{
		b.front("prompt", "login").to(t).Query().Get("flow"),
		b.get("/oauth2/logout").to(t).Query().Get("flow"),
		strings.Repeat("A", 22), "x",
	}
	for _, flow := range flows {
		if res := b.page(api.RouteConsent, api.ConsentRequest{Flow: flow}, nil); res.StatusCode != http.StatusGone {
			t.Errorf("%s: %d %s", flow, res.StatusCode, res.body)
		}
	}
}

func TestAssignmentIsToldToThePersonAndThenToTheApplication(t *testing.T) {
	g := newRig(t)
	for name, list := range map[string][]string{"others": {"bob@id.test"}, "nobody": nil} {
		g.application(func(app *tenant.Application) { app.AssignmentRequired, app.AssignedTo = true, list })
		b, _ := g.signedIn("ada-" + name + "@id.test")
		to := b.front().to(t)
		flow := to.Query().Get("flow")
		if to.Path != "/error" || to.Query().Get("code") != "not_assigned" || flow == "" {
			t.Fatalf("%s: %s", name, to)
		}
		if query := b.get("/oauth2/resume?flow=" + flow).to(t).Query(); query.Get("error") != "access_denied" || query.Get("state") != "st" {
			t.Errorf("%s: %v", name, query)
		}
		if query := b.front("prompt", "none").to(t).Query(); query.Get("error") != "access_denied" {
			t.Errorf("%s: prompt=none: %v", name, query)
		}
	}
	g.application(func(app *tenant.Application) {
		app.AssignmentRequired, app.AssignedTo = true, []string{"bob@id.test", "*@staff.test"}
	})
	b, _ := g.signedIn("ada@id.test")
	resume := "/oauth2/resume?flow=" + b.front().to(t).Query().Get("flow")
	b.signIn(g.person("eve@staff.test")) // "use another account"
	if query := b.get(resume).to(t).Query(); query.Get("code") == "" {
		t.Errorf("another account that may: %v", query)
	}
}

// A request that just fits into its cookie still does when the person has answered.
func TestAnswerFitsWhereTheQuestionDid(t *testing.T) {
	g := newRig(t)
	g.application(asks)
	b, _ := g.signedIn("ada@id.test")
	long := []string{"state", strings.Repeat("s", 1024), "nonce", strings.Repeat("n", 512), "dpop_jkt", challenge, "prompt", "select_account"}
	for n := 254; n > 0; n-- {
		to := b.front(append(long, "login_hint", strings.Repeat("<", n))...).to(t)
		if to.Query().Get("error") == "invalid_request" {
			continue
		}
		if to = b.say(to, true).to(t); to.Path == "/consent" {
			to = b.say(to, true).to(t)
		}
		if answer := to.Query(); answer.Get("code") == "" && answer.Get("error") != "invalid_request" {
			t.Errorf("a hint of %d bytes: %s", n, to)
		}
		if n == 254 {
			t.Error("the limit was not reached")
		}
		return
	}
	t.Error("nothing fits")
}
