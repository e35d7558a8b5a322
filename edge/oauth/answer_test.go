package oauth

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const hostile = `"><script>alert(1)</script><input value='x' onfocus=alert(2) autofocus> &amp; </form> ü`

func TestQueryAnswerReturnsStateUnchangedAndNamesIssuer(t *testing.T) {
	w := httptest.NewRecorder()
	Answer{RedirectURI: "https://a.test/cb?tenant=1", Mode: ModeQuery, State: hostile, Issuer: "https://id.test"}.
		Send(w, httptest.NewRequest("GET", "/", nil), url.Values{"code": {"c"}})
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != 302 || u.Host != "a.test" {
		t.Fatalf("%d %v %v", w.Code, u, err)
	}
	if w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Error("the next page learns the code from the referrer")
	}
	want := url.Values{"tenant": {"1"}, "code": {"c"}, "state": {hostile}, "iss": {"https://id.test"}}
	if u.Query().Encode() != want.Encode() {
		t.Errorf("got %v", u.Query())
	}
}

func TestFormPostEscapesEveryValue(t *testing.T) {
	w := httptest.NewRecorder()
	Answer{RedirectURI: `https://a.test/cb?x="><script>`, Mode: ModeFormPost, State: hostile, Issuer: "https://id.test"}.
		Send(w, httptest.NewRequest("GET", "/", nil), url.Values{"code": {"c"}, `x"y`: {hostile}})
	body := w.Body.String()
	if strings.Count(body, "<script>") != 1 || strings.Contains(body, "alert(1)</script>") || strings.Count(body, "<input") != 4 ||
		strings.Contains(body, "value='x'") || strings.Count(body, "</form>") != 1 {
		t.Errorf("markup from a value got into the page:\n%s", body)
	}
	if !strings.Contains(body, `<button>`) {
		t.Error("no way on without scripts")
	}
}

func TestFormPostPolicyAllowsTheOneScript(t *testing.T) {
	w := httptest.NewRecorder()
	Answer{RedirectURI: "https://a.test/cb", Mode: ModeFormPost, Issuer: "https://id.test"}.
		Send(w, httptest.NewRequest("GET", "/", nil), url.Values{"code": {"c"}})
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "script-src 'sha256-") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	if w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Body.String(), "<script>"+formScript+"</script>") {
		t.Errorf("%v\n%s", w.Header(), w.Body)
	}
}

func TestResponseModes(t *testing.T) {
	for in, want := range map[string]ResponseMode{"": ModeQuery, "query": ModeQuery, "fragment": ModeFragment, "form_post": ModeFormPost} {
		if got, err := ParseResponseMode(in, ModeQuery); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if got, _ := ParseResponseMode("", ModeFragment); got != ModeFragment {
		t.Errorf("the default of the response type is not taken: %q", got)
	}
	for _, in := range []string{"QUERY", "jwt", "query.jwt", "web_message"} {
		if _, err := ParseResponseMode(in, ModeQuery); err == nil {
			t.Errorf("%q accepted", in)
		}
	}
}

// What is in a fragment reaches no server's log and no referrer; the registered query stays where it was.
func TestFragmentAnswerKeepsTheRegisteredQuery(t *testing.T) {
	w := httptest.NewRecorder()
	Answer{RedirectURI: "https://a.test/cb?tenant=1", Mode: ModeFragment, State: hostile, Issuer: "https://id.test"}.
		Send(w, httptest.NewRequest("GET", "/", nil), url.Values{"id_token": {"t"}})
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil || u.RawQuery != "tenant=1" {
		t.Fatalf("%v %v", u, err)
	}
	got, err := url.ParseQuery(u.EscapedFragment())
	want := url.Values{"id_token": {"t"}, "state": {hostile}, "iss": {"https://id.test"}}
	if err != nil || got.Encode() != want.Encode() {
		t.Errorf("%v %v", got, err)
	}
}

func TestLanguage(t *testing.T) {
	for _, test := range []struct{ locales, accept, want string }{
		{"", "", "en"},
		{"", "de", "de"},
		{"", "fr,de;q=0.8,en;q=0.9", "en"},
		{"", "fr, de-CH;q=0.8", "de"},
		{"", "de;q=0,en;q=0.1", "en"},
		{"", "de;q=NaN", "en"},
		{"", "de;q=9", "en"},
		{"de-AT fr", "en", "de"},
		{"fr DE", "en", "de"},
		{"fr", "de", "de"},
		{"en", "de", "en"},
		{strings.Repeat("fr ", 100) + "de", "", "en"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", test.accept)
		if got := Language(r, test.locales); got != test.want {
			t.Errorf("ui_locales %q, Accept-Language %q: %s", test.locales, test.accept, got)
		}
	}
}

func FuzzFormPost(f *testing.F) {
	f.Add("state", hostile)
	f.Fuzz(func(t *testing.T, name, value string) {
		page := formPage("en", value, url.Values{name: {value}})
		if strings.Count(page, "<") != strings.Count(formPage("en", "", url.Values{"": {""}}), "<") {
			t.Fatalf("%q=%q adds markup:\n%s", name, value, page)
		}
	})
}
