//go:build !js

package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// What a person signs in to is in the list of applications and, with an address, among those to open. Removed, its tokens are worth
// nothing.
func TestApplicationIsSeenOpenedAndRemoved(t *testing.T) {
	w := newWorld(t, "")
	site := w.sites("ES256")[0]
	b := w.browser()
	b.signup(ada)
	tokens := site.redeem(site.code(b))
	w.operate(http.MethodPut, tenant.RouteApplications, `{"applications":[{"client_id":"site-es256","name":"A site","public":true,
		"redirect_uris":["https://site-es256.test/callback"],"client_uri":"https://site-es256.test/"}]}`, new(tenant.Changes))
	w.pass(time.Minute)

	var list api.Applications
	w.must(b.call(http.MethodGet, api.RouteApplications, nil, &list))
	if len(list.Applications) != 1 || list.Applications[0].Name != "A site" || list.Applications[0].Host != "site-es256.test" || list.Applications[0].Agreed {
		t.Fatalf("applications: %+v", list)
	}
	var apps api.Apps
	w.must(b.call(http.MethodGet, api.RouteApps, nil, &apps))
	if len(apps.Apps) != 1 || apps.Apps[0].URL != "https://site-es256.test/" {
		t.Errorf("apps: %+v", apps)
	}
	if !site.userinfo(tokens.Access) {
		t.Error("the access token is not good")
	}
	w.must(b.post(api.RouteApplicationRemove, api.ApplicationRemoveRequest{ID: site.id}, new(struct{})))
	if site.userinfo(tokens.Access) {
		t.Error("the access token outlived the removal")
	}
	w.must(b.call(http.MethodGet, api.RouteApplications, nil, &list))
	if len(list.Applications) != 0 {
		t.Errorf("afterwards: %+v", list)
	}
}
