//go:build !js

package portal_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// registry is what is registered.
type registry []tenant.Application

func (r registry) Application(_ context.Context, clientID string) (tenant.Application, error) {
	for _, app := range r {
		if app.ClientID == clientID {
			return app, nil
		}
	}
	return tenant.Application{}, tenant.ErrUnknownApplication
}

func (r registry) Applications(context.Context) ([]tenant.Application, error) {
	return slices.DeleteFunc(slices.Clone(r), func(app tenant.Application) bool { return app.Dynamic }), nil
}

func (r registry) Resource(_ context.Context, identifier string) (tenant.Resource, error) {
	if identifier != "https://api.example" {
		return tenant.Resource{}, tenant.ErrUnknownResource
	}
	return tenant.Resource{Identifier: identifier, Name: "Photos", Scopes: []string{"photos.read", "photos.write"}}, nil
}

// agree has the person agree to an application, which gets a grant.
func (b *browser) agree(w *world, client, scope string, resources ...string) (grant string) {
	b.t.Helper()
	secret, challenge := account.NewSecret(), strings.Repeat("c", 43)
	_, err := w.accounts.Authorize(b.t.Context(), w.id, account.AuthorizeIn{
		Session: b.here.Ref(), CodeHash: account.Hash(secret), ClientID: client, RedirectURI: "https://x.example/", Scope: scope,
		Resources: resources, Challenge: challenge, Agreed: true,
	})
	must(b.t, err)
	in := account.RedeemIn{
		CodeHash: account.Hash(secret), ClientID: client, RedirectURI: "https://x.example/", Challenge: challenge, GrantID: account.NewID(),
		AccessLifetime: 600,
	}
	_, err = w.accounts.Redeem(b.t.Context(), w.id, in)
	must(b.t, err)
	return in.GrantID
}

func (b *browser) applications() []api.Application {
	b.t.Helper()
	var out api.Applications
	if p := b.do("GET", api.RouteApplications, nil, &out); p != nil {
		b.t.Fatal(p)
	}
	return out.Applications
}

func TestApplicationsSayWhatTheyMayDo(t *testing.T) {
	w := newWorld(t)
	w.apps = registry{{ClientID: "prints", Name: "Photo prints", ClientURI: "https://prints.example/home"}, {ClientID: "own", Name: "Own", Dynamic: true}}
	b := w.signin("laptop", nil)
	b.agree(w, "prints", "openid email photos.read other offline_access latchkey:settings", "https://api.example", "https://gone.example")
	w.now = w.now.Add(time.Minute)
	b.agree(w, "own", "openid")
	w.now = w.now.Add(time.Minute)
	b.agree(w, "removed", "openid")
	list := b.applications()
	if len(list) != 3 || list[0].ID != "removed" || list[0].Name != "" || list[0].Verified || list[1].Verified {
		t.Fatalf("applications: %+v", list)
	}
	prints := list[2]
	if prints.Name != "Photo prints" || prints.Host != "prints.example" || !prints.Verified || !prints.Agreed || !prints.Offline ||
		strings.Join(prints.Scopes, " ") != "openid email offline_access latchkey:settings" || prints.Since != 1_800_000_000 {
		t.Errorf("prints: %+v", prints)
	}
	if len(prints.Resources) != 2 || prints.Resources[0].Name != "Photos" || !slices.Equal(prints.Resources[0].Scopes, []string{"photos.read"}) ||
		prints.Resources[1].Name != "https://gone.example" {
		t.Errorf("its APIs: %+v", prints.Resources)
	}
}

func TestRemovedApplicationLosesItsGrants(t *testing.T) {
	w := newWorld(t)
	w.apps = registry{{ClientID: "prints", Name: "Photo prints"}}
	b := w.signin("laptop", nil)
	grant, other := b.agree(w, "prints", "openid offline_access"), b.agree(w, "shop", "openid")
	for range 2 { // a second time is no failure
		if p := b.post(api.RouteApplicationRemove, api.ApplicationRemoveRequest{ID: "prints"}, &struct{}{}); p != nil {
			t.Fatal(p)
		}
	}
	if _, err := w.accounts.GrantFacts(t.Context(), w.id, account.GrantIn{GrantID: grant}); err == nil {
		t.Error("its grant is still good")
	}
	if _, err := w.accounts.GrantFacts(t.Context(), w.id, account.GrantIn{GrantID: other}); err != nil {
		t.Errorf("another application's grant: %v", err)
	}
	if list := b.applications(); len(list) != 1 || list[0].ID != "shop" {
		t.Errorf("left: %+v", list)
	}
}

func TestAppsAreThoseThatThePersonMayOpen(t *testing.T) {
	const home = "https://x.example/"
	for name, c := range map[string]struct {
		app  tenant.Application
		want string // URL
	}{
		"home page":                 {tenant.Application{ClientURI: home}, home},
		"signs in by itself":        {tenant.Application{ClientURI: home, InitiateLoginURI: "https://x.example/go"}, "https://x.example/go?iss=https%3A%2F%2Fid.example"},
		"keeps its own parameters":  {tenant.Application{InitiateLoginURI: "https://x.example/go?a=1"}, "https://x.example/go?a=1&iss=https%3A%2F%2Fid.example"},
		"no page":                   {tenant.Application{}, ""},
		"plain http":                {tenant.Application{ClientURI: "http://x.example/", InitiateLoginURI: ""}, ""},
		"script":                    {tenant.Application{ClientURI: "javascript:alert(1)"}, ""},
		"script to sign in":         {tenant.Application{InitiateLoginURI: "javascript:alert(1)"}, ""},
		"assigned by name":          {tenant.Application{ClientURI: home, AssignmentRequired: true, AssignedTo: []string{ada}}, home},
		"assigned by domain":        {tenant.Application{ClientURI: home, AssignmentRequired: true, AssignedTo: []string{"*@example.org"}}, home},
		"assigned to another":       {tenant.Application{ClientURI: home, AssignmentRequired: true, AssignedTo: []string{"bob@example.org"}}, ""},
		"assigned to nobody":        {tenant.Application{ClientURI: home, AssignmentRequired: true}, ""},
		"registered itself":         {tenant.Application{ClientID: "stranger", ClientURI: home, Dynamic: true}, ""},
		"registered itself, agreed": {tenant.Application{ClientID: "known", ClientURI: home, Dynamic: true}, home},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.apps = registry{c.app}
			b := w.signin("laptop", nil)
			b.agree(w, "known", "openid")
			var out api.Apps
			if p := b.do("GET", api.RouteApps, nil, &out); p != nil {
				t.Fatal(p)
			}
			got := ""
			if len(out.Apps) == 1 {
				got = out.Apps[0].URL
			}
			if got != c.want || out.Apps == nil || got != "" && out.Apps[0].Host != "x.example" {
				t.Errorf("%+v, want %q", out.Apps, c.want)
			}
		})
	}
}

func TestAppsAreSortedByName(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"wiki", "Bank", "Mail", "accounts"} {
		w.apps = append(w.apps, tenant.Application{ClientID: name, Name: name, ClientURI: "https://x.example"})
	}
	var out api.Apps
	if p := w.signin("laptop", nil).do("GET", api.RouteApps, nil, &out); p != nil {
		t.Fatal(p)
	}
	var names []string
	for _, app := range out.Apps {
		names = append(names, app.Name)
	}
	if !slices.Equal(names, []string{"accounts", "Bank", "Mail", "wiki"}) {
		t.Errorf("order: %v", names)
	}
}

// Impersonation: an application that registered itself is of a host when it is answered there and nowhere else.
func TestImpersonationByAHomePageOfAnotherSite(t *testing.T) {
	const bank, own = "https://bank.example/cb", "https://stranger.example/cb"
	for rule, c := range map[string]struct {
		app  tenant.Application
		host string
	}{
		"answered there":         {tenant.Application{Dynamic: true, RedirectURIs: []string{bank}}, "bank.example"},
		"and elsewhere":          {tenant.Application{Dynamic: true, RedirectURIs: []string{bank, own}}, ""},
		"or at a device":         {tenant.Application{Dynamic: true, RedirectURIs: []string{bank}, GrantTypes: []string{tenant.GrantDevice}}, ""},
		"the operator's may say": {tenant.Application{RedirectURIs: []string{own}}, "bank.example"},
	} {
		w := newWorld(t)
		c.app.ClientID, c.app.ClientURI = "stranger", "https://bank.example/"
		w.apps = registry{c.app}
		b := w.signin("laptop", nil)
		b.agree(w, "stranger", "openid")
		if got := b.applications()[0].Host; got != c.host {
			t.Errorf("%s: %q", rule, got)
		}
	}
}
