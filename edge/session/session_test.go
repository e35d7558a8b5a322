//go:build !js

package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys/keystest"
	"github.com/latchkey-id/latchkey/edge/session"
)

// carry makes the request of a browser that has been given cookies.
func carry(w *httptest.ResponseRecorder) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	return r
}

func TestASessionCookieIsReadBackUntilItExpires(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ring := keystest.Ring(t, func() time.Time { return now })
	want := session.Cookie{Account: account.NewID(), ID: account.NewID(), Secret: account.NewSecret()}
	for _, keep := range []bool{false, true} {
		w := httptest.NewRecorder()
		if err := session.Issue(t.Context(), ring, w, want, now, time.Hour, keep); err != nil {
			t.Fatal(err)
		}
		header := w.Header().Get("Set-Cookie")
		for _, attribute := range []string{"__Host-session=", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"} {
			if !strings.Contains(header, attribute) {
				t.Errorf("keep %v: %q lacks %q", keep, header, attribute)
			}
		}
		if strings.Contains(header, "Domain") || strings.Contains(header, "Max-Age=3600") != keep {
			t.Errorf("keep %v: %q", keep, header)
		}
		got, err := session.Read(t.Context(), ring, carry(w))
		if err != nil || got != want {
			t.Errorf("keep %v: %+v, %v", keep, got, err)
		}
		before := now
		now = now.Add(time.Hour)
		if _, err := session.Read(t.Context(), ring, carry(w)); !errors.Is(err, session.ErrNone) {
			t.Errorf("keep %v: after its life: %v", keep, err)
		}
		now = before
	}
}

func TestWhatIsNotASessionCookieIsNone(t *testing.T) {
	ring, other := keystest.Ring(t, time.Now), keystest.Ring(t, time.Now)
	read := func(value string) error {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", session.CookieName+"="+value)
		_, err := session.Read(t.Context(), ring, r)
		return err
	}
	device, foreign := httptest.NewRecorder(), httptest.NewRecorder()
	if err := session.IssueDevices(t.Context(), ring, device, session.Devices{{Account: "a"}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := session.Issue(t.Context(), other, foreign, session.Cookie{Account: "a"}, time.Now(), time.Hour, false); err != nil {
		t.Fatal(err)
	}
	for rule, value := range map[string]string{
		"empty": "", "rubbish": "x.y.z", "long": strings.Repeat("a", 5000),
		"a device cookie":          device.Result().Cookies()[0].Value,
		"of another deployment":    foreign.Result().Cookies()[0].Value,
		"a token with alg none":    "eyJhbGciOiJub25lIn0.e30.",
		"five parts of nothing":    "....",
		"a JWE header and no more": "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0....",
	} {
		if err := read(value); !errors.Is(err, session.ErrNone) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if _, err := session.Read(t.Context(), ring, httptest.NewRequest("GET", "/", nil)); !errors.Is(err, session.ErrNone) {
		t.Errorf("no cookie: %v", err)
	}
}

func TestClearRemovesTheSessionAndNotTheDevice(t *testing.T) {
	w := httptest.NewRecorder()
	session.Clear(w)
	cookies := w.Result().Cookies()
	if len(cookies) != 2 || cookies[0].Name != session.CookieName || cookies[0].MaxAge >= 0 || !cookies[0].Secure {
		t.Errorf("%v", cookies)
	}
}

// What applications watch changes with every sign-in and goes with the session; it says nothing about either.
func TestBrowserStateIsThatOfTheSession(t *testing.T) {
	ring := keystest.Ring(t, time.Now)
	c := session.Cookie{Account: account.NewID(), ID: account.NewID(), Secret: account.NewSecret()}
	w := httptest.NewRecorder()
	session.IssueState(w, httptest.NewRequest("GET", "/", nil), c)
	cookie := w.Result().Cookies()[0]
	if cookie.Name != session.StateCookieName || cookie.Value != c.State() || cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteNoneMode {
		t.Errorf("%s", cookie.Raw)
	}
	again := httptest.NewRecorder()
	if session.IssueState(again, carry(w), c); len(again.Result().Cookies()) != 0 {
		t.Error("set although it is there")
	}
	other := c
	other.Secret = account.NewSecret()
	if other.State() == c.State() || strings.Contains(c.State(), c.Secret) {
		t.Errorf("%s and %s", c.State(), other.State())
	}
	for name, end := range map[string]func(w http.ResponseWriter){
		"sign-out":         session.Clear,
		"the next sign-in": func(w http.ResponseWriter) { session.Issue(t.Context(), ring, w, other, time.Now(), time.Hour, true) },
	} {
		w := httptest.NewRecorder()
		end(w)
		if !strings.Contains(strings.Join(w.Header()["Set-Cookie"], "\n"), session.StateCookieName+"=; Path=/; Max-Age=0") {
			t.Errorf("%s leaves it: %v", name, w.Header())
		}
	}
}

func TestDevicesAreTheFiveLatest(t *testing.T) {
	var d session.Devices
	for _, id := range []string{"a", "b", "c", "d", "e", "b", "f"} {
		d = d.With(session.Device{Account: id, ID: "device-" + id})
	}
	var order string
	for _, device := range d {
		order += device.Account
	}
	if order != "fbedc" {
		t.Errorf("latest first: %s", order)
	}
	if _, found := d.Of("a"); found {
		t.Error("the oldest is still there")
	}
	if device, found := d.Of("b"); !found || device.ID != "device-b" {
		t.Errorf("%+v, %v", device, found)
	}
	ring := keystest.Ring(t, time.Now)
	w := httptest.NewRecorder()
	if err := session.IssueDevices(t.Context(), ring, w, d, time.Now()); err != nil {
		t.Fatal(err)
	}
	back, err := session.ReadDevices(t.Context(), ring, carry(w))
	if err != nil || len(back) != session.MaxDevices || back[0] != d[0] {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestLabel(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":                   "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36":                         "Chrome on Android",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/138.0.0.0 Safari/537.36":                           "Chrome on Linux",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36":                          "Chrome on ChromeOS",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36 OPR/120.0.0.0":           "Opera on Windows",
		"curl/8.14.1":        "",
		"Something on Linux": "Linux",
		"":                   "",
	} {
		if got := session.Label(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	ring := keystest.Ring(f, time.Now)
	f.Add("__Host-session=a.b.c.d.e; __Host-device=x")
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", header)
		if c, err := session.Read(t.Context(), ring, r); !errors.Is(err, session.ErrNone) {
			t.Errorf("%q: %+v, %v", header, c, err)
		}
		if d, err := session.ReadDevices(t.Context(), ring, r); len(d) != 0 || err != nil {
			t.Errorf("%q: %+v, %v", header, d, err)
		}
	})
}

func FuzzLabel(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	f.Fuzz(func(t *testing.T, agent string) {
		label := session.Label(agent)
		if len(label) > 40 || strings.ContainsAny(label, "<>&\"'/\n") {
			t.Errorf("%q became %q", agent, label)
		}
	})
}
