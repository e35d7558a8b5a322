//go:build !js

package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// register makes web applications known that want to be told of sign-outs.
func (w *world) register(ids ...string) {
	w.t.Helper()
	var list []map[string]any
	for _, id := range ids {
		list = append(list, map[string]any{
			"client_id": id, "name": id, "public": true, "redirect_uris": []string{"https://" + id + ".test/cb"},
			"backchannel_logout_uri": "https://" + id + ".test/back",
		})
	}
	file, err := json.Marshal(map[string]any{"applications": list})
	w.must(err)
	w.operate(http.MethodPut, tenant.RouteApplications, string(file), new(tenant.Changes))
}

// visit asks for an authorization code and returns where that leads.
func (b *browser) visit(id string, extra ...string) *url.URL {
	b.t.Helper()
	q := url.Values{
		"client_id": {id}, "redirect_uri": {"https://" + id + ".test/cb"}, "response_type": {"code"}, "scope": {"openid"},
		"code_challenge": {oauth.Challenge(strings.Repeat("v", 43))}, "code_challenge_method": {oauth.MethodS256},
	}
	for i := 0; i+1 < len(extra); i += 2 {
		q.Set(extra[i], extra[i+1])
	}
	return location(b.t, b.get("/oauth2/authorize?"+q.Encode()))
}

// pass gives the password on the sign-in page of a flow and returns where the flow leads.
func (b *browser) pass(upn string, page *url.URL) *url.URL {
	b.t.Helper()
	if page.Path != "/signin" {
		b.t.Fatalf("sent to %s, want the sign-in page", page)
	}
	flow, login := page.Query().Get("flow"), passwordtest.Begin(b.t, secret)
	var begun api.PasswordBeginResponse
	b.w.must(b.post(api.RoutePasswordBegin, api.PasswordBeginRequest{Flow: flow, UPN: upn, KE1: login.KE1}, &begun))
	ke3, err := login.Finish(begun.KE2, cheap)
	b.w.must(err)
	var done api.PasswordFinishResponse
	b.w.must(b.post(api.RoutePasswordFinish, api.PasswordFinishRequest{Flow: flow, State: begun.State, KE3: ke3}, &done))
	return location(b.t, b.get(done.Redirect))
}

// toldOf counts the sign-outs that applications were told of, or would have been: nobody answers in this world.
func (w *world) toldOf() int {
	w.t.Helper()
	w.wake()
	return strings.Count(w.logged(), `"topic":"`+account.TopicLogout+`"`)
}

func TestOneApplicationsPromptSignsNobodyOutOfAnother(t *testing.T) {
	for _, again := range [][2]string{{"prompt", "login"}, {"max_age", "0"}} {
		w := newWorld(t, "")
		w.register("shop", "bank")
		b := w.browser()
		b.signup("ada@example.org")
		if to := b.visit("shop"); to.Query().Get("code") == "" {
			t.Fatalf("no code for the shop: %s", to)
		}
		stolen := *b.cookies["__Host-session"]
		if to := b.pass("ada@example.org", b.visit("bank", again[0], again[1])); to.Host != "bank.test" || to.Query().Get("code") == "" {
			t.Errorf("%v: the bank gets %s", again, to)
		}
		if told := w.toldOf(); told != 0 {
			t.Errorf("%v: %d applications were told of a sign-out", again, told)
		}
		if to := b.visit("shop", "prompt", "none"); to.Query().Get("code") == "" {
			t.Errorf("%v: the person is not signed in to the shop any more: %s", again, to)
		}
		thief := w.browser()
		thief.cookies[stolen.Name] = &stolen
		if _, err := thief.account(); !refusedWith(err, api.CodeSessionRequired) {
			t.Errorf("%v: the cookie of before is still good: %v", again, err)
		}
		w.must(b.post(api.RouteSignout, struct{}{}, new(api.SignoutResponse)))
		if told := w.toldOf(); told != 2 {
			t.Errorf("%v: %d applications were told of the sign-out, want both", again, told)
		}
	}
}

func TestSigningInAsAnotherPersonSignsTheFirstOut(t *testing.T) {
	w := newWorld(t, "")
	w.register("shop", "bank")
	w.browser().signup("bob@example.org")
	b := w.browser()
	b.signup("ada@example.org")
	b.visit("shop")
	if to := b.pass("bob@example.org", b.visit("bank", "prompt", "login")); to.Query().Get("code") == "" {
		t.Errorf("the bank gets %s", to)
	}
	if told := w.toldOf(); told != 1 {
		t.Errorf("%d applications were told of the sign-out, want the shop", told)
	}
}
