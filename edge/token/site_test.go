//go:build !js

package token_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/rp"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// site is a relying party built with edge/rp and registered with g.
func (g *rig) site(change func(*tenant.Application, *rp.Config)) *httptest.Server {
	g.Helper()
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	g.Cleanup(server.Close)
	config := rp.Config{
		Issuer: g.URL, ClientID: "site", BaseURL: server.URL, CookieKey: random(), CookieName: "site", Client: g.Client(),
		Now: g.now, Log: slog.New(slog.DiscardHandler),
	}
	app := tenant.Application{
		ClientID: "site", Name: "Site", Kind: tenant.AppWeb, RedirectURIs: []string{server.URL + "/auth/callback"},
		PostLogoutRedirectURIs: []string{server.URL + "/auth/signed-out"}, BackchannelLogoutURI: server.URL + "/auth/backchannel-logout",
		FrontchannelLogoutURI: server.URL + "/auth/frontchannel-logout", GrantTypes: []string{tenant.GrantCode},
		ResponseModes: []string{"query", "form_post"}, Scopes: []string{"openid", "profile", "email"}, IDTokenAlg: "ES256",
	}
	change(&app, &config)
	_, err := g.tenants.Put(g.Context(), tenant.File{Applications: []tenant.Application{app}})
	g.must(err)
	auth, err := rp.New(config)
	g.must(err)
	mux.Handle("/auth/", auth)
	mux.Handle("/members", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := auth.User(r)
		io.WriteString(w, "hello "+user.Subject+" "+user.Email)
	})))
	return server
}

// visit follows redirects and posts forms, as a browser does, until a page comes.
func (b *browser) visit(address string) reply {
	b.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	b.must(err)
	for range 10 {
		res := b.do(r)
		action, form := formOf(res.body)
		switch {
		case res.Header.Get("Location") != "":
			to, err := r.URL.Parse(res.Header.Get("Location"))
			b.must(err)
			r, err = http.NewRequest(http.MethodGet, to.String(), nil)
			b.must(err)
		case action != "":
			r, err = http.NewRequest(http.MethodPost, action, strings.NewReader(form.Encode()))
			b.must(err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", b.URL)
		default:
			return res
		}
	}
	b.Fatalf("%s goes round in circles", address)
	return reply{}
}

func TestSitesOfOurOwnSignInAndOut(t *testing.T) {
	for name, change := range map[string]func(g *rig, app *tenant.Application, c *rp.Config){
		"public, ES256": func(*rig, *tenant.Application, *rp.Config) {},
		"public, EdDSA": func(_ *rig, app *tenant.Application, _ *rp.Config) { app.IDTokenAlg = "EdDSA" },
		"secret, RS256": func(_ *rig, app *tenant.Application, c *rp.Config) {
			app.IDTokenAlg, app.SecretHash, c.ClientSecret = "RS256", shopHash(), shopSecret
		},
		"encrypted to it": func(g *rig, app *tenant.Application, c *rp.Config) {
			app.EncryptionKey = &jose.JSONWebKey{Key: &g.vaultKey.PublicKey, KeyID: "v1", Use: "enc"}
			app.EncryptionAlg, app.EncryptionEnc = "ECDH-ES+A256KW", "A256GCM"
			c.DecryptionKey = &jose.JSONWebKey{Key: g.vaultKey, KeyID: "v1"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			site := g.site(func(app *tenant.Application, c *rp.Config) { change(g, app, c) })
			b, id := g.signedIn("ada@id.test")
			if res := b.visit(site.URL + "/members"); res.body != "hello "+id+" ada@id.test" {
				t.Fatalf("%d %s", res.StatusCode, res.body)
			}
			g.reply = forward(g, site)
			r, _ := http.NewRequest(http.MethodPost, site.URL+"/auth/signout", nil)
			r.Header.Set("Origin", site.URL)
			to, err := url.Parse(b.do(r).Header.Get("Location"))
			g.must(err)
			page := b.get(to.RequestURI()).to(t)
			if page.Path != "/signout" || page.Query().Has("confirm") {
				t.Fatalf("the site's own hint was not believed: %s", page)
			}
			_, out := b.signout(page.Query().Get("flow"))
			if out.Redirect != site.URL+"/auth/signed-out" || len(out.FrontChannel) != 1 {
				t.Errorf("%+v", out)
			}
			if res, err := site.Client().Get(out.FrontChannel[0]); err != nil || res.StatusCode != http.StatusOK {
				t.Errorf("front channel: %v %v", res, err)
			}
			if _, told := g.delivered(); len(told) != 1 || g.refused.Load() != 0 {
				t.Errorf("back channel: told %d times, refused %d times", len(told), g.refused.Load())
			}
		})
	}
}

// forward brings the back channel's requests to the site.
func forward(g *rig, site *httptest.Server) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		again, err := http.NewRequest(r.Method, r.URL.String(), strings.NewReader(g.forms[len(g.forms)-1]))
		if err != nil {
			return nil, err
		}
		again.Header = r.Header
		res, err := site.Client().Do(again)
		if err == nil && res.StatusCode != http.StatusOK {
			g.refused.Add(1)
		}
		return res, err
	}
}
