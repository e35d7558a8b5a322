//go:build !js

package token_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

// pushForm is a good request of the shop, to be pushed, with changes.
func pushForm(changes ...string) url.Values {
	return request(append([]string{"client_secret", shopSecret}, changes...)...)
}

// push pushes a request and returns its URI, "" when it was refused.
func (b *browser) push(form url.Values, header ...string) (string, reply) {
	b.Helper()
	res := b.post(token.RoutePush, form, header...)
	var out struct {
		RequestURI string `json:"request_uri"`
		ExpiresIn  int64  `json:"expires_in"`
	}
	b.must(json.Unmarshal([]byte(res.body), &out))
	if res.StatusCode == http.StatusCreated && (out.ExpiresIn != 90 || !strings.HasPrefix(out.RequestURI, "urn:ietf:params:oauth:request_uri:")) {
		b.Errorf("%s", res.body)
	}
	return out.RequestURI, res
}

// bring is the browser with a pushed request.
func (b *browser) bring(clientID, uri string, more ...string) reply {
	b.Helper()
	query := url.Values{"client_id": {clientID}, "request_uri": {uri}}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return b.get("/oauth2/authorize?" + query.Encode())
}

func TestPushedRequest(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	uri, res := b.push(pushForm())
	if res.StatusCode != http.StatusCreated || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s %v", res.StatusCode, res.body, res.Header)
	}
	to := b.bring("shop", uri).to(t)
	if query := to.Query(); !strings.HasPrefix(to.String(), shopCallback+"?") || query.Get("state") != "st" || query.Get("iss") != b.URL {
		t.Fatalf("%s", to)
	}
	if res, tok := b.redeem(exchange(to.Query().Get("code"))); tok.Error != "" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	basicURI, res := b.push(pushForm("client_id", "-", "client_secret", "-"), "Authorization", basic("shop", shopSecret))
	if b.bring("shop", basicURI).to(t).Query().Get("code") == "" {
		t.Errorf("authenticated by Basic, without client_id: %s", res.body)
	}
	public, res := b.push(request("client_id", "app", "redirect_uri", appCallback))
	if b.bring("app", public).to(t).Query().Get("code") == "" {
		t.Errorf("of a public application: %s", res.body)
	}
}

// Of the address only client_id counts: what the browser's owner or anybody else adds changes nothing (RFC 9126 section 4).
func TestPushedRequestCannotBeChangedInTheAddress(t *testing.T) {
	b, _ := newRig(t).signedIn("ada@id.test")
	uri, _ := b.push(pushForm("scope", "openid"))
	to := b.bring("shop", uri, "redirect_uri", "https://evil.example/cb", "scope", "openid email", "state", "changed", "response_mode", "form_post", "nonce", "x").to(t)
	if !strings.HasPrefix(to.String(), shopCallback+"?") || to.Query().Get("state") != "st" {
		t.Fatalf("%s", to)
	}
	if _, tok := b.redeem(exchange(to.Query().Get("code"))); tok.Scope != "openid" || b.claimsOf(tok.IDToken, "JWT", "ES256")["nonce"] != "no" {
		t.Errorf("%+v", tok)
	}
}

// A pushed request is answered once. Until then it may be loaded again: browsers load ahead, and people load again (FAPI 2.0 security
// profile section 5.3.2.2 note 3).
func TestPushedRequestIsAnsweredOnce(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	uri, _ := b.push(pushForm())
	stranger := g.browser()
	for range 2 {
		if to := stranger.bring("shop", uri).to(t); to.Path != "/signin" {
			t.Errorf("%s", to)
		}
	}
	var wait sync.WaitGroup
	answers := make(chan string, 8)
	for range cap(answers) {
		wait.Go(func() {
			res, err := b.client.Get(b.URL + "/oauth2/authorize?" + url.Values{"client_id": {"shop"}, "request_uri": {uri}}.Encode())
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			to, _ := res.Location()
			answers <- to.Query().Get("code") + to.Query().Get("error")
		})
	}
	wait.Wait()
	close(answers)
	codes := 0
	for answer := range answers {
		if answer == "" {
			t.Error("neither a code nor an error")
		}
		if answer != "invalid_request_uri" {
			codes++
		}
	}
	if codes != 1 {
		t.Errorf("%d codes", codes)
	}
}

// A pushed request is good for ninety seconds.
func TestPushedRequestExpires(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	uri, _ := b.push(pushForm())
	g.wait(89 * time.Second)
	stranger := g.browser()
	if to := stranger.bring("shop", uri).to(t); to.Path != "/signin" {
		t.Errorf("%s", to)
	}
	g.wait(time.Second)
	if to := b.bring("shop", uri).to(t); to.String() != "/error?code=invalid_request_uri" {
		t.Errorf("%s", to)
	}
}

// Theft of a request URI: it is worth nothing to another application, nor in another form.
func TestRequestURITheft(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	uri, _ := b.push(pushForm())
	code := b.code()
	flow := g.browser()
	flow.authorize()
	for name, test := range map[string]struct{ client, uri, want string }{
		"by another application": {"app", uri, "invalid_request_uri"}, "by a confidential one": {"vault", uri, "invalid_request_uri"}, "by nobody": {"nobody", uri, "invalid_request_uri"},
		"without client_id": {"", uri, "invalid_request_uri"}, "changed": {"shop", uri[:len(uri)-3] + "AAA", "invalid_request_uri"}, "without its value": {"shop", "urn:ietf:params:oauth:request_uri:", "invalid_request_uri"},
		"a code in its place":   {"shop", "urn:ietf:params:oauth:request_uri:" + code, "invalid_request_uri"},
		"a flow in its place":   {"shop", "urn:ietf:params:oauth:request_uri:" + flow.cookies("__Host-flow-")[0].Value, "invalid_request_uri"},
		"an address":            {"shop", "https://shop.test/request.jwt", "request_uri_not_supported"},
		"an address of our own": {"shop", g.URL + "/oauth2/jwks", "request_uri_not_supported"},
		"a private address":     {"shop", "https://169.254.169.254/", "request_uri_not_supported"},
		"another urn":           {"shop", "urn:example:x", "request_uri_not_supported"},
	} {
		to := b.bring(test.client, test.uri).to(t)
		if to.String() != "/error?code="+test.want {
			t.Errorf("%s: %s", name, to)
		}
	}
	if len(g.visits) != 0 {
		t.Errorf("the server went to %q", g.visits)
	}
	if b.bring("shop", uri).to(t).Query().Get("code") == "" {
		t.Error("attempts of others have used it up")
	}
}

func TestPushesThatAreRefused(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	for name, test := range map[string]struct {
		changes []string
		status  int
		want    string
	}{
		"wrong secret":                  {[]string{"client_secret", "wrong"}, 401, "invalid_client"},
		"no secret":                     {[]string{"client_secret", "-"}, 401, "invalid_client"},
		"unknown client":                {[]string{"client_id", "nobody"}, 401, "invalid_client"},
		"with a request_uri":            {[]string{"request_uri", "urn:ietf:params:oauth:request_uri:x"}, 400, "invalid_request"},
		"no redirect_uri":               {[]string{"redirect_uri", "-"}, 400, "invalid_request"},
		"another redirect_uri":          {[]string{"redirect_uri", "https://evil.example/cb"}, 400, "invalid_request"},
		"another's redirect":            {[]string{"redirect_uri", appCallback}, 400, "invalid_request"},
		"no response_type":              {[]string{"response_type", "-"}, 400, "invalid_request"},
		"another response_type":         {[]string{"response_type", "token"}, 400, "unsupported_response_type"},
		"no challenge":                  {[]string{"code_challenge", "-"}, 400, "invalid_request"},
		"plain":                         {[]string{"code_challenge_method", "plain"}, 400, "invalid_request"},
		"no scope":                      {[]string{"scope", "-"}, 400, "invalid_scope"},
		"prompt of nobody":              {[]string{"prompt", "none login"}, 400, "invalid_request"},
		"unsigned object":               {[]string{"request", jwt(t, claims{"alg": "none"}, claims{"iss": "shop"}, nil)}, 400, "invalid_request_object"},
		"larger than an address may be": {[]string{"state", strings.Repeat("s", 1000), "login_hint", strings.Repeat("l", 3000)}, 413, "invalid_request"},
		"larger than a request may be":  {[]string{"login_hint", strings.Repeat("l", 9000)}, 413, "invalid_request"},
	} {
		uri, res := b.push(pushForm(test.changes...))
		if uri != "" || res.StatusCode != test.status || refusal(res) != test.want {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
		if to := res.Header.Get("Location"); to != "" {
			t.Errorf("%s leads to %s", name, to)
		}
	}
	if res := b.get(token.RoutePush); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", res.StatusCode)
	}
	res := b.post(token.RoutePush+"?"+pushForm().Encode(), url.Values{})
	if refusal(res) != "invalid_client" {
		t.Errorf("in the address: %s", res.body)
	}
}

// Secrets that authenticated a push are not part of the request.
func TestPushKeepsNoCredentials(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("jwt", nil)
	long := pushForm("client_id", "jwt", "client_secret", "-", "client_assertion", jwt(t, claims{"alg": "RS256"}, g.assertion("jwt", claims{"x": strings.Repeat("x", 4000)}), keysFor["RS256"]),
		"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	uri, res := b.push(long)
	if res.StatusCode != http.StatusCreated || len(uri) > 2000 {
		t.Fatalf("%d, %d bytes: %s", res.StatusCode, len(uri), res.body)
	}
	if b.bring("jwt", uri).to(t).Query().Get("code") == "" {
		t.Error("no code")
	}
}

// An application may say that it pushes all its requests (RFC 9126 section 6).
func TestRequirePushedAuthorizationRequests(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	g.signer("pushes", func(app *tenant.Application) { app.RequirePAR, app.AuthMethod, app.JWKS = true, tenant.AuthNone, nil })
	to := b.authorize("client_id", "pushes").to(t)
	if to.Query().Get("error") != "invalid_request" || to.Query().Has("code") {
		t.Errorf("%s", to)
	}
	uri, res := b.push(request("client_id", "pushes"))
	if b.bring("pushes", uri).to(t).Query().Get("code") == "" {
		t.Errorf("%s", res.body)
	}
}

// A push with a DPoP proof binds the code to its key, and says no when dpop_jkt names another (RFC 9449 section 10.1).
func TestPushWithDPoPProof(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	p := g.prover("ES256").greet(b)
	for name, test := range map[string]struct {
		jkt  string
		want string
	}{"alone": {"-", ""}, "with its thumbprint": {p.thumbprint(), ""}, "with another": {g.prover("EdDSA").thumbprint(), "invalid_dpop_proof"}} {
		_, res := b.push(pushForm("dpop_jkt", test.jkt), "DPoP", p.proof("POST", token.RoutePush, nil))
		if refusal(res) != test.want {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	if _, res := b.push(pushForm(), "DPoP", p.proof("POST", token.RouteToken, nil)); refusal(res) != "invalid_dpop_proof" {
		t.Errorf("a proof for another endpoint: %s", res.body)
	}
	p.nonce = ""
	if _, res := b.push(pushForm(), "DPoP", p.proof("POST", token.RoutePush, nil)); refusal(res) != "use_dpop_nonce" || res.Header.Get("DPoP-Nonce") == "" {
		t.Errorf("without a nonce: %s", res.body)
	}
}

func FuzzPush(f *testing.F) {
	g := newRig(f)
	f.Add(pushForm().Encode())
	f.Add(request("client_id", "app", "redirect_uri", appCallback).Encode())
	f.Fuzz(func(t *testing.T, body string) {
		w := g.serve(http.MethodPost, token.RoutePush, body, "Content-Type", "application/x-www-form-urlencoded")
		if w.Code >= 500 || w.Header().Get("Location") != "" {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		var out struct {
			URI string `json:"request_uri"`
		}
		if w.Code == http.StatusCreated && json.Unmarshal(w.Body.Bytes(), &out) == nil {
			p, _ := url.ParseQuery(body)
			stays(t, g.serve(http.MethodGet, "/oauth2/authorize", url.Values{"client_id": {p.Get("client_id")}, "request_uri": {out.URI}}.Encode()), body)
		}
	})
}
