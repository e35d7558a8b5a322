package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// watchPage is a relying party's page. It frames the provider's session check and keeps what that answers (Session Management 1.0
// section 3.1).
const watchPage = `<!doctype html><html lang="en"><title>application</title><link rel="icon" href="data:,"><p>Back at the application.</p>
<iframe id="op" src="%[1]s/oauth2/check-session" title="session" hidden></iframe><script>
const answers = [];
addEventListener("message", ({ data, origin }) => origin === "%[1]s" && answers.push(data));
const ask = (text) => document.getElementById("op").contentWindow.postMessage(text, "%[1]s");
</script></html>`

// party is a relying party.
type party struct {
	t      *testing.T
	base   string
	posted url.Values // what came by form_post
}

// newParty serves one at a host of this machine and registers it, with changes to its entry. shop.localhost is another site than the
// provider, localhost the same.
func newParty(t *testing.T, host, id string, entry map[string]any) *party {
	t.Helper()
	p := &party{t: t}
	server := tlsServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.ParseForm() == nil {
			p.posted = r.PostForm
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, fmt.Sprintf(watchPage, service.Issuer))
	}))
	p.base = "https://" + host + ":" + portOf(server.URL)
	app := map[string]any{"client_id": id, "name": "Watch & Clock", "public": true, "redirect_uris": []string{p.base + "/cb"}}
	for name, value := range entry {
		app[name] = value
	}
	file, err := json.Marshal(map[string]any{"applications": []any{app}})
	if err == nil {
		err = service.Load(t.Context(), file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ask is the address of a request, with changes.
func (p *party) ask(id string, changes ...string) string {
	v := url.Values{
		"client_id": {id}, "redirect_uri": {p.base + "/cb"}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {"st"}, "nonce": {"no"},
		"code_challenge": {oauth.Challenge(strings.Repeat("v", 43))}, "code_challenge_method": {oauth.MethodS256},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		v.Set(changes[i], changes[i+1])
	}
	return service.Issuer + "/oauth2/authorize?" + v.Encode()
}

// query is what the address says that the browser is at.
func (p *party) query(b *browser, prefix string) url.Values {
	p.t.Helper()
	at, err := url.Parse(b.at(prefix))
	if err != nil {
		p.t.Fatal(err)
	}
	return at.Query()
}

// hears asks the session check and waits for its answer.
func (b *browser) hears(text, want string) {
	b.t.Helper()
	quoted, _ := json.Marshal(text)
	b.holds(fmt.Sprintf(`(ask(%s), answers.splice(0).at(-1) === %q)`, quoted, want))
}

// withThirdPartyCookies is a browser's profile that lets frames of other sites have their cookies, as most browsers do. Debian's Chromium
// does not unless it is told to.
func withThirdPartyCookies(t *testing.T) chromedp.ExecAllocatorOption {
	t.Helper()
	profile := t.TempDir()
	if err := os.MkdirAll(filepath.Join(profile, "Default"), 0o700); err != nil {
		t.Fatal(err)
	}
	preferences := []byte(`{"profile":{"cookie_controls_mode":0,"block_third_party_cookies":false}}`)
	if err := os.WriteFile(filepath.Join(profile, "Default/Preferences"), preferences, 0o600); err != nil {
		t.Fatal(err)
	}
	return chromedp.UserDataDir(profile)
}

// A relying party's page notices that the person has signed out without a request of the provider: on the same site in any browser, on
// another one where the browser lets frames have their cookies. Where it does not, the answer is "changed", and the page asks again.
func TestSessionCheckInAFrame(t *testing.T) {
	for name, c := range map[string]struct {
		host, want string
		extra      []chromedp.ExecAllocatorOption
	}{
		"same site":                     {"localhost", "unchanged", nil},
		"another site":                  {"shop.localhost", "unchanged", []chromedp.ExecAllocatorOption{withThirdPartyCookies(t)}},
		"another site, cookies are not": {"shop.localhost", "changed", nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newParty(t, c.host, "watch", nil)
			b := newBrowser(t, c.extra...)
			b.signUp(newLocal())
			b.open(p.ask("watch", "prompt", "none"))
			state := p.query(b, p.base+"/cb?").Get("session_state")
			if state == "" {
				t.Fatal("no session_state")
			}
			b.hears("watch "+state, c.want)
			b.hears("other "+state, "changed")
			b.hears("watch", "error")
			b.hears("watch "+strings.Split(state, ".")[0], "error")
			b.open(service.Issuer + "/signout?confirm=1")
			b.click(`[data-step="ask"] button.primary`)
			b.find("#continue")
			b.open(p.base + "/cb")
			b.hears("watch "+state, "changed")
		})
	}
}

func TestConsentInTheBrowser(t *testing.T) {
	p := newParty(t, "shop.localhost", "asks", map[string]any{"consent": "required"})
	b := newBrowser(t)
	b.signUp(newLocal())
	b.open(p.ask("asks"))
	b.at(service.Issuer + "/consent?flow=")
	if words := b.see(`[data-step="ask"]`); !strings.Contains(words, "Watch & Clock") || !strings.Contains(words, "shop.localhost") || !strings.Contains(words, "@") {
		t.Errorf("the page says %s", words)
	}
	// another site's page that knows the flow and lets this browser post gets nothing by it
	flow := run(b, chromedp.Evaluate[string](`new URLSearchParams(location.search).get("flow")`))
	b.open(p.base + "/cb")
	run(b, chromedp.Evaluate[bool](fmt.Sprintf(`(fetch("%s/api/consent/decide", { method: "POST", mode: "no-cors", credentials: "include",
		headers: { "Content-Type": "text/plain" }, body: JSON.stringify({ flow: %q, seen: "", allow: true }) }).catch(() => {}), true)`, service.Issuer, flow)))
	b.open(service.Issuer + "/oauth2/resume?flow=" + flow)
	b.at(service.Issuer + "/consent?flow=" + flow)
	b.click(`.even [value="allow"]`)
	if answer := p.query(b, p.base+"/cb?"); answer.Get("code") == "" || answer.Get("state") != "st" || answer.Get("iss") != service.Issuer {
		t.Errorf("after yes: %v", answer)
	}
	b.open(p.ask("asks", "prompt", "none"))
	if answer := p.query(b, p.base+"/cb?"); answer.Get("code") == "" {
		t.Errorf("the yes is forgotten: %v", answer)
	}
	b.open(p.ask("asks", "prompt", "consent", "ui_locales", "de"))
	b.at(service.Issuer + "/de/consent?flow=")
	b.click(`.even [value="deny"]`)
	if answer := p.query(b, p.base+"/cb?"); answer.Get("error") != "access_denied" || answer.Has("code") {
		t.Errorf("after no: %v", answer)
	}
	b.open(p.ask("asks", "prompt", "select_account"))
	b.click(`[data-step="choose"] a.other`)
	b.at(service.Issuer + "/signin?flow=")
}

func TestHybridAnswersInTheBrowser(t *testing.T) {
	p := newParty(t, "shop.localhost", "hybrid", map[string]any{
		"response_types": []string{"code", "code id_token"}, "grant_types": []string{"authorization_code", "implicit"},
	})
	b := newBrowser(t)
	b.signUp(newLocal())
	b.open(p.ask("hybrid", "response_type", "code id_token"))
	at := b.at(p.base + "/cb#")
	answer, err := url.ParseQuery(at[strings.Index(at, "#")+1:])
	if err != nil || answer.Get("code") == "" || strings.Count(answer.Get("id_token"), ".") != 2 || answer.Get("state") != "st" {
		t.Errorf("%v, %v", answer, err)
	}
	b.open(p.ask("hybrid", "response_type", "code id_token", "response_mode", "form_post"))
	b.at(p.base + "/cb")
	if p.posted.Get("code") == "" || p.posted.Get("id_token") == "" || p.posted.Get("iss") != service.Issuer {
		t.Errorf("%v", p.posted)
	}
}
