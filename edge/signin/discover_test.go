//go:build !js

package signin_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/signin"
)

func TestDiscover(t *testing.T) {
	w := newWorld(t)
	w.config.ExtraDomains = []string{"corp.localhost"}
	token, err := w.names.Reserve(t.Context(), "domain:contoso."+ownDomain, names.Owner{Kind: names.Domain, ID: "contoso"}, time.Hour)
	must(t, err)
	must(t, w.names.Commit(t.Context(), "domain:contoso."+ownDomain, token))
	must(t, w.browser("192.0.2.1").signup(api.SignupEmail, ada, goodPass))
	b := w.browser("192.0.2.2")
	for _, c := range []struct {
		upn, normal string
		code        api.Code
	}{
		{ada, ada, ""},
		{" ADA@Example.Org", ada, ""},
		{"nobody@example.org", "nobody@example.org", ""},
		{"nobody@" + ownDomain, "nobody@" + ownDomain, ""},
		{"anna@contoso." + ownDomain, "anna@contoso." + ownDomain, ""},
		{"anna@fabrikam." + ownDomain, "", api.CodeDomainUnknown},
		{"anna@corp.localhost", "anna@corp.localhost", ""},
		{"anna@mail.corp.localhost", "", api.CodeDomainUnknown},
		{"anna@example.test", "", api.CodeDomainUnknown},
		{"anna@printer.local", "", api.CodeDomainUnknown},
		{"anna@expyuzz4wqqyqhjn.onion", "", api.CodeDomainUnknown},
		{"anna@example.invalid", "", api.CodeDomainUnknown},
		{"anna@server", "", api.CodeInvalidUPN},
		{"anna", "", api.CodeInvalidUPN},
		{"@example.org", "", api.CodeInvalidUPN},
		{"anna@127.0.0.1", "", api.CodeInvalidUPN},
		{"", "", api.CodeInvalidUPN},
	} {
		var out api.DiscoverResponse
		p := b.post(api.RouteDiscover, api.DiscoverRequest{UPN: c.upn}, &out)
		if c.code != "" {
			if !refusedWith(p, c.code) {
				t.Errorf("%q: %v, want %s", c.upn, p, c.code)
			}
			continue
		}
		if p != nil || out != (api.DiscoverResponse{Realm: api.RealmManaged, UPN: c.normal}) {
			t.Errorf("%q: %+v, %v", c.upn, out, p)
		}
	}
	if p := b.post(api.RouteDiscover, api.DiscoverRequest{UPN: ada, Flow: "//evil.example"}, nil); !refusedWith(p, api.CodeBadRequest) {
		t.Errorf("foreign flow: %v", p)
	}
}

func TestDiscoverLooksUpDomainsAndNeverNames(t *testing.T) {
	w := newWorld(t)
	must(t, w.browser("192.0.2.1").signup(api.SignupEmail, ada, goodPass))
	for _, upn := range []string{ada, "nobody@example.org"} {
		w.called()
		if p := w.browser("192.0.2.2").post(api.RouteDiscover, api.DiscoverRequest{UPN: upn}, new(api.DiscoverResponse)); p != nil {
			t.Fatal(p)
		}
		if calls := w.called(); len(calls) != 1 || calls[0] != "names.lookup" {
			t.Errorf("%s: %v", upn, calls)
		}
	}
}

// federated is what a later Realms will answer for a federated domain.
type federated struct{ signin.Registry }

func (f federated) Lookup(ctx context.Context, domain string) (api.Realm, string, bool, error) {
	if domain == "fabrikam.com" {
		return api.RealmFederated, "/federation/fabrikam", true, nil
	}
	return f.Registry.Lookup(ctx, domain)
}

func TestAFederatedDomainGoesUpstream(t *testing.T) {
	w := newWorld(t)
	mux := http.NewServeMux()
	signin.New(signin.Deps{Config: w.config, Realms: federated{signin.Registry{Names: w.names}}, Now: w.clock.Now}).Mount(mux)
	b := w.browser("192.0.2.2")
	b.handler = mux
	var out api.DiscoverResponse
	p := b.post(api.RouteDiscover, api.DiscoverRequest{UPN: "anna@fabrikam.com"}, &out)
	if p != nil || out.Realm != api.RealmFederated || out.Redirect != "/federation/fabrikam" {
		t.Errorf("%+v, %v", out, p)
	}
}
