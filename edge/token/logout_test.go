//go:build !js

package token_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

const signedOut = "https://shop.test/auth/signed-out"

func logoutQuery(params ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		v.Set(params[i], params[i+1])
	}
	return "/oauth2/logout?" + v.Encode()
}

// live reports whether the browser's session still answers applications.
func (b *browser) live() bool {
	b.Helper()
	return b.authorize("prompt", "none").to(b).Query().Has("code")
}

func TestLogoutByItsOwnIDTokenAsksNothing(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	hint := b.tokens().IDToken
	g.wait(time.Hour) // the hint has expired by now
	res := b.get(logoutQuery("id_token_hint", hint, "post_logout_redirect_uri", signedOut, "state", "a b&c", "client_id", "shop"))
	to := res.to(t)
	if res.StatusCode != http.StatusFound || to.Path != "/signout" || to.Query().Has("confirm") {
		t.Fatalf("%d %s", res.StatusCode, to)
	}
	if !b.live() {
		t.Fatal("a GET ended the session")
	}
	_, out := b.signout(to.Query().Get("flow"))
	if out.Redirect != signedOut+"?state=a+b%26c" {
		t.Errorf("redirect %q", out.Redirect)
	}
	if len(out.FrontChannel) != 1 || out.FrontChannel[0] != "https://shop.test/front?x=1&"+(url.Values{"iss": {g.URL}, "sid": {b.sid}}).Encode() {
		t.Errorf("front channel %v", out.FrontChannel)
	}
	if len(b.cookies("__Host-")) != 0 || b.live() {
		t.Errorf("left in the browser: %v", b.cookies("__Host-"))
	}
}

// Forced logout: whoever links to the end-session endpoint gets a question asked, not a session ended.
func TestLogoutWithoutProofAsksFirst(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	older := b.tokens().IDToken
	b.signIn(id) // another session of the same person
	other, _ := g.signedIn("bob@id.test")
	for name, query := range map[string]string{
		"nothing":              "/oauth2/logout",
		"client only":          logoutQuery("client_id", "shop", "post_logout_redirect_uri", signedOut),
		"another session":      logoutQuery("id_token_hint", older),
		"another person":       logoutQuery("id_token_hint", other.tokens().IDToken),
		"not verifiable":       logoutQuery("id_token_hint", "x.y.z"),
		"logout hint is no id": logoutQuery("logout_hint", b.sid),
	} {
		to := b.get(query).to(t)
		if to.Path != "/signout" || to.Query().Get("confirm") != "1" {
			t.Errorf("%s: %s", name, to)
		}
	}
	if to := g.browser().get("/oauth2/logout").to(t); to.Query().Has("confirm") {
		t.Errorf("there is nobody to ask: %s", to)
	}
}

func TestLogoutConfirmedGoesBackToTheApplication(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	to := b.get(logoutQuery("client_id", "shop", "post_logout_redirect_uri", signedOut)).to(t)
	if _, out := b.signout(to.Query().Get("flow")); out.Redirect != signedOut || b.live() {
		t.Errorf("%+v", out)
	}
}

// Open redirect: only registered addresses, compared byte by byte, and only of the application that asks.
func TestLogoutRedirectsOnlyToRegisteredAddresses(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	hint := b.tokens().IDToken
	for _, address := range []string{
		"https://evil.test/", signedOut + "/", signedOut + "?x=1", signedOut + "#x", "https://SHOP.test/auth/signed-out", "//evil.test",
		"https://shop.test@evil.test/auth/signed-out", "https://shop.test:443/auth/signed-out", "https://app.test/bye", shopCallback,
		"javascript:alert(1)", "/signin",
	} {
		for _, query := range []string{
			logoutQuery("id_token_hint", hint, "post_logout_redirect_uri", address),
			logoutQuery("client_id", "shop", "post_logout_redirect_uri", address),
		} {
			if to := b.get(query).Header.Get("Location"); to != "/error?code=redirect_uri" {
				t.Errorf("%q: %s", address, to)
			}
		}
	}
	for name, test := range map[string]struct{ query, want string }{
		"nobody asks":        {logoutQuery("post_logout_redirect_uri", signedOut), "/error?code=redirect_uri"},
		"unknown client":     {logoutQuery("client_id", "nobody", "post_logout_redirect_uri", signedOut), "/error?code=unknown_client"},
		"client contradicts": {logoutQuery("client_id", "app", "id_token_hint", hint), "/error?code=invalid_request"},
		"repeated":           {logoutQuery("client_id", "shop", "post_logout_redirect_uri", signedOut) + "&post_logout_redirect_uri=" + signedOut, "/error?code=invalid_request"},
		"state not text":     {logoutQuery("state", "ü"), "/error?code=invalid_request"},
		"too long":           {logoutQuery("logout_hint", strings.Repeat("x", 9000)), "/error?code=invalid_request"},
	} {
		if to := b.get(test.query).Header.Get("Location"); to != test.want {
			t.Errorf("%s: %s", name, to)
		}
	}
	to := b.get(logoutQuery("id_token_hint", hint[:len(hint)-4]+"AAAA", "client_id", "shop", "post_logout_redirect_uri", signedOut)).to(t)
	if _, out := b.signout(to.Query().Get("flow")); out.Redirect != "/" {
		t.Errorf("a forged hint led to %s", out.Redirect)
	}
}

// Algorithm confusion: a hint counts when one of our keys signed it with its own algorithm, and never otherwise.
func TestIDTokenHintAlgorithmConfusion(t *testing.T) {
	g := newRig(t)
	b, id := g.signedIn("ada@id.test")
	b.tokens()
	set, err := g.keys.JWKS(t.Context())
	g.must(err)
	payload := []byte(`{"iss":"` + g.URL + `","sub":"` + id + `","aud":"shop","sid":"` + b.sid + `","exp":9999999999,"iat":1}`)
	public, err := set.Keys[0].MarshalJSON()
	g.must(err)
	own := `{"alg":"none","typ":"JWT"}`
	forged := map[string]string{"none": encode(own) + "." + encode(string(payload)) + "."}
	for name, key := range map[string]any{
		"HS256 with the public key": public,
		"HS256 with the key id":     []byte(set.Keys[0].KeyID + strings.Repeat("\x00", 32)),
	} {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: key, KeyID: set.Keys[0].KeyID}},
			(&jose.SignerOptions{}).WithType("JWT"))
		g.must(err)
		object, err := signer.Sign(payload)
		g.must(err)
		forged[name], _ = object.CompactSerialize()
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: g.vaultKey, KeyID: set.Keys[0].KeyID}},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("JWT"))
	g.must(err)
	object, err := signer.Sign(payload)
	g.must(err)
	forged["a key in its own header"], _ = object.CompactSerialize()
	forged["a token of another type"], err = g.keys.Sign(t.Context(), "ES256", "logout+jwt", map[string]any{
		"iss": g.URL, "sub": id, "aud": "shop", "sid": b.sid,
	})
	g.must(err)
	forged["a token of another issuer"], err = g.keys.Sign(t.Context(), "ES256", "JWT", map[string]any{
		"iss": "https://other.test", "sub": id, "aud": "shop", "sid": b.sid,
	})
	g.must(err)
	for name, hint := range forged {
		if to := b.get(logoutQuery("id_token_hint", hint)).to(t); to.Query().Get("confirm") != "1" {
			t.Errorf("%s was believed: %s", name, to)
		}
	}
}

func TestLogoutByPost(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	form := url.Values{"id_token_hint": {b.tokens().IDToken}, "post_logout_redirect_uri": {signedOut}, "ui_locales": {"de"}}
	if to := b.post("/oauth2/logout", form).to(t); to.Path != "/de/signout" || to.Query().Has("confirm") {
		t.Errorf("from the same site: %s", to)
	}
	restore := b.hide("__Host-session")
	res := b.post("/oauth2/logout", form)
	restore()
	if to := b.get(res.to(t).String()).to(t); res.StatusCode != http.StatusSeeOther || to.Path != "/de/signout" || to.Query().Has("confirm") {
		t.Errorf("from another site: %d, then %s", res.StatusCode, to)
	}
	delete(form, "id_token_hint")
	restore = b.hide("__Host-session")
	res = b.post("/oauth2/logout", url.Values{})
	restore()
	if to := b.get(res.to(t).String()).to(t); to.Query().Get("confirm") != "1" {
		t.Errorf("from another site without proof: %s", to)
	}
}

func TestSignoutNeedsTheFlowItNames(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	foreign := g.browser().get("/oauth2/logout").to(t).Query().Get("flow")
	signin := b.authorize("prompt", "login").to(t).Query().Get("flow")
	for name, flow := range map[string]string{"another browser's": foreign, "made up": strings.Repeat("A", 22), "a sign-in's": signin} {
		if res, _ := b.signout(flow); res.StatusCode != http.StatusGone || !strings.Contains(res.body, `"expired"`) {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	if !b.live() {
		t.Error("the session ended all the same")
	}
}

func TestSignoutCanBeRepeated(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	for range 2 {
		res, out := b.signout("")
		if res.StatusCode != http.StatusOK || out.FrontChannel == nil || out.Redirect != "/" {
			t.Errorf("%d %s", res.StatusCode, res.body)
		}
	}
	b, id := b.rig.signedIn("bob@id.test")
	other := b.rig.browser()
	other.signIn(id)
	cookie := b.cookies("__Host-session")
	b.signout("")
	b.client.Jar.SetCookies(b.base(), cookie)
	if res, _ := b.signout(""); res.StatusCode != http.StatusOK || len(b.cookies("__Host-session")) != 0 {
		t.Errorf("a session that is over already: %d", res.StatusCode)
	}
	if !other.live() {
		t.Error("the person's other session ended too")
	}
}

func TestLogoutFlowIsNoSignIn(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	flow := b.get("/oauth2/logout").to(t).Query().Get("flow")
	if to := b.get("/oauth2/resume?flow=" + flow).to(t); to.Path != "/signout" || to.Query().Get("confirm") != "1" {
		t.Errorf("%s", to)
	}
	if oauth.PagePrefix(&http.Request{}, "") != "" {
		t.Error("English pages have a prefix")
	}
}

// With pairwise subjects the hint does not name the account. The session that it names is enough, and is one person's.
func TestLogoutByAPairwiseHintAsksNothing(t *testing.T) {
	g := newRig(t)
	g.application(func(app *tenant.Application) {
		app.SubjectType, app.Sector, app.FrontchannelLogoutURI = "pairwise", "front.test", "https://front.test/out"
		app.PostLogoutRedirectURIs = []string{"https://front.test/bye"}
	})
	b, id := g.signedIn("ada@id.test")
	hint := answerOf(t, b.front("response_type", "code id_token")).Get("id_token")
	claims := g.claimsOf(hint, "JWT", "ES256")
	if claims["sub"] == id {
		t.Fatal("the subject is the account")
	}
	sid, _ := claims["sid"].(string)
	query := url.Values{
		"id_token_hint": {hint}, "client_id": {"front"}, "post_logout_redirect_uri": {"https://front.test/bye"}, "state": {"s"},
		"logout_hint": {"somebody else"}, "ui_locales": {"de"},
	}
	to := b.get("/oauth2/logout?" + query.Encode()).to(t)
	if to.Path != "/de/signout" || to.Query().Has("confirm") {
		t.Fatalf("%s", to)
	}
	_, out := b.signout(to.Query().Get("flow"))
	if out.Redirect != "https://front.test/bye?state=s" || len(out.FrontChannel) != 1 || !strings.Contains(out.FrontChannel[0], "sid="+sid) ||
		!strings.Contains(out.FrontChannel[0], "iss="+url.QueryEscape(g.URL)) {
		t.Errorf("%+v", out)
	}
}

// logout_hint is anybody's word: with nothing else the person is asked.
func TestLogoutHintProvesNothing(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for _, hint := range []string{"ada@id.test", b.sid, strings.Repeat("x", 4000)} {
		if to := b.get("/oauth2/logout?" + url.Values{"logout_hint": {hint}}.Encode()).to(t); to.Query().Get("confirm") != "1" {
			t.Errorf("%.20s: %s", hint, to)
		}
	}
}
