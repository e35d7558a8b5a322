//go:build !js

package token_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestSignInResumesTheRequest(t *testing.T) {
	g := newRig(t)
	b, id := g.browser(), g.person("ada@id.test")
	to := b.authorize().to(t)
	b.signIn(id)
	res := b.get("/oauth2/resume?flow=" + to.Query().Get("flow"))
	query := res.to(t).Query()
	if query.Get("code") == "" || query.Get("state") != "st" || len(b.cookies("__Host-flow-")) != 0 {
		t.Fatalf("%v, %d flows left", query, len(b.cookies("__Host-flow-")))
	}
	if res, _ := b.redeem(exchange(query.Get("code"))); res.StatusCode != http.StatusOK {
		t.Errorf("%s", res.body)
	}
	if to := b.get("/oauth2/resume?flow=" + to.Query().Get("flow")).Header.Get("Location"); to != "/error?code=expired" {
		t.Errorf("the flow can be resumed twice: %s", to)
	}
}

// Login CSRF: who began a sign-in in his own browser cannot finish it in another person's.
func TestFlowBelongsToTheBrowserThatBeganIt(t *testing.T) {
	g := newRig(t)
	attacker, victim := g.browser(), g.browser()
	flow := attacker.authorize().to(t).Query().Get("flow")
	victim.signIn(g.person("victim@id.test"))
	if to := victim.get("/oauth2/resume?flow=" + flow).Header.Get("Location"); to != "/error?code=expired" {
		t.Errorf("%s", to)
	}
	// nor can a cookie be passed off as another flow's
	own := victim.authorize("prompt", "login").to(t).Query().Get("flow")
	stolen := *attacker.cookies("__Host-flow-" + flow)[0]
	stolen.Name, stolen.Path, stolen.Secure = "__Host-flow-"+own, "/", true
	victim.client.Jar.SetCookies(victim.base(), []*http.Cookie{&stolen})
	if to := victim.get("/oauth2/resume?flow=" + own).Header.Get("Location"); to != "/error?code=expired" {
		t.Errorf("another flow's cookie: %s", to)
	}
}

func TestResumeRefusesWhatIsNoFlow(t *testing.T) {
	b := newRig(t).browser()
	for _, query := range []string{"", "?flow=", "?flow=x", "?flow=" + strings.Repeat("A", 22), "?flow=" + strings.Repeat("A", 5000), "?flow=a&flow=b"} {
		res := b.get("/oauth2/resume" + query)
		if to := res.Header.Get("Location"); res.StatusCode != http.StatusFound || to != "/error?code=expired" {
			t.Errorf("%.40q: %d %s", query, res.StatusCode, to)
		}
	}
}

// An id has one text only: another that decodes to the same bytes is another flow's, which nobody has.
func TestAFlowsIDHasOneForm(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	id := b.authorize().to(t).Query().Get("flow")
	last := strings.IndexByte(base64url, id[21])
	alias := id[:21] + string(base64url[last^1])
	for _, other := range []string{alias, id + "="} {
		copied := *b.cookies("__Host-flow-" + id)[0]
		copied.Name, copied.Path, copied.Secure = "__Host-flow-"+other, "/", true
		b.client.Jar.SetCookies(b.base(), []*http.Cookie{&copied})
		if to := b.get("/oauth2/resume?flow=" + other).Header.Get("Location"); to != "/error?code=expired" {
			t.Errorf("%q for %q: %s", other, id, to)
		}
	}
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func TestFlowLastsAnHour(t *testing.T) {
	g := newRig(t)
	b, id := g.browser(), g.person("ada@id.test")
	flow := b.authorize().to(t).Query().Get("flow")
	b.signIn(id)
	g.wait(time.Hour + time.Second)
	if to := b.get("/oauth2/resume?flow=" + flow).Header.Get("Location"); to != "/error?code=expired" {
		t.Errorf("%s", to)
	}
}

func TestAtMostFiveFlowsAreKept(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	var flows []string
	for range 8 {
		flows = append(flows, b.authorize().to(t).Query().Get("flow"))
	}
	if kept := b.cookies("__Host-flow-"); len(kept) != 5 {
		t.Fatalf("%d flows kept", len(kept))
	}
	b.signIn(g.person("ada@id.test"))
	if to := b.get("/oauth2/resume?flow=" + flows[2]).Header.Get("Location"); to != "/error?code=expired" {
		t.Errorf("the oldest stayed: %s", to)
	}
	for _, flow := range flows[3:] {
		if to := b.get("/oauth2/resume?flow=" + flow).to(t); to.Query().Get("code") == "" {
			t.Errorf("a newer one went: %s", to)
		}
	}
}

func TestResumeAsksTheRegistrationAgain(t *testing.T) {
	g := newRig(t)
	b, id := g.browser(), g.person("ada@id.test")
	flow := b.authorize().to(t).Query().Get("flow")
	b.signIn(id)
	g.remove("shop")
	if to := b.get("/oauth2/resume?flow=" + flow).Header.Get("Location"); to != "/error?code=unknown_client" {
		t.Errorf("%s", to)
	}
}
