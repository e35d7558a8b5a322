//go:build !js

package token_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestAuthorizeAnswersSignedInPersonAtOnce(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	res := b.authorize()
	to := res.to(t)
	query := to.Query()
	if res.StatusCode != http.StatusFound || !strings.HasPrefix(to.String(), shopCallback+"?") || query.Get("code") == "" {
		t.Fatalf("%d %s", res.StatusCode, to)
	}
	if query.Get("state") != "st" || query.Get("iss") != b.URL || !query.Has("session_state") || len(query) != 4 {
		t.Errorf("answer %v", query)
	}
	if res.Header.Get("Cross-Origin-Opener-Policy") != "unsafe-none" {
		t.Error("an application that opened a window for this has lost it")
	}
	if res.Header.Get("Cache-Control") != "no-store" || len(b.cookies("__Host-flow-")) != 0 {
		t.Errorf("%v", res.Header)
	}
}

func TestAuthorizeKeepsQueryOfRedirectURI(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	to := b.authorize("redirect_uri", "https://shop.test/cb?tenant=1").to(t)
	if to.Query().Get("tenant") != "1" || to.Query().Get("code") == "" {
		t.Errorf("%s", to)
	}
}

var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]*)">`)
	formInput  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

func formOf(body string) (action string, values url.Values) {
	values = url.Values{}
	if m := formAction.FindStringSubmatch(body); m != nil {
		action = html.UnescapeString(m[1])
	}
	for _, m := range formInput.FindAllStringSubmatch(body, -1) {
		values.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return action, values
}

func TestAuthorizeFormPost(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	state := `"><script>alert(1)</script>' onload=x &lt;`
	res := b.authorize("response_mode", "form_post", "state", state)
	action, values := formOf(res.body)
	if res.StatusCode != http.StatusOK || action != shopCallback || values.Get("code") == "" || values.Get("iss") != b.URL {
		t.Fatalf("%d %s %v\n%s", res.StatusCode, action, values, res.body)
	}
	if values.Get("state") != state || strings.Count(res.body, "<script>") != 1 {
		t.Errorf("state is not what was sent:\n%s", res.body)
	}
	if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'sha256-") {
		t.Errorf("policy %q", policy)
	}
}

func TestAuthorizeErrorsOfFormPostAreFormPosts(t *testing.T) {
	b := newRig(t).browser()
	_, values := formOf(b.authorize("response_mode", "form_post", "prompt", "none").body)
	if values.Get("error") != "login_required" || values.Get("state") != "st" || values.Get("iss") != b.URL {
		t.Errorf("%v", values)
	}
}

// Whatever is wrong with client_id or redirect_uri, the browser stays with us.
func TestAuthorizeNeverRedirectsToAnUnregisteredAddress(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	for _, address := range []string{
		"-", "https://evil.test/", shopCallback + "/", shopCallback + "?x=1", shopCallback + "?", shopCallback + "#x", "https://shop.test/auth/CALLBACK",
		"https://SHOP.test/auth/callback", "http://shop.test/auth/callback", "https://shop.test:443/auth/callback",
		"https://user@shop.test/auth/callback", "https://shop.test@evil.test/auth/callback", "https://shop.test.evil.test/auth/callback",
		"https://shop.test/auth/../auth/callback", "https://shop.test/auth/callback/../../evil", "https://shop.test/auth%2fcallback",
		"https://shop.test\\@evil.test/", "//shop.test/auth/callback", "javascript:alert(1)", "https://shop.test/cb?tenant=2",
		"https://shop.test/cb?tenant=1&x=1", appCallback, "http://127.0.0.1/auth/callback", " " + shopCallback,
	} {
		res := b.authorize("redirect_uri", address)
		if to := res.Header.Get("Location"); res.StatusCode != http.StatusFound || to != "/error?code=redirect_uri" {
			t.Errorf("%q: %d %s", address, res.StatusCode, to)
		}
	}
	for _, client := range []string{"-", "nobody", "SHOP", "shop ", "shop'--", strings.Repeat("x", 300)} {
		if to := b.authorize("client_id", client).Header.Get("Location"); to != "/error?code=unknown_client" {
			t.Errorf("client %q: %s", client, to)
		}
	}
}

func TestAuthorizeRefusesRepeatedParameters(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	for name, want := range map[string]string{
		"client_id": "/error?code=unknown_client", "redirect_uri": "/error?code=redirect_uri",
		"scope": "error=invalid_request", "state": "error=invalid_request", "code_challenge": "error=invalid_request",
		"prompt": "error=invalid_request", "unknown": "error=invalid_request",
	} {
		query := request("prompt", "login", "unknown", "x")
		res := b.get("/oauth2/authorize?" + query.Encode() + "&" + name + "=" + url.QueryEscape(query.Get(name)))
		to := res.Header.Get("Location")
		if !strings.Contains(to, want) || strings.Contains(to, "code=") != strings.HasPrefix(to, "/error") {
			t.Errorf("%s: %s", name, to)
		}
		if name == "state" && strings.Contains(to, "state=") {
			t.Errorf("one of two states was chosen: %s", to)
		}
	}
}

// answerOf is what an answer says, in the query or the fragment.
func answerOf(t testing.TB, res reply) url.Values {
	t.Helper()
	to := res.to(t)
	if to.Fragment == "" {
		return to.Query()
	}
	values, err := url.ParseQuery(to.EscapedFragment())
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestAuthorizeErrorsGoToTheApplication(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	for _, test := range []struct {
		name    string
		changes []string
		want    string
	}{
		{"response type missing", []string{"response_type", "-"}, "invalid_request"},
		{"implicit flow", []string{"response_type", "id_token token"}, "unsupported_response_type"},
		{"hybrid flow of an application that registered none", []string{"response_type", "code id_token"}, "unauthorized_client"},
		{"access token in the front channel", []string{"response_type", "code token"}, "unsupported_response_type"},
		{"response mode of nobody", []string{"response_mode", "web_message"}, "invalid_request"},
		{"response mode fragment of an application that registered none", []string{"response_mode", "fragment"}, "invalid_request"},
		{"dpop_jkt is no thumbprint", []string{"dpop_jkt", "x"}, "invalid_request"},
		{"resource of nobody", []string{"resource", "https://api.test/"}, "invalid_target"},
		{"response mode of another application", []string{"client_id", "edd", "redirect_uri", "https://edd.test/cb", "response_mode", "form_post"}, "invalid_request"},
		{"scope missing", []string{"scope", "-"}, "invalid_scope"},
		{"scope without openid", []string{"scope", "profile"}, "invalid_scope"},
		{"scope malformed", []string{"scope", "openid  \"x\""}, "invalid_scope"},
		{"challenge missing", []string{"code_challenge", "-"}, "invalid_request"},
		{"challenge too short", []string{"code_challenge", challenge[:42]}, "invalid_request"},
		{"challenge method missing", []string{"code_challenge_method", "-"}, "invalid_request"},
		{"challenge method plain", []string{"code_challenge_method", "plain"}, "invalid_request"},
		{"challenge method in small letters", []string{"code_challenge_method", "s256"}, "invalid_request"},
		{"nonce too long", []string{"nonce", strings.Repeat("n", 513)}, "invalid_request"},
		{"prompt none with login", []string{"prompt", "none login"}, "invalid_request"},
		{"prompt none with consent", []string{"prompt", "consent none"}, "invalid_request"},
		{"prompt unknown", []string{"prompt", "later"}, "invalid_request"},
		{"max_age negative", []string{"max_age", "-1"}, "invalid_request"},
		{"max_age no number", []string{"max_age", "1e3"}, "invalid_request"},
		{"max_age too large", []string{"max_age", "99999999999"}, "invalid_request"},
		{"unsigned request object", []string{"request", "eyJhbGciOiJub25lIn0.e30."}, "invalid_request_object"},
		{"request object by reference", []string{"request_uri", "https://shop.test/request.jwt"}, "request_uri_not_supported"},
		{"registration", []string{"registration", "{}"}, "registration_not_supported"},
	} {
		query := answerOf(t, b.authorize(test.changes...))
		if query.Get("error") != test.want || query.Get("state") != "st" || query.Get("iss") != b.URL || query.Has("code") {
			t.Errorf("%s: %v", test.name, query)
		}
	}
	for _, state := range []string{strings.Repeat("s", 1025), "ü"} {
		if query := b.authorize("state", state).to(t).Query(); query.Get("error") != "invalid_request" || query.Has("state") {
			t.Errorf("state %.10q: %v", state, query)
		}
	}
}

func TestAuthorizeIgnoresWhatItDoesNotKnow(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	if b.code("client-request-id", "x", "claims_locales", "fr", "acr_values", "1 2", "client_info", "1", "display", "popup", "scope", "openid calendar") == "" {
		t.Error("no code")
	}
}

func TestAuthorizeIsBounded(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	if to := b.authorize("padding", strings.Repeat("x", 8<<10)).Header.Get("Location"); to != "/error?code=invalid_request" {
		t.Errorf("query: %s", to)
	}
	if to := b.post("/oauth2/authorize", request("padding", strings.Repeat("x", 8<<10))).Header.Get("Location"); to != "/error?code=invalid_request" {
		t.Errorf("body: %s", to)
	}
	for _, query := range []string{"%", "a=%ff", "client_id=%00", "a;b"} {
		if to := b.get("/oauth2/authorize?" + query).Header.Get("Location"); to != "/error?code=invalid_request" {
			t.Errorf("%q: %s", query, to)
		}
	}
	to := b.browser().authorize("state", strings.Repeat("<", 1024), "nonce", strings.Repeat("<", 512)).to(t)
	if to.Query().Get("error") != "invalid_request" {
		t.Errorf("a request that does not fit into a cookie: %s", to)
	}
}

func TestAuthorizeByPost(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	res := b.post("/oauth2/authorize", request())
	if res.StatusCode != http.StatusSeeOther || res.to(t).Query().Get("code") == "" {
		t.Fatalf("%d %s", res.StatusCode, res.to(t))
	}
	res = b.post("/oauth2/authorize", request(), "Content-Type", "application/json")
	if to := res.Header.Get("Location"); to != "/error?code=invalid_request" {
		t.Errorf("JSON body: %s", to)
	}
}

// Browsers leave the SameSite=Lax session out of another site's POST. The person is signed in all the same.
func TestAuthorizeByPostOfAnotherSite(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	for _, prompt := range []string{"-", "none"} {
		restore := b.hide("__Host-session")
		res := b.post("/oauth2/authorize", request("prompt", prompt))
		restore()
		to := res.to(t)
		if res.StatusCode != http.StatusSeeOther || to.Path != "/oauth2/resume" {
			t.Fatalf("%d %s", res.StatusCode, to)
		}
		if to = b.get(to.String()).to(t); to.Query().Get("code") == "" || len(b.cookies("__Host-flow-")) != 0 {
			t.Errorf("prompt %s: %s", prompt, to)
		}
	}
	restore := b.hide("__Host-session")
	to := b.post("/oauth2/authorize", request("prompt", "login")).to(t)
	restore()
	if to = b.get(to.String()).to(t); to.Path != "/signin" {
		t.Errorf("prompt=login was lost on the way: %s", to)
	}
}

func TestAuthorizeSendsStrangersToSignIn(t *testing.T) {
	g := newRig(t)
	for _, test := range []struct {
		changes, header []string
		want            string
	}{
		{nil, nil, "/signin"},
		{nil, []string{"Accept-Language", "de-DE,de;q=0.9,en;q=0.8"}, "/de/signin"},
		{[]string{"ui_locales", "fr de-AT"}, nil, "/de/signin"},
		{[]string{"ui_locales", "en"}, []string{"Accept-Language", "de"}, "/signin"},
		{[]string{"ui_locales", "fr"}, []string{"Accept-Language", "de"}, "/de/signin"},
	} {
		res := g.browser().get("/oauth2/authorize?"+request(test.changes...).Encode(), test.header...)
		to := res.to(t)
		if res.StatusCode != http.StatusFound || to.Path != test.want || to.Host != "" || len(to.Query().Get("flow")) != 22 || len(to.Query()) != 1 {
			t.Errorf("%v %v: %d %s", test.changes, test.header, res.StatusCode, to)
		}
		c := res.Cookies()[0]
		if c.Name != "__Host-flow-"+to.Query().Get("flow") || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 3600 {
			t.Errorf("cookie %s", c.Raw)
		}
	}
}

func TestAuthorizePassesLoginHintOn(t *testing.T) {
	b := newRig(t).browser()
	to := b.authorize("login_hint", "ada+x@id.test&flow=mine").to(t)
	if to.Query().Get("login_hint") != "ada+x@id.test&flow=mine" || len(to.Query()["flow"]) != 1 {
		t.Errorf("%s", to)
	}
	if to := b.authorize("login_hint", strings.Repeat("a", 255)).to(t); to.Query().Has("login_hint") {
		t.Errorf("a hint longer than any name was passed on: %s", to)
	}
}

func TestPromptNoneWithoutSessionIsLoginRequired(t *testing.T) {
	g := newRig(t)
	res := g.browser().authorize("prompt", "none")
	if query := res.to(t).Query(); query.Get("error") != "login_required" || query.Get("state") != "st" {
		t.Errorf("%v", query)
	}
	if len(res.Cookies()) != 0 {
		t.Errorf("a flow was begun: %v", res.Cookies())
	}
	b, _ := g.signedIn("ada@id.test")
	b.signout("")
	if query := b.authorize("prompt", "none").to(t).Query(); query.Get("error") != "login_required" {
		t.Errorf("after signing out: %v", query)
	}
	b, _ = g.signedIn("bob@id.test")
	if b.code("prompt", "none") == "" {
		t.Error("with a session there is no code")
	}
	g.wait(10 * time.Second)
	if query := b.authorize("prompt", "none", "max_age", "5").to(t).Query(); query.Get("error") != "login_required" {
		t.Errorf("with a session that is too old: %v", query)
	}
	if query := b.authorize("prompt", "none", "max_age", "0").to(t).Query(); query.Get("error") != "login_required" {
		t.Errorf("with max_age=0: %v", query)
	}
}

// prompt=login and max_age=0 are satisfied by a session that began afterwards and by no other, even
// within the same second.
func TestPromptLoginNeedsANewSession(t *testing.T) {
	g := newRig(t)
	for _, changes := range [][]string{
		{"prompt", "login"}, {"prompt", "login select_account"}, {"max_age", "0"},
	} {
		b, id := g.signedIn(strings.ReplaceAll(strings.Join(changes, ""), " ", "") + "@id.test")
		to := b.authorize(changes...).to(t)
		if to.Path != "/signin" {
			t.Fatalf("%v: %s", changes, to)
		}
		resume := "/oauth2/resume?flow=" + to.Query().Get("flow")
		if again := b.get(resume).to(t); again.Path != "/signin" || again.Query().Get("flow") != to.Query().Get("flow") {
			t.Errorf("%v: the old session did: %s", changes, again)
		}
		b.renew(id)
		if done := b.get(resume).to(t); done.Query().Get("code") == "" {
			t.Errorf("%v: after signing in again: %s", changes, done)
		}
		to = b.authorize(changes...).to(t)
		b.signIn(id)
		if done := b.get("/oauth2/resume?flow=" + to.Query().Get("flow")).to(t); done.Query().Get("code") == "" {
			t.Errorf("%v: after signing in to a new session: %s", changes, done)
		}
	}
}

func TestMaxAgeAsksWhenThePasswordIsOld(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	g.wait(100 * time.Second)
	if b.code("max_age", "100") == "" {
		t.Error("young enough and refused")
	}
	to := b.authorize("max_age", "99").to(t)
	if to.Path != "/signin" {
		t.Fatalf("%s", to)
	}
	resume := "/oauth2/resume?flow=" + to.Query().Get("flow")
	if to := b.get(resume).to(t); to.Path != "/signin" {
		t.Errorf("the old session did: %s", to)
	}
	g.wait(60 * time.Second)
	b.signIn(id)
	res, tok := b.redeem(exchange(b.get(resume).to(t).Query().Get("code")))
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s", res.body)
	}
	if claims := g.claimsOf(tok.IDToken, "JWT", "ES256"); claims["auth_time"] != float64(g.now().Unix()) {
		t.Errorf("auth_time %v", claims["auth_time"])
	}
}

func TestIDTokenHintChoosesThePerson(t *testing.T) {
	g := newRig(t)
	ada, _ := g.signedIn("ada@id.test")
	bob, bobID := g.signedIn("bob@id.test")
	hint := bob.tokens().IDToken
	g.wait(2 * time.Hour) // an expired one will do
	if query := ada.authorize("prompt", "none", "id_token_hint", hint).to(t).Query(); query.Get("error") != "login_required" {
		t.Errorf("another person's session answered: %v", query)
	}
	if bob.code("prompt", "none", "id_token_hint", hint) == "" {
		t.Error("the person's own session did not answer")
	}
	for _, bad := range []string{"x", hint[:len(hint)-4] + "AAAA", "eyJhbGciOiJub25lIn0.e30."} {
		if query := bob.authorize("prompt", "none", "id_token_hint", bad).to(t).Query(); query.Get("error") != "login_required" {
			t.Errorf("hint %.12q: %v", bad, query)
		}
	}
	to := ada.authorize("id_token_hint", hint).to(t)
	resume := "/oauth2/resume?flow=" + to.Query().Get("flow")
	if to.Path != "/signin" {
		t.Fatalf("%s", to)
	}
	ada.signIn(bobID)
	if to := ada.get(resume).to(t); to.Query().Get("code") == "" {
		t.Errorf("after signing in as the right person: %s", to)
	}
	to = ada.authorize("id_token_hint", adaHint(t, g)).to(t)
	ada.signIn(bobID)
	if to := ada.get("/oauth2/resume?flow=" + to.Query().Get("flow")).to(t); to.Query().Get("error") != "login_required" {
		t.Errorf("after signing in as somebody else: %s", to)
	}
}

func adaHint(t *testing.T, g *rig) string {
	t.Helper()
	b, _ := g.signedIn("carol@id.test")
	return b.tokens().IDToken
}
